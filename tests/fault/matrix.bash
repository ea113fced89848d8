#!/bin/bash
# matrix.bash - every fault of the emulator, at every operation, on every cloud.
#
# usage: matrix.bash [CLOUD[/OPERATION[/FAULT]]...]   default: all four clouds
#
# cells.bash has the operations, the faults, and how each pair may end. A fault
# strikes one request, once or every time (the two statuses in a cell; "." is no
# such pair). The run ends in one of the statuses that the table has, within its
# deadline, with its rows whole or none, and else with a sentence that names
# what it was about; there is never a second image or machine of a name, a
# source that is off, or a changed file. Then the fault ends, and the same
# command, at once or half an hour later, succeeds. Without FULL=1 every 13th
# cell is tried, and of those that are named all. JOBS clouds are tried at a
# time (default all four: they wait much).
set -u
here=$(dirname "$0")
ROOT=$(cd "$here/../.." && pwd)
OUT=${OUT:-$ROOT/build/${FLAVOUR:-release}}
EVERY=13
[ "${FULL:-0}" != 1 ] || EVERY=1
FAST=60
export OUT

. "$here/cells.bash"
CLOUDS='digitalocean linode vultr exoscale'
MINUTES=6 # the deadline; MOST_S is past it, power restored, real seconds
MOST_S=40

# prepare - what is there before, and the command of the operation.
prepare() {
	want=running skip=0 command=()
	cloud_fresh ws-1 other
	id=$(state | jq -r '.machines[] | select(.name == "ws-1").id')
	case $operation in
	whoami | machines) command=("$operation") ;;
	images)
		image_of other >"$work/other" && command=(images)
		;;
	capture* | snapshot | task | look-image)
		command=(capture --journal "$folder/journal" --json)
		[ "$operation" != capture-off ] || command+=(--power-off)
		command+=(webserver=ws-1)
		;;
	provision | look-machine)
		command=(provision --journal "$folder/journal" --json
		    --size "$size" --root-password "$work/password"
		    "ws-2=$(image_of other)")
		;;
	power-off) command=(power off "$id") want=stopped ;;
	power-on)
		adt-cloud power off --cloud "$cloud" \
		    --credentials "$work/token" "$id" || return
		command=(power on "$id")
		;;
	del-machine | look-gone) command=(delete-machine "$id") want=gone ;;
	del-image) command=(delete-image "$(image_of ws-1)") ;;
	esac
	case $operation in
	look-image | task) # a list that is not empty, once the run has begun
		image_of other >"$work/other" && skip=1
		;;
	look-machine) skip=1 ;;
	esac
	case $cloud/$operation in
	*/task) # that goes on until it is asked for
		api settings '{"image_s": 50, "promote_s": 50}' >/dev/null
		[ "$kind" = look ] || skip=0
		;;
	esac
}

# run - the command; sets status, and what it said and printed.
run() {
	local options=(--cloud "$cloud" --credentials "$work/token"
	    --region "$region" --deadline "$MINUTES" --progress none)
	local first=1
	[ "${command[0]}" != power ] || first=2
	timeout -k 5 "$MOST_S" adt-cloud "${command[@]:0:first}" \
	    "${options[@]}" "${command[@]:first}" \
	    >"$work/rows" 2>"$work/words" </dev/null
	status=$?
}

