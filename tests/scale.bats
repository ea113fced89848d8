# scale.bats - to N webservers, on the emulator: names, number, what does not
# become ready, what a killed run left, and an autoscaler's own settings.
setup() {
	load emulator
	fresh_seal_key
	CLOUD=digitalocean
	ADT_BIN=$OUT/bin
	start_hurried
	ADT_API_URL=$(emulator_url "$CLOUD")
	export CLOUD ADT_BIN ADT_API_URL
	"$ROOT/tests/emulator/buildhome.sh" "$CLOUD" "$BUILD_HOME" \
	    >"$BATS_TEST_TMPDIR/machines"
	FIRST=$(sed -n 's/=webserver$//p' "$BATS_TEST_TMPDIR/machines")
	REGION=$(cat "$BUILD_HOME/runtimedata/$CLOUD/demo-build/CURRENTREGION")
	add_machines "$CLOUD" "[{\"name\": \"$FIRST\", \"region\": \"$REGION\"},
	    {\"name\": \"${FIRST/demo-build/demo-build2}\",
	     \"region\": \"$REGION\"}]" >/dev/null
	SNAPSHOTS=$BUILD_HOME/runtimedata/wholemachinebackups/www.demo.test/snapshots
}
teardown() { stop_emulator; }

capture() { helper ObtainWholeMachineSnapshot.sh --machine webserver; }
# The first webserver is not from an image: it was never told who it is.
scale() {
	helper ScaleWebservers.sh --health-command "[ \"\$1\" = '$FIRST' ] ||
	    $ROOT/tests/emulator/ready.sh \"\$1\"" "$@"
}
# but CODE - a health command that is CODE, and always well for the first.
but() { printf '[ "$1" = "%s" ] || %s\n' "$FIRST" "$1"; }
# webservers - of this build, at the cloud, by name.
webservers() {
	control GET "state?cloud=$CLOUD" | jq -r '.machines[] |
		select(.name | test("^ws-.*-demo-build-")) | .name' | sort
}
count() { webservers | grep -c . || :; }

# up_and_down - to 3, to 3 again, to 1.
up_and_down() {
	run --separate-stderr scale 3
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 2 ]
	rnd=$(printf '%s\n' "$FIRST" | sed 's/.*-0-\(X...\)-init-1$/\1/')
	for line in "${lines[@]}"; do
		grep -qE "^ws-$REGION-demo-build-0-$rnd-[A-Za-z0-9]{4}	webserver	" \
		    <<<"$line"
	done
	[ "$(count)" -eq 3 ]
	run --separate-stderr scale 3
	[ "$status" -eq 0 ] && [ "$output" = "" ]
	[ "$(count)" -eq 3 ]
	run --separate-stderr scale 1 --dry-run
	[ "$(count)" -eq 3 ]
	scale 1 --yes
	[ "$(webservers)" = "$FIRST" ]
	[ ! -e "$ADT_RUN_DIR/userdata/www.demo.test" ]
}

@test "to 3, to 3 again, to 1: names of the scheme, the newest go" {
	capture
	up_and_down
}

@test "the same under busybox sh and yash" {
	capture
	for TEST_SHELL in 'busybox sh' yash; do
		echo "under: $TEST_SHELL"
		up_and_down
	done
}

@test "refused: none without --force, above MAX_WEBSERVERS, without an image" {
	run --separate-stderr scale 2
	[ "$status" -eq 69 ]
	[[ $stderr == *"no usable image of a webserver"* ]]
	capture
	run --separate-stderr scale 0 --yes
	[ "$status" -eq 64 ]
	run --separate-stderr scale 50
	[ "$status" -eq 69 ]
	[[ $stderr == *MAX_WEBSERVERS* ]]
	run --separate-stderr scale 2 </dev/null
	run --separate-stderr scale 1 </dev/null
	[ "$status" -eq 64 ]
	[[ $stderr == *--yes* ]]
	[ "$(count)" -eq 2 ]
	scale 0 --force --yes
	[ "$(count)" -eq 0 ]
}

