# clouds_exoscale.bats - Exoscale on the emulator: what every cloud must do, and
# what is Exoscale's own.
setup() {
	load clouds_every
	facts exoscale
}
teardown() { stop_emulator; }

@test "captures all five types among look-alikes, of this and other zones" {
	must_capture_all_five
	[ "$(field 8 <<<"$output" | uniq)" -eq 10 ] # of the disk, in GB
}

@test "in any zone: the request goes to the host of the build's own" {
	for zone in de-fra-1 at-vie-1; do
		start_cloud exoscale --exoscale-zone "$zone"
		REGION=$zone
		OTHER_REGION=ch-gva-2
		add_fleet
		run --separate-stderr captured_image
		echo "$zone: $status: $output: $stderr"
		[ "$status" -eq 0 ]
		[ "$(own_images 'map("\(.id) \(.regions | join(" ")) \(.machine_name)") |
		    join(",")')" = "$output $zone $(machine_of database)" ]
		# and a zone beside another, each with its host
		stop_emulator
		start_cloud exoscale
		REGION=$zone
		OTHER_REGION=ch-gva-2
		API=$API/zone/$zone
		add_fleet
		run --separate-stderr captured_image
		echo "$zone: $status: $output: $stderr"
		[ "$status" -eq 0 ]
		[ "$(own_images 'map("\(.id) \(.regions | join(" "))") | join(",")')" = \
		    "$output $zone" ]
		stop_emulator
	done
}

@test "a template outlives its instance; a foreign snapshot stays" {
	start_fleet
	id=$(id_of "$(machine_of database)")
	# one that was there before, of the same machine
	ask exoscale POST "/instance/$id:create-snapshot" >/dev/null
	advance 600
	before=$(there '.snapshots[0].id')
	image=$(captured_image)
	[ "$(there '[.snapshots[].id] | join(" ")')" = "$before" ]
	[ "$(there ".images[] | select(.id == \"$image\") | .snapshot")" != \
	    "$before" ]
	cloud delete-machine "$id"
	[ "$(there '.snapshots | length')" -eq 0 ] # it took its own with it
	cloud images | grep "^$image	.*	ready	$REGION	"
}

@test "powers off, captures, powers on, and never leaves a source off" {
	must_never_leave_a_source_off
}

@test "the user who logs in is the one that is said" {
	start_fleet
	cloud capture --login-user debian --journal "$JOURNAL" \
	    "database=$(machine_of database)"
	[ "$(emulator_requests | jq -r '.[] | select(.operation == "image") |
	    .body | if type == "string" then fromjson else . end |
	    "\(."default-user") \(."ssh-key-enabled") \(."password-enabled")"')" \
	    = 'debian true false' ]
}

@test "provisions all five with everything the toolkit gives them" {
	must_provision_all_five
	[ "$(asked attach-network)" -eq 5 ]
	[ "$(there '[.machines[] | select(.image_name // .image) | .disk_gb] | unique[]')" -eq 10 ]
}

@test "a larger template gets a larger disk" {
	start_cloud exoscale
	control POST machines '{"cloud": "exoscale", "machines":
	    [{"name": "large", "region": "ch-gva-2", "disk_gb": 50}]}'
	cloud capture --journal "$JOURNAL" database=large \
	    >"$BATS_TEST_TMPDIR/captured"
	rm -f "$JOURNAL"
	cloud provision --journal "$JOURNAL" --size "$SIZE" \
	    "new=$(field 2 <"$BATS_TEST_TMPDIR/captured")"
	[ "$(there '.machines[] | select(.name == "new") | .disk_gb')" -eq 50 ]
}

@test "refuses by name, before anything is created" {
	must_refuse_by_name
	refuses <<-TABLE
	69|$REGION|--size $SIZE --ssh-key none new=$image|there is no ssh key none in $REGION
	64||--size $SIZE new=$image|exoscale wants a region for a new machine
	69|$OTHER_REGION|--size $SIZE new=$image|image $image is in $REGION, not in $OTHER_REGION
	TABLE
	API=$(emulator_url exoscale)/zone/$OTHER_REGION
	refuses <<-TABLE
	69|$OTHER_REGION|--size $SIZE new=$image|there is no image $image here
	TABLE
	# without --api-url the zone is a part of the host's name
	unset ADT_API_URL
	run --separate-stderr adt-cloud machines --cloud exoscale \
	    --credentials "$CREDENTIALS"
	[ "$status" -eq 64 ]
	[[ $stderr == *'--region is wanted'* ]]
	run --separate-stderr adt-cloud machines --cloud exoscale \
	    --region evil.example/x --credentials "$CREDENTIALS"
	[ "$status" -eq 64 ]
}

@test "power and deletion, waited for until they are so" {
	must_wait_for_power_and_deletion
}

@test "a failed operation and a stuck one are told apart" {
	must_tell_failures_apart <<-'TABLE'
	69|snapshot|action-error|1||the cloud 
	69|image|action-error|1||the cloud says it failed: operation failure
	75|snapshot|stuck|1|--deadline 2|not ready after 2 minutes
	TABLE
}

@test "a template that vanished is made again, from the same snapshot" {
	start_fleet
	fault exoscale image vanish
	image=$(captured_image)
	[ "$(own_images '[.[].id] | join(" ")')" = "$image" ]
	[ "$(there '.snapshots | length')" -eq 0 ]
	[ "$(emulator_requests | jq -r '[.[] | .operation |
	    select(. == "snapshot" or . == "image")] | join(" ")')" = \
	    'snapshot image image' ]
}

@test "a late success is adopted by the next run" {
	must_adopt_a_late_success
}

@test "a lost reply leaves one template, no snapshot, one machine" {
	must_make_one_though_a_reply_is_lost attach-network
}

@test "a busy machine is waited for" {
	waits_for_a_busy_machine
}

@test "each kind of refusal has its sentence and its status" {
	must_say_each_refusal <<-'TABLE'
	76|list-machines|wrong-type|-1|{"member": "instances.0.id"}|instance: 
	TABLE
}

@test "no secret leaves but as a signature, and no other host is asked" {
	must_show_no_secret
}

@test "credentials of a build are found where the build keeps them" {
	start_cloud exoscale
	home=$BATS_TEST_TMPDIR/home
	folder=$home/runtimedata/exoscale/$BUILD
	mkdir -p "$folder" "$BATS_TEST_TMPDIR/user/.config/exoscale"
	HOME=$BATS_TEST_TMPDIR/user
	export HOME
	who() {
		adt-cloud whoami --cloud exoscale --api-url "$API" \
		    --build "$folder"
	}
	run --separate-stderr who
	[ "$status" -eq 77 ]
	toml() {
		(
			umask 077
			printf '%s\n' 'defaultaccount = "a@example.com"' '' \
			    '[[accounts]]' '  account = "a@example.com"' \
			    '  defaultZone = "ch-gva-2"' \
			    '  endpoint = "https://api-ch-gva-2.exoscale.com/v2"' \
			    '  environment = "api"' '  key = "EXOemulator"' \
			    '  name = "a"' "  secret = \"$1\""
		)
	}
	(umask 077 && toml emulator-secret \
	    >"$HOME/.config/exoscale/exoscale.toml")
	who
	(umask 077 && toml wrong >"$home/.exoscale.toml")
	run who
	[ "$status" -eq 77 ] # the build home's is asked first
	# a key without its secret is none
	echo 'ACCESS_KEY=EXOother' >"$folder/build_environment"
	(umask 077 && toml emulator-secret >"$home/.exoscale.toml")
	who
	echo 'SECRET_KEY=wrong' >>"$folder/build_environment"
	run who
	[ "$status" -eq 77 ]
}

@test "the scripts: captured, retired, built again with all the toolkit gives" {
	must_be_driven_by_the_scripts
}

@test "the dialogue of old: a second answer names the user" {
	load scripts
	start_cloud exoscale
	ADT_API_URL=$API
	BUILD_HOME=$BATS_TEST_TMPDIR/home
	export ADT_API_URL BUILD_HOME
	fresh_seal_key
	"$ROOT/tests/emulator/buildhome.sh" exoscale "$BUILD_HOME" \
	    >"$BATS_TEST_TMPDIR/machines"
	add_machines exoscale "$(sed 's/=.*//' "$BATS_TEST_TMPDIR/machines" |
		jq -R '{name: ., region: "ch-gva-2"}' | jq -s .)" >/dev/null
	for answers in '4\n1\n' '5\n'; do # the build was made with debian
		# shellcheck disable=SC2059 # the answers have line feeds
		run --separate-stderr helper ObtainWholeMachineSnapshot.sh \
		    --no-push < <(printf "$answers")
		echo "$status: $output: $stderr"
		[ "$status" -eq 0 ]
		[[ $output == *'Stored snapshot ids '* ]]
	done
	[ "$(emulator_requests | jq -r '[.[] | select(.operation == "image") |
	    .body | if type == "string" then fromjson else . end |
	    ."default-user"] | join(" ")')" = 'ubuntu debian' ]
	adt-snapshot-ids check "$BUILD_HOME"/runtimedata/wholemachinebackups/*/snapshots/snapshot_ids.dat
}
