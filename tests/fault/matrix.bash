#!/bin/bash
# matrix.bash - every fault of the emulator, at every operation, on every cloud.
#
# usage: matrix.bash [CLOUD[/OPERATION[/FAULT]]...]   default: all four clouds
#
# A fault strikes the request that does the operation, once or every time (the
# two statuses in a cell). Each run must end before its deadline, in success or
# in a status that the fault allows, with a sentence; never in a second image
# or machine of a name, a source that is off, or a broken file. Then the fault
# ends, and half an hour later the same command must succeed. Without FULL=1
# every 7th cell is tried, and of those that are named all. JOBS clouds are
# tried at a time (default all four: they wait much).
set -u
here=$(dirname "$0")
ROOT=$(cd "$here/../.." && pwd)
OUT=${OUT:-$ROOT/build/${FLAVOUR:-release}}
EVERY=7
[ "${FULL:-0}" != 1 ] || EVERY=1
FAST=60
export OUT

CLOUDS='digitalocean linode vultr exoscale'
OPERATIONS='whoami machines images capture capture-off provision power-off
    power-on delete-machine delete-image'

# name|JSON members|only for what starts work|statuses once|every time
FAULTS='401|"fault": "status", "status": 401||77|77
403|"fault": "status", "status": 403||77|77
404|"fault": "status", "status": 404||0 1 69|0 1 69 75
422|"fault": "status", "status": 422||0 69|69
429|"fault": "status", "status": 429, "retry_after": 2||0|75
500|"fault": "status", "status": 500||0|69 75
503|"fault": "status", "status": 503||0|69 75
html|"fault": "html"||0|69 75
cut-before|"fault": "cut-before"||0|69 75
cut-after|"fault": "cut-after"||0|0 75
slow|"fault": "slow", "ms": 100||0|0
truncated|"fault": "truncated"||0|0 75
oversized|"fault": "oversized", "mb": 40||0|0 75
invalid-json|"fault": "invalid-json"||0 76|0 76
wrong-type|"fault": "wrong-type"||0 76|0 76
missing|"fault": "missing-member"||0 76|0 76
redirect|"fault": "redirect", "location": "http://127.0.0.1:9/"||69|69
action-error|"fault": "action-error", "message": "no room"|work|0 69|0 69 75
vanish|"fault": "vanish"|work|0 69|0 69 75
stuck|"fault": "stuck"|work|0 75|75
ignored|"fault": "ignored"|work|0 69 75|0 69 75'

# ---- the operations ----

only_read() {
	cloud_fresh ws-1 && command=("$1")
}

# prepare OPERATION - what is there, the command, and which request it is.
prepare() {
	strikes='*' command=() names=ws-1 want=running
	case $1 in
	whoami | machines | images) only_read "$1" ;;
	capture | capture-off)
		strikes=image
		cloud_fresh ws-1
		command=(capture --journal "$folder/journal" --json)
		[ "$1" = capture ] || {
			command+=(--power-off)
			strikes=stop
		}
		command+=(webserver=ws-1)
		;;
	provision)
		strikes=create
		cloud_fresh src
		command=(provision --journal "$folder/journal" --json
		    --size "$size" --root-password "$work/password"
		    "ws-1=$(image_of src)")
		;;
	power-off | power-on)
		strikes=stop want=stopped
		cloud_fresh ws-1
		id=$(state | jq -r '.machines[0].id')
		[ "$1" = power-off ] || {
			adt-cloud power off \
			    --cloud "$cloud" --credentials "$work/token" "$id" ||
				return
			strikes=start want=running
		}
		command=(power "${1#power-}" "$id")
		;;
	delete-machine)
		strikes=delete want=gone
		cloud_fresh ws-1
		command=(delete-machine "$(state | jq -r '.machines[0].id')")
		;;
	delete-image)
		strikes=drop-image
		cloud_fresh ws-1
		command=(delete-image "$(image_of ws-1)")
		;;
	esac
}

# wrong OPERATION - what may never be; once it succeeded, also what must be.
wrong() {
	state >"$work/state"
	jq -r '[.machines[].name] | group_by(.) | .[] |
	    select(length > 1) | "\(length) machines called \(.[0])"' \
	    "$work/state"
	# what never became an image, or was one, is none
	jq -r '[.images[] | select(.state == "ready") | .name |
	    select(test("^ws-1-")) | sub("-[0-9TZ]*$"; "")] | group_by(.) | .[] |
	    select(length > 1) | "\(length) images of \(.[0])"' "$work/state"
	case $1 in
	capture*)
		jq -r '.machines[] | select(.state != "running") |
		    "\(.name) is \(.state)"' "$work/state"
		;;
	esac
	for file in "$folder"/* "$folder"/.[!.]*; do
		case ${file##*/} in
		'*' | '.[!.]*' | *.lock) ;;
		journal) jq -e .format "$file" >/dev/null 2>&1 ||
			echo 'the journal is damaged' ;;
		*) echo "left: ${file##*/}" ;;
		esac
	done
	[ "$status" -eq 0 ] || return
	jq -r --arg operation "$1" --arg want "$want" '
	    (.machines | map(select(.name == "ws-1")) | .[0].state // "gone")
	    as $is | ([.images[] | select((.name | test("^ws-1-")) and .state == "ready")] |
	    length) as $images |
	    ($operation | test("capture|provision|power|delete-machine")) as
	    $machines | (if $machines and $is != $want then "ws-1 is \($is)"
	    else empty end), (if ($operation | test("capture")) and $images != 1
	    then "\($images) images" else empty end),
	    (if $operation == "delete-image" and $images != 0 then
	    "the image is there" else empty end)' "$work/state"
}