# later - half an hour passes for the command, whose clock began at ADT_CLOCK.
later() {
	local began=${ADT_CLOCK#*@}
	ADT_CLOCK=$FAST@$((began - 1800 / (FAST - 1) - 1))
}

# state_wrong - what may never be; once it succeeded, also what must be.
state_wrong() {
	state >"$work/state"
	jq -r --arg operation "$operation" --arg want "$want" \
	    --argjson status "$status" --arg fault "$name" '
	    ([.images[] | select((.state == "ready" or (.state != "failed" and
	        # what never became an image, or was one, is none
	        ($fault | test("vanish|stuck|ignored") | not))) and
	        (.name | test("^ws-1-")))] | length) as $images |
	    (.machines | map(select(.name == "ws-1")) | .[0].state // "gone")
	        as $is |
	    (.machines | group_by(.name) | .[] | select(length > 1) |
	        "\(length) machines called \(.[0].name)"),
	    (select($images > 1) | "\($images) images of ws-1"),
	    (select($operation | test("capture|snapshot|task|look-image")) |
	        # a stop that never ends is nothing that we could end
	        select($is != "running" and $fault != "stuck") |
	        "ws-1 is \($is)"),
	    (select($status == 0) |
	        (select($operation | test("power|machine$|gone")) |
	            select($is != $want and
	            ($operation | test("look-machine") | not)) |
	            "ws-1 is \($is)"),
	        (select($operation | test("provision|look-machine")) |
	            .machines | map(select(.name == "ws-2").state) |
	            select(. != ["running"]) | "ws-2 is \(.)"),
	        (select($operation | test("capture|snapshot|task|look-image")) |
	            select($images != 1) | "\($images) images"),
	        (select($operation | test("capture|snapshot|task|look-image")) |
	            .snapshots | select(length > 0) |
	            "\(length) snapshots left"),
	        (select($operation == "del-image") | select($images != 0) |
	            "the image is there"))' "$work/state"
}

# rows_wrong - whole when it succeeded, else none.
rows_wrong() {
	case $status/$kind in
	0/read)
		cmp -s "$work/rows" "$work/whole" ||
			echo "half the rows: $(cat "$work/rows")"
		;;
	0/make | 0/look | 0/task)
		[ "$operation" = look-gone ] || jq -e 'length == 1 and
		    all(.[].id; type == "string" and . != "")' \
		    "$work/rows" >/dev/null ||
			echo "not its row: $(cat "$work/rows")"
		;;
	0/*)
		[ "$operation" = capture-off ] || [ ! -s "$work/rows" ] ||
			echo "rows: $(cat "$work/rows")"
		;;
	*) [ ! -s "$work/rows" ] || echo "rows: $(cat "$work/rows")" ;;
	esac
}

# files_wrong - what was there is as it was, and only a journal came.
files_wrong() {
	local file
	for file in "$folder"/* "$folder"/.[!.]*; do
		case ${file##*/} in
		'*' | '.[!.]*' | journal.lock) ;;
		journal) jq -e .format "$file" >/dev/null 2>&1 ||
			echo 'the journal is damaged' ;;
		*) echo "left: ${file##*/}" ;;
		esac
	done
	! grep -rqF -e 'Root-password' -e "$(cat "$work/token")" "$folder" ||
		echo 'a secret is in a file'
	cat "$work/token" "$work/password" | cmp -s - "$work/secrets" ||
		echo 'a file of the operator is changed'
}

# words_wrong - the last line says what was not done, and to what.
words_wrong() {
	local line
	[ "$status" -ne 0 ] || return
	line=$(tail -n 1 "$work/words")
	printf '%s\t%s\n' "$cloud/$operation/$name $status" "$line" \
	    >>"${WORDS:-/dev/null}"
	case $line in
	"adt-cloud: "*"$cloud"* | "adt-cloud: "*ws-[12]* | \
	    "adt-cloud: "*"${command[-1]}"*) ;;
	*) echo "about what? $line" ;;
	esac
	case $status/$line in
	69/* | 75/*again* | 76/*"report it"* | 77/*"is the token the right one"*) ;;
	*) echo "and what to do? $line" ;;
	esac
}

wrong() {
	[ "$status" -ne 124 ] || echo "no end after $MOST_S seconds"
	state_wrong
	rows_wrong
	files_wrong
	words_wrong
}

# cell MEMBERS COUNT ALLOWED - sets $status; prints what is wrong.
cell() {
	local first
	rm -rf "$folder"
	mkdir "$folder"
	prepare || {
		echo 'cannot prepare'
		return
	}
	cat "$work/token" "$work/password" >"$work/secrets"
	if [ "$kind" = read ]; then
		run
		mv "$work/rows" "$work/whole"
	fi
	api faults "{\"cloud\": \"$cloud\", \"operation\": \"$strikes\", $1,
	    \"count\": $2, \"skip\": $skip}" >/dev/null || echo 'no such fault'
	run
	first=$status
	case ,$3, in
	*",$status,"*) ;;
	*) echo "status $status, not $3: $(cat "$work/words")" ;;
	esac
	wrong
	curl -sS -X DELETE "http://127.0.0.1:$port/control/faults" >/dev/null
	if [ "$first" -ne 0 ]; then
		run
		wrong | sed 's/^/then: /'
		[ "$status" -eq 0 ] || {
			later
			run
			wrong | sed 's/^/later: /'
		}
		# what is stuck stays so, whatever is asked
		case $status/$name in
		0/* | 75/stuck | 75/ignored) ;;
		*) echo "later status $status: $(cat "$work/words")" ;;
		esac
	fi
	status=$first
}

# fill MEMBERS - with the names of what this reply is in need of; fails where it
# has no such thing.
fill() {
	case $1 in
	*ROWS*) members=${1//ROWS/$member_rows} && [ -n "$member_rows" ] ;;
	*PAGE*) members=${1//PAGE/$member_page} && [ -n "$member_page" ] ;;
	*MEMBER*) # without a name the emulator takes the first
		members=${1//, \"member\": \"MEMBER\"/${member:+, \"member\": \"$member\"}}
		;;
	*) members=$1 ;;
	esac
}

# pair - one operation under one fault: sets text, as the table shows it.
pair() {
	local times
	text=
	for times in 1 -1; do
		[ "$times" = 1 ] && may=${allowed%/*} || may=${allowed#*/}
		cell "$members" "$times" "$may" >"$work/found"
		cells=$((cells + 1))
		text+=${text:+/}$status
		[ -s "$work/found" ] || continue
		text+='!'
		failures=$((failures + 1))
		echo "# $cloud/$operation/$name x $times:" \
		    "$(tr '\n' ' ' <"$work/found")"
	done
}

