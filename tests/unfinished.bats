# unfinished.bats - runs that were cut short, against the emulator: told in
# words, finished, or given up; dry runs that only ask; two runs at once.
setup() {
	load site
}

teardown() { stop_emulator; }

counts() {
	there '[(.images | length), (.snapshots | length),
		(.machines | length), ([.machines[] | select(.state != "running")] |
		length)] | join(" ")'
}


# given_up CLOUD - a capture that was refused half-way is told, and given up.
given_up() {
	start_site "$1"
	before=$(counts)
	fault "$1" image status -1 '{"status": 503}'
	run --separate-stderr obtain --machine webserver \
	    --machine database --progress none --deadline 1
	echo "$status: $output: $stderr"
	[ "$status" -ne 0 ]
	control DELETE faults >/dev/null
	[ -e "$SNAPSHOTS/journal" ]
	only_reads obtain --abandon --dry-run
	[[ $stderr == *"an unfinished run on $1"*"of $(machine_of webserver)"* ]]
	run --separate-stderr obtain --abandon --progress none
	echo "$status: $output: $stderr"
	[ "$status" -eq 0 ]
	[ ! -e "$SNAPSHOTS/journal" ]
	[ "$(counts)" = "$before" ]
	# killed while it wrote its first journal
	left=$SNAPSHOTS/.journal.0123abcd.new
	touch "$left"
	run --separate-stderr obtain --abandon
	[ "$status" -eq 0 ]
	[[ $stderr == *"no capture is unfinished"* ]]
	[ ! -e "$left" ]
	stop_emulator
}

@test "a capture that was refused half-way is told, and given up clean" {
	for cloud in digitalocean vultr; do given_up "$cloud"; done
}

@test "the same under busybox sh and yash" {
	for TEST_SHELL in 'busybox sh' yash; do
		echo "under: $TEST_SHELL"
		given_up vultr
	done
}

@test "a killed capture says what was under way, and finishes it" {
	start_site digitalocean
	setsid sh -c 'echo $$ >"$1"; shift; exec "$@"' sh \
	    "$BATS_TEST_TMPDIR/group" \
	    "$ROOT/helperscripts/ObtainWholeMachineSnapshot.sh" \
	    --machine webserver >/dev/null 2>&1 3>&- &
	started=$!
	for times in $(seq 1 200); do
		[ ! -e "$SNAPSHOTS/journal" ] || break
		sleep 0.05
	done
	echo "$times looks"
	kill -9 -- -"$(cat "$BATS_TEST_TMPDIR/group")"
	wait "$started" || :
	[ -e "$SNAPSHOTS/journal" ]
	run --separate-stderr obtain --machine webserver --progress none
	echo "$status: $output: $stderr"
	[ "$status" -eq 0 ]
	[[ $stderr == *"an earlier capture is not finished"*"image ws-"* ]]
	[ "$(there '.images | map(select(.name | startswith("ws-"))) | length')" -eq 1 ]
	[ ! -e "$SNAPSHOTS/journal" ]
}

@test "finished but not recorded: given up, its images go as well" {
	start_site vultr
	adt-cloud capture --cloud vultr --region "$REGION" --build "$BLD" \
	    --journal "$BATS_TEST_TMPDIR/done.json" \
	    "webserver=$(machine_of webserver)"
	mkdir -p "$SNAPSHOTS"
	cp "$BATS_TEST_TMPDIR/done.json" "$SNAPSHOTS/journal"
	[ "$(there '.images | map(select(.machine_name != "")) | length')" -ge 1 ]
	obtain --abandon --progress none
	[ "$(there '.images | map(select(.name | startswith("ws-"))) | length')" -eq 0 ]
	[ ! -e "$SNAPSHOTS/journal" ]
}

@test "recorded already: the journal goes, the images stay" {
	start_site vultr
	obtain --machine webserver --progress none
	id=$(adt-snapshot-ids get "$SNAPSHOTS/snapshot_ids.dat" webserver)
	jq -n --arg id "$id" '{targets: [{finished: true, image_id: $id,
		goal: 0, label: "webserver"}]}' >"$SNAPSHOTS/journal"
	run --separate-stderr obtain --abandon
	echo "$status: $output: $stderr"
	[ "$(there ".images | map(select(.id == \"$id\")) | length")" -eq 1 ]
}

@test "dry runs only ask, and tell a month's cost" {
	start_site digitalocean
	only_reads obtain --all --dry-run
	[ "$status" -eq 0 ]
	[[ $stderr == *"a month (prices of "*"nothing was created"* ]]
	obtain --all --progress none
	only_reads helper RetireServers.sh --dry-run
	[ "$status" -eq 0 ]
	[[ $stderr == *"a month (prices of "*"nothing was deleted"* ]]
	only_reads helper PruneSnapshots.sh --keep 1 --orphans --dry-run
	[ "$status" -eq 0 ]
	only_reads helper RollbackSnapshots.sh --dry-run 1
	[ "$status" -eq 0 ]
	only_reads helper ListSnapshots.sh
	[ "$status" -eq 0 ]
	[ "$(grep -c "	ready	" <<<"$output")" -eq 5 ]
}

@test "prune, roll back and list on all four clouds" {
	for cloud in digitalocean linode vultr exoscale; do
		start_site "$cloud"
		obtain --machine webserver --progress none
		obtain --machine webserver --progress none
		helper RollbackSnapshots.sh
		run --separate-stderr helper PruneSnapshots.sh --keep 0 --yes
		echo "$cloud: $status: $output: $stderr"
		[ "$status" -eq 0 ]
		[ "$(there '.images | map(select(.name | startswith("ws-"))) |
			length')" -eq 1 ]
		helper VerifySnapshots.sh
		stop_emulator
	done
}

@test "the second of two runs says who holds the lock" {
	start_site vultr
	mkdir -p "$SNAPSHOTS"
	exec 7>"$SNAPSHOTS/snapshots.json.lock"
	flock 7
	echo "pid 4711 on elsewhere since 2026-01-01T00:00:00Z" >&7
	ADT_LOCK_WAIT_S=0 run --separate-stderr obtain --machine webserver
	exec 7>&-
	[ "$status" -eq 75 ]
	[[ $stderr == *"pid 4711 on elsewhere since 2026-01-01T00:00:00Z"* ]]
	obtain --machine webserver --progress none
	grep -qE '^pid [0-9]+ on .+ since 20' "$SNAPSHOTS/snapshots.json.lock"
}

@test "a lock whose script was killed: that a program still works is said" {
	start_site vultr
	mkdir -p "$SNAPSHOTS"
	lock=$SNAPSHOTS/snapshots.json.lock
	: >"$lock"
	flock "$lock" sleep 60 3>&- &
	holder=$!
	says() {
		echo "pid $1 on $(uname -n) since 2026-01-01T00:00:00Z" >"$lock"
		ADT_LOCK_WAIT_S=0 run --separate-stderr obtain --machine webserver
		echo "$1: $status: $stderr"
		[ "$status" -eq 75 ]
		[[ $stderr == *"pid $1 on $(uname -n) since 2026-01-01"* ]]
	}
	sh -c 'exit 0' &
	gone=$!
	wait "$gone"
	says "$gone"
	[[ $stderr == *'which was killed: a program that it had started is still'* ]]
	says "$$"
	[[ $stderr != *'which was killed'* ]]
	kill "$holder"
}
