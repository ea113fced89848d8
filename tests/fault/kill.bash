#!/bin/bash
# kill.bash - each operation is killed at its Nth step, N rising until it
# completes; after each kill it is run again, and all must be in order.
#
# usage: kill.bash [CLOUD/OPERATION...]   default: all of them
#
# killlib.c says what a step is. Every KILL_EVERY-th of a command of adt-cloud is
# tried (default 10), every SCRIPT_EVERY-th of a script, which takes longer
# (default 40); with FULL=1 every one, and more scripts on every cloud.
# JOBS scenarios run at a time (default 3 a processor: they wait much).
# KILL_FROM=N begins at the Nth step; KEEP=1 keeps the folders.
# Prints a line for each, and with a failure what was found.
# shellcheck disable=SC2317 # the functions are called by variables
set -u
here=$(dirname "$0")
ROOT=$(cd "$here/../.." && pwd)
OUT=${OUT:-$ROOT/build/${FLAVOUR:-release}}
[ "${FULL:-0}" != 1 ] || KILL_EVERY=1 SCRIPT_EVERY=1
KILL_EVERY=${KILL_EVERY:-10}
SCRIPT_EVERY=${SCRIPT_EVERY:-$((4 * KILL_EVERY))}
export OUT KILL_EVERY SCRIPT_EVERY

CLOUDS='digitalocean linode vultr exoscale'
# the longest first, so that none is left alone at the end
OPERATIONS='script-build script-capture capture-off abandon script-prune
    capture provision abandon-provision script-retire delete-machine
    delete-image'
# on one cloud each, with FULL=1 on all
LESS='linode/script-scale-up
    vultr/script-verify-boot exoscale/script-scale-abandon
    linode/script-abandon exoscale/script-abandon-build vultr/script-scale-down
    exoscale/script-prune-orphans'
# that only files change in are the same on each cloud
FILES='script-initialise script-adopt script-switch-on script-rotate
    script-give-back script-switch-off script-rollback script-autoscaler
    script-set-template'

# ---- the operations: what is there, what is run, what must be after ----
# prepare; command (sets the array); again (the rerun); right (prints what is
# wrong, nothing when all is in order); meanwhile (the same, before the rerun)
meanwhile() { :; }

# ours - the images that are not the cloud's own, as the state has them.
ours='[.images[] | select(.name | test("^(ws-1|db-1)-"))]'

