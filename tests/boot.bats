# boot.bats - VerifySnapshots.sh --boot against the emulator: a test machine
# from every image, seen and removed, whatever happens.
setup() {
	load site
}

teardown() { stop_emulator; }

verify() { helper VerifySnapshots.sh "$@"; }

# passing STATUS... - options: every type's check is a command.
checks() {
	for type in $TYPES; do
		printf '%s\n' --check "$type=${1:-test -n \"\$ADDRESS\"}"
	done
}

boot() {
	mapfile -t words < <(checks "${CHECK:-}")
	verify --boot --boot-wait "${WAIT:-0}" --progress none "${words[@]}" "$@"
}

fleet_of() { there '.machines | map(.name) | sort | join(" ")'; }

boots() {
	start_site "$1"
	obtain --all --progress none
	before=$(fleet_of)
	run --separate-stderr boot
	echo "$status: $output: $stderr"
	[ "$status" -eq 0 ]
	[ "$(grep -c "	adt-verify-.*	boot ok: the check given$" <<<"$output")" -eq 5 ]
	[ "$(fleet_of)" = "$before" ]
	[ ! -e "$SNAPSHOTS/verify-journal" ]
	# The smallest that fits where sizes have disks, else the recorded one.
	emulator_requests | jq -r '.[] | select(.operation == "create").body' \
	    >"$BATS_TEST_TMPDIR/creates"
	[ "$(grep -c adt-verify- "$BATS_TEST_TMPDIR/creates")" -eq 5 ]
	stop_emulator
}

@test "digitalocean: five test machines come up, and go" { boots digitalocean; }
@test "linode: five test machines come up, and go" { boots linode; }
@test "vultr: five test machines come up, and go" { boots vultr; }
@test "exoscale: five test machines come up, and go" { boots exoscale; }

@test "the same under busybox sh and yash" {
	for TEST_SHELL in 'busybox sh' yash; do
		echo "under: $TEST_SHELL"
		boots vultr
	done
}

@test "one that fails its check is 69, is named, and goes as well" {
	start_site vultr
	obtain --machine webserver --machine database --progress none
	before=$(fleet_of)
	# shellcheck disable=SC2016 # for the check's own shell
	CHECK='case $ADDRESS in ?*) false ;; esac' \
	    run --separate-stderr boot --check database=true
	echo "$status: $output: $stderr"
	[ "$status" -eq 69 ]
	[[ $output == *"webserver	"*"boot failed: the check given"* ]]
	[[ $output == *"database	"*"boot ok"* ]]
	[ "$(fleet_of)" = "$before" ]
}

@test "RetireServers.sh --boot: nothing goes before all is proved" {
	start_site vultr
	obtain --machine database --progress none
	before=$(fleet_of)
	# Our own check: nobody is at the emulator's addresses.
	ADT_BOOT_WAIT_S=0 run --separate-stderr helper RetireServers.sh \
	    --machine database --boot --yes
	echo "$status: $output: $stderr"
	[ "$status" -eq 69 ]
	[[ $stderr == *"	boot failed: "* ]]
	[ "$(fleet_of)" = "$before" ]
}

@test "a machine that the cloud fails to start is no reason to leave any" {
	start_site digitalocean
	obtain --machine webserver --machine database --progress none
	before=$(fleet_of)
	fault digitalocean create status -1 '{"match": "adt-verify-webserver",
		"status": 422, "message": "no such droplets today"}'
	run --separate-stderr boot --deadline 10
	echo "$status: $output: $stderr"
	[ "$status" -eq 69 ]
	[[ $stderr == *"no such droplets today"* ]]
	[ "$(there '[.machines[] | .history] | length')" -gt 0 ]
	[ "$(fleet_of)" = "$before" ]
	[ ! -e "$SNAPSHOTS/verify-journal" ]
}

@test "killed, it is cleaned up by the next run" {
	start_site vultr
	obtain --machine webserver --progress none
	before=$(fleet_of)
	# A group of its own, so that all of it dies at once.
	setsid sh -c 'echo $$ >"$1"; shift; exec "$@"' sh \
	    "$BATS_TEST_TMPDIR/group" "$ROOT/helperscripts/VerifySnapshots.sh" \
	    --boot --boot-wait 60 --check webserver=false \
	    >/dev/null 2>&1 3>&- &
	started=$!
	for times in $(seq 1 200); do
		[ "$(there '.machines | map(select((.name |
			startswith("adt-verify-")) and .state == "running")) |
			length')" -eq 0 ] || break
		sleep 0.1
	done
	echo "$times looks"
	kill -9 -- -"$(cat "$BATS_TEST_TMPDIR/group")"
	wait "$started" || :
	[ "$(fleet_of)" != "$before" ]
	[ -e "$SNAPSHOTS/verify-journal" ]
	run --separate-stderr boot
	echo "$status: $output: $stderr"
	[ "$status" -eq 0 ]
	[[ $stderr == *"an earlier check was cut short"* ]]
	[ "$(fleet_of)" = "$before" ]
}

@test "a dry run asks only, and tells the cost" {
	start_site digitalocean
	obtain --machine webserver --progress none
	only_reads boot --dry-run
	[ "$status" -eq 0 ]
	[[ $stderr == *"adt-verify-webserver-"*"a month"* ]]
}

@test "images that are not good are not booted" {
	start_site digitalocean
	obtain --machine webserver --progress none
	adt-snapshot-ids set "$SNAPSHOTS/snapshot_ids.dat" webserver 1
	run --separate-stderr boot
	[ "$status" -eq 65 ]
	[[ $stderr == *"no machine was started"* ]]
}