@test "one that does not become ready is removed, or kept with --keep-failed" {
	capture
	run --separate-stderr helper ScaleWebservers.sh 3 \
	    --health-command "$(but 'exit 2')"
	echo "$stderr"
	[ "$status" -eq 69 ]
	[ "$output" = "" ]
	[[ $stderr == *"is not ready: the health command ends with status 2"* ]]
	[ "$(webservers)" = "$FIRST" ]
	run --separate-stderr helper ScaleWebservers.sh 2 --keep-failed \
	    --health-command "$(but 'exit 2')"
	[ "$status" -eq 69 ]
	[[ $stderr == *"kept, though not ready"* ]]
	[ "$(count)" -eq 2 ]
}

@test "one that is off is not counted, and stays" {
	capture
	id=$(control GET "state?cloud=$CLOUD" | jq -r --arg name "$FIRST" \
	    '.machines[] | select(.name == $name) | .id')
	adt-cloud power off --cloud "$CLOUD" --build \
	    "$BUILD_HOME/runtimedata/$CLOUD/demo-build" "$id"
	run --separate-stderr scale 2
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 2 ]
	[[ $stderr == *"$FIRST is stopped: not counted"* ]]
	scale 1 --yes
	[ "$(count)" -eq 2 ]
	[[ $(webservers) == *"$FIRST"* ]]
}

@test "one that is there and not ready is named, not counted, first to go" {
	capture
	scale 3
	sick=$(webservers | grep -v init-1 | head -n 1)
	sick() {
		helper ScaleWebservers.sh --health-command \
		    "[ \"\$1\" != '$sick' ] || exit 2" "$@"
	}
	run --separate-stderr sick 2
	echo "$stderr"
	[ "$status" -eq 0 ]
	[[ $stderr == *"$sick is not ready: the health command ends with"* ]]
	[[ $stderr == *"$sick ("*") is not ready: not counted"* ]]
	[[ $stderr == *"there are 2 webservers"* ]]
	[ "$(count)" -eq 3 ]
	run --separate-stderr sick 3
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1 ]
	[ "$(count)" -eq 4 ]
	run --separate-stderr sick 2 --yes
	echo "$stderr"
	[ "$status" -eq 0 ]
	[[ $stderr == *"going: $sick"* ]]
	[ "$(count)" -eq 2 ]
	[[ $(webservers) != *"$sick"* ]]
	[[ $(webservers) == *"$FIRST"* ]]
}

@test "none is ready: the last are not taken away, MAX_WEBSERVERS bounds them" {
	capture
	scale 2
	sed -i 's/^export MAX_WEBSERVERS=.*/export MAX_WEBSERVERS="2"/' \
	    "$(cat "$BUILD_HOME/runtimedata/current_template_name")"
	run --separate-stderr helper ScaleWebservers.sh 1 --yes \
	    --health-command 'exit 2'
	echo "$stderr"
	[ "$status" -eq 69 ]
	[[ $stderr == *"MAX_WEBSERVERS is 2, and 2 are there: mend or delete"* ]]
	[ "$(count)" -eq 2 ]
}

@test "without a health check and a build key those that are there count" {
	capture
	rm -f "$BUILD_HOME/runtimedata/$CLOUD/demo-build/keys"/id_*
	run --separate-stderr helper ScaleWebservers.sh 1
	echo "$stderr"
	[ "$status" -eq 0 ]
	[[ $stderr == *"no build key and no health check"* ]]
	[[ $stderr == *"there are 1 webservers"* ]]
}

