# shellcheck shell=sh
# datastore.sh - generations in this build's datastores, where its build
# machines meet; sourced after generations.sh.
#
# A datastore holds, in BUCKET:
#	generations/ID.cms  a sealed generation; never changed
#	current             a small JSON text: which of them is the current one
# Generations are put first, and all that are not there yet, so none is lost;
# then current is moved, by a put under the condition that it is still the one
# that was read. It is moved only from a generation that is known here, that
# is, one of ours or one that was pulled: else another build machine has pushed
# meanwhile, and the operator must look at that first.

SYNC_CONFLICT=100 # the status of push_to for that, inside of this file

# find_datastores - sets STORES, their numbers, and BUCKET. 1: this build has
# none; dies where what it says of them is malformed.
find_datastores() {
	FOUND=0
	LIST=$(adt-datastore stores --build "$BLD" 2>/dev/null) || FOUND=$?
	case $FOUND in
	0) ;;
	1) return 1 ;;
	*)
		adt-datastore stores --build "$BLD" >/dev/null || :
		exit "$FOUND"
		;;
	esac
	# shellcheck disable=SC2034 # on_store uses it
	CA_FILES=$(setting DATASTORE_CA_FILE '')
	STORES=$(put "$LIST" | cut -f 1 | tr '\n' ' ')
	CHOICE=$(planned DNS_CHOICE) || exit
	BUCKET=$(put "$WEBSITE_URL-${CHOICE:-none}-snap" |
		tr '.ABCDEFGHIJKLMNOPQRSTUVWXYZ' '-abcdefghijklmnopqrstuvwxyz')
}

# recorded_generations - "number id current" lines, the current one last.
recorded_generations() (
	list=$(list_generations) || exit
	put "$list" | jq -r 'sort_by(.current)[] |
		"\(.generation) \(.id | if . == "" then "-" else . end)" +
		" \(.current)"'
)

# put_generations number - puts those that are not there yet.
put_generations() {
	LISTED=0
	THERE=$(on_store "$1" list "$BUCKET" generations/ 2>&1) || LISTED=$?
	case $LISTED in
	0) ;;
	1)
		on_store "$1" make-bucket "$BUCKET" || return
		THERE=
		;;
	*) say "$THERE"; return "$LISTED" ;;
	esac
	OURS=$(recorded_generations) || return
	while read -r NUMBER ID IS_CURRENT <&7; do
		! put "$THERE" | cut -f 1 | grep -qxF -e "generations/$ID.cms" ||
			continue
		PUT=0
		put_generation "$1" "$NUMBER" "$ID" || PUT=$?
		# One that cannot be opened here cannot be sealed as a whole.
		if [ "$PUT" -ne 0 ] && [ "$IS_CURRENT" = false ] &&
		    [ ! -e "$SNAPSHOTS/generations/$NUMBER.cms" ]; then
			warn "generation $NUMBER is not sealed, and stays here"
		elif [ "$PUT" -ne 0 ]; then
			return "$PUT"
		fi
	done 7<<-LINES
	$OURS
	LINES
}

# put_generation store number id - its sealed file is made where it is missing;
# for that alone the lock is wanted, which a capture holds for long.
put_generation() {
	need_id "$3" || {
		say "$PROGRAM: generation $2 has no id of its own"
		return 65
	}
	SEALED_FILE=$SNAPSHOTS/generations/$2.cms
	[ -e "$SEALED_FILE" ] || with_lock "$SNAPSHOTS/snapshots.json" \
	    generation_file "$2" >/dev/null || return
	on_store "$1" put "$BUCKET" "generations/$3.cms" "$SEALED_FILE" \
	    >/dev/null || return
	say "datastore $1: generation $2 ($3) is there"
}

# need_there store number id - what current will tell of is there as it is
# here; it is not where it was sealed anew here, under another key.
need_there() {
	SUM=$(sha256sum <"$SNAPSHOTS/generations/$2.cms") || return 71
	SUM=${SUM%% *}
	IS=$(on_store "$1" head "$BUCKET" "generations/$3.cms" | cut -f 5)
	[ "$IS" = "$SUM" ] || put_generation "$@"
}

