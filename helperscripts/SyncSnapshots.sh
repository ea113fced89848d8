#!/bin/sh
# SyncSnapshots.sh - brings what is recorded about the images to the build's
# datastores, or from there.
#
# Only sealed files go there: who cannot open them learns how large they are and
# when they were made.
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
# shellcheck source=lib/datastore.sh
. "$here/lib/datastore.sh"

usage() {
	cat <<-EOF
	usage: $PROGRAM push [--force] | pull | probe | --help
	Ids, credentials, build keys and metadata of the images, as one sealed
	generation, to every datastore of the active build, or from the first
	of them that gives it. The build machines share one sealing key.
	  push      puts the generations that are not there yet, and makes the
	            current one current there too
	  --force   also over a generation that is not known here
	  pull      makes what is current there current here, or changes nothing
	  probe     finds out anew what each datastore makes of conditions
	  --help    this text
	EOF
}

probe_all() {
	WORST=0
	for STORE in $STORES; do
		PROBED=0
		on_store "$STORE" make-bucket "$BUCKET" || PROBED=$?
		[ "$PROBED" -ne 0 ] ||
			on_store "$STORE" probe "$BUCKET" || PROBED=$?
		[ "$WORST" -ne 0 ] || WORST=$PROBED
	done
	return "$WORST"
}

main() {
	COMMAND='' FORCE=''
	while [ $# -gt 0 ]; do
		case $1 in
		push | pull | probe)
			[ -z "$COMMAND" ] || usage_error "one command is wanted"
			COMMAND=$1
			;;
		--force) FORCE=yes ;;
		-h | --help) usage; exit 0 ;;
		*) usage_error "unknown argument $1" ;;
		esac
		shift
	done
	[ -n "$COMMAND" ] || usage_error "push or pull is wanted"
	[ -z "$FORCE" ] || [ "$COMMAND" = push ] ||
		usage_error "--force is for push"
	find_build
	need_program jq flock base64 adt-datastore adt-seal adt-snapshot-ids
	use_template
	find_datastores || die 1 "$BLD/build_environment: no datastore:" \
	    "S3_ACCESS_KEY is not set"
	need_folder
	case $COMMAND in
	push) push_all ;;
	pull) pull ;;
	probe) probe_all ;;
	esac
}
main "$@"
