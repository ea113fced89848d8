# fault_cloud.bats - the Nth call of a capture fails, N rising until it succeeds:
# its journal stays whole, no temporary is left, the words are clear, and the
# same command then finishes it, with one image.
#
# Of the file calls every $STRIDE-th is tried, of the thousands of allocations
# every $ALLOCATIONS-th; with FULL=1 every one.
setup_file() {
	STRIDE=2 ALLOCATIONS=211
	[ "${FULL:-0}" != 1 ] || STRIDE=1 ALLOCATIONS=1
	export STRIDE ALLOCATIONS
	echo "# every $STRIDE-th file call, every $ALLOCATIONS-th allocation" >&3
}

setup() {
	load emulator
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0
	folder=$BATS_TEST_TMPDIR/folder
	words=$BATS_TEST_TMPDIR/words
	reached=$BATS_TEST_TMPDIR/reached
	(umask 077 && echo emulator-token >"$BATS_TEST_TMPDIR/token")
	start_emulator --no-limits
}
teardown() { stop_emulator; }

# fresh - one machine, no image, an empty folder, and a clock that runs fast.
fresh() {
	rm -rf "$folder" "$reached" "$ADT_RUN_DIR"
	mkdir "$folder"
	control POST reset '{}' >/dev/null
	control POST settings '{"speed": 60, "limit_scale": 60,
	    "limits": false, "image_s": 4, "image_gb_s": 0, "appear_s": 1}' \
	    >/dev/null
	add_machines vultr '[{"name": "ws-1", "disk_gb": 10}]' >/dev/null
	ADT_CLOCK=60@$(control GET clock | jq --argjson real "$(date +%s.%N)" \
	    '($real * 60 - .now) / 59 | floor')
	export ADT_CLOCK
}

capture() {
	"$@" adt-cloud capture --cloud vultr --api-url "$(emulator_url vultr)" \
	    --credentials "$BATS_TEST_TMPDIR/token" --journal "$folder/journal" \
	    --progress none --deadline 10 webserver=ws-1 \
	    >"$BATS_TEST_TMPDIR/rows" 2>"$words" </dev/null
}

images() {
	control GET 'state?cloud=vultr' |
		jq '[.images[] | select(.name | test("^ws-1-"))] | length'
}

# judge - $status after a failure; then the command again.
judge() {
	local why=''
	case $status in
	0) [ "$(wc -l <"$BATS_TEST_TMPDIR/rows")" = 1 ] || why='no row' ;;
	71)
		grep -q '^adt-cloud: [^ ]' "$words" || why='no sentence'
		[ ! -s "$BATS_TEST_TMPDIR/rows" ] ||
			grep -q 'standard output' "$words" || why='half a row'
		;;
	*) why='the status' ;;
	esac
	[ ! -e "$folder/journal" ] || jq -e .targets "$folder/journal" \
	    >/dev/null || why='the journal is damaged'
	[ -z "$(find "$folder" -mindepth 1 ! -name journal \
	    ! -name journal.lock)" ] || why='a temporary is left'
	if [ -z "$why" ]; then
		capture env || why="again: $(cat "$words")"
		[ "$(images)" = 1 ] || why="$(images) images"
	fi
	[ -z "$why" ] && return
	echo "call $n, $(cat "$reached") fails: $why: $status: $(cat "$words")"
	ls -la "$folder"
	return 1
}

# each_failure CALLS STEP - of these calls every STEP-th fails in turn.
each_failure() {
	n=$2 tried=0
	while :; do
		fresh
		status=0
		capture env FAULT_CALLS="$1" FAULT_N="$n" \
		    FAULT_REPORT="$reached" \
		    LD_PRELOAD="$OUT/fault/faultlib.so" || status=$?
		[ -e "$reached" ] || break
		judge
		tried=$((tried + 1)) n=$((n + $2))
	done
	[ "$status" -eq 0 ]
	echo "# $tried failures of $1" >&3
	[ "$tried" -gt 5 ]
}

@test "a capture, whose files cannot be written" {
	each_failure open,openat,write,pwrite,fsync,rename,renameat,linkat,close,mkdir,fchmod,ftruncate,flock,fstat,unlinkat \
	    "$STRIDE"
}

@test "a capture that runs out of memory" {
	each_failure malloc,calloc,realloc "$ALLOCATIONS"
}