# move_pointer store - current becomes our current generation. When somebody
# was faster it looks again: SYNC_CONFLICT if what is there is not known here.
move_pointer() {
	read -r NUMBER ID IS_CURRENT <<-LINE
	$(put "$OURS" | tail -n 1)
	LINE
	need_there "$1" "$NUMBER" "$ID" || return
	for TRY in 1 2 3 4 5; do
		MOVED=0
		read_pointer "$1" || MOVED=$?
		case $MOVED in
		0 | 65)
			if [ "$POINTED" = "$ID" ] && [ "$PROVED" -eq 0 ] &&
			    [ "$SERIAL" -ge "${NEWEST% *}" ] &&
			    [ "$(put "$POINTER" | jq -r .sha256)" = "$SUM" ]; then
				remember "$ID" "$SERIAL"
				say "datastore $1: generation $NUMBER is current"
				return 0
			elif [ -n "$FORCE" ]; then
				:
			elif [ "$MOVED" -ne 0 ]; then
				return "$MOVED"
			elif ! is_known "$POINTED"; then
				[ -z "$WHY" ] || say "$WHY"
				tell_conflict "$1"
				return "$SYNC_CONFLICT"
			elif [ "$PROVED" -eq 0 ] &&
			    [ "$SERIAL" -lt "${NEWEST% *}" ]; then
				warn "datastore $1: $POINTED, an earlier one, is" \
				    "current there: it missed a push, or somebody" \
				    "has put it back"
			fi
			set -- "$1" put --if-match "$ETAG"
			;;
		1) set -- "$1" put --if-none-match ;;
		*) return "$MOVED" ;;
		esac
		SERIAL=$(next_serial "$ID")
		TEXT=$(pointer_to "$ID" "$SERIAL") || return
		MOVED=0
		put "$TEXT" | on_store "$@" "$BUCKET" current >/dev/null ||
			MOVED=$?
		case $MOVED in
		0)
			remember "$ID" "$SERIAL"
			# Another build machine may have removed it meanwhile.
			need_there "$1" "$NUMBER" "$ID" || return
			say "datastore $1: generation $NUMBER ($ID) is current"
			return 0
			;;
		75) ;; # somebody was faster, or it is not reached any more
		*) return "$MOVED" ;;
		esac
	done
	say "$PROGRAM: datastore $1: gave up after $TRY tries to move current"
	return 75
}

# push_to number - one datastore, in a subshell of its own.
push_to() (
	put_generations "$1" || exit
	[ -z "$NO_POINTER" ] || {
		say "datastore $1: current is left as it is"
		exit "$SYNC_CONFLICT"
	}
	move_pointer "$1"
)

# push_all - to each datastore in their order. One that fails does not keep
# the others from it; a conflict does keep current as it is in all after it.
# What was not pushed is noted in SNAPSHOTS/unpushed, and is pushed the next
# time. Returns the first failure.
push_all() {
	current_generation >/dev/null || {
		say "$PROGRAM: $SNAPSHOTS: no generation is recorded"
		return 1
	}
	NEWEST=$(newest_serial)
	WORST=0
	NO_POINTER=
	for STORE in $STORES; do
		PUSHED=0
		push_to "$STORE" || PUSHED=$?
		[ "$PUSHED" -ne 0 ] || continue
		say "$PROGRAM: datastore $STORE: not pushed"
		[ "$PUSHED" -ne "$SYNC_CONFLICT" ] || {
			NO_POINTER=yes
			PUSHED=69
		}
		[ "$WORST" -ne 0 ] || WORST=$PUSHED
	done
	remove_everywhere
	if [ "$WORST" -eq 0 ]; then
		rm -f -- "$SNAPSHOTS/unpushed"
	else
		date -u "+%FT%TZ status $WORST" |
			replace_file "$SNAPSHOTS/unpushed" || :
	fi
	return "$WORST"
}

# push_recorded - after a capture: pushes where there is a datastore; what it
# cannot do is said, and does not undo what is recorded.
push_recorded() {
	WISH=$(setting DATASTORE_PUSH yes)
	[ "$WISH" != no ] || return 0
	FORCE=
	(
		find_datastores || exit 0
		push_all
	) || warn "not pushed to every datastore. The capture is recorded here" \
	    "all the same; the next one pushes it too, or SyncSnapshots.sh push"
}

