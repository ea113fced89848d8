# initialise_snapshots.bats - what the toolkit's build calls and captures: the
# id alone on stdout, the server user, the build keys, the view, the flag.
setup() {
	load dropin
	load watchers
	start buildhome-old
}

# start FIXTURE [CLOUD] - a build home in which a capture is recorded.
start() {
	fresh_machine "$1"
	if [ -n "${2:-}" ]; then
		echo "$2" >"$RT/ACTIVE_CLOUDHOST"
		CLOUD=$2
		BLD=$RT/$2/demo-build
		export CLOUD BLD
		TMPL=$BUILD_HOME/templatedconfigurations/templates/$2/${2}3.tmpl
		echo "$TMPL" >"$RT/current_template_name"
		SITE=$(sed -n 's/^WEBSITE_URL=//p' "$BLD/build_environment")
		FOLDER=$RT/wholemachinebackups/$SITE/snapshots
		VIEW=$RT/wholemachinesnapshots/$SITE/snapshots
	fi
	rm -rf "$RT/wholemachinesnapshots"
	mkdir "$RT/wholemachinesnapshots"
	record authenticator reverseproxy autoscaler webserver database
}

# initialise [argument...] - its process group is its own, so that the watcher ends with the test.
# shellcheck disable=SC2120 # arguments are given by run, too
initialise() {
	# shellcheck disable=SC2086 # "busybox sh" is two words
	setsid -w $TEST_SHELL "$ROOT/helperscripts/InitialiseSnapshots.sh" \
	    "$@" 3>&- 4>&-
}

# wait_closed - for the watcher, which closes the view once its process ended.
wait_closed() {
	for _ in {1..600}; do
		[ -e "$VIEW" ] || return 0
		sleep 0.1
	done
	return 1
}

# main_script - the toolkit's main script as far as snapshots go: the call with
# its output captured, the second dump, what is read afterwards.
main_script() {
	cat >"$BUILD_HOME/ExpeditedAgileDeploymentToolkit.sh" <<-'END'
	#!/bin/sh
	SNAPSHOT_ID="`"$INITIALISE"`"
	export SNAPSHOT_ID
	/usr/bin/env > "$BLD/build_environment"
	END
	cat >>"$BUILD_HOME/ExpeditedAgileDeploymentToolkit.sh"
	INITIALISE=$BATS_TEST_TMPDIR/initialise
	cat >"$INITIALISE" <<-END
	#!/bin/sh
	exec $TEST_SHELL "$ROOT/helperscripts/InitialiseSnapshots.sh"
	END
	chmod 755 "$INITIALISE"
	unset SERVER_USER SERVER_USER_PASSWORD
	REGION=$(sed -n 's/^REGION=//p' "$BLD/build_environment")
	ALGORITHM=$(sed -n 's/^ALGORITHM=//p' "$BLD/build_environment")
	WEBSITE_URL=$SITE
	export INITIALISE WEBSITE_URL REGION ALGORITHM
	sh "$BUILD_HOME/ExpeditedAgileDeploymentToolkit.sh" 3>&- 4>&-
}

@test "stdout is the webserver's id and nothing else, on every cloud" {
	for cloud in digitalocean exoscale linode vultr; do
		start buildhome-old "$cloud"
		run --separate-stderr initialise
		echo "$cloud: $status: $output: $stderr"
		[ "$status" -eq 0 ]
		[ "$output" = "$(adt-snapshot-ids get \
		    "$FOLDER/snapshot_ids.dat" webserver)" ]
		[ ! -e "$ADT_END_FLAGS/END_IT_ALL" ]
	done
}

@test "the new layout, all the same" {
	start buildhome-new
	run --separate-stderr initialise
	[ "$status" -eq 0 ]
	[ "$output" = 100000004 ]
	[ "$(reads_id webserver)" = 100000004 ]
}

@test "SNAPSHOT_ID is exactly the id in build_environment" {
	start buildhome-old linode
	run initialise
	[ "$(sed -n 's/^SNAPSHOT_ID=//p' "$BLD/build_environment")" = private/4 ]
}