@test "over ssh: what it says of itself counts, or that it answers" {
	capture
	bld=$BUILD_HOME/runtimedata/$CLOUD/demo-build
	mkdir -p "$bld/keys" "$BATS_TEST_TMPDIR/bin"
	algorithm=$(adt-template get "$(cat \
	    "$BUILD_HOME/runtimedata/current_template_name")" ALGORITHM)
	echo key >"$bld/keys/id_${algorithm}_AGILE_DEPLOYMENT_BUILD_KEY_demo-build"
	ln -s "$OUT"/bin/* "$BATS_TEST_TMPDIR/bin"
	printf '%s\n' '#!/bin/sh' '. "${0%/*}/answer"' \
	    >"$BATS_TEST_TMPDIR/bin/ssh"
	chmod 755 "$BATS_TEST_TMPDIR/bin/ssh"
	export ADT_BIN=$BATS_TEST_TMPDIR/bin
	while IFS='|' read -r answer words; do
		printf '%s\n' "$answer" >"$ADT_BIN/answer"
		run --separate-stderr helper ScaleWebservers.sh 1 --dry-run
		echo "$answer -> $status: $stderr"
		[ "$status" -eq 0 ]
		[[ $stderr == *"$words"* ]]
	done <<-'TABLE'
	printf 'image:7\nstate:ready\nat:1\n'|there are 1 webservers
	echo no such file >&2; exit 1|there are 1 webservers
	printf 'image:7\nstate:failed\nreason:no archive\n'|is not ready: no archive
	printf 'image:7\nstate:failed\nreason:no archive\n'|0 webservers: starting 1 more
	TABLE
}

@test "a dry run tells a month's cost; --abandon takes away what was begun" {
	capture
	run --separate-stderr scale 3 --dry-run
	echo "$stderr"
	[ "$status" -eq 0 ]
	[[ $stderr == *"starting 2 more"*" a month"* ]]
	run --separate-stderr helper ScaleWebservers.sh 3 --abandon
	[ "$status" -eq 64 ]
	"$ROOT/helperscripts/ScaleWebservers.sh" 4 --health-command true 3>&- &
	script=$!
	tries=0
	until [ "$(count)" -gt 1 ]; do
		sleep 0.02
		tries=$((tries + 1))
		[ "$tries" -lt 1500 ]
	done
	kill -KILL "$script" "$(sed -n 's/^pid \([0-9]*\) .*/\1/p' \
	    "$SNAPSHOTS/scale-journal.lock")"
	wait "$script" || [ $? -eq 137 ]
	[ -e "$SNAPSHOTS/scale-journal" ]
	run --separate-stderr helper ScaleWebservers.sh --abandon --dry-run
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ -e "$SNAPSHOTS/scale-journal" ]
	run --separate-stderr helper ScaleWebservers.sh --abandon </dev/null
	[ "$status" -eq 64 ]
	run --separate-stderr helper ScaleWebservers.sh --abandon --yes
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ ! -e "$SNAPSHOTS/scale-journal" ]
	[ ! -e "$ADT_RUN_DIR/userdata/www.demo.test" ]
	[ "$(webservers)" = "$FIRST" ]
	# killed while it wrote its first journal
	left=$SNAPSHOTS/.scale-journal.0123abcd.new
	touch "$left"
	run --separate-stderr helper ScaleWebservers.sh --abandon
	[ "$status" -eq 0 ]
	[[ $stderr == *"no run is unfinished"* ]]
	[ ! -e "$left" ]
}

@test "of two, the one that is ready stays" {
	capture
	run --separate-stderr helper ScaleWebservers.sh 3 --health-command \
	    "$(but "mkdir '$BATS_TEST_TMPDIR/first' 2>/dev/null || exit 2")"
	echo "$stderr"
	[ "$status" -eq 69 ]
	[ "${#lines[@]}" -eq 1 ]
	[ "$(count)" -eq 2 ]
	[[ $(webservers) == *"${lines[0]%%$'\t'*}"* ]]
}