# is_pair - does this operation know this fault? Sets what is struck, how, and
# what is allowed.
is_pair() {
	strikes=$request
	case $cloud/$operation in
	exoscale/whoami) strikes=list-machines ;;
	linode/task) strikes=list-tasks kind=look ;; # a list is asked there
	# a droplet's action is asked for only once it is free, and no image there
	digitalocean/task | vultr/task) return 1 ;;
	exoscale/*) ;;
	*/snapshot) return 1 ;;
	esac
	if [ "$operation" = whoami ]; then
		needed "$cloud" whoami
	else
		needed "$cloud" "$strikes"
	fi
	case $kind in
	read) allowed=$read ;;
	make) allowed=$make ;;
	look) allowed=$look ;;
	task) allowed=$task ;;
	stop) allowed=$stop ;;
	start) allowed=$start ;;
	end) allowed=$end ;;
	esac
	[ -n "$allowed" ] && fill "$fault" &&
		exception "$cloud/$operation/$name"
}

cloud_matrix() {
	local failures=0 cells=0 count=0 only_operation only_fault
	local operation kind request name fault read make look task stop start
	local end allowed may strikes members member member_rows member_page
	IFS=/ read -r cloud only_operation only_fault <<<"$1"
	[ -z "$only_operation" ] || EVERY=1
	work=$(mktemp -d "${TMPDIR:-/tmp}/matrix.XXXXXX")
	folder=$work/folder
	. "$here/cloud.bash"
	export ADT_RUN_DIR=$work/run
	cloud_start || return
	table=$(printf '# %-12s' "$cloud")
	while IFS='|' read -r operation _; do
		table+=$(printf ' %-7.7s' "${operation/look-/l-}")
	done <<<"$OPERATIONS"
	while IFS='|' read -r name fault read make look task stop start end; do
		[ "${only_fault:-$name}" = "$name" ] || continue
		table+=$'\n'$(printf '# %-12s' "$name")
		while IFS='|' read -r operation kind request; do
			text=-
			[ "${only_operation:-$operation}" != "$operation" ] ||
				text=.
			if [ "$text" = . ] && is_pair; then
				text=-
				count=$((count + 1))
				[ $((count % EVERY)) -ne 0 ] || pair
			fi
			table+=$(printf ' %7s' "$text")
		done <<<"$OPERATIONS"
	done <<<"$FAULTS"
	printf '%s\n' "$table"
	[ "$failures" -eq 0 ] || printf 'not '
	echo "ok $cloud: $cells cells, $failures failures"
	[ -n "${KEEP:-}" ] || rm -rf "$work"
}

if [ "${1:-}" = --one ]; then
	cloud_matrix "$2"
	exit
fi
# shellcheck disable=SC2086 # words
[ $# -gt 0 ] || set -- $CLOUDS
echo "1..$#"
echo "# status once/every time; every $EVERY-th cell is tried"
printf '%s\n' "$@" | xargs -P "${JOBS:-4}" -I CLOUD \
    "$0" --one CLOUD