@test "today's readers get ids and credentials while the build runs" {
	reads_all() {
		start buildhome-old
		main_script <<-'END'
		cp -RL "$RT/wholemachinesnapshots" "$BATS_TEST_TMPDIR/seen"
		END
		seen=$BATS_TEST_TMPDIR/seen/$SITE/snapshots
		[ "$(grep webserver "$seen/snapshot_ids.dat" |
			awk -F: '{print $NF}')" = 100000004 ] &&
		[ "$(grep USERNAME "$seen/credentials.dat" |
			awk -F: '{print $NF}')" = XdemoUserDemoUser01X ] &&
		[ "$(grep DBNAME "$seen/db_credentials.dat" |
			awk -F: '{print $NF}')" = ndemodb01n ] || return 1
		rm -rf "$BATS_TEST_TMPDIR/seen"
		wait_closed
	}
	export BATS_TEST_TMPDIR
	each_shell reads_all
}

@test "the server user outlives the second dump of the environment" {
	outlives() {
		start buildhome-old
		main_script <<-'END'
		turn=0
		until grep -q '^SERVER_USER=' "$BLD/build_environment"; do
			turn=$((turn + 1)); [ "$turn" -lt 600 ] || exit 1
			sleep 0.1
		done
		END
		value() { sed -n "s/^$1=//p;T;q" "$BLD/build_environment"; }
		[ "$(value SERVER_USER)" = XdemoUserDemoUser01X ] &&
			[ "$(value SERVER_USER_PASSWORD)" = demoPassDemoPass01 ] &&
			[ "$(value SNAPSHOT_ID)" = 100000004 ] &&
			[ "$(value WEBSITE_URL)" = "$SITE" ] || return 1
		wait_closed
	}
	each_shell outlives
}

@test "a killed build's watcher leaves the next build's view open" {
	start buildhome-old
	# the first build ends as soon as it has the id, and dumps nothing
	setsid -w sh -c '"$@"; exit $?' sh "$ROOT/helperscripts/InitialiseSnapshots.sh" 3>&- 4>&-
	# the second one changes the file that the first one's watcher looks at
	mkfifo "$BATS_TEST_TMPDIR/end"
	setsid -w sh -c '"$1"; read -r _ <"$2"' sh \
	    "$ROOT/helperscripts/InitialiseSnapshots.sh" \
	    "$BATS_TEST_TMPDIR/end" 3>&- 4>&- &
	second=$!
	exec 5<>"$BATS_TEST_TMPDIR/end"
	are_watchers() { [ "$(watchers | wc -l)" -eq "$1" ]; }
	comes_true are_watchers 2
	sed -i '/^SERVER_USER/d' "$BLD/build_environment"
	comes_true grep -q '^SERVER_USER=' "$BLD/build_environment"
	# longer than a watcher takes to see that its build has ended
	sleep 3
	[ "$(reads credentials.dat USERNAME)" = XdemoUserDemoUser01X ]
	echo >&5
	wait "$second"
	wait_closed
	comes_true are_watchers 0
	[ -z "$(ls "$BATS_TEST_TMPDIR/views")" ]
}

@test "--after-dump does it at once, for a main script that asks for it" {
	run initialise
	grep -v '^SERVER_USER' "$BLD/build_environment" >"$BATS_TEST_TMPDIR/dump"
	cat "$BATS_TEST_TMPDIR/dump" >"$BLD/build_environment"
	run --separate-stderr initialise --after-dump
	[ "$status" -eq 0 ] && [ "$output" = "" ]
	grep -qx SERVER_USER=XdemoUserDemoUser01X "$BLD/build_environment"
	grep -qx SERVER_USER_PASSWORD=demoPassDemoPass01 "$BLD/build_environment"
}

