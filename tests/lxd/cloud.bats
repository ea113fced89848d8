# cloud.bats - capture and provision on real machines, killed and interrupted.

setup_file() {
	load lxd
	lab_up
	start_small one two
}

teardown_file() {
	load lxd
	lab_clear
}

setup() {
	load lxd
	journal=$BATS_TEST_TMPDIR/journal
}

@test "whoami names the server" {
	run --separate-stderr cloud whoami
	[ "$status" -eq 0 ]
	[[ $output == lxd$'\t'"$LAB_SERVER"\ * ]]
}

@test "captures running machines at once, and leaves nothing but images" {
	run --separate-stderr cloud capture --journal "$journal" --json \
	    webserver=one database=two
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$(jq -r 'map(.label) | join(" ")' <<<"$output")" = \
	    "webserver database" ]
	for name in one two; do
		[ "$(images_of "$name")" -eq 1 ]
		[ "$(snapshots_of "$name")" -eq 0 ]
		[ "$(state_of "$name")" = running ]
	done
	id=$(jq -r '.[0].id' <<<"$output")
	[ "$(client query "/1.0/images/$id" | jq -r .properties.name)" = \
	    "$(jq -r '.[0].name' <<<"$output")" ]
	first=$output

	# the same call again reads the finished run, and makes nothing
	run --separate-stderr cloud capture --journal "$journal" --json \
	    webserver=one database=two
	[ "$status" -eq 0 ]
	[ "$output" = "$first" ]
	[ "$(images_of one)" -eq 1 ]
}

@test "killed while the image is made, run again: one image, no snapshot" {
	before=$(images_of one)
	adt-cloud capture --cloud lxd --journal "$journal" webserver=one 3>&- &
	pid=$!
	wait_for 30 publishing
	kill -KILL "$pid"
	wait "$pid" || [ $? -eq 137 ]
	[ "$(snapshots_of one)" -eq 1 ]

	run --separate-stderr cloud capture --journal "$journal" --json
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$(images_of one)" -eq $((before + 1)) ]
	[ "$(snapshots_of one)" -eq 0 ]
	id=$(jq -r '.[0].id' <<<"$output")
	client query "/1.0/images/$id" >/dev/null
}

@test "killed before the reply was read: the journaled create is looked for" {
	before=$(images_of two)
	adt-cloud capture --cloud lxd --journal "$journal" database=two 3>&- &
	pid=$!
	wait_for 30 publishing
	kill -KILL "$pid"
	wait "$pid" || [ $? -eq 137 ]
	# as if the reply that names the operation had never arrived
	sed -i 's/"task_id": "[^"]*"/"task_id": ""/' "$journal"

	run --separate-stderr cloud capture --journal "$journal" database=two
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$(images_of two)" -eq $((before + 1)) ]
	[ "$(snapshots_of two)" -eq 0 ]
}

@test "--power-off stops the machine first, and starts it again" {
	pid_before=$(client query /1.0/instances/one/state | jq .pid)
	run --separate-stderr cloud capture --journal "$journal" --power-off \
	    webserver=one
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$(state_of one)" = running ]
	[ "$(client query /1.0/instances/one/state | jq .pid)" != "$pid_before" ]
}

@test "interrupted with the machine off: it is on again, the rerun finishes" {
	before=$(images_of one)
	adt-cloud capture --cloud lxd --journal "$journal" --power-off webserver=one \
	    2>"$BATS_TEST_TMPDIR/words" 3>&- &
	pid=$!
	is_off() { [ "$(state_of one)" = stopped ]; }
	wait_for 60 is_off
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	cat "$BATS_TEST_TMPDIR/words"
	[ "$status" -eq 75 ]
	grep -q 'one: interrupted while .*; run it again to go on' \
	    "$BATS_TEST_TMPDIR/words"
	[ "$(state_of one)" = running ]

	run --separate-stderr cloud capture --journal "$journal"
	[ "$status" -eq 0 ]
	[ "$(state_of one)" = running ]
	[ "$(images_of one)" -eq $((before + 1)) ]
	[ "$(snapshots_of one)" -eq 0 ]
}

@test "two runs on one journal: the second says who holds it" {
	adt-cloud capture --cloud lxd --journal "$journal" webserver=one 3>&- &
	pid=$!
	wait_for 30 publishing
	run --separate-stderr cloud capture --journal "$journal" webserver=one
	wait "$pid"
	[ "$status" -eq 75 ]
	[[ $stderr == *"locked by pid $pid on"* ]]
}

@test "a machine that is not there, and nothing is journaled" {
	run --separate-stderr cloud capture --journal "$journal" \
	    webserver=one database=nobody
	[ "$status" -eq 1 ]
	[[ $stderr == *"nobody: there is no such machine"* ]]
	[ ! -e "$journal" ]
}

@test "provision: from image to running machine, and again after a kill" {
	image=$(cloud images --json | jq -r \
	    '[.[] | select(.name | startswith("one-"))][0].id')
	adt-cloud provision --cloud lxd --journal "$journal" --size c1-m1 "new-1=$image" \
	    "new-2=$image" 3>&- &
	pid=$!
	is_there() { [ -n "$(state_of new-1)" ]; }
	wait_for 30 is_there
	kill -KILL "$pid"
	wait "$pid" || [ $? -eq 137 ]

	run --separate-stderr cloud provision --journal "$journal" --json
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$(jq -r 'map(.name) | join(" ")' <<<"$output")" = "new-1 new-2" ]
	for name in new-1 new-2; do
		[ "$(state_of "$name")" = running ]
		[ "$(client config get "$name" volatile.base_image)" = "$image" ]
		[ "$(client config get "$name" limits.cpu)" = 1 ]
	done
	addresses=$(jq -r '.[].private_ipv4' <<<"$output" | sort -u | wc -l)
	[ "$addresses" -eq 2 ]

	# a name that is taken is refused before anything is created
	run --separate-stderr cloud provision --journal "$journal.2" \
	    "new-3=$image" "new-1=$image"
	[ "$status" -eq 69 ]
	[[ $stderr == *"new-1: a machine of that name exists already"* ]]
	[ -z "$(state_of new-3)" ]
	run --separate-stderr cloud provision --journal "$journal.3" \
	    "new-3=0000"
	[ "$status" -eq 69 ]
	[[ $stderr == *"there is no image 0000 here"* ]]
}

@test "power off and on, then delete machine and image: until it is so" {
	image=$(client config get new-2 volatile.base_image)
	adt-cloud power off --cloud lxd new-1
	[ "$(state_of new-1)" = stopped ]
	adt-cloud power on --cloud lxd new-1
	[ "$(state_of new-1)" = running ]
	cloud delete-machine new-1 new-2
	[ -z "$(state_of new-1)$(state_of new-2)" ]
	cloud delete-machine new-1
	cloud delete-image "$image"
	run client query "/1.0/images/$image"
	[ "$status" -ne 0 ]
	cloud delete-image "$image"
}
