#!/bin/sh
# RetireServers.sh - takes down the machines that images were captured from,
# so that the same names can be built again; only when every image is verified.
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

usage() {
	cat <<-EOF
	usage: $PROGRAM [--machine TYPE]... [--boot] [--yes] [--dry-run]
	Deletes this build's machines, for good, once VerifySnapshots.sh passes
	and there is an image of every type that goes.
	  --machine TYPE   only this type (repeatable): authenticator,
	                   reverseproxy, autoscaler, webserver, database
	  --boot           first see a machine come up from every image, as
	                   VerifySnapshots.sh --boot does
	  --yes            do not ask
	  --dry-run        list what would go, change nothing
	  --help           this text
	On stdout, for each machine: type, name, id.
	EOF
}

# doomed - the machines of the wanted types, "label TAB name TAB id" lines.
doomed() (
	fleet=$(fleet) || exit
	put "$fleet" | awk -F '\t' -v only="$ONLY" '
	BEGIN { count = split(only, label, " "); for (i in label) want[label[i]] }
	NF > 2 && (count == 0 || $1 in want) { print $1 "\t" $2 "\t" $3 }'
)

# need_images - dies unless the images that replace these machines are there.
need_images() {
	pin_record
	[ ! -e "$SNAPSHOTS/journal" ] || die 69 "$SNAPSHOTS/journal: a capture" \
	    "is not finished; run ObtainWholeMachineSnapshot.sh again"
	judge_snapshots
	put "$VERDICTS" | jq -r --arg program "$PROGRAM" '.[] |
		select(.status != 0) | "\($program): \(.label) \(.id): \(.words)"' >&2
	STATUS=$(verdicts_status)
	case $STATUS in
	0) ;;
	1) die 69 "no snapshot is recorded: nothing may go" ;;
	*) die 69 "not every snapshot is verified: nothing may go" ;;
	esac
	MISSING=
	for LABEL in $(put "$DOOMED" | cut -f 1 | uniq); do
		put "$VERDICTS" | jq -e --arg type "$LABEL" \
		    'any(.[]; .label == $type)' >/dev/null || {
			say "$PROGRAM: no snapshot of a $LABEL is recorded"
			MISSING=yes
		}
	done
	[ -z "$MISSING" ] || die 69 "nothing was deleted"
}

retire() {
	DOOMED=$(doomed)
	if [ -z "$DOOMED" ]; then
		say "no machine of build $BUILD${ONLY:+ ($ONLY)} is there:" \
		    "nothing to do"
		return 0
	fi
	need_images
	put "$DOOMED"
	if [ -n "$DRY_RUN" ]; then
		MACHINES=$(cloud machines --json)
		{ put "$DOOMED"; put "$MACHINES" | jq -r '.[] |
			["size", .id, .size] | @tsv'; } | awk -F '\t' '
			$1 == "size" { size[$2] = $3; next }
			{ doomed[$3] = 1 }
			END { for (id in doomed)
				print "machine\t" size[id] "\t1" }' |
			tell_cost "the machines, as long as they are there"
		say "dry run: nothing was deleted"
		return 0
	fi
	COUNT=$(put "$DOOMED" | grep -c .)
	[ -n "$YES" ] || confirm "Delete these $COUNT machines for good?" ||
		die 1 "nothing was deleted"
	# shellcheck disable=SC2046 # ids are words without spaces
	cloud delete-machine $(put "$DOOMED" | cut -f 3)
	# One that an autoscaler started meanwhile counts as well.
	LEFT=$(doomed)
	[ -z "$LEFT" ] || die 75 "still there, or new: run again for:" \
	    "$(put "$LEFT" | cut -f 2 | tr '\n' ' ')"
	say "$COUNT machines are gone"
}

main() {
	ONLY='' YES='' DRY_RUN='' BOOT=''
	while [ $# -gt 0 ]; do
		case $1 in
		--machine)
			[ $# -ge 2 ] || usage_error "$1 wants a machine type"
			need_label "$2"
			ONLY=${ONLY:+$ONLY }$2
			shift
			;;
		--boot) BOOT=yes ;;
		--yes) YES=yes ;;
		--dry-run) DRY_RUN=yes ;;
		-h | --help) usage; exit 0 ;;
		*) usage_error "unknown argument $1" ;;
		esac
		shift
	done
	find_build
	need_program jq flock adt-cloud adt-snapshot-ids
	if [ -n "$BOOT" ]; then
		say "a test machine from every image first:"
		"$here/VerifySnapshots.sh" --boot ${DRY_RUN:+--dry-run} >&2 ||
			die "$?" "not every image is proved: nothing may go"
	fi
	# Without the folder nothing is recorded, and no lock can be taken.
	if [ -n "$DRY_RUN" ] || [ ! -d "$SNAPSHOTS" ]; then
		retire
	else
		with_lock "$SNAPSHOTS/snapshots.json" retire
	fi
}
main "$@"
