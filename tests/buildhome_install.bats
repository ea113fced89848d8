# buildhome_install.bats - install.sh into a build home of either layout and out
# of it again: what it places, keeps, takes over, and restores byte for byte.
setup() {
	unset MAKEFLAGS MAKELEVEL MFLAGS # of the make that runs the tests
	load dropin
	fresh_install buildhome-old
}

# fresh_install FIXTURE - as it is before: no settings, no key, nothing of ours.
fresh_install() {
	fresh_machine "$1"
	PREFIX=$BATS_TEST_TMPDIR/usr
	rm -rf "$ADT_CONFIG_DIR" "$PREFIX"
	ADT_BUILDHOME_DAT=$BATS_TEST_TMPDIR/buildhome.dat
	echo "$BUILD_HOME" >"$ADT_BUILDHOME_DAT"
	HOME_OF_ADT=$BUILD_HOME
	export PREFIX ADT_BUILDHOME_DAT
	toolkit_scripts
	# The cloud knows the images that were recorded before.
	printf '[{"id": "100000001", "name": "ws-lon1-demo-build-0-Xdem-init-1",
		"state": "ready"}, {"id": "100000002", "state": "ready",
		"name": "db-lon1-demo-build-Xdem"}, {"id": "100000003",
		"name": "NO-1-as-lon1-demo-build-Xdem", "state": "ready"}]' \
	    >"$FAKE/images.json"
	case $1 in
	*new) OBTAIN=helpers/snapshots SET=helpers/services INIT=initialisation ;;
	*) OBTAIN=helperscripts SET=helperscripts INIT=initscripts ;;
	esac
}

# toolkit_scripts - two of its scripts as far as we mend them.
toolkit_scripts() {
	init=$BUILD_HOME/initscripts
	[ -d "$init" ] || init=$BUILD_HOME/initialisation
	cat >"$init/InitialiseDatabaseService.sh" <<-'END'
	#!/bin/sh
	SNAP="$1"
	DB_USERNAME="`/bin/grep USERNAME ${SNAP}/db_credentials.dat | /usr/bin/awk -F: '{print $NF}'`"
	DB_PASSWORD="`/bin/grep PASSWORD ${SNAP}/db_credentials.dat | /usr/bin/awk -F':' '{print $NF}'`"
	OTHER="`/bin/echo a:b | /usr/bin/awk -F: '{print $NF}'`"
	/bin/echo "${DB_USERNAME} ${DB_PASSWORD} ${OTHER}"
	END
	cat >"$BUILD_HOME/ExpeditedAgileDeploymentToolkit.sh" <<-'END'
	#!/bin/sh
	/usr/bin/env > ${BLD}/build_environment
	if ( [ "${BUILD_FROM_SNAPSHOT}" = "1" ] )
	then
		SNAPSHOT_ID="`${BUILD_HOME}/initscripts/InitialiseSnapshots.sh`"
		export SNAPSHOT_ID
		/usr/bin/env > ${BLD}/build_environment
	fi
	END
	chmod 700 "$init/InitialiseDatabaseService.sh" \
	    "$BUILD_HOME/ExpeditedAgileDeploymentToolkit.sh"
}

# No package is missing in tests: install.sh asks apt for nothing.
installs() {
	# shellcheck disable=SC2086 # "busybox sh" is two words
	(unset BUILD_HOME && $TEST_SHELL "$ROOT/install.sh" "$@" </dev/null)
}

before() { tree "$HOME_OF_ADT" >"$BATS_TEST_TMPDIR/before"; }
# What the operator has in SNAPSHOTS is his, and stays.
as_before() {
	rm -rf "$RT/wholemachinebackups"
	tree "$HOME_OF_ADT" | diff "$BATS_TEST_TMPDIR/before" -
}

# in_and_out FIXTURE - afterwards all is as before, byte for byte.
in_and_out() {
	fresh_install "$1"
	before
	run installs --yes
	echo "$output"
	[ "$status" -eq 0 ]
	run installs --uninstall --yes
	echo "$output"
	[ "$status" -eq 0 ]
	as_before
	[ -z "$(find "$PREFIX" ! -type d)" ]
}

