# shellcheck shell=sh
# bucketprune.sh - generations go from the datastores, too; sourced after
# datastore.sh.
#
# What is removed here is noted in SNAPSHOTS/datastore_removed before, and stays
# noted until each datastore is without it. Never removed is what `current`
# names. A store deletes under no condition, so against a build machine that
# makes a generation current at that moment the object is kept meanwhile, and
# put back if current names it afterwards, or cannot be read; that build machine
# looks after its move, too, that its generation is there (move_pointer).

# note_removed - the ids on stdin are to go from the datastores.
note_removed() {
	NOTED=$({
		cat "$SNAPSHOTS/datastore_removed" 2>/dev/null || :
		cat
	} | awk 'NF && !seen[$0]++')
	[ -z "$NOTED" ] || put "$NOTED" | replace_file "$SNAPSHOTS/datastore_removed"
}

# bucket_ids list - the ids of the generations in a list of adt-datastore.
bucket_ids() {
	put "$1" | cut -f 1 |
		sed -n 's,^generations/\([0-9][A-Za-z0-9-]*\)\.cms$,\1,p'
}

# remove_object store id - see above; 1 where it stays, as it is current.
remove_object() {
	REMOVE_STATUS=0
	read_pointer "$1" || REMOVE_STATUS=$?
	case $REMOVE_STATUS in
	0 | 1) ;;
	*) return "$REMOVE_STATUS" ;;
	esac
	[ "$POINTED" != "$2" ] || {
		say "datastore $1: generation $2 stays: it is current there"
		return 1
	}
	KEPT=$(new_beside "$SNAPSHOTS/.kept") || return 71
	REMOVE_STATUS=0
	on_store "$1" get "$BUCKET" "generations/$2.cms" "$KEPT" >/dev/null &&
	    on_store "$1" delete "$BUCKET" "generations/$2.cms" ||
		REMOVE_STATUS=$?
	if [ "$REMOVE_STATUS" -eq 0 ]; then
		AFTER=0
		read_pointer "$1" || AFTER=$?
		if [ "$AFTER" -le 1 ] && [ "$POINTED" != "$2" ]; then
			say "datastore $1: generation $2 is removed"
		elif on_store "$1" put "$BUCKET" "generations/$2.cms" "$KEPT" \
		    >/dev/null; then
			say "datastore $1: generation $2 is put back: it is" \
			    "current there by now, or may be"
			REMOVE_STATUS=$((AFTER > 1 ? AFTER : 1))
		else
			REMOVE_STATUS=$?
		fi
	fi
	rm -f -- "$KEPT"
	return "$REMOVE_STATUS"
}

# remove_removed store - those noted that are there, and not recorded here
# again. Not 0 where one is there still.
remove_removed() (
	[ -s "$SNAPSHOTS/datastore_removed" ] || exit 0
	there=$(on_store "$1" list "$BUCKET" generations/) || exit
	ours=$(recorded_generations) || exit
	worst=0
	for id in $(bucket_ids "$there"); do
		grep -qxF -e "$id" "$SNAPSHOTS/datastore_removed" || continue
		! put "$ours" | cut -d ' ' -f 2 | grep -qxF -e "$id" || continue
		status=0
		remove_object "$1" "$id" || status=$?
		[ "$worst" -gt 1 ] || [ "$status" -eq 0 ] || worst=$status
	done
	exit "$worst"
)

# remove_everywhere - what is noted, from every datastore. What does not work is
# said, and is done by the next push or pruning.
remove_everywhere() {
	LEFT=
	# shellcheck disable=SC2153 # find_datastores sets it
	for STORE in $STORES; do
		REMOVED=0
		remove_removed "$STORE" || REMOVED=$?
		[ "$REMOVED" -eq 0 ] || LEFT=yes
		[ "$REMOVED" -le 1 ] || warn "datastore $STORE: generations that" \
		    "were removed here are there still; the next push or" \
		    "pruning removes them"
	done
	[ -n "$LEFT" ] || rm -f -- "$SNAPSHOTS/datastore_removed"
}

# need_known_pointers - 69 where a datastore's current is a generation that is
# not known here: it may use images that are about to go.
need_known_pointers() (
	for store in $STORES; do
		status=0
		read_pointer "$store" || status=$?
		case $status in
		0)
			is_known "$POINTED" || die 69 "datastore $store: $POINTED," \
			    "of another build machine, is current there and not" \
			    "known here: it may use the same images." \
			    "SyncSnapshots.sh pull first"
			;;
		1) ;;
		*) warn "datastore $store: not asked which images are in use" ;;
		esac
	done
)

# doomed_in store - lines "id TAB bytes TAB time" of what prune_buckets removes.
doomed_in() (
	there=$(on_store "$1" list "$BUCKET" generations/) || exit
	ours=$(recorded_generations) || exit
	read_pointer "$1" || [ $? -eq 1 ] || exit
	before=$(date -u -d "-$DAYS days" +%FT%TZ)
	put "$there" | LC_ALL=C sort -r | awk -F '\t' -v keep="$KEEP" \
	    -v before="$before" -v current="$POINTED" -v ours="$ours" '
		BEGIN {
			count = split(ours, line, "\n")
			for (i = 1; i <= count; i++) {
				split(line[i], word, " ")
				here[word[2]] = 1
			}
		}
		$1 !~ /^generations\/[0-9][A-Za-z0-9-]*\.cms$/ { next }
		{ id = substr($1, 13, length($1) - 16) }
		++place > keep && id != current && !(id in here) &&
		    $4 < before { print id "\t" $2 "\t" $4 }'
)

# prune_buckets - what is neither recorded here, nor current, nor one of the
# KEEP newest, nor younger than DAYS, which another build machine may be
# about to make current.
prune_buckets() {
	PLAN=
	for STORE in $STORES; do
		DOOMED=$(doomed_in "$STORE") || return
		[ -z "$DOOMED" ] || PLAN="$PLAN$(put "$DOOMED" |
			awk -v store="$STORE" '{ print store "\t" $0 }')
"
	done
	[ -n "$PLAN" ] || { say "nothing is to be removed"; return 0; }
	printf '%s' "$PLAN"
	[ -z "$DRY_RUN" ] || { say "dry run: nothing was removed"; return 0; }
	[ -n "$YES" ] || confirm "Remove these for good?" ||
		die 1 "nothing was removed"
	WORST=0
	while read -r STORE ID _ <&7; do
		[ -n "$STORE" ] || continue
		REMOVED=0
		remove_object "$STORE" "$ID" || REMOVED=$?
		[ "$REMOVED" -le 1 ] || [ "$WORST" -ne 0 ] || WORST=$REMOVED
	done 7<<-LINES
	$PLAN
	LINES
	return "$WORST"
}
