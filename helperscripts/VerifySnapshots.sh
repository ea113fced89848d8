#!/bin/sh
# VerifySnapshots.sh - is every recorded image really there, and the one that
# was captured? With --boot: does a machine come up from it?
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
# shellcheck source=lib/journals.sh
. "$here/lib/journals.sh"
# shellcheck source=lib/boot.sh
. "$here/lib/boot.sh"

usage() {
	cat <<-EOF
	usage: $PROGRAM [--json] [--boot [option...]]
	Compares snapshot_ids.dat, snapshots.json and what the cloud has. One
	line per image on stdout: type, id, name, and "ok" or what is wrong.
	  --json   the same as a JSON array
	  --boot   if all is well, start a test machine from each image, of the
	           smallest size that it fits, check over ssh or http that it
	           comes up and is of its type, and remove it
	With --boot:
	  --boot-wait SECONDS   for its services, once it runs (default 300)
	  --check TYPE=COMMAND  instead of our check: status 0 says that all is
	                        well; ADDRESS is the machine's (repeatable)
	  --deadline MINUTES    for the machines to run
	  --progress WHAT       auto, json or none
	  --dry-run             say what would be started, and its cost
	  --help   this text
	Status: 0 all verified, 1 nothing is recorded, 65 the two files disagree
	or are malformed, 69 an image is missing, not usable, or fails to boot.
	EOF
}

show() {
	if [ -n "$JSON" ]; then
		put "$VERDICTS" | jq --arg booted "$BOOTED" '
		($booted | split("\n") | map(split("\t") |
			{key: .[1], value: .[3]} | select(.key)) |
			from_entries) as $boot |
		map(.status = (if .status == 0 then "ok"
			elif .status == 65 then "disagrees"
			else "unusable" end) |
			if $boot[.id] then .boot = $boot[.id] else . end)'
	else
		put "$VERDICTS" | jq -r '.[] | [.label, .id, .name, .words] | @tsv'
		[ -z "$BOOTED" ] || put "$BOOTED"
	fi
}

verify() {
	BOOTED=
	pin_record
	judge_snapshots
	STATUS=$(verdicts_status)
	[ "$STATUS" -ne 1 ] || say "no snapshot is recorded in $SNAPSHOTS"
	if [ -n "$BOOT" ] && [ "$STATUS" -eq 0 ]; then
		BOOTED=$(boot_images) || STATUS=$?
	elif [ -n "$BOOT" ] && [ "$STATUS" -ne 1 ]; then
		say "no machine was started: not all is well with the images"
	fi
	show
	exit "$STATUS"
}

main() {
	JSON='' BOOT='' BOOT_WAIT=${ADT_BOOT_WAIT_S:-300} CHECKS='' DEADLINE='' PROGRESS=''
	DRY_RUN=''
	while [ $# -gt 0 ]; do
		case $1 in
		--boot-wait | --check | --deadline | --progress)
			[ $# -ge 2 ] || usage_error "$1 wants a value" ;;
		esac
		case $1 in
		--json) JSON=yes ;;
		--boot) BOOT=yes ;;
		--boot-wait)
			case $2 in
			'' | *[!0-9]* | ??????*)
				usage_error "not a number of seconds: '$2'" ;;
			esac
			BOOT_WAIT=$2
			shift
			;;
		--check)
			case $2 in
			*=?*) need_label "${2%%=*}" ;;
			*) usage_error "--check wants TYPE=COMMAND, not '$2'" ;;
			esac
			CHECKS=$(printf '%s\n%s' "$CHECKS" "$2")
			shift
			;;
		--deadline) need_minutes "$2"; DEADLINE=$2; shift ;;
		--progress) need_progress "$2"; PROGRESS=$2; shift ;;
		--dry-run) DRY_RUN=yes ;;
		-h | --help) usage; exit 0 ;;
		*) usage_error "unknown argument $1" ;;
		esac
		shift
	done
	[ -n "$BOOT" ] || [ -z "$CHECKS$DEADLINE$PROGRESS$DRY_RUN" ] ||
		usage_error "--check, --deadline, --progress and --dry-run go" \
		    "with --boot"
	find_build
	need_program jq adt-cloud adt-snapshot-ids
	if [ -n "$BOOT" ]; then
		need_program adt-seal adt-template flock ssh timeout curl
		use_template
	fi
	# Without the folder nothing is recorded, and no lock can be taken.
	if [ -n "$BOOT" ] && [ -z "$DRY_RUN" ] && [ -d "$SNAPSHOTS" ]; then
		with_lock "$SNAPSHOTS/snapshots.json" verify
	else
		verify
	fi
}
main "$@"
