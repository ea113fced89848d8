# story.bats - the operator's scripts on real machines: what the story does,
# with what may go wrong on the way. The files story_*.bats go on from its end.

setup_file() {
	load story
	story_begin
}

setup() { load story; }

# watch_arguments PID FILE... - while PID runs, looks at the command line and
# the environment of every process for the lines of the files.
watch_arguments() {
	pid=$1
	shift
	secrets=$(cat "$@")
	looks=0
	while kill -0 "$pid" 2>/dev/null; do
		for process in /proc/[0-9]*; do
			seen=$(cat "$process/cmdline" "$process/environ" \
			    2>/dev/null | tr '\0' ' ')
			case $seen in *adt-*) looks=$((looks + 1)) ;; esac
			while IFS= read -r secret; do
				case $seen in
				*"$secret"*) echo "a secret in: $process"; return 1 ;;
				esac
			done <<<"$secrets"
		done
	done
	echo "$looks programs of ours were looked at"
	[ "$looks" -gt 0 ]
}

@test "nothing recorded yet: verify says so, retire and switch refuse" {
	run --separate-stderr helper VerifySnapshots.sh
	[ "$status" -eq 1 ]
	run --separate-stderr helper RetireServers.sh --yes
	[ "$status" -ne 0 ]
	[ "$(state_of "$web")" = running ]
	run --separate-stderr helper SetBuildFromSnapshot.sh on
	[ "$status" -ne 0 ]
	[ "$(helper GetTemplateVariable.sh BUILD_FROM_SNAPSHOT 2>/dev/null)" = 0 ]
}

@test "the menu's answer 4 captures the webserver" {
	run --separate-stderr helper ObtainWholeMachineSnapshot.sh <<<4
	echo "$stderr"
	[ "$status" -eq 0 ]
	[[ $output == *"Stored snapshot ids generated"* ]]
	[ "$(images_of "$web")" -eq 1 ]
	id=$(grep webserver "$SNAPSHOTS/snapshot_ids.dat" |
	    awk -F: '{print $NF}')
	client query "/1.0/images/$id" >/dev/null
	[ "$(wc -l <"$SNAPSHOTS/snapshot_ids.dat")" -eq 1 ]
}

@test "--all, killed in the middle and run again: one image a type" {
	before=$(images_of "$web")
	"$ROOT/helperscripts/ObtainWholeMachineSnapshot.sh" --all 3>&- &
	script=$!
	journal=$SNAPSHOTS/journal
	wait_for 60 test -e "$journal"
	wait_for 60 publishing
	program=$(sed -n 's/^pid \([0-9]*\) .*/\1/p' "$journal.lock")
	kill -KILL "$script" "$program"
	wait "$script" || [ $? -eq 137 ]
	[ -e "$journal" ]

	run --separate-stderr helper ObtainWholeMachineSnapshot.sh --all
	echo "$stderr"
	[ "$status" -eq 0 ]
	[[ $output == *"Stored snapshot ids updated"* ]]
	[ ! -e "$journal" ]
	[ "$(images_of "$web")" -eq $((before + 1)) ]
	[ "$(images_of "$database")" -eq 1 ]
	for name in "$web" "$database"; do
		[ "$(snapshots_of "$name")" -eq 0 ]
		[ "$(state_of "$name")" = running ]
	done
	for label in webserver database autoscaler; do
		id=$(adt-snapshot-ids get "$SNAPSHOTS/snapshot_ids.dat" "$label")
		[ "$(jq -r ".images.$label.id" "$SNAPSHOTS/snapshots.json")" = \
		    "$id" ]
		client query "/1.0/images/$id" >/dev/null
	done
}

@test "no secret in a command line or environment while a capture runs" {
	sed -n 's/^DB_PASSWORD=//p; s/^SERVER_USER_PASSWORD=//p
	    s/^S3_SECRET_KEY=//p' "$BLD/build_environment" \
	    >"$BATS_TEST_TMPDIR/secrets"
	[ "$(grep -c . "$BATS_TEST_TMPDIR/secrets")" -eq 3 ]
	cat "$ADT_SEAL_KEY" >>"$BATS_TEST_TMPDIR/secrets"
	"$ROOT/helperscripts/ObtainWholeMachineSnapshot.sh" \
	    --machine autoscaler 3>&- &
	watch_arguments $! "$BATS_TEST_TMPDIR/secrets"
	wait $!
	run ! grep -rqFf "$BATS_TEST_TMPDIR/secrets" "$SNAPSHOTS"
}

@test "an image that is gone: verify and retire say which" {
	id=$(adt-snapshot-ids get "$SNAPSHOTS/snapshot_ids.dat" autoscaler)
	cp -a "$SNAPSHOTS" "$BATS_TEST_TMPDIR/kept"
	cloud delete-image "$id"
	run --separate-stderr helper VerifySnapshots.sh
	[ "$status" -eq 69 ]
	[[ $output$stderr == *autoscaler* ]]
	run --separate-stderr helper RetireServers.sh --yes
	[ "$status" -eq 69 ]
	[ "$(state_of "$web")" = running ]
	helper ObtainWholeMachineSnapshot.sh --machine autoscaler
	helper VerifySnapshots.sh
}

@test "retire, switch on, build; killed in the middle and run again" {
	site_goes_on
	helper RetireServers.sh --yes
	[ -z "$(state_of "$web")$(state_of "$database")" ]
	helper SetBuildFromSnapshot.sh on
	[ "$(helper GetTemplateVariable.sh BUILD_FROM_SNAPSHOT)" = 1 ]

	"$ROOT/helperscripts/BuildFromSnapshots.sh" --yes 3>&- &
	script=$!
	is_there() { [ -n "$(state_of "$database")" ]; }
	wait_for 60 is_there
	program=$(sed -n 's/^pid \([0-9]*\) .*/\1/p' \
	    "$SNAPSHOTS/build-journal.lock")
	kill -KILL "$script" "$program"
	wait "$script" || [ $? -eq 137 ]

	run --separate-stderr helper BuildFromSnapshots.sh --yes
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ ! -e "$SNAPSHOTS/build-journal" ]
	[ "$(cloud machines | wc -l)" -eq 3 ]
	[ "$(client config get "$web" volatile.base_image)" = \
	    "$(adt-snapshot-ids get "$SNAPSHOTS/snapshot_ids.dat" webserver)" ]
}

@test "page and row are the newest backup's, by the stored credentials" {
	serves "$web"
	row=$(adt-seal open --site www.test.test --kind db_credentials \
	    "$SNAPSHOTS/db_credentials.dat" |
	    "$ROOT/tests/lxd/fleet.sh" fetch-row "$database")
	[ "$row" = "$(cat "$TOKEN_FILE")" ]
}

@test "building again is refused: the machines are there" {
	run --separate-stderr helper BuildFromSnapshots.sh --yes
	[ "$status" -eq 69 ]
	[[ $stderr == *"already there: $web"* ]]
	[ "$(cloud machines | wc -l)" -eq 3 ]
	serves "$web"
	: >"$STORY/rebuilt"
}
