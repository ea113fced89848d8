# clouds_every.bash - what every cloud must do. Each function is one test, which
# tests/clouds_CLOUD.bats runs for its cloud and adds what is the cloud's own;
# tests/lint/complete.sh sees that none of them leaves one out.
SPEED=${SPEED:-300} # most of the time of these is spent waiting
load clouds

# facts CLOUD - use_cloud, and what the tests must know of it:
#   MANY      machines beside the fleet's, so that those are on the third page
#   ROWS ROW  the member of a list of machines that has them; one, in our words
#   NEEDED    the member of a machine without which its state is not known
#   FAILS     how an image that fails is told
#   BUSY      what refuses an image while the machine is busy, if anything does
#   GONE      the state of images that are shown as deleted, and are no more
#   TAKES     the operation a capture begins with
#   OPTIONS   what a new machine needs beside its size
#   OF_LARGER what tells in jq that a machine has the size LARGER
#   TAGGED    its tags in jq; PLACED, its networks; KEYED, who may log in
#   NETWORK   the name by which the cloud knows the build's network
#   LATE      minutes after which a capture is not ready yet
#   NO_IMAGE  an id in the cloud's form
# shellcheck disable=SC2034 # the tests use them
facts() {
	use_cloud "$1"
	ROWS=instances ROW=instance NEEDED=state TAKES=image OPTIONS='' GONE=''
	OF_LARGER=".size == \"$LARGER\"" TAGGED='[$build]' PLACED=.vpcs
	KEYED='(.ssh_keys | length) == 1' LATE=1 NO_IMAGE=4711
	NETWORK=$VPC
	FAILS='the cloud says it failed'
	case $CLOUD in
	digitalocean)
		MANY=420 ROWS=droplets ROW=droplet NEEDED=status
		FAILS='the cloud says it failed: action * errored'
		BUSY='{"status": 422,
		    "message": "Droplet already has a pending event."}'
		;;
	exoscale)
		MANY=300 TAKES=snapshot LATE='1 6'
		OF_LARGER='.size == "medium"' TAGGED='{"adt": $build}'
		PLACED=.networks NETWORK=adt_private_net_$REGION
		KEYED='.ssh_keys == ["AGILE_TOOLKIT_PUBLIC_KEY-demo-build"]'
		BUSY='{"status": 409, "message": "Instance is busy"}'
		;;
	linode)
		MANY=1100 ROWS=data NEEDED=status NO_IMAGE=private/4711
		OPTIONS="--root-password $BATS_TEST_TMPDIR/root-password"
		KEYED=.root_password_sent
		BUSY='{"status": 400, "message": "Linode busy."}'
		;;
	vultr)
		MANY=1100 NEEDED=status GONE=failed
		FAILS='the cloud says that the image is deleted'
		;;
	esac
}

# start_fleet [MORE] - the emulator, and the build's machines among others.
start_fleet() {
	start_cloud "$CLOUD"
	add_fleet "$@"
}

# own_images FILTER - jq's answer about the images that are not stock.
own_images() {
	there ".images | map(select((.stock | not) and .state != \"$GONE\")) | $1"
}

# captured_image [TYPE] - of the database, or another; what capture printed is
# in the file captured.
captured_image() {
	cloud capture --journal "$JOURNAL" \
	    "${1:-database}=$(machine_of "${1:-database}")" \
	    >"$BATS_TEST_TMPDIR/captured" || return
	rm -f "$JOURNAL"
	field 2 <"$BATS_TEST_TMPDIR/captured"
}

# machine_filter NAME - in jq, the machine of the build's own region.
machine_filter() {
	echo ".machines[] | select(.name == \"$1\" and .region == \"$REGION\")"
}

# asked OPERATION - how often the cloud was asked for it.
asked() {
	emulator_requests | jq --arg operation "$1" \
	    'map(select(.operation == $operation)) | length'
}

# nothing_left - neither image nor snapshot of ours.
nothing_left() {
	[ "$(own_images length)" -eq 0 ]
	[ "$(there '.snapshots | length')" -eq 0 ]
}

# must_capture_all_five - what capture printed is in $output.
must_capture_all_five() {
	start_fleet "$MANY"
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
	[ "$(own_images length)" -eq 5 ]
	# the intermediate ones are gone, and no machine was taken twice
	[ "$(there '.snapshots | length')" -eq 0 ]
	[ "$(asked image)" -eq 5 ]
	[ "$(asked "$TAKES")" -eq 5 ]
	[ "$(there '[.machines[].history[]] | unique | join(" ")')" = \
	    "$(printf '%s\n' made "$TAKES" | sort | paste -sd ' ' -)" ]
}

