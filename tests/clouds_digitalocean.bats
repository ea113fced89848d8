# clouds_digitalocean.bats - DigitalOcean on the emulator: what every cloud must do, and
# what is DigitalOcean's own.
setup() {
	load clouds_every
	facts digitalocean
}
teardown() { stop_emulator; }

@test "captures all five types among look-alikes, over three pages" {
	must_capture_all_five
	[ "$(emulator_requests | jq '[.[] | select(.operation == "list-machines")
	    | .query | capture("page=(?<n>[0-9]+)").n] | unique | length')" -eq 3 ]
}

@test "powers off, captures, powers on, and never leaves a source off" {
	must_never_leave_a_source_off
}

@test "provisions all five with everything the toolkit gives them" {
	must_provision_all_five
}

@test "refuses by name, before anything is created" {
	must_refuse_by_name
	refuses <<-TABLE
	69|$REGION|--size $SIZE --ssh-key none new=$image|there is no ssh key none in $REGION
	69|mars|--size $SIZE new=$image|image $image is in $REGION, not in mars
	69|$OTHER_REGION|--size $SIZE new=$image|image $image is in $REGION, not in $OTHER_REGION
	TABLE
}

@test "refuses a size whose disk is too small" {
	refuses_a_small_disk 50
}

@test "power and deletion, waited for until they are so" {
	must_wait_for_power_and_deletion
}

@test "a shutdown that does nothing is followed by the switch" {
	start_fleet
	fault digitalocean stop ignored -1
	id=$(id_of "$(machine_of webserver)")
	cloud power off "$id"
	[ "$(there ".machines[] | select(.id == \"$id\") |
	    .history | join(\",\")")" = 'made,stop ignored,kill' ]
}

@test "failed, vanished and stuck are told apart" {
	must_tell_failures_apart <<-'TABLE'
	69|image|vanish|-1||*asked three times, and nothing appeared
	TABLE
}

@test "an image that never comes is asked for again" {
	start_fleet
	fault digitalocean image vanish
	captured_image
	[ "$(own_images length)" -eq 1 ]
}

@test "a late success is adopted by the next run" {
	must_adopt_a_late_success
}

@test "a lost reply leaves one image and one machine" {
	must_make_one_though_a_reply_is_lost
}

@test "a machine whose create errors is said and put away" {
	start_fleet
	image=$(captured_image)
	fault digitalocean create action-error
	run --separate-stderr cloud provision --journal "$JOURNAL" \
	    --size "$SIZE" "new=$image"
	echo "$status: $stderr"
	[ "$status" -eq 69 ]
	[ "$(there '[.machines[] | select(.name == "new")] | length')" -eq 0 ]
}

@test "a busy machine is waited for" {
	waits_for_a_busy_machine
}

@test "each kind of refusal has its sentence and its status" {
	must_say_each_refusal <<-'TABLE'
	77|list-machines|status|-1|{"status": 401}|(request 
	69|list-machines|status|-1|{"status": 422, "message": "No\u001b[1m such"}|digitalocean: No
	76|list-machines|wrong-type|-1|{"member": "droplets.0.locked"}|digitalocean: droplet: 
	76|list-machines|html|-1|{"status": 200}|not JSON
	75|list-machines|oversized|-1|{}|digitalocean: GET
	TABLE
}

@test "no secret leaves but in the header, and no other host is asked" {
	must_show_no_secret
	# what a process shows of itself, while it runs
	stop_emulator
	SPEED=1 start_fleet
	fault digitalocean list-machines slow 1 '{"ms": 1500}'
	cloud whoami >"$BATS_TEST_TMPDIR/who"
	cloud machines >"$BATS_TEST_TMPDIR/rows" &
	pid=$!
	sleep 0.5
	for process in "$pid" $(pgrep -P "$pid"); do
		tr '\0' '\n' <"/proc/$process/cmdline" >>"$BATS_TEST_TMPDIR/shown"
		tr '\0' '\n' <"/proc/$process/environ" >>"$BATS_TEST_TMPDIR/shown"
	done
	wait "$pid"
	grep -q adt-cloud "$BATS_TEST_TMPDIR/shown"
	run ! grep -q emulator-token "$BATS_TEST_TMPDIR/shown"
}

@test "a redirect is not followed with the token" {
	start_cloud digitalocean
	fault digitalocean whoami redirect 1 \
	    "{\"location\": \"http://127.0.0.1:$EMULATOR_PORT/linode/v4/profile\"}"
	run --separate-stderr cloud whoami
	echo "$status: $stderr"
	[ "$status" -eq 69 ]
	[ "$(emulator_requests | jq length)" -eq 1 ]
}

@test "bad certificates are refused" {
	test_ca "$BATS_TEST_TMPDIR/ca"
	while IFS='|' read -r name want message; do
		start_cloud digitalocean --tls "$BATS_TEST_TMPDIR/ca/$name.pem" \
		    "$BATS_TEST_TMPDIR/ca/$name.key"
		run --separate-stderr cloud whoami \
		    --ca-file "$BATS_TEST_TMPDIR/ca/ca.pem"
		echo "case: $name -> $status: $stderr"
		[ "$status" -eq "$want" ]
		[[ $stderr == *"$message"* ]]
		[ "$(emulator_requests | jq length)" -eq $((want == 0)) ]
		stop_emulator
	done <<-'TABLE'
	good|0|
	expired|77|certificate
	wrong-name|77|certificate
	unknown-ca|77|certificate
	TABLE
	start_cloud digitalocean --tls "$BATS_TEST_TMPDIR/ca/good.pem" \
	    "$BATS_TEST_TMPDIR/ca/good.key"
	run --separate-stderr cloud whoami # the CA is not the system's
	[ "$status" -eq 77 ]
}

@test "credentials of a build are found where the build keeps them" {
	start_cloud digitalocean
	home=$BATS_TEST_TMPDIR/home
	place=$home/runtimedata/digitalocean/$BUILD
	mkdir -p "$place" "$home/.config/doctl" "$BATS_TEST_TMPDIR/user"
	HOME=$BATS_TEST_TMPDIR/user
	export HOME
	who() {
		adt-cloud whoami --cloud digitalocean --api-url "$API" \
		    --build "$place"
	}
	run --separate-stderr who
	echo "$stderr"
	[ "$status" -eq 77 ]
	printf 'access-token: emulator-token\ncontext: default\n' \
	    >"$home/.config/doctl/config.yaml"
	chmod 0400 "$home/.config/doctl/config.yaml"
	who
	(umask 077 && echo wrong >"$place/TOKEN")
	run who
	[ "$status" -eq 77 ] # it is trusted more, and wrong
	echo emulator-token >"$place/TOKEN"
	who
	printf '%s\n' 'GIT_USER=Demo Person' "X=\$(exit 3)" 'TOKEN=wrong' \
	    >"$place/build_environment"
	run who
	[ "$status" -eq 77 ]
	sed -i 's/wrong/emulator-token/' "$place/build_environment"
	who
}

@test "the scripts: captured, retired, built again with all the toolkit gives" {
	must_be_driven_by_the_scripts
}