# check_pulled file - is it the generation that current told of, whole, of this
# site, and does it open here?
check_pulled() {
	SUM=$(sha256sum <"$1") || return 71
	[ "${SUM%% *}" = "$(put "$POINTER" | jq -r .sha256)" ] || {
		say "$PROGRAM: generations/$POINTED.cms is not what current tells" \
		    "of: its SHA-256 differs"
		return 65
	}
	adt-seal open --site "$WEBSITE_URL" --kind generation "$1" >/dev/null ||
		return
	PLAIN=$(adt-seal open --site "$WEBSITE_URL" --kind generation "$1" |
		jq -r '.files["snapshots.json"] // "" | @base64d |
			fromjson | .generation_id') || PLAIN=
	[ "$PLAIN" = "$POINTED" ] || {
		say "$PROGRAM: generations/$POINTED.cms holds another generation"
		return 65
	}
}

# need_newest store - is what POINTER says proved, and not older than what was
# seen here, unless older is allowed?
need_newest() {
	[ "$PROVED" -eq 0 ] || {
		say "$PROGRAM: datastore $1, $BUCKET/current: $WHY"
		return "$PROVED"
	}
	NEWEST=$(newest_serial)
	[ "$SERIAL" -ge "${NEWEST% *}" ] || [ -n "$ALLOW_OLDER" ] || {
		say "$PROGRAM: datastore $1: $POINTED is current there, serial" \
		    "$SERIAL, but this build machine has seen ${NEWEST#* }," \
		    "serial ${NEWEST% *}: the datastore missed a push, or" \
		    "somebody has put an earlier one back. It is not taken;" \
		    "pull --allow-older takes it"
		return 69
	}
}

# fetch_from store - writes what is current there to the file PULLED and checks
# it. Returns SYNC_CONFLICT where that is current here already.
fetch_from() {
	read_pointer "$1" || {
		FETCHED=$?
		[ "$FETCHED" -ne 1 ] ||
			say "$PROGRAM: datastore $1: nothing was pushed there"
		return "$FETCHED"
	}
	need_newest "$1" || return
	OURS=$(recorded_generations) || return
	if current_generation >/dev/null 2>&1 && [ "$(put "$OURS" |
	    tail -n 1 | cut -d ' ' -f 2)" = "$POINTED" ]; then
		return "$SYNC_CONFLICT"
	fi
	on_store "$1" get "$BUCKET" "generations/$POINTED.cms" "$PULLED" \
	    >/dev/null || return
	check_pulled "$PULLED"
}

# import_pulled - the lock is held; what did not work leaves nothing behind.
import_pulled() {
	trap 'rm -rf -- "$SNAPSHOTS/generations/.new"' EXIT
	import_generation "$PULLED"
	trap - EXIT
	refresh_view
}

# newest_first - the datastores: that whose current has the highest serial
# first, those that give none last.
newest_first() {
	case $STORES in ?*' '?*) ;; *) put "$STORES"; return ;; esac
	for STORE in $STORES; do
		read_pointer "$STORE" 2>/dev/null || :
		put "$SERIAL $STORE"
	done | sort -s -n -r -k 1,1 | cut -d ' ' -f 2
}

# pull - what is current in the datastore that has the newest becomes current
# here, or nothing is changed. Ends the script. import_generation needs the
# shell's -e, so it is not called behind a test.
pull() {
	WORST=0
	PULLED=$(new_beside "$SNAPSHOTS/.pull") || exit 71
	trap 'rm -f -- "$PULLED"' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	for STORE in $(newest_first); do
		GOT=0
		fetch_from "$STORE" || GOT=$?
		case $GOT in
		0) break ;;
		"$SYNC_CONFLICT")
			remember "$POINTED" "$SERIAL"
			say "generation $(current_generation) ($POINTED) is current" \
			    "here already"
			exit 0
			;;
		esac
		[ "$WORST" -ne 0 ] || WORST=$GOT
	done
	[ "$GOT" -eq 0 ] || exit "$WORST"
	with_lock "$SNAPSHOTS/snapshots.json" import_pulled
	remember "$POINTED" "$SERIAL"
	say "generation $(current_generation) ($POINTED) is current, from" \
	    "datastore $STORE"
}
