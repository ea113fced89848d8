# clouds_vultr.bats - Vultr on the emulator: capture, provision, power, delete,
# and what goes wrong on the way.
setup() { load clouds; }
teardown() { stop_emulator; }

@test "captures all five types among look-alikes, over three pages" {
	start_cloud vultr
	add_fleet 1100
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
	done
	[ "$(there '.images | map(select(.stock | not)) | length')" -eq 5 ]
	# lists are asked for this region alone, to the last page
	emulator_requests | jq '.[] | select(.operation == "list-machines")' |
		jq -s '(map(.query) | all(contains("region=lhr"))) and
		    ([.[] | .query | capture("cursor=(?<c>[^&]+)").c] |
		    unique | length) == 2' | grep -qx true
	[ "$(emulator_requests | jq '[.[] | select(.operation == "image")] |
	    length')" -eq 5 ]
	[ "$(there '[.machines[].history[]] | unique | join(" ")')" = 'image made' ]
}

@test "powers off, captures, powers on, and never leaves a source off" {
	start_cloud vultr
	add_fleet
	name=$(machine_of database)
	run --separate-stderr cloud capture --power-off --journal "$JOURNAL" \
	    "database=$name"
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$(there ".machines[] | select(.name == \"$name\" and
	    .region == \"$REGION\") | [.state] + .history | join(\" \")")" = \
	    'running made stop image start' ]
}

@test "provisions all five with everything the toolkit gives them" {
	start_cloud vultr
	add_fleet
	capture_all >"$BATS_TEST_TMPDIR/captured"
	for type in $TYPES; do
		cloud delete-machine "$(id_of "$(machine_of "$type")")"
	done
	control DELETE requests
	run --separate-stderr provision_all
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$(wc -l <<<"$output")" -eq 5 ]
	there '[.vpcs[] | select(.name == "adt-vpc" and .region == "lhr")][0].id' \
	    >"$BATS_TEST_TMPDIR/vpc"
	for type in $TYPES; do
		name=$(machine_of "$type")
		image=$(grep "^$type	" "$BATS_TEST_TMPDIR/captured" | field 2)
		firewall=$(there ".firewalls[] |
		    select(.name == \"adt-$type-$BUILD\") | .id")
		there ".machines[] | select(.name == \"$name\" and
		    .region == \"$REGION\")" >"$BATS_TEST_TMPDIR/machine"
		cat "$BATS_TEST_TMPDIR/machine"
		jq -e --arg image "$image" --arg size "$LARGER" \
		    --arg build "$BUILD" --arg firewall "$firewall" \
		    --arg vpc "$(cat "$BATS_TEST_TMPDIR/vpc")" \
		    '.state == "running" and .image == $image and
		    .size == $size and .tags == [$build] and
		    .user_data == "#cloud-config\n# of this test\n" and
		    (.ssh_keys | length) == 1 and .vpcs == [$vpc] and
		    .firewalls == [$firewall]' "$BATS_TEST_TMPDIR/machine"
		# and both its addresses are said
		grep -q "^$name	$(jq -r .id "$BATS_TEST_TMPDIR/machine")	$image	[0-9.]*	10[0-9.]*$" <<<"$output"
	done
	emulator_requests | jq '.[] | select(.operation == "create") |
	    .body | if type == "string" then fromjson else . end' |
		jq -s 'length == 5 and all(.enable_ipv6 == false and
		    .ddos_protection == false)' | grep -qx true
}

@test "an image of one region starts machines in another" {
	start_cloud vultr
	add_fleet
	cloud capture --journal "$JOURNAL" "database=$(machine_of database)" \
	    >"$BATS_TEST_TMPDIR/captured"
	rm -f "$JOURNAL"
	REGION=$OTHER_REGION
	cloud provision --journal "$JOURNAL" --size "$SIZE" --vpc "$VPC" \
	    "new=$(field 2 <"$BATS_TEST_TMPDIR/captured")"
	[ "$(there '.machines[] | select(.name == "new") | .region')" = ams ]
}

@test "refuses by name, before anything is created" {
	start_cloud vultr
	add_fleet
	cloud capture --journal "$JOURNAL" "database=$(machine_of database)" \
	    >"$BATS_TEST_TMPDIR/captured"
	image=$(field 2 <"$BATS_TEST_TMPDIR/captured")
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
	64||--size $SIZE new=$image|vultr wants a region for a new machine
	64|$here|new=$image|vultr wants a size for a new machine
	69|$here|--size s-0 new=$image|there is no size s-0 in $here
	69|$here|--size $SIZE --vpc nowhere new=$image|there is no network nowhere in $here
	69|$here|--size $SIZE --firewall none new=$image|there is no firewall none in $here
	69|$here|--size $SIZE --ssh-key none new=$image|there is no ssh key none in $here
	69|$here|--size $SIZE new=4711|there is no image 4711 here
	69|$here|--size $SIZE $(machine_of webserver)=$image|a machine of that name exists already
	69|mars|--size $SIZE new=$image|vultr has no region mars
	TABLE
	REGION=$here
	control POST machines "{\"cloud\": \"$CLOUD\", \"machines\":
	    [{\"name\": \"large\", \"region\": \"$REGION\",
	    \"size\": \"$LARGER\", \"disk_gb\": 55},
	    {\"name\": \"twin\", \"region\": \"$REGION\"},
	    {\"name\": \"twin\", \"region\": \"$REGION\"}]}"
	rm -f "$JOURNAL"
	cloud capture --journal "$JOURNAL" large=large >"$BATS_TEST_TMPDIR/large"
	rm -f "$JOURNAL"
	run --separate-stderr cloud provision --journal "$JOURNAL" \
	    --size "$SIZE" "new=$(field 2 <"$BATS_TEST_TMPDIR/large")"
	echo "$status: $stderr"
	[ "$status" -eq 69 ]
	[[ $stderr == *"size $SIZE has a disk of 25 GB, image "*" needs 55 GB"* ]]
	[ "$(emulator_requests | jq '[.[] | select(.operation == "create")] |
	    length')" -eq 0 ]
	rm -f "$JOURNAL"
	run --separate-stderr cloud capture --journal "$JOURNAL" webserver=twin
	[ "$status" -eq 69 ]
	[[ $stderr == *"twin: two machines have that name"* ]]
}

@test "power and deletion, waited for until they are so" {
	start_cloud vultr
	add_fleet
	name=$(machine_of webserver)
	id=$(id_of "$name")
	cloud power off "$id"
	[ "$(there ".machines[] | select(.id == \"$id\") | .state")" = stopped ]
	cloud power on "$id"
	[ "$(there ".machines[] | select(.id == \"$id\") | .state")" = running ]
	cloud capture --journal "$JOURNAL" "webserver=$name" \
	    >"$BATS_TEST_TMPDIR/captured"
	image=$(field 2 <"$BATS_TEST_TMPDIR/captured")
	cloud images | grep "^$image	"
	cloud delete-machine "$id"
	[ "$(there "[.machines[] | select(.id == \"$id\")] | length")" -eq 0 ]
	cloud delete-image "$image"
	[ "$(there "[.images[] | select(.id == \"$image\")] | length")" -eq 0 ]
	cloud delete-image "$image" # gone already is as good
}

@test "deleted, vanished and stuck are told apart" {
	start_cloud vultr
	add_fleet
	name=$(machine_of webserver)
	while IFS='|' read -r want fault message; do
		rm -f "$JOURNAL"
		control DELETE faults
		fault vultr image "$fault"
		run --separate-stderr cloud capture --journal "$JOURNAL" \
		    --deadline 10 "webserver=$name"
		echo "case: $fault -> $status: $stderr"
		[ "$status" -eq "$want" ]
		[ "$output" = "" ]
		[[ $stderr == *"$name: $message"* ]]
	done <<-'TABLE'
	69|action-error|the cloud says that the image is deleted
	69|vanish|the image vanished
	75|stuck|not ready after 10 minutes
	TABLE
}

@test "a late success is adopted by the next run" {
	start_cloud vultr
	add_fleet
	name=$(machine_of webserver)
	run --separate-stderr cloud capture --journal "$JOURNAL" --deadline 1 \
	    "webserver=$name"
	echo "$status: $stderr"
	[ "$status" -eq 75 ]
	advance 600
	run --separate-stderr cloud capture --journal "$JOURNAL"
	echo "$status: $stderr"
	[ "$status" -eq 0 ]
	[ "$(there '.images | map(select(.stock | not)) | length')" -eq 1 ]
	[ "$(field 2 <<<"$output")" = \
	    "$(there '.images | map(select(.stock | not))[0].id')" ]
}

@test "a lost reply leaves one image and one machine" {
	start_cloud vultr
	add_fleet
	name=$(machine_of webserver)
	fault vultr image cut-after
	cloud capture --journal "$JOURNAL" "webserver=$name" \
	    >"$BATS_TEST_TMPDIR/captured"
	[ "$(there '.images | map(select(.stock | not)) | length')" -eq 1 ]
	rm -f "$JOURNAL"
	fault vultr create cut-after
	cloud provision --journal "$JOURNAL" --size "$SIZE" \
	    "new=$(field 2 <"$BATS_TEST_TMPDIR/captured")"
	[ "$(there '[.machines[] | select(.name == "new")] | length')" -eq 1 ]
}

@test "each kind of refusal has its sentence and its status" {
	start_cloud vultr
	add_fleet
	while IFS='|' read -r want fault count more message; do
		control DELETE faults
		fault vultr list-machines "$fault" "$count" "$more"
		run --separate-stderr cloud machines
		echo "case: $fault $more -> $status: $stderr"
		[ "$status" -eq "$want" ]
		[[ $stderr == *"$message"* ]]
		[ "$want" -eq 0 ] || [ "$output" = "" ]
	done <<-'TABLE'
	77|status|-1|{"status": 401, "message": "Invalid API token."}|vultr: Invalid API token.
	69|status|-1|{"status": 422, "message": "No\u001b[1m such"}|vultr: No
	75|status|-1|{"status": 429, "retry_after": 900}|vultr: 
	0|status|2|{"status": 429, "retry_after": 1}|
	0|status|2|{"status": 503}|
	76|invalid-json|-1|{}|not JSON
	76|missing-member|-1|{"member": "instances.0.status"}|instance: Object item not found: status
	76|wrong-type|-1|{"member": "instances.0.disk"}|instance: 
	76|missing-member|-1|{"member": "instances"}|not a list
	0|cut-before|2|{}|
	TABLE
	control DELETE faults
	control POST settings '{"image_quota": 1}'
	run --separate-stderr capture_all
	echo "$status: $stderr"
	[ "$status" -eq 69 ]
	[[ $stderr == *'Snapshot limit reached for this account.'* ]]
	echo wrong-token >"$CREDENTIALS"
	run --separate-stderr cloud whoami
	[ "$status" -eq 77 ]
	[[ $stderr != *wrong-token* ]]
}

@test "no secret leaves but in the header, and no other host is asked" {
	start_cloud vultr
	add_fleet
	capture_all >"$BATS_TEST_TMPDIR/captured" 2>"$BATS_TEST_TMPDIR/words"
	run ! grep -rq emulator-token "$BATS_TEST_TMPDIR/captured" \
	    "$BATS_TEST_TMPDIR/words" "$JOURNAL"
	emulator_requests | jq -e 'length > 10 and all(.[];
	    .token_in_path == false and .token_in_query == false and
	    .token_in_body == false and .authorization == "Bearer" and
	    (.host | startswith("127.0.0.1:")))'
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

@test "the scripts: captured, retired, built again into VPC and firewalls" {
	load scripts
	start_cloud vultr
	ADT_API_URL=$API
	BUILD_HOME=$BATS_TEST_TMPDIR/home
	export ADT_API_URL BUILD_HOME
	fresh_seal_key
	"$ROOT/tests/emulator/buildhome.sh" vultr "$BUILD_HOME" \
	    >"$BATS_TEST_TMPDIR/machines"
	add_machines vultr "$(sed 's/=.*//; p; s/demo-build/demo-build2/' \
	    "$BATS_TEST_TMPDIR/machines" |
		jq -R '{name: ., region: "lhr"}' | jq -s .)" >/dev/null
	helper ObtainWholeMachineSnapshot.sh --all --no-push
	helper VerifySnapshots.sh
	helper RetireServers.sh --yes
	helper SetBuildFromSnapshot.sh on
	helper BuildFromSnapshots.sh --yes --wait 0
	there '{machines, firewalls, vpcs}' >"$BATS_TEST_TMPDIR/state"
	while IFS='=' read -r name type; do
		echo "$name, $type"
		jq -e --arg name "$name" --arg wall "adt-$type-demo-build" '
			. as $all | [.machines[] | select(.name == $name)] |
			length == 1 and .[0].state == "running" and
			.[0].firewalls == [$all.firewalls[] |
				select(.name == $wall).id] and
			.[0].vpcs == [$all.vpcs[] | select(.region == "lhr" and
				.name == "adt-vpc").id]' "$BATS_TEST_TMPDIR/state"
	done <"$BATS_TEST_TMPDIR/machines"
	[ "$(jq '[.machines[] | select(.name | contains("demo-build2"))] |
	    length' "$BATS_TEST_TMPDIR/state")" -eq 5 ]
}
