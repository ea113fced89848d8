# clouds_exoscale.bats - Exoscale on the emulator: capture, provision, power,
# delete, and what goes wrong on the way.
setup() { load clouds; }
teardown() { stop_emulator; }

# own_images FILTER - jq's answer about the templates that are not stock.
own_images() { there ".images | map(select(.stock | not)) | $1"; }

# captured_image - of the database; what capture printed is in captured.
captured_image() {
	cloud capture --journal "$JOURNAL" "database=$(machine_of database)" \
	    >"$BATS_TEST_TMPDIR/captured"
	rm -f "$JOURNAL"
	field 2 <"$BATS_TEST_TMPDIR/captured"
}

@test "captures all five types among look-alikes of this and other zones" {
	start_cloud exoscale
	add_fleet 300
	run --separate-stderr capture_all
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$(wc -l <<<"$output")" -eq 5 ]
	for type in $TYPES; do
		echo "$type"
		row=$(grep "^$type	" <<<"$output")
		id=$(field 2 <<<"$row")
		[ "$(there ".images[] | select(.id == \"$id\") |
		    \"\(.state) \(.machine_name) \(.name)\"")" = \
		    "ready $(machine_of "$type") $(field 3 <<<"$row")" ]
		[ "$(field 6 <<<"$row")" = "$REGION" ]
		[ "$(field 8 <<<"$row")" -eq 10 ] # of the disk, in GB
	done
	[ "$(own_images length)" -eq 5 ]
	# the intermediate snapshots are gone, and no machine was taken twice
	[ "$(there '.snapshots | length')" -eq 0 ]
	[ "$(emulator_requests | jq '[.[] | select(.operation == "image" or
	    .operation == "snapshot")] | length')" -eq 10 ]
	[ "$(there '[.machines[].history[]] | unique | join(" ")')" = \
	    'made snapshot' ]
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
	start_cloud exoscale
	add_fleet
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
	start_cloud exoscale
	add_fleet
	name=$(machine_of database)
	run --separate-stderr cloud capture --power-off --journal "$JOURNAL" \
	    "database=$name"
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$(there ".machines[] | select(.name == \"$name\" and
	    .region == \"$REGION\") | [.state] + .history | join(\" \")")" = \
	    'running made stop snapshot start' ]
}