@test "killed while machines are made, and run again: N, not more" {
	capture
	"$ROOT/helperscripts/ScaleWebservers.sh" 4 --health-command true 3>&- &
	script=$!
	tries=0
	until [ -s "$SNAPSHOTS/scale-journal" ]; do
		sleep 0.02
		tries=$((tries + 1))
		[ "$tries" -lt 1500 ]
	done
	program=$(sed -n 's/^pid \([0-9]*\) .*/\1/p' \
	    "$SNAPSHOTS/scale-journal.lock")
	kill -KILL "$script" "$program"
	wait "$script" || [ $? -eq 137 ]
	rm -rf "$ADT_RUN_DIR" # as a reboot does
	scale 4
	[ "$(count)" -eq 4 ]
	[ ! -e "$SNAPSHOTS/scale-journal" ]
}

@test "killed while it waits for them, nobody goes on waiting" {
	capture
	asked=$BATS_TEST_TMPDIR/asked
	sh "$ROOT/helperscripts/ScaleWebservers.sh" 2 \
	    --health-command ": >'$asked'; exit 1" &
	script=$!
	until [ -e "$asked" ]; do
		kill -0 "$script"
		sleep 0.1
	done
	kill -KILL "$script"
	wait "$script" || :
	# Whoever still asked when it was killed asks no more than once.
	until rm -f "$asked" && sleep 2 && [ ! -e "$asked" ]; do :; done
	run pgrep -f "$asked"
	[ "$output" = "" ]
	[ "$(count)" -eq 1 ]
}

@test "to 100, all at the same time" {
	capture
	run --separate-stderr scale 100 --force
	echo "$stderr" | tail -n 5
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 99 ]
	[ "$(count)" -eq 100 ]
	[ "$(webservers | sort -fu | wc -l)" -eq 100 ]
	[ "$(control GET "state?cloud=$CLOUD" |
	    jq '[.machines[] | select(.name | contains("demo-build2"))] |
	    length')" -eq 1 ]
}

@test "on an autoscaler its own settings say which image" {
	capture
	image=$(adt-snapshot-ids get "$SNAPSHOTS/snapshot_ids.dat" webserver)
	user=$(cat "$BUILD_HOME/runtimedata/$CLOUD/demo-build/credentials/SERVERUSER")
	site=www.demo.test
	ADT_AUTOSCALER_DIR=$BATS_TEST_TMPDIR/autoscaler
	ADT_AUTOSCALER_STATE=$BATS_TEST_TMPDIR/state
	export ADT_AUTOSCALER_DIR ADT_AUTOSCALER_STATE
	mkdir "$ADT_AUTOSCALER_DIR"
	(umask 077 && echo emulator-token >"$ADT_AUTOSCALER_DIR/TOKEN")
	settings=$ADT_AUTOSCALER_DIR/autoscaler_configuration_settings.dat
	printf '%s\n' "CLOUDHOST:$CLOUD" "REGION:$REGION" \
	    BUILDIDENTIFIER:demo-build "WEBSITEURL:$site" \
	    "SERVERUSER:$user" WSSERVERTYPE:s-1vcpu-1gb MAXWEBSERVERS:4 \
	    BUILDFROMSNAPSHOT:1 "SNAPSHOTID:$image" >"$settings"
	printf '%s\n' "WEBSITE_URL:$site" PERIOD:hourly S3_ACCESS_KEY:a \
	    >"$ADT_AUTOSCALER_DIR/webserver.conf"
	BUILD_HOME=$BATS_TEST_TMPDIR/none
	unset ADT_SEAL_KEY
	run --separate-stderr scale 3 --number 2
	echo "$stderr"
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == ws-$REGION-demo-build-2-* ]]
	[ "$(webservers | grep -c -- -demo-build-2-)" -eq 3 ]
	control GET "state?cloud=$CLOUD" | jq -e --arg image "$image" \
	    'all(.machines[] | select(.name | test("demo-build-2-"));
	     .image == $image)'
	sed -i 's/^SNAPSHOTID:.*/SNAPSHOTID:Key does not exist 777/' "$settings"
	run --separate-stderr scale 3
	[ "$status" -eq 65 ]
	sed -i 's/^BUILDFROMSNAPSHOT:.*/BUILDFROMSNAPSHOT:0/' "$settings"
	run --separate-stderr scale 3
	[ "$status" -eq 69 ]
}
