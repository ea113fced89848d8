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
# shellcheck source=lib/pointer.sh
. "$here/lib/pointer.sh"
# shellcheck source=lib/datastore.sh
. "$here/lib/datastore.sh"
# shellcheck source=lib/bucketprune.sh
. "$here/lib/bucketprune.sh"

usage() {
	cat <<-EOF
	usage: $PROGRAM push [--force] [--dry-run]
	       $PROGRAM pull [--allow-older] [--dry-run]
	       $PROGRAM probe
	       $PROGRAM prune --keep N [--older-than DAYS] [--dry-run] [--yes]
	Ids, credentials, build keys and metadata of the images, as one sealed
	generation, to every datastore of the active build, or from that which
	has the newest. The build machines share one sealing key.
	  push      puts the generations that are not there yet, and makes the
	            current one current there too
	  --force   also over a generation that is not known here
	  pull      makes what is current there current here, or changes nothing
	  --allow-older  also what is older than this build machine has seen there
	  probe     finds out anew what each datastore makes of conditions
	  prune     removes generations of other build machines from the datastores:
	            none that is current there, or recorded here (for these there
	            is PruneSnapshots.sh). On stdout: datastore, id, bytes, time
	  --keep N  nor any of the N newest
	  --older-than DAYS  nor any that was put there later; default 1
	  --yes     do not ask
	  --dry-run  push, pull: look at the datastores, and say what would be
	             put there or become current; prune: list what would go;
	             change nothing
	  --help     this text
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

# tell_stores - what push or pull would do, from what is there now. The first
# datastore that cannot be asked ends it with its status.
tell_stores() {
	OURS=$(recorded_generations)
	CURRENT=$(put "$OURS" | tail -n 1)
	for STORE in $(newest_first); do
		LOOKED=0
		read_pointer "$STORE" || LOOKED=$?
		[ "$LOOKED" -le 1 ] || exit "$LOOKED"
		if [ "$COMMAND" = push ]; then
			tell_push
		elif [ "$LOOKED" -eq 1 ]; then
			say "datastore $STORE: nothing was pushed there"
		else
			need_newest "$STORE" || exit
			tell_pull
			break
		fi
	done
	say "dry run: nothing was changed"
}

tell_push() {
	[ -n "$CURRENT" ] || die 1 "$SNAPSHOTS: no generation is recorded"
	THERE=$(on_store "$STORE" list "$BUCKET" generations/ 2>/dev/null) ||
		THERE=
	put "$OURS" | while read -r NUMBER ID _; do
		put "$THERE" | cut -f 1 | grep -qxF -e "generations/$ID.cms" ||
			say "datastore $STORE: generation $NUMBER ($ID) would be put"
	done
	ID=$(put "$CURRENT" | cut -d ' ' -f 2)
	if [ "$POINTED" = "$ID" ]; then
		say "datastore $STORE: generation ${CURRENT%% *} is current"
	elif [ -z "$POINTED" ] || [ -n "$FORCE" ] || is_known "$POINTED"; then
		say "datastore $STORE: generation ${CURRENT%% *} ($ID) would be" \
		    "current, in place of ${POINTED:-nothing}"
	else
		tell_conflict "$STORE"
	fi
}

tell_pull() {
	if put "$CURRENT" | grep -qF -e " $POINTED "; then
		say "generation ${CURRENT%% *} ($POINTED) is current here already"
	else
		say "datastore $STORE: $POINTED would become current here, in" \
		    "place of $(put "${CURRENT:-nothing}" | cut -d ' ' -f 1-2)"
	fi
}

main() {
	COMMAND='' FORCE='' ALLOW_OLDER='' KEEP='' DAYS='' DRY_RUN='' YES=''
	while [ $# -gt 0 ]; do
		case $1 in
		push | pull | probe | prune)
			[ -z "$COMMAND" ] || usage_error "one command is wanted"
			COMMAND=$1
			;;
		--force) FORCE=yes ;;
		--allow-older) ALLOW_OLDER=yes ;;
		--keep | --older-than)
			[ $# -ge 2 ] || usage_error "$1 wants a number"
			case $2 in
			'' | *[!0-9]* | ??????*) usage_error "$1 wants a number," \
			    "not '$2'" ;;
			esac
			[ "$1" = --keep ] && KEEP=$2 || DAYS=$2
			shift
			;;
		--dry-run) DRY_RUN=yes ;;
		--yes) YES=yes ;;
		-h | --help) usage; exit 0 ;;
		*) usage_error "unknown argument $1" ;;
		esac
		shift
	done
	[ -n "$COMMAND" ] || usage_error "push, pull, probe or prune is wanted"
	[ -z "$FORCE" ] || [ "$COMMAND" = push ] ||
		usage_error "--force is for push"
	[ -z "$DRY_RUN" ] || [ "$COMMAND" != probe ] ||
		usage_error "--dry-run is for push, pull and prune"
	[ -z "$ALLOW_OLDER" ] || [ "$COMMAND" = pull ] ||
		usage_error "--allow-older is for pull"
	[ -z "$KEEP$DAYS$YES" ] || [ "$COMMAND" = prune ] ||
		usage_error "--keep, --older-than and --yes are for prune"
	[ -n "$KEEP" ] || [ "$COMMAND" != prune ] ||
		usage_error "prune wants --keep N"
	DAYS=${DAYS:-1}
	find_build
	need_program jq flock base64 adt-datastore adt-seal adt-snapshot-ids
	use_template
	find_datastores || die 1 "$BLD/build_environment: no datastore:" \
	    "S3_ACCESS_KEY is not set"
	if [ -n "$DRY_RUN" ] && [ "$COMMAND" != prune ]; then
		tell_stores
		exit 0
	fi
	need_folder
	case $COMMAND in
	push) push_all ;;
	pull) pull ;;
	probe) probe_all ;;
	prune) prune_buckets ;;
	esac
}
main "$@"