@test "the user who logs in is the one that is said" {
	start_cloud exoscale
	add_fleet
	cloud capture --login-user debian --journal "$JOURNAL" \
	    "database=$(machine_of database)"
	[ "$(emulator_requests | jq -r '.[] | select(.operation == "image") |
	    .body | if type == "string" then fromjson else . end |
	    "\(."default-user") \(."ssh-key-enabled") \(."password-enabled")"')" \
	    = 'debian true false' ]
}

@test "provisions all five with everything the toolkit gives them" {
	start_cloud exoscale
	add_fleet
	capture_all >"$BATS_TEST_TMPDIR/captured"
	for type in $TYPES; do
		cloud delete-machine "$(id_of "$(machine_of "$type")")"
	done
	run --separate-stderr provision_all
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$(wc -l <<<"$output")" -eq 5 ]
	network=$(there '.networks[] |
	    select(.name == "adt_private_net_ch-gva-2") | .id')
	for type in $TYPES; do
		name=$(machine_of "$type")
		image=$(grep "^$type	" "$BATS_TEST_TMPDIR/captured" | field 2)
		group=$(there ".firewalls[] |
		    select(.name == \"adt-$type-$BUILD\") | .id")
		there ".machines[] | select(.name == \"$name\" and
		    .region == \"$REGION\")" >"$BATS_TEST_TMPDIR/machine"
		cat "$BATS_TEST_TMPDIR/machine"
		jq -e --arg image "$image" --arg build "$BUILD" \
		    --arg group "$group" --arg network "$network" \
		    '.state == "running" and .image == $image and
		    .size == "medium" and .tags == {"adt": $build} and
		    .disk_gb == 10 and
		    .user_data == "#cloud-config\n# of this test\n" and
		    .ssh_keys == ["AGILE_TOOLKIT_PUBLIC_KEY-demo-build"] and
		    .networks == [$network] and .firewalls == [$group]' \
		    "$BATS_TEST_TMPDIR/machine"
	done
	[ "$(emulator_requests | jq '[.[] |
	    select(.operation == "attach-network")] | length')" -eq 5 ]
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
	start_cloud exoscale
	add_fleet
	image=$(captured_image)
	control DELETE requests
	here=$REGION
	while IFS='|' read -r want where options message; do
		rm -f "$JOURNAL"
		REGION=$where
		# shellcheck disable=SC2086 # the table's words are arguments
		run --separate-stderr cloud provision --journal "$JOURNAL" \
		    $options
		echo "case: $where $options -> $status: $stderr"
		[ "$status" -eq "$want" ]
		[ "$output" = "" ]
		[[ $stderr == *"$message"* ]]
	done <<-TABLE
	64||--size $SIZE new=$image|exoscale wants a region for a new machine
	64|$here|new=$image|exoscale wants a size for a new machine
	69|$here|--size huge-0 new=$image|there is no size huge-0 in $here
	69|$here|--size $SIZE --vpc nowhere new=$image|there is no network nowhere in $here
	69|$here|--size $SIZE --firewall none new=$image|there is no firewall none in $here
	69|$here|--size $SIZE --ssh-key none new=$image|there is no ssh key none in $here
	69|$here|--size $SIZE new=4711|there is no image 4711 here
	69|$here|--size $SIZE $(machine_of webserver)=$image|a machine of that name exists already
	69|$OTHER_REGION|--size $SIZE new=$image|image $image is in $here, not in $OTHER_REGION
	TABLE
	REGION=$OTHER_REGION
	API=$(emulator_url exoscale)/zone/$OTHER_REGION
	rm -f "$JOURNAL"
	run --separate-stderr cloud provision --journal "$JOURNAL" \
	    --size "$SIZE" "new=$image"
	[ "$status" -eq 69 ]
	[[ $stderr == *"there is no image $image here"* ]]
	[ "$(emulator_requests | jq '[.[] | select(.operation == "create")] |
	    length')" -eq 0 ]
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
	start_cloud exoscale
	add_fleet
	id=$(id_of "$(machine_of webserver)")
	cloud power off "$id"
	[ "$(there ".machines[] | select(.id == \"$id\") | .state")" = stopped ]
	cloud power on "$id"
	[ "$(there ".machines[] | select(.id == \"$id\") | .state")" = running ]
	image=$(captured_image)
	cloud delete-machine "$id"
	[ "$(there "[.machines[] | select(.id == \"$id\")] | length")" -eq 0 ]
	cloud delete-image "$image"
	[ "$(own_images length)" -eq 0 ]
	cloud delete-image "$image" # gone already is as good
}

@test "a failed operation and a stuck one are told apart" {
	start_cloud exoscale
	add_fleet
	name=$(machine_of webserver)
	while IFS='|' read -r want operation fault message; do
		rm -f "$JOURNAL"
		control DELETE faults
		fault exoscale "$operation" "$fault"
		run --separate-stderr cloud capture --journal "$JOURNAL" \
		    --deadline 15 "webserver=$name"
		echo "case: $operation $fault -> $status: $stderr"
		[ "$status" -eq "$want" ]
		[ "$output" = "" ]
		[[ $stderr == *"$name: $message"* ]]
		# after a failure for good nothing is left of it
		[ "$want" -ne 69 ] || {
			[ "$(own_images length)" -eq 0 ]
			[ "$(there '.snapshots | length')" -eq 0 ]
		}
	done <<-'TABLE'
	69|snapshot|action-error|the cloud 
	69|image|action-error|the cloud says it failed: operation failure
	75|snapshot|stuck|not ready after 15 minutes
	75|image|stuck|not ready after 15 minutes
	TABLE
}

@test "a template that vanished is made again, from the same snapshot" {
	start_cloud exoscale
	add_fleet
	fault exoscale image vanish
	image=$(captured_image)
	[ "$(own_images '[.[].id] | join(" ")')" = "$image" ]
	[ "$(there '.snapshots | length')" -eq 0 ]
	[ "$(emulator_requests | jq -r '[.[] | .operation |
	    select(. == "snapshot" or . == "image")] | join(" ")')" = \
	    'snapshot image image' ]
}

@test "a late success is adopted by the next run" {
	start_cloud exoscale
	add_fleet
	name=$(machine_of webserver)
	control POST settings '{"promote_s": 600}'
	for minutes in 1 6; do # in the snapshot, and in the template
		rm -f "$JOURNAL"
		run --separate-stderr cloud capture --journal "$JOURNAL" \
		    --deadline "$minutes" "webserver=$name"
		echo "$minutes: $status: $stderr"
		[ "$status" -eq 75 ]
		[ "$minutes" = 1 ] || [[ $stderr == *'making the image'* ]]
		advance 900
		run --separate-stderr cloud capture --journal "$JOURNAL" \
		    --deadline 30
		echo "$status: $stderr"
		[ "$status" -eq 0 ]
	done
	[ "$(own_images length)" -eq 2 ]
	[ "$(there '.snapshots | length')" -eq 0 ]
}

@test "a lost reply leaves one template, no snapshot, one machine" {
	start_cloud exoscale
	add_fleet
	name=$(machine_of webserver)
	fault exoscale snapshot cut-after
	fault exoscale image cut-after
	cloud capture --journal "$JOURNAL" "webserver=$name" \
	    >"$BATS_TEST_TMPDIR/captured"
	[ "$(own_images length)" -eq 1 ]
	[ "$(there '.snapshots | length')" -eq 0 ]
	rm -f "$JOURNAL"
	fault exoscale create cut-after
	fault exoscale attach-network cut-after
	cloud provision --journal "$JOURNAL" --size "$SIZE" --vpc "$VPC" \
	    "new=$(field 2 <"$BATS_TEST_TMPDIR/captured")"
	[ "$(there '[.machines[] | select(.name == "new")] | length')" -eq 1 ]
	[ "$(there '.machines[] | select(.name == "new") |
	    .networks | length')" -eq 1 ]
}

@test "a machine that is busy is waited for" {
	start_cloud exoscale
	add_fleet
	fault exoscale snapshot status 1 \
	    '{"status": 409, "message": "Instance is busy"}'
	cloud capture --journal "$JOURNAL" "database=$(machine_of database)"
	[ "$(emulator_requests | jq -r '[.[] | select(.operation == "snapshot") |
	    .status] | join(" ")')" = '409 200' ]
}

@test "each kind of refusal has its sentence and its status" {
	start_cloud exoscale
	add_fleet
	while IFS='|' read -r want fault count more message; do
		control DELETE faults
		fault exoscale list-machines "$fault" "$count" "$more"
		run --separate-stderr cloud machines
		echo "case: $fault $more -> $status: $stderr"
		[ "$status" -eq "$want" ]
		[[ $stderr == *"$message"* ]]
		[ "$want" -eq 0 ] || [ "$output" = "" ]
	done <<-'TABLE'
	77|status|-1|{"status": 403, "message": "Forbidden by role"}|exoscale: Forbidden by role
	69|status|-1|{"status": 400, "message": "No\u001b[1m such"}|exoscale: No
	75|status|-1|{"status": 429, "retry_after": 900}|exoscale: 
	0|status|2|{"status": 503}|
	76|invalid-json|-1|{}|not JSON
	76|missing-member|-1|{"member": "instances.0.state"}|instance: Object item not found: state
	76|wrong-type|-1|{"member": "instances.0.id"}|instance: 
	0|cut-before|2|{}|
	TABLE
	control DELETE faults
	printf '%s\n' 'ACCESS_KEY=EXOemulator' 'SECRET_KEY=wrong-secret' \
	    >"$CREDENTIALS"
	run --separate-stderr cloud whoami
	[ "$status" -eq 77 ]
	[[ $stderr != *wrong-secret* ]]
}

@test "no secret leaves but as a signature, and no other host is asked" {
	start_cloud exoscale
	add_fleet
	capture_all >"$BATS_TEST_TMPDIR/captured" 2>"$BATS_TEST_TMPDIR/words"
	run ! grep -rqE 'emulator-secret|EXOemulator' "$BATS_TEST_TMPDIR/captured" \
	    "$BATS_TEST_TMPDIR/words" "$JOURNAL"
	emulator_requests | jq -e 'length > 10 and all(.[];
	    .token_in_path == false and .token_in_query == false and
	    .token_in_body == false and
	    .authorization == "EXO2-HMAC-SHA256" and
	    (.host | startswith("127.0.0.1:")))'
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
