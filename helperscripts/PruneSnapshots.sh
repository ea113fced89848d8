#!/bin/sh
# PruneSnapshots.sh - removes generations that are not wanted any more, with the
# images that only they use, and images of ours that nothing records.
#
# Images go first, then what records them: killed in between, the next run does
# the rest, and RollbackSnapshots.sh refuses what is half gone.
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
# shellcheck source=lib/prices.sh
. "$here/lib/prices.sh"
# shellcheck source=lib/inventory.sh
. "$here/lib/inventory.sh"
# shellcheck source=lib/pointer.sh
. "$here/lib/pointer.sh"
# shellcheck source=lib/datastore.sh
. "$here/lib/datastore.sh"
# shellcheck source=lib/bucketprune.sh
. "$here/lib/bucketprune.sh"

usage() {
	cat <<-EOF
	usage: $PROGRAM [--keep N] [--older-than DAYS] [--orphans]
	                [--dry-run] [--yes]
	Removes generations, and at the cloud the images that only they record.
	  --keep N           those that are not among the N newest
	  --older-than DAYS  those older than that; with --keep, only if both
	  --orphans          images of this build, by name, that no generation
	                     records: left by killed runs and earlier versions
	  --dry-run          list what would go, change nothing
	  --yes              do not ask
	  --help             this text
	Removed generations go from the build's datastores, too, unless another
	build machine has made one current there.
	The current generation always stays, and so does every image that a kept
	generation, a machine, an unfinished run or SNAPSHOT_ID uses.
	On stdout, for each: "image", name, id, dollars a month or "unknown"; or
	"generation", its number, its time.
	EOF
}

# choose - sets PLAN: {generations: [rows], images: [rows], notes: [words]}.
choose() {
	PLAN=$(put "$INVENTORY" | jq -c --arg keep "$KEEP" --arg days "$DAYS" \
	    --arg orphans "$ORPHANS" '
	.now as $now | .images as $images |
	def held: if .current then null
		elif .machines != [] then "\(.machines[0]) runs from it"
		elif .unfinished then "an unfinished run uses it"
		elif .configured then "build_environment has it as SNAPSHOT_ID"
		elif .elsewhere then "it is of another cloud, region or build"
		else null end;
	def old: (try (.created | fromdateiso8601) catch null) as $at |
		$at != null and $now - $at > ($days | tonumber) * 86400;
	[.generations | sort_by(-.generation) | to_entries[] |
	 .key as $place | .value |
	 select((.current | not) and .generation != 0 and
		($keep != "" or $days != "") and
		($keep == "" or $place >= ($keep | tonumber)) and
		($days == "" or old))] as $asked |
	[$asked[] | .generation as $number | . + {why: first(
		($images[] | select(any(.generations[]; . == $number)) |
		 held as $why | select($why != null) | "\(.name): \($why)"), null)}]
		as $judged |
	[$judged[] | select(.why == null)] as $gone |
	[$gone[].generation] as $numbers |
	{generations: ($gone | sort_by(.generation)),
	 images: [$images[] | select(.state != "missing" and held == null and
		(.current | not)) |
		select(if .recorded then (.generations - $numbers) == []
			and (.known_name == null or .known_name == .name)
			else $orphans != "" and .ours and .state != "pending" end)],
	 notes: ([$judged[] | select(.why != null) |
		"generation \(.generation) stays: \(.why)"] +
		[$images[] | select(.recorded and .state != "missing" and
			(.generations - $numbers) == [] and
			.known_name != null and .known_name != .name) |
		"\(.id) stays: it is called \(.name), not \(.known_name)"] +
		[$images[] | select(.ours and (.recorded | not) and
			$orphans != "") | held as $why |
		select($why != null or .state == "pending") |
		"\(.name) stays: \($why // "it is being made")"])}')
}

show() {
	put "$PLAN" | jq -r '.notes[]' >&2
	put "$PLAN" | jq -r '
	(.images[] | ["image", .name, .id, (.month_usd // "unknown")]),
	(.generations[] | ["generation", .generation, .created]) | @tsv'
	put "$INVENTORY" | jq -r --argjson plan "$PLAN" "$COST_JQ"'
	.prices_of as $of | $plan.images | map(.month_usd) |
	"\(images): \(cost_words($of))"' >&2
}

prune() {
	if [ -z "$DRY_RUN" ]; then
		mend_generations
		adopt_files
	fi
	pin_record
	take_inventory
	choose
	put "$PLAN" | jq -e '.images + .generations == []' >/dev/null && {
		put "$PLAN" | jq -r '.notes[]' >&2
		say "nothing is to be removed"
		return 0
	}
	show
	if [ -n "$DRY_RUN" ]; then
		say "dry run: nothing was removed"
		return 0
	fi
	[ -n "$YES" ] || confirm "Remove these for good?" ||
		die 1 "nothing was removed"
	[ -z "$STORES" ] || put "$PLAN" | jq -r '.generations[].id' | note_removed
	GOING=$(put "$PLAN" | jq -r '.images[].id')
	# shellcheck disable=SC2086 # ids are words without spaces
	[ -z "$GOING" ] || cloud delete-image $GOING
	for NUMBER in $(put "$PLAN" | jq -r '.generations[].generation'); do
		remove_generation "$NUMBER"
	done
	say "removed"
}

# need_count option word - dies unless the word is a number of a few digits.
need_count() {
	case $2 in
	'' | *[!0-9]* | ??????*) usage_error "$1 wants a number, not '$2'" ;;
	esac
}

main() {
	KEEP='' DAYS='' ORPHANS='' YES='' DRY_RUN='' STORES=''
	while [ $# -gt 0 ]; do
		case $1 in
		--keep | --older-than)
			[ $# -ge 2 ] || usage_error "$1 wants a number"
			need_count "$1" "$2" ;;
		esac
		case $1 in
		--keep)
			KEEP=$2
			shift
			;;
		--older-than)
			DAYS=$2
			shift
			;;
		--orphans) ORPHANS=yes ;;
		--yes) YES=yes ;;
		--dry-run) DRY_RUN=yes ;;
		-h | --help) usage; exit 0 ;;
		*) usage_error "unknown argument $1" ;;
		esac
		shift
	done
	[ -n "$KEEP$DAYS$ORPHANS" ] ||
		usage_error "--keep, --older-than or --orphans is wanted"
	find_build
	need_program jq flock adt-cloud adt-seal adt-snapshot-ids adt-datastore
	if [ -n "$DRY_RUN" ]; then
		prune
	else
		need_folder
		use_template
		find_datastores || STORES=
		[ -z "$STORES" ] || need_known_pointers
		with_lock "$SNAPSHOTS/snapshots.json" prune
		[ -z "$STORES" ] || [ ! -e "$SNAPSHOTS/datastore_removed" ] ||
			remove_everywhere
	fi
}
main "$@"
