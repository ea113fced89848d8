# refresh.bats - the manual's cron line does what it says: captures, boots what
# it captured, and keeps three generations.
setup() {
	load site
}
teardown() { stop_emulator; }

# cron_line - the manual's, with this build's home and a check that the
# emulator's machines, which nobody can log in to, pass. No ssh, no upgrade.
cron_line() {
	checks=$(for type in $TYPES; do
		printf " --check '%s=test -n \"\$ADDRESS\"'" "$type"
	done)
	sed -n 's/^    30 5 \* \* 0 root cd \/build && //p' \
	    "$ROOT/docs/manual/050-scale-up.md" |
		awk -v checks="$checks" -v verdict="${1:-}" '{
		sub(/helperscripts\/UpdateSnapshotMachines.sh --yes/,
		    "helperscripts/UpdateSnapshotMachines.sh --dry-run --yes")
		sub(/--boot/, "--boot --boot-wait 0" checks)
		if (verdict) gsub(/test -n .[$]ADDRESS./, verdict)
		print }'
}

generations() { find "$SNAPSHOTS/generations" -mindepth 1 -maxdepth 1 -type d -name '[1-9]*' | wc -l; }
images() { there '.images | length'; }

@test "four weeks: three generations are kept, and their images alone" {
	start_site digitalocean
	[ -n "$(cron_line)" ]
	cd "$ROOT"
	for week in 1 2 3 4; do
		run --separate-stderr sh -c "$(cron_line)"
		echo "week $week: $status: $stderr"
		[ "$status" -eq 0 ]
	done
	[ "$(generations)" -eq 3 ]
	[ "$(images)" -eq 15 ]
}

@test "images that do not come up: nothing old goes, and the status is not 0" {
	start_site digitalocean
	cd "$ROOT"
	for week in 1 2 3; do sh -c "$(cron_line)"; done
	run --separate-stderr sh -c "$(cron_line false)"
	echo "$status: $stderr"
	[ "$status" -ne 0 ]
	[ "$(generations)" -eq 4 ]
	[ "$(images)" -eq 20 ]
}
