# clouds_linode.bats - Linode on the emulator: an image of a disk, which may
# vanish, and what else is Linode's own.
setup() { load clouds; }
teardown() { stop_emulator; }

ROOT_PASSWORD_IS='R00t-password-of-nobody'

@test "captures all five types among look-alikes, over three pages" {
	start_cloud linode
	add_fleet 1100
	run --separate-stderr capture_all
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$(wc -l <<<"$output")" -eq 5 ]
	for type in $TYPES; do
		echo "$type"
		row=$(grep "^$type	" <<<"$output")
		id=$(field 2 <<<"$row")
		[[ $id == private/* ]]
		[ "$(there ".images[] | select(.id == \"$id\") |
		    \"\(.state) \(.machine_name) \(.name)\"")" = \
		    "ready $(machine_of "$type") $(field 3 <<<"$row")" ]
		[ "$(field 3 <<<"$row" | wc -m)" -le 51 ] # with its newline
	done
	emulator_requests >"$BATS_TEST_TMPDIR/log"
	jq -e '([.[] | select(.operation == "list-machines") | .query |
	    capture("page=(?<n>[0-9]+)").n] | unique | length) == 3 and
	    ([.[] | select(.operation == "image")] | length) == 5 and
	    ([.[] | select(.operation == "list-disks")] | length) == 5 and
	    all(.[]; .status < 400)' "$BATS_TEST_TMPDIR/log"
	[ "$(jq -r 'first(.[] | select(.operation == "image")) | .body |
	    [.cloud_init, .tags[0]] | join(" ")' "$BATS_TEST_TMPDIR/log")" = \
	    'true adt-snapshots' ]
}

@test "shows how far an image is, as the events tell" {
	start_cloud linode
	add_fleet
	cloud capture --journal "$JOURNAL" --progress json \
	    "webserver=$(machine_of webserver)" 2>"$BATS_TEST_TMPDIR/events"
	cat "$BATS_TEST_TMPDIR/events"
	jq -se 'any(.[]; .percent != null and .percent > 0)' \
	    "$BATS_TEST_TMPDIR/events"
}

@test "powers off, captures, powers on, and never leaves a source off" {
	start_cloud linode
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
	start_cloud linode
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
		    --arg build "$BUILD" \
		    '.state == "running" and .image == $image and
		    .size == $size and .tags == [$build] and
		    .user_data == "#cloud-config\n# of this test\n" and
		    (.vpcs | length) == 1 and (.firewalls | length) == 1 and
		    .root_password_sent' "$BATS_TEST_TMPDIR/machine"
	done
	# the password was sent once for each, in the body, and is nowhere else
	[[ $output$stderr$(cat "$JOURNAL") != *"$ROOT_PASSWORD_IS"* ]]
	emulator_requests | jq -r '.[] | .path, .query' \
	    >"$BATS_TEST_TMPDIR/asked"
	run ! grep -q "$ROOT_PASSWORD_IS" "$BATS_TEST_TMPDIR/asked"
}

@test "refuses by name, before anything is created" {
	start_cloud linode
	add_fleet
	cloud capture --journal "$JOURNAL" "database=$(machine_of database)" \
	    >"$BATS_TEST_TMPDIR/captured"
	image=$(field 2 <"$BATS_TEST_TMPDIR/captured")
	control DELETE requests
	here=$REGION
	password="--root-password $BATS_TEST_TMPDIR/root-password"
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
	64|$here|$password new=$image|linode wants a size for a new machine
	64|$here|--size $SIZE new=$image|linode wants a root password
	69|$here|$password --size s-0 new=$image|there is no size s-0 in $here
	69|$here|$password --size $SIZE --vpc nowhere new=$image|there is no network nowhere in $here
	69|$here|$password --size $SIZE --firewall none new=$image|there is no firewall none in $here
	69|$here|$password --size $SIZE new=private/4711|there is no image private/4711 here
	69|$here|$password --size $SIZE $(machine_of webserver)=$image|a machine of that name exists already
	69|mars|$password --size $SIZE new=$image|linode has no region mars
	TABLE
	[ "$(emulator_requests | jq '[.[] | select(.operation == "create")] |
	    length')" -eq 0 ]
}

@test "power and deletion, waited for until they are so" {
	start_cloud linode
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
}

@test "failed, which is to vanish, and stuck are told apart" {
	start_cloud linode
	add_fleet
	name=$(machine_of webserver)
	while IFS='|' read -r fault want message; do
		control DELETE faults
		fault linode image "$fault"
		run --separate-stderr cloud capture --journal "$JOURNAL" \
		    --deadline 20 "webserver=$name"
		echo "case: $fault -> $status: $stderr"
		[ "$status" -eq "$want" ]
		[[ $stderr == *"$name: $message"* ]]
		[ "$output" = "" ]
	done <<-'TABLE'
	action-error|69|the cloud says it failed
	vanish|69|the cloud says it failed
	stuck|75|not ready after 20 minutes
	TABLE
}

@test "a quota is the cloud's own words" {
	start_cloud linode
	add_fleet
	control POST settings '{"image_quota": 1}'
	run --separate-stderr cloud capture --journal "$JOURNAL" \
	    "webserver=$(machine_of webserver)" "database=$(machine_of database)"
	echo "$status: $stderr"
	[ "$status" -eq 69 ]
	[ "$(there '.images | length')" -eq 1 ]
}

@test "a list of machines costs a list of machines" {
	start_cloud linode
	add_fleet
	cloud machines >"$BATS_TEST_TMPDIR/rows"
	cloud images >"$BATS_TEST_TMPDIR/images"
	id=$(id_of "$(machine_of webserver)")
	control DELETE requests
	cloud power off "$id"
	[ "$(emulator_requests | jq -r '[.[].operation] | unique | join(" ")')" = \
	    'list-machines list-tasks stop' ]
}

@test "a late success is adopted, and a lost reply leaves one image" {
	start_cloud linode
	add_fleet
	name=$(machine_of webserver)
	fault linode image cut-after
	run --separate-stderr cloud capture --journal "$JOURNAL" --deadline 1 \
	    "webserver=$name"
	echo "$status: $stderr"
	[ "$status" -eq 75 ]
	advance 900
	run --separate-stderr cloud capture --journal "$JOURNAL"
	echo "$status: $stderr"
	[ "$status" -eq 0 ]
	[ "$(there '.images | length')" -eq 1 ]
	[ "$(field 2 <<<"$output")" = "$(there '.images[0].id')" ]
	rm -f "$JOURNAL"
	fault linode create cut-after
	cloud provision --journal "$JOURNAL" --size "$SIZE" \
	    --root-password "$BATS_TEST_TMPDIR/root-password" \
	    "new=$(field 2 <<<"$output")"
	[ "$(there '[.machines[] | select(.name == "new")] | length')" -eq 1 ]
}

@test "a busy instance is waited for" {
	start_cloud linode
	add_fleet
	name=$(machine_of webserver)
	fault linode image status 1 \
	    '{"status": 400, "message": "Linode busy."}'
	cloud capture --journal "$JOURNAL" "webserver=$name"
	[ "$(there '.images | length')" -eq 1 ]
	[ "$(emulator_requests | jq '[.[] | select(.operation == "image") |
	    .status] | join(" ")' -r)" = '400 200' ]
}

@test "each kind of refusal has its sentence and its status" {
	start_cloud linode
	add_fleet
	cloud capture --journal "$JOURNAL" "webserver=$(machine_of webserver)"
	while IFS='|' read -r want operation fault count more message; do
		control DELETE faults
		rm -rf "$ADT_RUN_DIR" # what it asked before to wait for
		fault linode "$operation" "$fault" "$count" "$more"
		run --separate-stderr cloud "${operation#list-}"
		echo "case: $operation $fault $more -> $status: $stderr"
		[ "$status" -eq "$want" ]
		[[ $stderr == *"$message"* ]]
		[ "$want" -eq 0 ] || [ "$output" = "" ]
	done <<-'TABLE'
	77|list-machines|status|-1|{"status": 401}|linode: 
	69|list-images|status|-1|{"status": 400, "message": "No such"}|linode: No such
	75|list-images|status|-1|{"status": 429, "retry_after": 900}|linode: 
	0|list-images|status|2|{"status": 429, "retry_after": 1}|
	75|list-machines|status|-1|{"status": 503}|linode: 
	76|list-images|invalid-json|-1|{}|not JSON
	76|list-machines|missing-member|-1|{"member": "data.0.status"}|linode: instance: Object item not found: status
	76|list-machines|wrong-type|-1|{"member": "data.0.label"}|linode: instance: 
	0|list-images|cut-before|2|{}|
	TABLE
}

@test "no secret leaves but in the header, and no other host is asked" {
	start_cloud linode
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

@test "the scripts: captured, retired, built again with all the toolkit gives" {
	load scripts
	start_cloud linode
	ADT_API_URL=$API
	BUILD_HOME=$BATS_TEST_TMPDIR/home
	export ADT_API_URL BUILD_HOME
	fresh_seal_key
	"$ROOT/tests/emulator/buildhome.sh" linode "$BUILD_HOME" \
	    >"$BATS_TEST_TMPDIR/machines"
	add_machines linode "$(sed 's/=.*//; p; s/demo-build/demo-build2/' \
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
			.[0].root_password_sent and
			.[0].vpcs == [$all.vpcs[] | select(.region == $region
				and .name == "adt-vpc").id]' \
		    "$BATS_TEST_TMPDIR/state"
	done <"$BATS_TEST_TMPDIR/machines"
	[ "$(jq '[.machines[] | select(.name | contains("demo-build2"))] |
	    length' "$BATS_TEST_TMPDIR/state")" -eq 5 ]
	# the password is kept, sealed, and in clear nowhere
	grep -q 'BEGIN CMS' "$BUILD_HOME"/runtimedata/wholemachinebackups/*/snapshots/root_password.dat
	run ! grep -rq 'Aa1-' "$BUILD_HOME"
}