@test "in and out again, both layouts: byte for byte as before" {
	for fixture in buildhome-old buildhome-new; do in_and_out "$fixture"; done
}

@test "the same under busybox sh and yash" {
	for TEST_SHELL in 'busybox sh' yash; do
		echo "under: $TEST_SHELL"
		in_and_out buildhome-old
	done
}

@test "scripts stand where the layout has them, originals beside them" {
	for fixture in buildhome-old buildhome-new; do
		fresh_install "$fixture"
		run --separate-stderr installs --yes
		[ "$status" -eq 0 ]
		told=$output
		for place in $OBTAIN/ObtainWholeMachineSnapshot.sh \
		    $SET/SetVariableValue.sh $INIT/InitialiseSnapshots.sh; do
			[[ $told == *"replaced (kept as"*"$place"* ]]
			[ "$(sh "$BUILD_HOME/$place.adt-original")" = \
			    "original ${place##*/}" ]
			run "$BUILD_HOME/$place" --help
			[ "$status" -eq 0 ] && [[ $output == usage:* ]]
		done
		[ -x "$BUILD_HOME/$OBTAIN/VerifySnapshots.sh" ]
		[ "$(find "$BUILD_HOME" -name ObtainWholeMachineSnapshot.sh |
			grep -c .)" -eq 1 ]
		[ "$(sh "$BUILD_HOME/$SET/GetVariableValue.sh")" = \
		    "original GetVariableValue.sh" ]
	done
}

@test "a placed script finds its own build home" {
	installs --yes
	unset BUILD_HOME ADT_BUILDHOME_DAT
	(cd / && "$HOME_OF_ADT/helperscripts/SetVariableValue.sh" SNAPSHOT_ID=private/9)
	grep -qx SNAPSHOT_ID=private/9 "$BLD/build_environment"
}

@test "the snapshots of before are taken over once, and nothing is in clear" {
	installs --yes
	[ -L "$VIEW" ] && [ ! -e "$VIEW" ]
	[ "$(cat "$FOLDER/snapshot_ids.dat")" = "$(cat \
	    "$ROOT/tests/fixtures/buildhome-old/runtimedata/wholemachinesnapshots/$SITE/snapshots/snapshot_ids.dat")" ]
	run ! grep -rl -e pdemopw01p -e demoPassDemoPass01 \
	    "$RT/wholemachinebackups" "$RT/wholemachinesnapshots"
	[ "$(jq -r '.images.webserver.machine' "$FOLDER/snapshots.json")" = \
	    ws-lon1-demo-build-0-Xdem-init-1 ]
	adt-seal open --key "$ADT_CONFIG_DIR/seal.key" --site "$SITE" \
	    --kind db_credentials "$FOLDER/db_credentials.dat" |
		grep -qx 'PASSWORD:pdemopw01p'
	# With them a build can begin at once.
	run "$HOME_OF_ADT/helperscripts/SetBuildFromSnapshot.sh" on
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(reads_id database)" = 100000002 ]
	[ "$(reads credentials.dat PASSWORD)" = demoPassDemoPass01 ]
}

@test "a cloud that does not answer: taken over, and completed later" {
	mv "$FAKE/images.json" "$BATS_TEST_TMPDIR/images.json"
	run installs --yes
	[ "$status" -eq 0 ]
	[[ $output == *"run AdoptSnapshots.sh again"* ]]
	mv "$BATS_TEST_TMPDIR/images.json" "$FAKE/images.json"
	"$HOME_OF_ADT/helperscripts/AdoptSnapshots.sh"
	run "$HOME_OF_ADT/helperscripts/VerifySnapshots.sh"
	[ "$status" -eq 0 ]
}

