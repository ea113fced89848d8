# kill.bats - adt-cloud on real machines, all its processes killed at steps all
# along a run (tests/fault/killlib.c says what a step is), then run again: one
# image, one machine, and nothing that is half-done. Each test prints the steps.

setup_file() {
	load lxd
	lab_up
	start_small one
}

teardown_file() {
	load lxd
	lab_clear
}

setup() {
	load lxd
	folder=$BATS_TEST_TMPDIR/folder
	steps=$BATS_TEST_TMPDIR/steps
	mkdir "$folder"
}

# killed N COMMAND [WORD...] - adt-cloud until its Nth step, 0 for none. Sets
# count, the steps it took, and at, the one at which it ended or nothing.
killed() {
	head -c 64 /dev/zero >"$steps"
	status=0
	KILL_AT=$1 KILL_STEPS=$steps LD_PRELOAD=$OUT/fault/killlib.so \
	    setsid -w "$ADT_BIN/adt-cloud" "$2" --cloud lxd --progress none \
	    "${@:3}" >"$BATS_TEST_TMPDIR/rows" 3>&- </dev/null || status=$?
	count=$(od -An -tu8 -N8 "$steps" | tr -d ' ')
	at=$(tail -c +9 "$steps" | tr -d '\0')
	if [ "$1" -eq 0 ]; then
		echo "# $2: whole in $count steps, status $status" >&3
		[ "$status" -eq 0 ]
	else
		echo "# $2: killed at step $count, ${at:-none}" >&3
		[ -n "$at" ]
	fi
}

# along COUNT TIMES - that many numbers of steps, spread over all of them.
along() {
	for ((part = 1; part <= $2; part++)); do
		echo $(($1 * part / ($2 + 1)))
	done
}

# clean - the source runs, no snapshot is left of it, and beside the whole
# journal there is no file.
clean() {
	[ "$(state_of one)" = running ]
	[ "$(snapshots_of one)" -eq 0 ]
	for file in "$folder"/* "$folder"/.[!.]*; do
		case ${file##*/} in
		'*' | '.[!.]*' | *.lock) ;;
		journal) jq -e .format "$file" >/dev/null ;;
		*)
			echo "left: $file"
			return 1
			;;
		esac
	done
}

captured_once() {
	[ "$(images_of one)" -eq $((before + 1)) ]
	[ "$(jq -r '.[0].id' <"$BATS_TEST_TMPDIR/rows")" = \
	    "$(cloud images --json | jq -r \
	        'map(select(.name | startswith("one-"))) | max_by(.created) | .id')" ]
	clean
}

# captures TIMES [WORD...] - it is killed so often, and each time run again.
captures() {
	times=$1
	shift
	set -- --journal "$folder/journal" --json "$@" webserver=one
	before=$(images_of one)
	killed 0 capture "$@"
	captured_once
	whole=$count
	for n in $(along "$whole" "$times"); do
		before=$(images_of one)
		rm -f "$folder/journal"
		killed "$n" capture "$@"
		killed 0 capture "$@"
		captured_once
	done
}

@test "capture, killed all along: one image, no snapshot" {
	captures 2
}

@test "capture with the machine off, killed all along: it is on again" {
	captures 2 --power-off
}

@test "provision, killed all along: one machine that runs" {
	image=$(cloud images --json | jq -r \
	    '[.[] | select(.name | startswith("one-"))][0].id')
	set -- --journal "$folder/journal" --json "new-1=$image"
	killed 0 provision "$@"
	for n in $(along "$count" 3); do
		cloud delete-machine new-1
		rm -f "$folder/journal"
		killed "$n" provision "$@"
		killed 0 provision "$@"
		[ "$(cloud machines --json | jq -r '[.[] | select(.name |
		    startswith("new-"))] | map("\(.name) \(.state)") |
		    join(",")')" = "new-1 running" ]
		[ "$(client config get new-1 volatile.base_image)" = "$image" ]
		[ "$(jq -r '.[0].name' <"$BATS_TEST_TMPDIR/rows")" = new-1 ]
		clean
	done
}

@test "deletion, killed all along: machine and images are gone" {
	mapfile -t images < <(cloud images --json | jq -r \
	    '.[] | select(.name | startswith("one-")) | .id')
	[ "${#images[@]}" -ge 4 ]
	killed 0 delete-image "${images[0]}"
	number=0
	for n in $(along "$count" 3); do
		number=$((number + 1))
		killed "$n" delete-image "${images[number]}"
		killed 0 delete-image "${images[number]}"
		run client query "/1.0/images/${images[number]}"
		[ "$status" -ne 0 ]
	done
	killed 0 delete-machine new-1
	[ -z "$(state_of new-1)" ]
	for n in $(along "$count" 2); do
		start new-1
		killed "$n" delete-machine new-1
		killed 0 delete-machine new-1
		[ -z "$(state_of new-1)" ]
	done
	clean
}
