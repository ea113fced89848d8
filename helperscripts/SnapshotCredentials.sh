#!/bin/sh
# SnapshotCredentials.sh - the credentials and keys that are kept with the
# images: shown masked, handed out, and sealed anew under another key.
#
# rotate makes KEY.new first, seals every file anew under it, and puts it in
# KEY's place last. Killed in between, the next rotate finds KEY.new and goes on.
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
	cat <<-EOT
	usage: $PROGRAM show
	       $PROGRAM export KIND [FILE]
	       $PROGRAM rotate [--dry-run] [--yes]
	What is kept with the images of the current generation:
	  show     kind, name and value by tab; passwords and keys are masked
	  export   KIND in clear: credentials, db_credentials, or build_keys, a
	           tar.gz. To FILE, mode 0600, or to standard output if that is
	           no terminal
	  rotate   makes a new sealing key and seals every file of this build
	           home's sites anew, also for the readers that ESCROW in the
	           settings names now; the old key stays beside it
	  --dry-run   list the files, change nothing
	  --yes       do not ask
	  --help      this text
	Status: 0 done, 1 nothing of the kind is recorded.
	EOT
}

# show_kind kind - its lines, what is secret masked; nothing where there is none.
show_kind() {
	[ -e "$RECORD/$1.dat" ] || return 0
	CLEAR=$(open_sealed "$1")
	put "$CLEAR" | awk -v kind="$1" '{
		at = index($0, ":")
		name = substr($0, 1, at - 1)
		value = substr($0, at + 1)
		if (name != "USERNAME" && name != "DBNAME")
			value = "********"
		gsub(/[[:cntrl:]]/, "?", value)
		if (at > 1)
			print kind "\t" name "\t" value
	}'
}

show() {
	SHOWN=$(
		show_kind credentials
		show_kind db_credentials
		[ ! -e "$RECORD/build_keys.dat" ] || {
			LISTED=$(open_sealed build_keys | tar -tzf -) ||
				die 65 "$RECORD/build_keys.dat: no archive of keys"
			put "$LISTED" | sed 's/^/build_keys	/
			    s/$/	********/'
		}
	)
	[ -n "$SHOWN" ] || die 1 "$SNAPSHOTS: no credentials are recorded"
	put "$SHOWN"
}

# export_kind kind file - opened once without writing, so that a file is
# written only where it can be.
export_kind() {
	case $1 in
	credentials | db_credentials | build_keys) ;;
	*) usage_error "no kind '$1': one of credentials db_credentials build_keys" ;;
	esac
	[ -e "$RECORD/$1.dat" ] || die 1 "$RECORD/$1.dat: no such file"
	open_sealed "$1" >/dev/null
	if [ -n "$2" ]; then
		open_sealed "$1" | replace_file "$2"
		say "$2: in clear; remove it when it has been used"
		return 0
	fi
	[ ! -t 1 ] || usage_error "a terminal keeps what it shows: name a FILE"
	open_sealed "$1"
}

# ---- rotate ----

# folders - the snapshots folders of all sites of this build home.
folders() {
	for FOLDER in "$RT"/wholemachinebackups/*/snapshots; do
		[ ! -d "$FOLDER" ] || put "$FOLDER"
	done
}

# sealed_files - those in them that are sealed, every generation's too.
sealed_files() {
	folders | while IFS= read -r FOLDER; do
		find "$FOLDER" -type f ! -name '.*' ! -name '*.lock' -exec \
		    grep -l '^-----BEGIN CMS-----' {} + || :
	done | sort
}

# rotate folder... - holds the lock of each, then does it.
rotate() {
	if [ $# -gt 0 ]; then
		LOCKED=$1
		shift
		with_lock "$LOCKED/snapshots.json" rotate "$@"
		return
	fi
	if [ -e "$KEY.new" ]; then
		say "$KEY.new: an earlier rotate is not finished: going on with it"
	else
		adt-seal keygen "$KEY.new"
	fi
	FILES=$(sealed_files)
	put "$FILES" | while IFS= read -r FILE; do
		[ -n "$FILE" ] || continue
		seal_for_all rewrap --key "$KEY.new" --old-key "$KEY" "$FILE" || {
			STATUS=$?
			say "$PROGRAM: $FILE: mend or remove it, and rotate again"
			exit "$STATUS"
		}
		rm -f -- "$FILE.lock"
	done
	# The name is taken if a rotate was killed within this second: before it
	# put the new key in place by the same key, behind that by another.
	while OLD=$KEY.$(date -u +%Y%m%dT%H%M%SZ) && [ -e "$OLD" ] &&
	    ! cmp -s -- "$KEY" "$OLD"; do
		sleep 1
	done
	{ { [ -e "$OLD" ] || ln -- "$KEY" "$OLD"; } &&
	    mv -f -- "$KEY.new" "$KEY" &&
	    sync "$(dirname -- "$KEY")"; } || die 71 "$KEY: cannot replace it"
	say "$KEY: a new key. Keep a copy of it off this machine, give it to the" \
	    "other build machines, and SyncSnapshots.sh push. The old one is" \
	    "$OLD: remove it when nothing else is sealed under it"
}

begin_rotate() {
	KEY=$(readlink -f -- "${ADT_SEAL_KEY:-$CONFIG/seal.key}") || KEY=
	[ -e "$KEY" ] ||
		die 77 "${ADT_SEAL_KEY:-$CONFIG/seal.key}: no seal key"
	if [ -n "$DRY_RUN" ]; then
		sealed_files
		say "dry run: nothing was changed"
		return 0
	fi
	# What ESCROW names must be fit for it before there is a new key.
	true | seal_for_all seal --site "$WEBSITE_URL" --kind trial >/dev/null
	[ -n "$YES" ] || confirm "Make a new sealing key?" ||
		die 1 "nothing was changed"
	LIST=$(folders)
	set --
	while IFS= read -r FOLDER; do
		[ -z "$FOLDER" ] || set -- "$@" "$FOLDER"
	done <<-EOT
	$LIST
	EOT
	with_lock "$KEY" rotate "$@"
}

main() {
	COMMAND='' KIND='' TO='' YES='' DRY_RUN=''
	while [ $# -gt 0 ]; do
		case $1 in
		--yes) YES=yes ;;
		--dry-run) DRY_RUN=yes ;;
		-h | --help) usage; exit 0 ;;
		-*) usage_error "unknown argument $1" ;;
		*)
			case $COMMAND/$KIND/$TO in
			// | show*)
				[ -z "$COMMAND" ] ||
					usage_error "show takes no argument"
				COMMAND=$1
				;;
			export//) KIND=$1 ;;
			export/*/) TO=$1 ;;
			*) usage_error "unknown argument $1" ;;
			esac
			;;
		esac
		shift
	done
	case $COMMAND in
	show | rotate) ;;
	export) [ -n "$KIND" ] || usage_error "export wants a kind" ;;
	*) usage_error "show, export or rotate is wanted" ;;
	esac
	[ "$COMMAND" = rotate ] || [ -z "$YES$DRY_RUN" ] ||
		usage_error "--yes and --dry-run are for rotate"
	find_build
	need_program flock adt-seal tar
	[ -d "$SNAPSHOTS" ] || die 1 "$SNAPSHOTS: nothing is recorded"
	pin_record
	case $COMMAND in
	show) show ;;
	export) export_kind "$KIND" "$TO" ;;
	rotate) begin_rotate ;;
	esac
}
main "$@"