@test "newer ids win when something is recorded already" {
	adt-seal keygen "$ADT_CONFIG_DIR/seal.key"
	record webserver
	touch -d '2020-01-01' "$VIEW/snapshot_ids.dat"
	ids=$(cat "$FOLDER/snapshot_ids.dat")
	installs --yes
	[ "$(cat "$FOLDER/snapshot_ids.dat")" = "$ids" ]
	[ -L "$VIEW" ]
}

@test "malformed ids are not taken over, and the folder stays" {
	cp "$ROOT/tests/fixtures/snapshot_ids/dirty.dat" "$VIEW/snapshot_ids.dat"
	run installs --yes
	[ "$status" -eq 0 ]
	[[ $output == *"malformed: nothing was taken over"* ]]
	[ -d "$VIEW" ] && [ ! -L "$VIEW" ]
}

@test "what was captured since is given back when it is taken out" {
	installs --yes
	adt-snapshot-ids set "$FOLDER/current/snapshot_ids.dat" webserver 424242
	installs --uninstall --yes
	[ -d "$VIEW" ] && [ ! -L "$VIEW" ]
	[ "$(reads_id webserver)" = 424242 ]
	[ "$(reads credentials.dat USERNAME)" = XdemoUserDemoUser01X ]
	[ -e "$ADT_CONFIG_DIR/seal.key" ]
}

@test "twice is as once, and an updated original is the one that comes back" {
	before
	installs --yes
	tree "$HOME_OF_ADT" >"$BATS_TEST_TMPDIR/once"
	run --separate-stderr installs --yes
	[ "$status" -eq 0 ]
	[[ $output != *replaced* ]]
	# A lock names who held it last.
	diff <(grep -v '[.]lock$' "$BATS_TEST_TMPDIR/once") \
	    <(tree "$HOME_OF_ADT" | grep -v '[.]lock$')
	script=$HOME_OF_ADT/helperscripts/ObtainWholeMachineSnapshot.sh
	printf '#!/bin/sh\necho updated\n' >"$script"
	installs --yes
	installs --uninstall --yes
	[ "$(sh "$script")" = updated ]
}

@test "interrupted anywhere, a rerun completes it, and out is as before" {
	before
	# mv is what ends every step: it fails at the Nth call.
	mkdir "$BATS_TEST_TMPDIR/stubs"
	cat >"$BATS_TEST_TMPDIR/stubs/mv" <<-'END'
	#!/bin/sh
	count=$(cat "$COUNT"); echo $((count + 1)) >"$COUNT"
	[ "$count" -ne "$FAIL_AT" ] || kill -9 $PPID
	exec /bin/mv "$@"
	END
	chmod 755 "$BATS_TEST_TMPDIR/stubs/mv"
	COUNT=$BATS_TEST_TMPDIR/count
	export COUNT FAIL_AT
	for FAIL_AT in 0 3 9; do
		echo 0 >"$COUNT"
		run env PATH="$BATS_TEST_TMPDIR/stubs:$PATH" \
		    "$ROOT/install.sh" --build-home "$HOME_OF_ADT" --yes
		[ "$(cat "$COUNT")" -gt "$FAIL_AT" ]
	done
	installs --yes
	for script in helperscripts/ObtainWholeMachineSnapshot.sh \
	    initscripts/InitialiseSnapshots.sh; do
		[ "$(sh "$HOME_OF_ADT/$script.adt-original")" = \
		    "original ${script##*/}" ]
	done
	installs --uninstall --yes
	as_before
}

@test "a dry run lists it, as anybody, and changes nothing" {
	before
	run --separate-stderr installs --dry-run
	[ "$status" -eq 0 ]
	[[ $output == *"would have replaced"*ObtainWholeMachineSnapshot.sh* ]]
	tree "$HOME_OF_ADT" | diff "$BATS_TEST_TMPDIR/before" -
	[ ! -e "$PREFIX" ] && [ ! -e "$ADT_CONFIG_DIR" ]
	installs --yes
	tree "$HOME_OF_ADT" >"$BATS_TEST_TMPDIR/before"
	run --separate-stderr installs --uninstall --dry-run
	[ "$status" -eq 0 ]
	[[ $output == *"would have restored"* ]]
	tree "$HOME_OF_ADT" | diff "$BATS_TEST_TMPDIR/before" -
}

