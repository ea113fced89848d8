# clouds_digitalocean.bats - DigitalOcean on the emulator: capture, provision,
# power, delete, and what goes wrong on the way.
setup() { load clouds; }
teardown() { stop_emulator; }

@test "captures all five types among look-alikes, over three pages" {
	start_cloud digitalocean
	add_fleet 420
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
	done
	[ "$(there '.images | length')" -eq 5 ]
	# every page of both lists, and no second snapshot of a machine
	[ "$(emulator_requests | jq '[.[] | select(.operation == "list-machines")
	    | .query | capture("page=(?<n>[0-9]+)").n] | unique | length')" -eq 3 ]
	[ "$(emulator_requests | jq '[.[] | select(.operation == "image")] |
	    length')" -eq 5 ]
	[ "$(there '[.machines[].history[]] | unique | join(" ")')" = 'image made' ]
}

@test "powers off, captures, powers on, and never leaves a source off" {
	start_cloud digitalocean
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
	start_cloud digitalocean
	add_fleet
	capture_all >"$BATS_TEST_TMPDIR/captured"
	for type in $TYPES; do
		cloud delete-machine "$(id_of "$(machine_of "$type")")"
	done
	run --separate-stderr provision_all
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$(wc -l <<<"$output")" -eq 5 ]
	for type in $TYPES; do
		name=$(machine_of "$type")
		image=$(grep "^$type	" "$BATS_TEST_TMPDIR/captured" | field 2)
		there ".machines[] | select(.name == \"$name\" and
		    .region == \"$REGION\")" >"$BATS_TEST_TMPDIR/machine"
		cat "$BATS_TEST_TMPDIR/machine"
		jq -e --arg image "$image" --arg size "$LARGER" \
		    --arg tag "$BUILD" --arg firewall "adt-$type-$BUILD" \
		    '.state == "running" and .image == $image and
		    .size == $size and .tags == [$tag] and
		    .user_data == "#cloud-config\n# of this test\n" and
		    (.ssh_keys | length) == 1 and (.vpcs | length) == 1 and
		    (.firewalls | length) == 1' "$BATS_TEST_TMPDIR/machine"
	done
	# the network is that of the region, though others have its name
	[ "$(there '[.vpcs[] | select(.name == "adt-vpc") | .id] -
	    [.machines[].vpcs[]] | length')" -gt 0 ]
	grep -q "	$(there ".machines[] | select(.name == \"$(machine_of \
	    database)\" and .region == \"$REGION\") | .id")	" <<<"$output"
}

@test "refuses by name, before anything is created" {
	start_cloud digitalocean
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
	64|$here|new=$image|digitalocean wants a size for a new machine
	69|$here|--size s-0 new=$image|there is no size s-0 in $here
	69|$here|--size $SIZE --vpc nowhere new=$image|there is no network nowhere in $here
	69|$here|--size $SIZE --firewall none new=$image|there is no firewall none in $here
	69|$here|--size $SIZE --ssh-key none new=$image|there is no ssh key none in $here
	69|$here|--size $SIZE new=4711|there is no image 4711 here
	69|$here|--size $SIZE $(machine_of webserver)=$image|a machine of that name exists already
	69|mars|--size $SIZE new=$image|image $image is in $here, not in mars
	69|$OTHER_REGION|--size $SIZE new=$image|image $image is in $here, not in $OTHER_REGION
	TABLE
	REGION=$here
	control POST machines "{\"cloud\": \"$CLOUD\", \"machines\":
	    [{\"name\": \"large\", \"region\": \"$REGION\",
	    \"size\": \"$LARGER\", \"disk_gb\": 50}]}"
	rm -f "$JOURNAL"
	cloud capture --journal "$JOURNAL" large=large >"$BATS_TEST_TMPDIR/large"
	rm -f "$JOURNAL"
	run --separate-stderr cloud provision --journal "$JOURNAL" \
	    --size "$SIZE" "new=$(field 2 <"$BATS_TEST_TMPDIR/large")"
	echo "$status: $stderr"
	[ "$status" -eq 69 ]
	[[ $stderr == *"size $SIZE has a disk of 25 GB, image "*" needs 50 GB"* ]]
	[ "$(emulator_requests | jq '[.[] | select(.operation == "create")] |
	    length')" -eq 0 ]
}

@test "power and deletion, waited for until they are so" {
	start_cloud digitalocean
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
	[ "$(there '.images | length')" -eq 0 ]
	cloud delete-image "$image" # gone already is as good
}

@test "a shutdown that does nothing is followed by the switch" {
	start_cloud digitalocean
	add_fleet
	fault digitalocean stop ignored -1
	id=$(id_of "$(machine_of webserver)")
	cloud power off "$id"
	[ "$(there ".machines[] | select(.id == \"$id\") |
	    .history | join(\",\")")" = 'made,stop ignored,kill' ]
}

@test "errored, vanished and stuck are told apart" {
	start_cloud digitalocean
	add_fleet
	name=$(machine_of webserver)
	fault digitalocean image action-error
	run --separate-stderr cloud capture --journal "$JOURNAL" "webserver=$name"
	echo "$status: $stderr"
	[ "$status" -eq 69 ]
	[[ $stderr == *"$name: the cloud says it failed: action "*" errored"* ]]
	[ "$output" = "" ]

	# one that never comes is asked for again, and three times in all
	fault digitalocean image vanish
	cloud capture --journal "$JOURNAL" "webserver=$name"
	[ "$(there '.images | length')" -eq 1 ]
	rm -f "$JOURNAL"
	fault digitalocean image vanish -1
	run --separate-stderr cloud capture --journal "$JOURNAL" "webserver=$name"
	echo "$status: $stderr"
	[ "$status" -eq 69 ]
	[[ $stderr == *"asked three times, and nothing appeared"* ]]
	control DELETE faults

	fault digitalocean image stuck
	run --separate-stderr cloud capture --journal "$JOURNAL" --deadline 5 \
	    "webserver=$name"
	echo "$status: $stderr"
	[ "$status" -eq 75 ]
	[[ $stderr == *"$name: not ready after 5 minutes"* ]]
}

@test "a late success is adopted by the next run" {
	start_cloud digitalocean
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
	[ "$(there '.images | length')" -eq 1 ]
	[ "$(field 2 <<<"$output")" = "$(there '.images[0].id')" ]
}

@test "a lost reply leaves one image and one machine" {
	start_cloud digitalocean
	add_fleet
	name=$(machine_of webserver)
	fault digitalocean image cut-after
	cloud capture --journal "$JOURNAL" "webserver=$name" \
	    >"$BATS_TEST_TMPDIR/captured"
	[ "$(there '.images | length')" -eq 1 ]
	rm -f "$JOURNAL"
	fault digitalocean create cut-after
	cloud provision --journal "$JOURNAL" --size "$SIZE" \
	    "new=$(field 2 <"$BATS_TEST_TMPDIR/captured")"
	[ "$(there '[.machines[] | select(.name == "new")] | length')" -eq 1 ]
}

@test "a machine whose create errors is said and put away" {
	start_cloud digitalocean
	add_fleet
	cloud capture --journal "$JOURNAL" "webserver=$(machine_of webserver)" \
	    >"$BATS_TEST_TMPDIR/captured"
	rm -f "$JOURNAL"
	fault digitalocean create action-error
	run --separate-stderr cloud provision --journal "$JOURNAL" \
	    --size "$SIZE" "new=$(field 2 <"$BATS_TEST_TMPDIR/captured")"
	echo "$status: $stderr"
	[ "$status" -eq 69 ]
	[ "$(there '[.machines[] | select(.name == "new")] | length')" -eq 0 ]
}

@test "another event of the machine is waited for" {
	start_cloud digitalocean
	add_fleet
	name=$(machine_of webserver)
	fault digitalocean image status 1 \
	    '{"status": 422, "message": "Droplet already has a pending event."}'
	cloud capture --journal "$JOURNAL" "webserver=$name"
	[ "$(there '.images | length')" -eq 1 ]
	[ "$(emulator_requests | jq '[.[] | select(.operation == "image") |
	    .status] | join(" ")' -r)" = '422 201' ]
}

@test "each kind of refusal has its sentence and its status" {
	start_cloud digitalocean
	add_fleet
	while IFS='|' read -r want fault count more message; do
		control DELETE faults
		rm -rf "$ADT_RUN_DIR" # what it asked before to wait for
		fault digitalocean list-machines "$fault" "$count" "$more"
		run --separate-stderr cloud machines
		echo "case: $fault $more -> $status: $stderr"
		[ "$status" -eq "$want" ]
		[[ $stderr == *"$message"* ]]
		[ "$want" -eq 0 ] || [ "$output" = "" ]
	done <<-'TABLE'
	77|status|-1|{"status": 401}|(request 
	77|status|-1|{"status": 403}|digitalocean: 
	69|status|-1|{"status": 422, "message": "No\u001b[1m such"}|digitalocean: No
	75|status|-1|{"status": 429, "retry_after": 900}|digitalocean: 
	0|status|2|{"status": 429, "retry_after": 1}|
	0|status|2|{"status": 503}|
	75|status|-1|{"status": 503}|digitalocean: 
	76|invalid-json|-1|{}|not JSON
	76|missing-member|-1|{"member": "droplets.0.status"}|digitalocean: droplet: Object item not found: status
	76|wrong-type|-1|{"member": "droplets.0.locked"}|digitalocean: droplet: 
	76|html|-1|{"status": 200}|not JSON
	75|oversized|-1|{}|digitalocean: GET
	0|cut-before|2|{}|
	TABLE
	echo wrong-token >"$CREDENTIALS"
	control DELETE faults
	run --separate-stderr cloud whoami
	[ "$status" -eq 77 ]
	[[ $stderr != *wrong-token* ]]
}

@test "no secret leaves but in the header, and no other host is asked" {
	SPEED=1 start_cloud digitalocean
	add_fleet
	# what a process shows of itself, while it runs
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
	stop_emulator
	start_cloud digitalocean
	add_fleet
	capture_all >"$BATS_TEST_TMPDIR/captured" 2>"$BATS_TEST_TMPDIR/words"
	run ! grep -rq emulator-token "$BATS_TEST_TMPDIR/captured" \
	    "$BATS_TEST_TMPDIR/words" "$JOURNAL"
	emulator_requests >"$BATS_TEST_TMPDIR/log"
	jq -e 'length > 10 and all(.[]; .token_in_path == false and
	    .token_in_query == false and .token_in_body == false and
	    .authorization == "Bearer" and
	    (.host | startswith("127.0.0.1:")))' "$BATS_TEST_TMPDIR/log"
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
	load scripts
	start_cloud digitalocean
	ADT_API_URL=$API
	BUILD_HOME=$BATS_TEST_TMPDIR/home
	export ADT_API_URL BUILD_HOME
	fresh_seal_key
	"$ROOT/tests/emulator/buildhome.sh" digitalocean "$BUILD_HOME" \
	    >"$BATS_TEST_TMPDIR/machines"
	add_machines digitalocean "$(sed 's/=.*//; p; s/demo-build/demo-build2/' \
	    "$BATS_TEST_TMPDIR/machines" |
		jq -R --arg region "$REGION" '{name: ., region: $region}' |
		jq -s .)" >/dev/null
	helper ObtainWholeMachineSnapshot.sh --all --no-push
	helper VerifySnapshots.sh
	helper RetireServers.sh --yes
	helper SetBuildFromSnapshot.sh on
	helper BuildFromSnapshots.sh --yes --wait 0
	there '{machines, firewalls, vpcs, keys}' >"$BATS_TEST_TMPDIR/state"
	while IFS='=' read -r name type; do
		echo "$name, $type"
		jq -e --arg name "$name" --arg wall "adt-$type-demo-build" \
		    --arg region "$REGION" '
			. as $all | [.machines[] | select(.name == $name)] |
			length == 1 and .[0].state == "running" and
			.[0].firewalls == [$all.firewalls[] |
				select(.name == $wall).id] and
			(.[0].ssh_keys | length) == 1 and
			.[0].vpcs == [$all.vpcs[] | select(.region == $region
				and .name == "adt-vpc").id]' \
		    "$BATS_TEST_TMPDIR/state"
	done <"$BATS_TEST_TMPDIR/machines"
	[ "$(jq '[.machines[] | select(.name | contains("demo-build2"))] |
	    length' "$BATS_TEST_TMPDIR/state")" -eq 5 ]
}
