#!/bin/sh
# RollbackSnapshots.sh - goes back to an earlier generation of the snapshots:
# ids, credentials, build keys and metadata, all at once.
# shellcheck source-path=SCRIPTDIR
here=$(dirname -- "$0")
# shellcheck source=lib/prelude.sh
. "$here/lib/prelude.sh"
# shellcheck source=lib/build.sh
. "$here/lib/build.sh"
# shellcheck source=lib/snapshots.sh
. "$here/lib/snapshots.sh"
# shellcheck source=lib/generations.sh
. "$here/lib/generations.sh"
# shellcheck source=lib/view.sh
. "$here/lib/view.sh"

usage() {
	cat <<-EOF
	usage: $PROGRAM [--dry-run] [N]
	Makes generation N the current one; without N that before the current
	one. Refused, and nothing changes, unless all its images are there and
	usable and its credentials open. Going forward again works the same.
	ListSnapshots.sh lists the generations. No machine is touched.
	  --dry-run   check only
	  --help      this text
	On stdout: the generation, and its ids as label:id lines.
	EOF
}

# choose_target - sets TARGET, by what was asked.
choose_target() {
	IS=$(current_generation) || die 1 "$SNAPSHOTS: no generation is recorded"
	TARGET=$ASKED
	[ -n "$TARGET" ] || TARGET=$(generations |
		awk -v now="$IS" '$1 < now + 0' | tail -n 1)
	[ -n "$TARGET" ] || die 1 "there is no generation before $IS"
	RECORD=$(generation_folder "$TARGET")
}

# need_whole - dies unless everything of RECORD can be used.
need_whole() {
	judge_snapshots
	put "$VERDICTS" | jq -r --arg program "$PROGRAM" '.[] |
		select(.status != 0) | "\($program): \(.label) \(.id): \(.words)"' >&2
	STATUS=$(verdicts_status)
	case $STATUS in
	0) ;;
	1) die 69 "generation $TARGET has no images: nothing was changed" ;;
	*) die "$STATUS" "generation $TARGET cannot be used: nothing was changed" ;;
	esac
	for NAME in credentials.dat db_credentials.dat build_keys.dat; do
		[ ! -e "$RECORD/$NAME" ] || open_member "$RECORD" "$NAME" >/dev/null ||
			die $? "generation $TARGET cannot be used: nothing was changed"
	done
}

rollback() {
	if [ -z "$DRY_RUN" ]; then
		mend_generations
		adopt_files
	fi
	[ ! -e "$SNAPSHOTS/journal" ] ||
		warn "a capture is not finished; what it makes is recorded later"
	choose_target
	need_whole
	if [ "$TARGET" = "$IS" ]; then
		say "generation $TARGET is current already"
	elif [ -n "$DRY_RUN" ]; then
		say "generation $TARGET can be used: its images are there and" \
		    "its credentials open"
		say "dry run: generation $IS stays current"
		return 0
	else
		switch_generation "$TARGET"
		say "generation $TARGET is current now, $IS was"
	fi
	put "generation:$TARGET"
	adt-snapshot-ids list "$RECORD/snapshot_ids.dat" | tr '\t' ':'
}

main() {
	ASKED='' DRY_RUN=''
	while [ $# -gt 0 ]; do
		case $1 in
		--dry-run) DRY_RUN=yes ;;
		-h | --help) usage; exit 0 ;;
		-*) usage_error "unknown argument $1" ;;
		'' | 0* | *[!0-9]*)
			usage_error "not the number of a generation: '$1'" ;;
		*)
			[ -z "$ASKED" ] || usage_error "one generation at most"
			ASKED=$1
			;;
		esac
		shift
	done
	find_build
	need_program jq flock adt-cloud adt-seal adt-snapshot-ids
	[ -d "$SNAPSHOTS" ] || die 1 "$SNAPSHOTS: nothing is recorded"
	if [ -n "$DRY_RUN" ]; then
		rollback
	else
		with_lock "$SNAPSHOTS/snapshots.json" rollback
		refresh_view
	fi
}
main "$@"
