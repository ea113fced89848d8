# shellcheck shell=sh
# shellcheck disable=SC2034 # ETAG and WHY are datastore.sh's
# pointer.sh - what `current` in a datastore says: which generation is to be
# taken. Sourced after generations.sh, by datastore.sh.
#
# It is a JSON object: version, site, generation, sha256 of its file, serial,
# pushed_by, pushed_at; and sealed, the same members once more, sealed. So who
# can write to the bucket without having the key can put an earlier one back,
# but make none. Serials count up, and SNAPSHOTS/datastore_serial keeps the
# highest that was seen here, with its generation: what is below is not taken
# unasked.

# on_store number command argument... - one call, on that datastore; by
# CA_FILES, the certificates that the operator trusts for them.
on_store() {
	ON_STORE=$1
	ON_COMMAND=$2
	shift 2
	adt-datastore "$ON_COMMAND" --build "$BLD" --store "$ON_STORE" \
	    --settings "$SNAPSHOTS/datastore_conditions" \
	    ${CA_FILES:+--ca-file "$CA_FILES"} "$@"
}

# need_id word - 65 unless it can be the id of a generation.
need_id() {
	case $1 in
	[0-9]*) ;;
	*) return 65 ;;
	esac
	case $1 in *[!A-Za-z0-9-]*) return 65 ;; esac
}

# is_known id - is it one of ours, or did we see it as current?
is_known() (
	ours=$(recorded_generations) || exit
	put "$ours" | cut -d ' ' -f 2 | grep -qxF -e "$1" ||
		grep -qsxF -e "$1" "$SNAPSHOTS/datastore_seen"
)

# newest_serial - "serial id", the highest seen here; "0 -" where there is none.
newest_serial() {
	sed -n '1{/^[1-9][0-9]\{0,9\} [0-9A-Za-z-]*$/p;}' \
	    "$SNAPSHOTS/datastore_serial" 2>/dev/null | grep . || echo 0 -
}

# remember id serial - it was current in a datastore when we looked.
remember() { with_lock "$SNAPSHOTS/datastore_seen" add_seen "$1" "$2"; }
add_seen() {
	SEEN=$(cat "$SNAPSHOTS/datastore_seen" 2>/dev/null) || SEEN=
	SEEN=$({ put "$SEEN"; put "$1"; } | awk 'NF && !seen[$0]++' | tail -n 500)
	put "$SEEN" | replace_file "$SNAPSHOTS/datastore_seen"
	NEWEST=$(newest_serial)
	[ "$2" -lt "${NEWEST% *}" ] || put "$2 $1" |
		replace_file "$SNAPSHOTS/datastore_serial"
}

# read_pointer number - sets POINTER, POINTED (the id in it), ETAG, SERIAL, and
# PROVED, 0 where what it says is sealed under our key; else SERIAL is 0 and WHY
# are the words. 1 where there is none. The etag is read first: if current moves
# in between, a put under it fails, and nothing is overwritten unseen.
read_pointer() {
	POINTER='' POINTED='' ETAG='' SERIAL=0 PROVED=0 WHY=
	LOOKED=0
	HEAD=$(on_store "$1" head "$BUCKET" current 2>&1) || LOOKED=$?
	case $LOOKED in
	0) ETAG=$(put "$HEAD" | awk -F '\t' '$1 == "current" { print $3 }') ;;
	1) return 1 ;;
	*) say "$HEAD"; return "$LOOKED" ;;
	esac
	POINTER=$(on_store "$1" get "$BUCKET" current) || return
	POINTED=$(put "$POINTER" | jq -er --arg site "$WEBSITE_URL" '
		select(.version == 1 and .site == $site) |
		select(all(.sha256, .sealed; type == "string")) | .generation' \
	    2>/dev/null) || POINTED=
	need_id "$POINTED" || {
		say "$PROGRAM: datastore $1, $BUCKET/current: malformed, or of" \
		    "another site or a later version"
		POINTED=
		return 65
	}
	WHY=$(prove_pointer 2>&1 >/dev/null) || PROVED=$?
	[ "$PROVED" -ne 0 ] || SERIAL=$(put "$POINTER" | jq -r .serial)
}

# prove_pointer - is what POINTER says sealed in it?
prove_pointer() (
	told=$(put "$POINTER" | jq -r .sealed |
		adt-seal open --site "$WEBSITE_URL" --kind pointer) || exit
	[ "$(put "$told" | jq -cS .)" = \
	    "$(put "$POINTER" | jq -cS 'del(.sealed)')" ] || {
		say "what it says is not what is sealed in it"
		exit 65
	}
	put "$told" | jq -e '.serial | type == "number" and . >= 1 and
		. == floor and . < 2e9' >/dev/null || {
		say "it has no serial"
		exit 65
	}
)

# pointer_to id serial - the text of current for that generation, whose file is
# SUM.
pointer_to() (
	told=$(jq -nc --arg site "$WEBSITE_URL" --arg id "$1" --arg sum "$SUM" \
	    --argjson serial "$2" --arg host "$(uname -n)" \
	    --arg now "$(date -u +%FT%TZ)" \
	    '{version: 1, site: $site, generation: $id, sha256: $sum,
		serial: $serial, pushed_by: $host, pushed_at: $now}') || exit
	put "$told" | seal_text pointer |
		jq -Rsc --argjson told "$told" '$told + {sealed: .}' || exit
)

# next_serial id - for a pointer to that generation, over one of SERIAL. NEWEST
# is what was seen before this run, so that all datastores get the same.
next_serial() {
	if [ "$1" = "${NEWEST#* }" ] && [ "$SERIAL" -lt "${NEWEST% *}" ]; then
		echo "${NEWEST% *}"
	elif [ "$SERIAL" -gt "${NEWEST% *}" ]; then
		echo $((SERIAL + 1))
	else
		echo $((${NEWEST% *} + 1))
	fi
}

tell_conflict() {
	WHO=$(put "$POINTER" | jq -r '"\(.pushed_by) at \(.pushed_at)" |
		gsub("[[:cntrl:]]"; "?")')
	say "$PROGRAM: datastore $1: another build machine was there first:" \
	    "$POINTED, pushed by $WHO, is current and not known here." \
	    "Ours is kept beside it. Pull, and see which is to be current;" \
	    "or push --force"
}