# later - half an hour passes for the command, whose clock began at ADT_CLOCK.
later() {
	local began=${ADT_CLOCK#*@}
	ADT_CLOCK=$FAST@$((began - 1800 / (FAST - 1) - 1))
}

# run - the command; status and words.
run() {
	timeout 60 adt-cloud "${command[0]}" \
	    ${power:+"$power"} --cloud "$cloud" --credentials "$work/token" \
	    --region "$region" --deadline 4 --progress none \
	    "${command[@]:$skip}" >"$work/rows" 2>"$work/words" </dev/null
	status=$?
}

# cell OPERATION MEMBERS COUNT ALLOWED - sets $status; prints what is wrong.
cell() {
	rm -rf "$folder"
	mkdir "$folder"
	prepare "$1" || {
		echo 'cannot prepare'
		return
	}
	power='' skip=1
	[ "${command[0]}" != power ] || power=${command[1]} skip=2
	api faults "{\"cloud\": \"$cloud\", \"operation\": \"$strikes\", $2,
	    \"count\": $3}" >/dev/null || echo 'no such fault'
	run
	first=$status
	case " $4 " in
	*" $status "*) ;;
	*) echo "status $status, not one of $4: $(cat "$work/words")" ;;
	esac
	[ "$status" -eq 0 ] || tail -n 1 "$work/words" |
		grep -q '^adt-cloud: [^ ].*' || echo 'no sentence'
	wrong "$1"
	curl -sS -X DELETE "http://127.0.0.1:$port/control/faults" >/dev/null
	if [ "$first" -ne 0 ]; then
		later
		run
		# what is stuck stays so, whatever is asked
		case $status:$2 in
		0:* | 75:*stuck* | 75:*ignored*) ;;
		*) echo "then status $status: $(cat "$work/words")" ;;
		esac
		wrong "$1" | sed 's/^/then: /'
	fi
	status=$first
}

cloud_matrix() {
	local name members work_only once always operation text
	local failures=0 cells=0 count=0 only_operation only_fault
	IFS=/ read -r cloud only_operation only_fault <<<"$1"
	[ -z "$only_operation" ] || EVERY=1
	work=$(mktemp -d "${TMPDIR:-/tmp}/matrix.XXXXXX")
	folder=$work/folder
	. "$here/cloud.bash"
	cloud_start || return
	table=$(printf '# %-13s' "$cloud")
	for operation in $OPERATIONS; do
		table+=$(printf ' %-8.8s' "${operation/delete-/del-}")
	done
	while IFS='|' read -r name members work_only once always; do
		table+=$'\n'$(printf '# %-13s' "$name")
		for operation in $OPERATIONS; do
			count=$((count + 1)) # gaps too: no column is left out
			case $operation/$name in
			"${only_operation:-$operation}/${only_fault:-$name}") ;;
			*)
				table+='        -'
				continue
				;;
			esac
			case $work_only:$operation in
			work:whoami | work:machines | work:images)
				table+='        .'
				continue
				;;
			esac
			if [ $((count % EVERY)) -ne 0 ]; then
				table+='        -'
				continue
			fi
			text=
			for times in 1 -1; do
				allowed=$once
				[ "$times" = 1 ] || allowed=$always
				# a machine that does not stop is switched off
				case $operation:$times in
				power-off:-1 | capture-off:-1) allowed+=' 0' ;;
				esac
				# an image shows there when it is whole: one
				# whose create was not answered is waited for
				# longer than a run has, then made by the next
				case $cloud:$operation:$name in
				exoscale:capture:5* | exoscale:capture:html | \
				    exoscale:capture:cut-before)
					allowed+=' 75'
					;;
				esac
				cell "$operation" "$members" "$times" \
				    "$allowed" >"$work/found"
				cells=$((cells + 1))
				text+=${text:+/}$status
				[ -s "$work/found" ] || continue
				text+='!'
				failures=$((failures + 1))
				echo "# $cloud $operation $name" \
				    "x $times:" "$(cat "$work/found")"
			done
			table+=$(printf ' %8s' "$text")
		done
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
