# clouds_vultr.bats - Vultr on the emulator: what every cloud must do, and
# what is Vultr's own.
setup() {
	load clouds_every
	facts vultr
}
teardown() { stop_emulator; }

@test "captures all five types among look-alikes, over three pages" {
	must_capture_all_five
	# lists are asked for this region alone, to the last page
	emulator_requests | jq '.[] | select(.operation == "list-machines")' |
		jq -s '(map(.query) | all(contains("region=lhr"))) and
		    ([.[] | .query | capture("cursor=(?<c>[^&]+)").c] |
		    unique | length) == 2' | grep -qx true
}

@test "powers off, captures, powers on, and never leaves a source off" {
	must_never_leave_a_source_off
}

@test "provisions all five with everything the toolkit gives them" {
	must_provision_all_five
	# each with its address inside
	[ "$(grep -c '	10[0-9.]*	[^	]*$' <<<"$output")" -eq 5 ]
	emulator_requests | jq '.[] | select(.operation == "create") |
	    .body | if type == "string" then fromjson else . end' |
		jq -s 'length == 5 and all(.enable_ipv6 == false and
		    .ddos_protection == false)' | grep -qx true
}

@test "an image of one region starts machines in another" {
	start_fleet
	image=$(captured_image)
	REGION=$OTHER_REGION
	cloud provision --journal "$JOURNAL" --size "$SIZE" --vpc "$VPC" \
	    "new=$image"
	[ "$(there '.machines[] | select(.name == "new") | .region')" = ams ]
}

@test "refuses by name, before anything is created" {
	must_refuse_by_name
	refuses <<-TABLE
	69|$REGION|--size $SIZE --ssh-key none new=$image|there is no ssh key none in $REGION
	64||--size $SIZE new=$image|vultr wants a region for a new machine
	69|mars|--size $SIZE new=$image|vultr has no region mars
	TABLE
}

@test "refuses a size whose disk is too small" {
	refuses_a_small_disk 55
}

@test "two machines of one name are an error" {
	start_cloud vultr
	add_machines vultr "[{\"name\": \"twin\", \"region\": \"$REGION\"},
	    {\"name\": \"twin\", \"region\": \"$REGION\"}]"
	run --separate-stderr cloud capture --journal "$JOURNAL" webserver=twin
	[ "$status" -eq 69 ]
	[[ $stderr == *"twin: two machines have that name"* ]]
	[ "$(asked image)" -eq 0 ]
}

@test "power and deletion, waited for until they are so" {
	must_wait_for_power_and_deletion
}

@test "deleted, vanished and stuck are told apart" {
	must_tell_failures_apart <<-'TABLE'
	69|image|vanish|1||the image vanished
	TABLE
}

@test "a late success is adopted by the next run" {
	must_adopt_a_late_success
}

@test "a lost reply leaves one image and one machine" {
	must_make_one_though_a_reply_is_lost
}

@test "each kind of refusal has its sentence and its status" {
	must_say_each_refusal <<-'TABLE'
	77|list-machines|status|-1|{"status": 401, "message": "Invalid API token."}|vultr: Invalid API token.
	69|list-machines|status|-1|{"status": 422, "message": "No\u001b[1m such"}|vultr: No
	76|list-machines|wrong-type|-1|{"member": "instances.0.disk"}|instance: 
	TABLE
}

@test "a quota is the cloud's own words" {
	start_fleet
	control POST settings '{"image_quota": 1}'
	run --separate-stderr capture_all
	echo "$status: $stderr"
	[ "$status" -eq 69 ]
	[[ $stderr == *'Snapshot limit reached for this account.'* ]]
}

@test "no secret leaves but in the header, and no other host is asked" {
	must_show_no_secret
}

@test "credentials of a build are found where the build keeps them" {
	start_cloud vultr
	home=$BATS_TEST_TMPDIR/home
	folder=$home/runtimedata/vultr/$BUILD
	mkdir -p "$folder" "$BATS_TEST_TMPDIR/user"
	HOME=$BATS_TEST_TMPDIR/user
	export HOME
	who() {
		adt-cloud whoami --cloud vultr --api-url "$API" --build "$folder"
	}
	run --separate-stderr who
	[ "$status" -eq 77 ]
	(umask 077 && echo 'api-key: emulator-token' >"$HOME/.vultr-cli.yaml")
	who
	(umask 077 && echo 'api-key: wrong' >"$home/.vultr-cli.yaml")
	run who
	[ "$status" -eq 77 ] # the build home's is asked first
	(umask 077 && echo emulator-token >"$folder/TOKEN")
	who
	echo 'TOKEN=wrong' >"$folder/build_environment"
	run who
	[ "$status" -eq 77 ]
}

@test "the scripts: captured, retired, built again with all the toolkit gives" {
	must_be_driven_by_the_scripts
}

@test "machines --all-regions: those elsewhere, too, at every cloud" {
	stop_emulator
	for where in vultr linode digitalocean exoscale; do
		echo "cloud: $where"
		start_cloud "$where"
		add_fleet
		[ "$(cloud machines | grep -c .)" -eq 15 ]
		run --separate-stderr cloud machines --all-regions
		# an address of Exoscale's is one zone's
		[ "$where" = exoscale ] ||
			[[ $output == *"	$(machine_of webserver "$OTHER_REGION")	"* ]]
		[ "$(grep -c . <<<"$output")" -ge 15 ]
		stop_emulator
	done
	run --separate-stderr cloud images --all-regions
	[ "$status" -eq 64 ]
}