@test "a build machine that never built this fleet gets its user and its keys" {
	key=$BLD/keys/id_ed25519_AGILE_DEPLOYMENT_BUILD_KEY_demo-build
	cp "$key" "$BATS_TEST_TMPDIR/key"
	other() {
		echo invented >"$BLD/credentials/SERVERUSER"
		echo another >"$key"
		rm -rf "$key.pub" "$BLD/keys/replaced"
		run initialise && [ "$status" -eq 0 ] &&
			[ "$(cat "$BLD/credentials/SERVERUSER")" = XdemoUserDemoUser01X ] &&
			[ "$(stat -c %a "$BLD/credentials/SERVERUSERPASSWORD")" = 600 ] &&
			cmp "$key" "$BATS_TEST_TMPDIR/key" && [ -s "$key.pub" ] &&
			[ "$(stat -c %a "$key")" = 600 ] &&
			[ "$(cat "$BLD/keys/replaced/${key##*/}")" = another ]
	}
	each_shell other
	[ -z "$(find "$BLD/keys" -name '.new*')" ]
}

@test "cut short while the keys change: there is a key, the old or the new" {
	key=$BLD/keys/id_ed25519_AGILE_DEPLOYMENT_BUILD_KEY_demo-build
	echo another >"$key"
	cat >"$FAKE/mv" <<-END
	#!/bin/sh
	for last; do :; done
	[ "\$last" != "$key" ] || exit 1
	exec /bin/mv "\$@"
	END
	chmod 755 "$FAKE/mv"
	run --separate-stderr initialise
	echo "$stderr"
	[ "$status" -eq 71 ]
	[ "$(cat "$key")" = another ]
	[ "$(cat "$BLD/keys/replaced/${key##*/}")" = another ]
	rm "$FAKE/mv" "$ADT_END_FLAGS/END_IT_ALL"
	run --separate-stderr initialise
	[ "$status" -eq 0 ]
	[ "$(cat "$key")" != another ]
}

@test "what is missing: no output, the flag, and words" {
	while IFS='|' read -r change words; do
		missing() {
			start buildhome-old
			rm -rf "$BLD/keys/replaced"
			eval "$change"
			run --separate-stderr initialise
			echo "$change -> $status: $output: $stderr"
			[ "$status" -ne 0 ] && [ "$output" = "" ] &&
				[[ $stderr == *"$words"* ]] &&
				[ -e "$ADT_END_FLAGS/END_IT_ALL" ] && [ ! -e "$VIEW" ]
		}
		in_turn missing
	done <<-'TABLE'
	rm -rf "$FOLDER"|no snapshot of www.example.test is recorded
	rm "$FOLDER/snapshot_ids.dat" "$FOLDER/snapshots.json"|no snapshot of the webserver is recorded
	adt-snapshot-ids remove "$FOLDER/snapshot_ids.dat" database|snapshot_ids.dat does not have it
	rm "$FOLDER/credentials.dat"|credentials.dat: no such file
	rm "$FOLDER/db_credentials.dat"|db_credentials.dat: no such file
	echo junk >"$FOLDER/credentials.dat"|credentials.dat
	seal credentials <<<USERNAME:only|no server user and password
	rm "$FOLDER/build_keys.dat" "$BLD"/keys/id_*|build_keys.dat: no such file
	seal build_keys < <(tar -czf - -C "$BLD" TOKEN)|is not in it
	echo "[]" >"$FAKE/images.json"|no such image
	rm "$FAKE/images.json"|no images here
	adt-template set "$TMPL" SSH_PORT 2222|SSH_PORT is 2222
	adt-template set "$TMPL" BUILD_ARCHIVE_CHOICE virgin|BUILD_ARCHIVE_CHOICE is 'virgin'
	TABLE
}

@test "what is missing is also said on the terminal and in the status log" {
	rm "$FOLDER/credentials.dat"
	says() {
		# shellcheck disable=SC2086 # "busybox sh" is two words
		$TEST_SHELL "$ROOT/helperscripts/InitialiseSnapshots.sh" \
		    3>"$BATS_TEST_TMPDIR/terminal" 4>"$BATS_TEST_TMPDIR/log" && return 1
		grep -q 'credentials.dat: no such file' "$BATS_TEST_TMPDIR/terminal" &&
			grep -q '^InitialiseSnapshots.sh: .*credentials.dat: no such' \
			    "$BATS_TEST_TMPDIR/log"
	}
	each_shell says
}

@test "the view is closed when the build ends, however it ends" {
	for ending in 'exit 0' 'kill -9 $$'; do
		start buildhome-old
		main_script <<<"$ending" || :
		wait_closed
	done
}

@test "no secret is in an argument or in the output" {
	setsid -w sh -x "$ROOT/helperscripts/InitialiseSnapshots.sh" 3>&- 4>&- \
	    >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/trace"
	grep -q set_build_variables "$BATS_TEST_TMPDIR/trace"
	run ! grep -e demoPassDemoPass01 -e pdemopw01p \
	    "$BATS_TEST_TMPDIR/trace" "$BATS_TEST_TMPDIR/out"
}