must_never_leave_a_source_off() {
	# a clean stop has 90 seconds of the cloud's: three of a busy machine's
	SPEED=30 start_fleet
	name=$(machine_of database)
	run --separate-stderr cloud capture --power-off --journal "$JOURNAL" \
	    "database=$name"
	echo "$stderr"
	[ "$status" -eq 0 ]
	went=$(there "$(machine_filter "$name") |
	    [.state] + .history | join(\" \")")
	echo "$went"
	[ "$went" = "running made stop $TAKES start" ]
}

# given NAME TYPE STATE IMAGE - whether the machine NAME in the file STATE has
# its network, firewall and key, and is of that image; prints it.
given() {
	jq -e --arg name "$1" --arg wall "adt-$2-$BUILD" --arg image "$4" \
	    --arg region "$REGION" --arg network "$NETWORK" '. as $all |
		[.machines[] | select(.name == $name and
			.region == $region)] | length == 1 and (.[0] |
		.state == "running" and .image == $image and
		.firewalls == [$all.firewalls[] | select(.name == $wall).id] and
		'"$PLACED"' == [$all'"$PLACED"'[] | select(.region == $region
			and .name == $network).id] and '"$KEYED"')' "$3"
}

must_provision_all_five() {
	start_fleet
	capture_all >"$BATS_TEST_TMPDIR/captured"
	for type in $TYPES; do
		cloud delete-machine "$(id_of "$(machine_of "$type")")"
	done
	control DELETE requests
	run --separate-stderr provision_all
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$(wc -l <<<"$output")" -eq 5 ]
	there . >"$BATS_TEST_TMPDIR/state"
	for type in $TYPES; do
		name=$(machine_of "$type")
		image=$(grep "^$type	" "$BATS_TEST_TMPDIR/captured" | field 2)
		jq "$(machine_filter "$name")" "$BATS_TEST_TMPDIR/state" |
			tee "$BATS_TEST_TMPDIR/machine"
		given "$name" "$type" "$BATS_TEST_TMPDIR/state" "$image"
		jq -e --arg build "$BUILD" "$OF_LARGER"' and
		    .tags == '"$TAGGED"' and
		    .user_data == "#cloud-config\n# of this test\n"' \
		    "$BATS_TEST_TMPDIR/machine"
		grep -q "^$name	$(jq -r .id "$BATS_TEST_TMPDIR/machine")	$image	[0-9][0-9.]*	" <<<"$output"
	done
	[ "$(asked create)" -eq 5 ]
}

# refuses - each line of the table on stdin is STATUS|REGION|OPTIONS|MESSAGE.
refuses() {
	here=$REGION
	while IFS='|' read -r want REGION options message; do
		rm -f "$JOURNAL"
		# shellcheck disable=SC2086 # the table's words are arguments
		run --separate-stderr cloud provision --journal "$JOURNAL" \
		    $options
		echo "case: $REGION $options -> $status: $stderr"
		[ "$status" -eq "$want" ]
		[ "$output" = "" ]
		[[ $stderr == *"$message"* ]]
	done
	REGION=$here
	rm -f "$JOURNAL"
	[ "$(asked create)" -eq 0 ]
}

# must_refuse_by_name - and leaves the image in $image.
must_refuse_by_name() {
	start_fleet
	image=$(captured_image)
	refuses <<-TABLE
	64|$REGION|$OPTIONS new=$image|$CLOUD wants a size for a new machine
	69|$REGION|$OPTIONS --size s-0 new=$image|there is no size s-0 in $REGION
	69|$REGION|$OPTIONS --size $SIZE --vpc nowhere new=$image|there is no network nowhere in $REGION
	69|$REGION|$OPTIONS --size $SIZE --firewall none new=$image|there is no firewall none in $REGION
	69|$REGION|$OPTIONS --size $SIZE new=$NO_IMAGE|there is no image $NO_IMAGE here
	69|$REGION|$OPTIONS --size $SIZE $(machine_of webserver)=$image|a machine of that name exists already
	TABLE
}

# refuses_a_small_disk GB - an image of that many wants a larger size.
refuses_a_small_disk() {
	start_cloud "$CLOUD"
	add_machines "$CLOUD" "[{\"name\": \"large\", \"region\": \"$REGION\",
	    \"size\": \"$LARGER\", \"disk_gb\": $1}]"
	cloud capture --journal "$JOURNAL" large=large >"$BATS_TEST_TMPDIR/large"
	refuses <<-TABLE
	69|$REGION|--size $SIZE new=$(field 2 <"$BATS_TEST_TMPDIR/large")|needs $1 GB
	TABLE
	[[ $stderr == *"size $SIZE has a disk of 25 GB, image "*" needs $1 GB"* ]]
}

must_wait_for_power_and_deletion() {
	start_fleet
	name=$(machine_of webserver)
	id=$(id_of "$name")
	cloud power off "$id"
	[ "$(there ".machines[] | select(.id == \"$id\") | .state")" = stopped ]
	cloud power on "$id"
	[ "$(there ".machines[] | select(.id == \"$id\") | .state")" = running ]
	image=$(captured_image webserver)
	cloud images | grep "^$image	"
	cloud delete-machine "$id"
	[ "$(there "[.machines[] | select(.id == \"$id\")] | length")" -eq 0 ]
	cloud images | grep "^$image	.*	ready	" # which it outlives
	cloud delete-image "$image"
	nothing_left
	cloud delete-image "$image" # gone already is as good
}

# must_tell_failures_apart - one image that fails, one that does not end; more
# on stdin: STATUS|OPERATION|FAULT|COUNT|OPTIONS|MESSAGE, a pattern of bash.
must_tell_failures_apart() {
	start_fleet
	name=$(machine_of webserver)
	while IFS='|' read -r want operation fault count options message; do
		rm -f "$JOURNAL"
		control DELETE faults
		fault "$CLOUD" "$operation" "$fault" "$count"
		# shellcheck disable=SC2086 # the table's words are arguments
		run --separate-stderr cloud capture --journal "$JOURNAL" \
		    $options "webserver=$name"
		echo "case: $operation $fault -> $status: $stderr"
		[ "$status" -eq "$want" ]
		[ "$output" = "" ]
		[[ $stderr == *"$name: "$message* ]]
		# after a failure for good nothing is left of it
		[ "$want" -ne 69 ] || nothing_left
	done < <(
		echo "69|image|action-error|1||$FAILS"
		cat
		echo '75|image|stuck|1|--deadline 4|not ready after 4 minutes'
	)
}

# must_adopt_a_late_success - and one whose reply is lost as well.
must_adopt_a_late_success() {
	SPEED=100 start_fleet
	name=$(machine_of webserver)
	made=0
	for minutes in $LATE lost; do
		rm -f "$JOURNAL"
		[ "$minutes" != lost ] || {
			minutes=1
			fault "$CLOUD" "$TAKES" cut-after
		}
		control POST settings '{"promote_s": 600}'
		run --separate-stderr cloud capture --journal "$JOURNAL" \
		    --deadline "$minutes" "webserver=$name"
		echo "$minutes: $status: $stderr"
		[ "$status" -eq 75 ]
		[ "$minutes" = 1 ] || [[ $stderr == *'making the image'* ]]
		control POST settings '{"promote_s": 40}'
		advance 900
		run --separate-stderr cloud capture --journal "$JOURNAL"
		echo "$status: $stderr"
		[ "$status" -eq 0 ]
		made=$((made + 1))
		[ "$(own_images length)" -eq "$made" ]
		[ "$(own_images 'map(.id) | last')" = "$(field 2 <<<"$output")" ]
	done
	[ "$(there '.snapshots | length')" -eq 0 ]
}

# must_make_one_though_a_reply_is_lost [OPERATION] - each reply, OPERATION's too.
must_make_one_though_a_reply_is_lost() {
	start_fleet
	fault "$CLOUD" "$TAKES" cut-after
	[ "$TAKES" = image ] || fault "$CLOUD" image cut-after
	image=$(captured_image webserver)
	[ "$(own_images 'map(.id) | join(" ")')" = "$image" ]
	[ "$(there '.snapshots | length')" -eq 0 ]
	fault "$CLOUD" create cut-after
	[ $# -eq 0 ] || fault "$CLOUD" "$1" cut-after
	# shellcheck disable=SC2086 # OPTIONS are words
	cloud provision --journal "$JOURNAL" --size "$SIZE" --vpc "$VPC" \
	    $OPTIONS "new=$image"
	[ "$(there '[.machines[] | select(.name == "new")] | length')" -eq 1 ]
	[ "$(there '.machines[] | select(.name == "new") |
	    '"$PLACED"' | length')" -eq 1 ]
}

# waits_for_a_busy_machine - where the cloud says that it is.
waits_for_a_busy_machine() {
	start_fleet
	fault "$CLOUD" "$TAKES" status 1 "$BUSY"
	captured_image
	[ "$(own_images length)" -eq 1 ]
	[[ $(emulator_requests | jq -r --arg takes "$TAKES" '[.[] |
	    select(.operation == $takes) | .status] | join(" ")') == \
	    "$(jq .status <<<"$BUSY") 20"[0-9] ]]
}

# must_say_each_refusal - in asking for the machines; more on stdin:
# STATUS|OPERATION|FAULT|COUNT|JSON|MESSAGE.
must_say_each_refusal() {
	start_fleet
	captured_image
	while IFS='|' read -r want operation fault count more message; do
		control DELETE faults
		rm -rf "$ADT_RUN_DIR" # what it asked before to wait for
		fault "$CLOUD" "$operation" "$fault" "$count" "$more"
		run --separate-stderr cloud "${operation#list-}"
		echo "case: $operation $fault $more -> $status: $stderr"
		[ "$status" -eq "$want" ]
		[[ $stderr == *"$message"* ]]
		[ "$want" -eq 0 ] || [ "$output" = "" ]
	done < <(
		cat - <<-TABLE
		77|list-machines|status|-1|{"status": 401}|$CLOUD: 
		77|list-machines|status|-1|{"status": 403, "message": "Forbidden by role"}|$CLOUD: Forbidden by role
		69|list-machines|status|-1|{"status": 400, "message": "No\u001b[1m such"}|$CLOUD: No
		75|list-machines|status|-1|{"status": 429, "retry_after": 900}|$CLOUD: 
		0|list-machines|status|2|{"status": 429, "retry_after": 1}|
		0|list-machines|status|2|{"status": 503}|
		75|list-machines|status|-1|{"status": 503}|$CLOUD: 
		76|list-machines|invalid-json|-1|{}|not JSON
		76|list-machines|missing-member|-1|{"member": "$ROWS.0.$NEEDED"}|$CLOUD: $ROW: Object item not found: $NEEDED
		76|list-machines|missing-member|-1|{"member": "$ROWS"}|not a list
		0|list-machines|cut-before|2|{}|
		TABLE
		cat
	)
	control DELETE faults
	sed 's/emulator-\(token\|secret\)/wrong-\1/' "$CREDENTIALS" \
	    >"$BATS_TEST_TMPDIR/wrong"
	cat "$BATS_TEST_TMPDIR/wrong" >"$CREDENTIALS"
	run --separate-stderr cloud whoami
	[ "$status" -eq 77 ]
	[[ $stderr != *wrong-* ]]
}

must_show_no_secret() {
	start_fleet
	capture_all >"$BATS_TEST_TMPDIR/captured" 2>"$BATS_TEST_TMPDIR/words"
	run ! grep -rqE 'emulator-(token|secret)|EXOemulator' \
	    "$BATS_TEST_TMPDIR/captured" "$BATS_TEST_TMPDIR/words" "$JOURNAL"
	[ "$CLOUD" = exoscale ] && kind=EXO2-HMAC-SHA256 || kind=Bearer
	emulator_requests | jq -e --arg kind "$kind" 'length > 10 and all(.[];
	    .token_in_path == false and .token_in_query == false and
	    .token_in_body == false and .authorization == $kind and
	    (.host | startswith("127.0.0.1:")))'
}

# must_be_driven_by_the_scripts - captured, retired, built again; another build
# of almost the same name stays as it is.
must_be_driven_by_the_scripts() {
	load scripts
	start_cloud "$CLOUD"
	ADT_API_URL=$API
	BUILD_HOME=$BATS_TEST_TMPDIR/home
	export ADT_API_URL BUILD_HOME
	fresh_seal_key
	"$ROOT/tests/emulator/buildhome.sh" "$CLOUD" "$BUILD_HOME" \
	    >"$BATS_TEST_TMPDIR/machines"
	add_machines "$CLOUD" "$(sed 's/=.*//; p; s/demo-build/demo-build2/' \
	    "$BATS_TEST_TMPDIR/machines" |
		jq -R --arg region "$REGION" '{name: ., region: $region}' |
		jq -s .)" >/dev/null
	helper ObtainWholeMachineSnapshot.sh --all --no-push
	helper VerifySnapshots.sh
	helper RetireServers.sh --yes
	helper SetBuildFromSnapshot.sh on
	helper BuildFromSnapshots.sh --yes --wait 0
	there . >"$BATS_TEST_TMPDIR/state"
	while IFS='=' read -r name type; do
		echo "$name, $type"
		given "$name" "$type" "$BATS_TEST_TMPDIR/state" \
		    "$(adt-snapshot-ids get "$BUILD_HOME"/runtimedata/wholemachinebackups/*/snapshots/snapshot_ids.dat "$type")"
	done <"$BATS_TEST_TMPDIR/machines"
	[ "$(jq '[.machines[] | select(.name | contains("demo-build2"))] |
	    length' "$BATS_TEST_TMPDIR/state")" -eq 5 ]
}
