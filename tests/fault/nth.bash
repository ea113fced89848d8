# nth.bash - the Nth call of a program fails, by faultlib.c; loaded behind the
# file that sets OUT.

# asan wants to be first of all libraries, but works behind ours
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0

# nth_folder - where the file is that is written.
nth_folder() {
	folder=$BATS_TEST_TMPDIR/folder
	words=$BATS_TEST_TMPDIR/words
	reached=$BATS_TEST_TMPDIR/reached
	file=$folder/file
	tmpfile=
	tmpfiles=('' 1) # on both kinds of file systems
	calls=          # all
	also=           # statuses that may be, without a sentence of ours
	tried=0
	mkdir "$folder"
}

# nth_fails N COMMAND... - $words gets what it says, $reached the call's name.
nth_fails() {
	local n=$1
	shift
	env ${tmpfile:+FAULT_NO_TMPFILE=1} FAULT_N="$n" FAULT_REPORT="$reached" \
	    FAULT_CALLS="$calls" LD_PRELOAD="$OUT/fault/faultlib.so" \
	    "$@" 2>"$words" </dev/null
}

# judge - after a failure: $old or $new is there, and as was said.
judge() {
	local now='' said
	[ ! -e "$file" ] || now=$(shown)
	said=$(cat "$words")
	case $status:$now in
	0:"$new") ;; # it came through all the same
	71:"$old") [[ $said =~ ^adt-[a-z-]+:\ [^:].* ]] ;;
	71:"$new") [[ $said == *'its folder not synced: '* ]] ;;
	*:"$old" | *:"$new") [[ " $also " == *" $status "* ]] ;;
	*) false ;;
	esac && [ -z "$(find "$folder" ! -path "$folder" ! -path "$file" \
	    ! -path "$file.lock")" ] && return
	echo "call $n, $(cat "$reached") fails: status $status: $said"
	ls -la "$folder"
	return 1
}

# each_failure COMMAND... - $old becomes $new; before() makes the old state,
# shown() prints what the file holds.
each_failure() {
	for tmpfile in "${tmpfiles[@]}"; do
		n=0
		while :; do
			n=$((n < 60 ? n + 1 : n + STRIDE))
			rm -f "$reached" "$folder"/* "$folder"/.??*
			before
			status=0
			nth_fails "$n" "$@" >/dev/null || status=$?
			[ -e "$reached" ] || break
			judge
			tried=$((tried + 1))
		done
		[ "$status" -eq 0 ]
		[ "$(shown)" = "$new" ]
	done
	echo "# $tried failures of ${*:1:2}" >&3
	[ "$tried" -gt 20 ]
}

shown() { cat "$file"; }
before() { printf '%s\n' "$old" >"$file"; }