@test "the layout is found, or it says why not" {
	mkdir -p "$HOME_OF_ADT/helpers/services" "$HOME_OF_ADT/runtime"
	cp "$HOME_OF_ADT/helperscripts/GetVariableValue.sh" \
	    "$HOME_OF_ADT/helpers/services"
	run installs --dry-run
	[[ $output == *"has both layouts: the old one is taken"* ]]
	mv "$RT/ACTIVE_CLOUDHOST" "$HOME_OF_ADT/runtime"
	run installs --dry-run
	[[ $output == *"has both layouts: the new one is taken"* ]]
	rm "$HOME_OF_ADT"/helper*/GetVariableValue.sh \
	    "$HOME_OF_ADT/helpers/services/GetVariableValue.sh"
	run installs --dry-run
	[ "$status" -eq 65 ]
	[[ $output == *"no build home"* ]]
	run installs --dry-run --build-home "$HOME_OF_ADT"
	[ "$status" -eq 65 ]
	[[ $output == *"not empty"*"no build home"* ]]
}

@test "without an ADT an empty folder becomes a build home" {
	empty=$BATS_TEST_TMPDIR/empty
	installs --build-home "$empty" --yes
	run "$empty/helperscripts/VerifySnapshots.sh"
	[ "$status" -eq 65 ]
	[[ $output == *"$empty: no active build"* ]]
	[ -d "$empty/runtimedata" ]
	find "$empty/templatedconfigurations/templates" -name '*.tmpl' | grep -q .
	installs --build-home "$empty" --uninstall --yes
	[ -z "$(find "$empty" -name '*.sh')" ]
}

@test "nobody to ask is 64, nothing installed is 1" {
	run installs
	[ "$status" -eq 64 ]
	[[ $output == *"say it with --yes"* ]]
	run installs --uninstall --yes
	[ "$status" -eq 1 ]
	run installs --build-home
	[ "$status" -eq 64 ]
}

@test "settings and key: made once, closed, and kept" {
	installs --yes
	[ "$(stat -c %a "$ADT_CONFIG_DIR" "$ADT_CONFIG_DIR/settings" \
	    "$ADT_CONFIG_DIR/seal.key" | tr '\n' ' ')" = "700 600 600 " ]
	echo CREDENTIALS=plain >"$ADT_CONFIG_DIR/settings"
	key=$(sha256sum "$ADT_CONFIG_DIR/seal.key")
	installs --yes
	[ "$(cat "$ADT_CONFIG_DIR/settings")" = CREDENTIALS=plain ]
	[ "$(sha256sum "$ADT_CONFIG_DIR/seal.key")" = "$key" ]
}

@test "values with colons reach the toolkit's database script whole" {
	installs --yes
	mkdir "$BATS_TEST_TMPDIR/snap"
	for file in dbaas colon-in-password; do
		cp "$ROOT/tests/fixtures/db_credentials/$file.dat" \
		    "$BATS_TEST_TMPDIR/snap/db_credentials.dat"
		run sh "$HOME_OF_ADT/initscripts/InitialiseDatabaseService.sh" \
		    "$BATS_TEST_TMPDIR/snap"
		user=$(sed -n 's/^USERNAME://p' "$BATS_TEST_TMPDIR/snap/db_credentials.dat")
		password=$(sed -n 's/^PASSWORD://p' "$BATS_TEST_TMPDIR/snap/db_credentials.dat")
		[ "$output" = "$user $password b" ]
	done
}

@test "the main script puts the server user back after its second dump" {
	installs --yes
	main=$HOME_OF_ADT/ExpeditedAgileDeploymentToolkit.sh
	[ "$(grep -c -- '--after-dump' "$main")" -eq 1 ]
	sed -n '/SNAPSHOT_ID$/,$p' "$main" | sed -n 3p | grep -q -- --after-dump
	sh -n "$main"
	[ "$(stat -c %a "$main")" = 700 ]
}
