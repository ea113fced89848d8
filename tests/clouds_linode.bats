# clouds_linode.bats - Linode on the emulator: what every cloud must do, and
# what is Linode's own.
setup() {
	load clouds_every
	facts linode
}
teardown() { stop_emulator; }

@test "captures all five types among look-alikes, over three pages" {
	must_capture_all_five
	while IFS=$'\t' read -r _ id label _; do
		[[ $id == private/* ]]
		[ "${#label}" -le 50 ]
	done <<<"$output"
	emulator_requests >"$BATS_TEST_TMPDIR/log"
	jq -e '([.[] | select(.operation == "list-machines") | .query |
	    capture("page=(?<n>[0-9]+)").n] | unique | length) == 3 and
	    ([.[] | select(.operation == "list-disks")] | length) == 5 and
	    all(.[]; .status < 400)' "$BATS_TEST_TMPDIR/log"
	[ "$(jq -r 'first(.[] | select(.operation == "image")) | .body |
	    [.cloud_init, .tags[0]] | join(" ")' "$BATS_TEST_TMPDIR/log")" = \
	    'true adt-snapshots' ]
}

@test "shows how far an image is, as the events tell" {
	start_fleet
	cloud capture --journal "$JOURNAL" --progress json \
	    "webserver=$(machine_of webserver)" 2>"$BATS_TEST_TMPDIR/events"
	cat "$BATS_TEST_TMPDIR/events"
	jq -se 'any(.[]; .percent != null and .percent > 0)' \
	    "$BATS_TEST_TMPDIR/events"
}

@test "powers off, captures, powers on, and never leaves a source off" {
	must_never_leave_a_source_off
}

@test "several data disks are an error that lists them" {
	start_cloud linode
	add_machines linode "[{\"name\": \"two\", \"region\": \"$REGION\",
	    \"disks\": [{\"label\": \"root\", \"filesystem\": \"ext4\",
	    \"size_mb\": 20000}, {\"label\": \"data\", \"filesystem\": \"ext4\",
	    \"size_mb\": 4000}, {\"label\": \"swap\", \"filesystem\": \"swap\",
	    \"size_mb\": 512}]}]"
	run --separate-stderr cloud capture --power-off --journal "$JOURNAL" \
	    webserver=two
	echo "$status: $stderr"
	[ "$status" -eq 69 ]
	[[ $stderr == *"two: an image is made of one disk, here are 2: root"*"data"* ]]
	[ "$(there '.images | length')" -eq 0 ]
	[ "$(there '.machines[0].history | join(" ")')" = made ] # never stopped
}

@test "provisions all five with everything the toolkit gives them" {
	must_provision_all_five
	# the password was sent once for each, in the body, and is nowhere else
	password=$(cat "$BATS_TEST_TMPDIR/root-password")
	[[ $output$stderr$(cat "$JOURNAL") != *"$password"* ]]
	emulator_requests | jq -r '.[] | .path, .query' \
	    >"$BATS_TEST_TMPDIR/asked"
	run ! grep -q "$password" "$BATS_TEST_TMPDIR/asked"
}

@test "refuses by name, before anything is created" {
	must_refuse_by_name
	refuses <<-TABLE
	64|$REGION|--size $SIZE new=$image|linode wants a root password
	69|mars|$OPTIONS --size $SIZE new=$image|linode has no region mars
	TABLE
}

@test "power and deletion, waited for until they are so" {
	must_wait_for_power_and_deletion
}

@test "failed, which is to vanish, and stuck are told apart" {
	must_tell_failures_apart <<-'TABLE'
	69|image|vanish|1||the cloud says it failed
	TABLE
}

@test "a quota is the cloud's own words" {
	start_fleet
	control POST settings '{"image_quota": 1}'
	run --separate-stderr cloud capture --journal "$JOURNAL" \
	    "webserver=$(machine_of webserver)" "database=$(machine_of database)"
	echo "$status: $stderr"
	[ "$status" -eq 69 ]
	[ "$(there '.images | length')" -eq 1 ]
}

@test "a list of machines costs a list of machines" {
	start_fleet
	cloud machines >"$BATS_TEST_TMPDIR/rows"
	cloud images >"$BATS_TEST_TMPDIR/images"
	id=$(id_of "$(machine_of webserver)")
	control DELETE requests
	cloud power off "$id"
	[ "$(emulator_requests | jq -r '[.[].operation] | unique | join(" ")')" = \
	    'list-machines list-tasks stop' ]
}

@test "a late success is adopted by the next run" {
	must_adopt_a_late_success
}

@test "a lost reply leaves one image and one machine" {
	must_make_one_though_a_reply_is_lost
}

@test "a busy machine is waited for" {
	waits_for_a_busy_machine
}

@test "each kind of refusal has its sentence and its status" {
	must_say_each_refusal <<-'TABLE'
	69|list-images|status|-1|{"status": 400, "message": "No such"}|linode: No such
	75|list-images|status|-1|{"status": 429, "retry_after": 900}|linode: 
	0|list-images|status|2|{"status": 429, "retry_after": 1}|
	76|list-images|invalid-json|-1|{}|not JSON
	76|list-machines|wrong-type|-1|{"member": "data.0.label"}|linode: instance: 
	0|list-images|cut-before|2|{}|
	TABLE
}

@test "no secret leaves but in the header, and no other host is asked" {
	must_show_no_secret
}

@test "the scripts: captured, retired, built again with all the toolkit gives" {
	must_be_driven_by_the_scripts
	# the password is kept, sealed, and in clear nowhere
	grep -q 'BEGIN CMS' "$BUILD_HOME"/runtimedata/wholemachinebackups/*/snapshots/root_password.dat
	run ! grep -rq 'Aa1-' "$BUILD_HOME"
}
