#!/bin/sh
# VerifySnapshots.sh - is every recorded image really there, and the one that
# was captured? Changes nothing.
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

usage() {
	cat <<-EOF
	usage: $PROGRAM [--json]
	Compares snapshot_ids.dat, snapshots.json and what the cloud has. One
	line per image on stdout: type, id, name, and "ok" or what is wrong.
	  --json   the same as a JSON array
	  --help   this text
	Status: 0 all verified, 1 nothing is recorded, 65 the two files disagree
	or are malformed, 69 an image is missing or not usable.
	EOF
}

main() {
	JSON=
	while [ $# -gt 0 ]; do
		case $1 in
		--json) JSON=yes ;;
		-h | --help) usage; exit 0 ;;
		*) usage_error "unknown argument $1" ;;
		esac
		shift
	done
	find_build
	need_program jq adt-cloud adt-snapshot-ids
	pin_record
	judge_snapshots
	if [ -n "$JSON" ]; then
		put "$VERDICTS" | jq 'map(.status = (if .status == 0 then "ok"
			elif .status == 65 then "disagrees" else "unusable" end))'
	else
		put "$VERDICTS" | jq -r '.[] | [.label, .id, .name, .words] | @tsv'
	fi
	STATUS=$(verdicts_status)
	[ "$STATUS" -ne 1 ] || say "no snapshot is recorded in $SNAPSHOTS"
	exit "$STATUS"
}
main "$@"