images_right() {
	jq -r --slurpfile rows "$work/rows" "$ours as \$ours |
	    ([\"ws-1\", \"db-1\"][] | . as \$name |
	     [\$ours[] | select(.name | startswith(\$name + \"-\"))] |
	     if length != 1 then \"\(length) images of \(\$name)\"
	     elif .[0].state != \"ready\" then \"\(\$name): \(.[0].state)\"
	     elif (\$rows[0] | map(.id | tostring) | index([\$ours[] |
	         select(.name | startswith(\$name + \"-\")) | .id |
	         tostring][0])) == null then \"\(\$name): another id is told\"
	     else empty end)"
}
nothing_left_right() {
	jq -r "(.snapshots | select(length > 0) | \"\(length) snapshots left\"),
	    (.tasks[] | select(.state == \"pending\") |
	     \"a task goes on: \(.operation)\")"
}
sources_right() {
	jq -r '.machines[] | select(.name == "ws-1" or .name == "db-1") |
	    select(.state != "running") | "\(.name) is \(.state)"'
}

# kept MEMBER - of the targets that were finished before the kill, as JSON.
kept() {
	jq -s --arg member "$1" '[.[0].targets // [] | .[] |
	    select(.finished) | .[$member]]' "$work/before"
}

is_capture() {
	prepare() { cloud_fresh ws-1 db-1; }
	command=(capture --journal "$folder/journal" --json webserver=ws-1
	    database=db-1)
	again=("${command[@]}")
	right() {
		images_right <"$work/state"
		sources_right <"$work/state"
		nothing_left_right <"$work/state"
	}
}

is_capture-off() {
	is_capture
	command=(capture --journal "$folder/journal" --json --power-off
	    webserver-1=ws-1 webserver-2=db-1)
	again=("${command[@]}")
}

is_abandon() {
	is_capture-off
	again=(resume --journal "$folder/journal" --abandon)
	may_be_none=yes
	right() {
		# an image that was finished before the kill stays
		jq -r --argjson keep "$(kept image)" "$ours | .[] | .name |
		    select(. as \$name | \$keep | index(\$name) == null) |
		    \"image left: \(.)\"" <"$work/state"
		sources_right <"$work/state"
		nothing_left_right <"$work/state"
		[ ! -e "$folder/journal" ] || echo 'the journal is left'
	}
}

is_provision() {
	prepare() {
		cloud_fresh src
		image=$(image_of src)
		[ -n "$image" ] || return
		command=(provision --journal "$folder/journal" --json
		    --size "$size" --root-password "$work/password"
		    "ws-1=$image" "db-1=$image")
		again=("${command[@]}")
	}
	right() {
		jq -r --slurpfile rows "$work/rows" '. as $state |
		    ["ws-1", "db-1"][] | . as $name |
		    [$state.machines[] | select(.name == $name)] |
		    if length != 1 then "\(length) machines called \($name)"
		    elif .[0].state != "running" then
		        "\($name) is \(.[0].state)"
		    elif ([$rows[0][] | select(.name == $name) | .id |
		        tostring]) != [.[0].id | tostring] then
		        "\($name): another id is told"
		    else empty end' <"$work/state"
		nothing_left_right <"$work/state"
	}
}

is_abandon-provision() {
	is_provision
	prepare() {
		cloud_fresh src
		image=$(image_of src)
		[ -n "$image" ] || return
		command=(provision --journal "$folder/journal" --json
		    --size "$size" --root-password "$work/password"
		    "ws-1=$image" "db-1=$image")
	}
	again=(resume --journal "$folder/journal" --abandon)
	may_be_none=yes
	right() {
		# one that was finished before the kill stays
		jq -r --argjson keep "$(kept machine)" '.machines[] |
		    select(.name != "src") | .name | select(. as $name |
		    $keep | index($name) == null) | "machine left: \(.)"' \
		    <"$work/state"
		[ ! -e "$folder/journal" ] || echo 'the journal is left'
	}
}

is_delete-image() {
	prepare() {
		cloud_fresh ws-1 db-1
		command=(delete-image "$(image_of ws-1)" "$(image_of db-1)")
		again=("${command[@]}")
	}
	right() {
		jq -r "$ours | .[] | \"image left: \(.name)\"" <"$work/state"
		sources_right <"$work/state"
		nothing_left_right <"$work/state"
	}
}

is_delete-machine() {
	prepare() {
		cloud_fresh ws-1 db-1 other
		command=(delete-machine)
		while read -r id; do
			command+=("$id")
		done < <(state | jq -r '.machines[] |
		    select(.name != "other") | .id')
		again=("${command[@]}")
	}
	right() {
		jq -r '.machines | map(.name) | select(. != ["other"]) |
		    "machines are \(.)"' <"$work/state"
		nothing_left_right <"$work/state"
	}
}

. "$here/scripts.bash"
. "$here/fleet.bash"
. "$here/record.bash"

# ---- files ----

# files_right - nothing is half-written, no temporary is left.
files_right() {
	local file
	for file in "$folder"/* "$folder"/.[!.]*; do
		case ${file##*/} in
		'*' | '.[!.]*' | *.lock) ;;
		journal)
			jq -e .format "$file" >/dev/null 2>&1 ||
				echo 'the journal is damaged'
			;;
		*) echo "left: ${file##*/}" ;;
		esac
	done
}

# ---- one scenario ----

# kept_made - what `prepare` made is kept: the cloud, and the files in the place
# of the scenario; kept_back - it is so again, however often.
kept_made() {
	api save '{}' >/dev/null && cp -a "$work/place" "$work/kept"
}
kept_back() {
	rm -rf "$work/place" &&
		cp -a "$work/kept" "$work/place" &&
		api restore '{}' >/dev/null
}

# as_argv COMMAND... - argv is what is run: a script, or adt-cloud.
as_argv() {
	case $1 in
	*.sh)
		argv=("$ROOT/helperscripts/$1" "${@:2}")
		# the child of a shell that ends with it
		# shellcheck disable=SC2016 # for that shell
		[ -z "${a_child:-}" ] ||
			argv=(sh -c '"$@"; exit $?' sh "${argv[@]}")
		;;
	*)
		argv=(adt-cloud "$1" --cloud "$cloud" --credentials
		    "$work/token" --region "$region" --progress none
		    "${@:2}")
		;;
	esac
}

# killed N - runs the command until its Nth step; true when it got no further.
killed() {
	head -c 64 /dev/zero >"$work/steps"
	as_argv "${command[@]}"
	KILL_AT=$1 KILL_STEPS=$work/steps \
	    LD_PRELOAD=$OUT/fault/killlib.so \
	    setsid -w "${argv[@]}" >"$work/rows" 2>"$work/words" </dev/null
	status=$?
	at=$(tail -c +9 "$work/steps" | tr -d '\0')
	[ -n "$at" ]
}

# run_again - until it is in order, or says that it is not; a cloud that is
# still busy with what was asked before the kill is no failure. A child's process
# group is that of this driver, which lives on: no build ends under our eyes.
run_again() {
	local alone=(setsid -w)
	[ -z "${a_child:-}" ] || alone=()
	as_argv "${again[@]}"
	"${alone[@]}" "${argv[@]}" >"$work/rows" 2>"$work/words" </dev/null
	status=$?
	[ "$status" -ne 1 ] || [ -z "${may_be_none:-}" ] || status=0
	[ "$status" != "${done_already:-}" ] || status=0
	[ "$status" -eq 0 ]
}

scenario() {
	local n=${KILL_FROM:-1} tried=0 failures=0 every=$KILL_EVERY found
	cloud=${1%%/*}
	work=$(mktemp -d "${TMPDIR:-/tmp}/kill.XXXXXX")
	folder=$work/place/folder
	. "$here/cloud.bash"
	cloud_start || return
	case $1 in
	*/script-*)
		every=$SCRIPT_EVERY
		meanwhile() { reader_right; }
		;;
	esac
	"is_${1#*/}"
	mkdir "$work/place" "$folder"
	if ! prepare || ! kept_made; then
		echo "not ok $1: cannot prepare"
		return 1
	fi
	while :; do
		kept_back || {
			echo "not ok $1: cannot begin anew"
			return 1
		}
		found=
		if killed "$n" 2>/dev/null; then # bash tells of it, too
			tried=$((tried + 1))
			cp "$folder/journal" "$work/before" 2>/dev/null ||
				: >"$work/before"
			found=$(meanwhile 2>&1 | sed '1s/^/before the rerun: /')
			run_again || found+="the rerun: status $status"
		elif [ "$status" -ne 0 ]; then
			found="not killed, and status $status"
		elif [ -n "${may_be_none:-}" ]; then
			break # it completed: nothing is to be given up
		fi
		state >"$work/state"
		found=$found$(right 2>&1)$(files_right)
		if [ -n "$found" ]; then
			failures=$((failures + 1))
			echo "# $1, killed at step $n ($at): $found"
			sed 's/^/#   /' "$work/words"
		fi
		[ -n "$at" ] || break
		n=$((n + every))
	done
	[ "$failures" -eq 0 ] || printf 'not '
	echo "ok $1: $(od -An -tu8 -N8 "$work/steps" | tr -d ' ') steps," \
	    "$tried tried, $failures failures"
	[ -n "${KEEP:-}" ] || rm -rf "$work"
	[ "$failures" -eq 0 ]
}

if [ "${1:-}" = --one ]; then
	scenario "$2"
	exit
fi
if [ $# -eq 0 ]; then
	for operation in $OPERATIONS; do
		for cloud in $CLOUDS; do
			set -- "$@" "$cloud/$operation"
		done
	done
	for operation in $LESS; do
		for cloud in $CLOUDS; do
			case ${FULL:-0}$cloud in
			1* | "0${operation%/*}")
				set -- "$@" "$cloud/${operation#*/}"
				;;
			esac
		done
	done
	for operation in $FILES; do
		set -- "$@" "digitalocean/$operation"
	done
fi
echo "1..$#"
echo "# every ${KILL_EVERY}th step of a command is tried," \
    "every ${SCRIPT_EVERY}th of a script; FULL=1 tries all, now ${FULL:-0}"
printf '%s\n' "$@" | xargs -P "${JOBS:-$((3 * $(nproc)))}" -I SCENARIO \
    "$0" --one SCENARIO
