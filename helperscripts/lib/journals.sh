# shellcheck shell=sh
# journals.sh - unfinished runs: what was under way, in words, and how one is
# given up; sourced after generations.sh. The lock is held.

# tell_run journal - on stderr, what the run in it was about.
tell_run() {
	cloud resume --journal "$1" --dry-run >&2
}

# made_by journal member - the ids of what the run in it finished making:
# member is image_id or machine_id. 65 if it cannot be read.
made_by() {
	jq -r --arg member "$2" '.targets[] | select(.finished) | .[$member] |
		select(. != null and . != "")' "$1" 2>/dev/null ||
		die 65 "$1: damaged; move it away, and look for what it made" \
		    "with ListSnapshots.sh and adt-cloud machines"
}

# abandon_run journal goal - removes all that the run made, image or machine,
# puts power back, and the journal goes last. Killed in between, it is done
# again.
abandon_run() {
	MADE=$(made_by "$1" "$2_id")
	# shellcheck disable=SC2086 # ids are words without spaces
	[ -z "$MADE" ] || cloud "delete-$2" --progress none $MADE
	if jq -e 'all(.targets[]; .finished)' "$1" >/dev/null; then
		rm -f -- "$1"
	else
		cloud resume --journal "$1" --abandon --progress none
	fi
	sync "${1%/*}"
}

# clear_run run - what a killed run of that kind kept for its machines, and its
# half-written files; userdata.sh is sourced.
clear_run() {
	name_userdata "$1"
	close_userdata
	clear_killed "$SNAPSHOTS/root_password.dat"
	rm -f -- "$SNAPSHOTS/.$1"*journal.????????.new
}

# abandon_capture - the unfinished capture is given up; what is recorded already stays.
abandon_capture() {
	if [ ! -e "$SNAPSHOTS/journal" ]; then
		say "no capture is unfinished"
		[ -n "$DRY_RUN" ] || rm -f -- "$SNAPSHOTS"/.journal.????????.new
		return 0
	fi
	tell_run "$SNAPSHOTS/journal"
	if [ -n "$DRY_RUN" ]; then
		say "dry run: nothing was given up"
		return 0
	fi
	mend_generations
	pin_record
	MADE=$(made_by "$SNAPSHOTS/journal" image_id)
	for ID in $MADE; do
		recorded_ids | cut -f 2 | grep -qxF -e "$ID" || continue
		say "it is recorded already, and stays"
		rm -f -- "$SNAPSHOTS/journal"
		return 0
	done
	abandon_run "$SNAPSHOTS/journal" image
	say "the unfinished capture is given up"
}
