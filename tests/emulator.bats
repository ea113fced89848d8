# emulator.bats - the emulator itself: what every test of a cloud stands on.
setup() { load emulator; }
teardown() { stop_emulator; }

# The address of each cloud's list of machines, and the jq path to its rows.
MACHINES='digitalocean|/v2/droplets|.droplets
linode|/v4/linode/instances|.data
vultr|/instances|.instances
exoscale|/instance|.instances'

# json CLOUD METHOD PATH [BODY] - the body; fails, with it, at 400 and more.
json() {
	ask "$@" >"$BATS_TEST_TMPDIR/answer"
	[ "$(status_of <"$BATS_TEST_TMPDIR/answer")" -lt 400 ] || {
		cat "$BATS_TEST_TMPDIR/answer"
		return 1
	}
	body_of <"$BATS_TEST_TMPDIR/answer"
}

# status CLOUD METHOD PATH [BODY] [CURL OPTION...]
status() { ask "$@" | status_of; }

@test "the right credential is let in, any other is not" {
	start_emulator
	while IFS='|' read -r cloud path rows; do
		refusal=401
		[ "$cloud" != exoscale ] || refusal=403
		[ "$(status "$cloud" GET "$path")" = 200 ]
		[ "$(TOKEN=wrong EXOSCALE_SECRET=wrong \
		    status "$cloud" GET "$path")" = "$refusal" ]
		[ "$(EXOSCALE_KEY=EXOother TOKEN=other \
		    status "$cloud" GET "$path")" = "$refusal" ]
		[ "$(curl -q -s -o /dev/null -w '%{http_code}' \
		    "$(emulator_url "$cloud")$path")" = "$refusal" ]
	done <<<"$MACHINES"
}

@test "Exoscale: a signature is over path, query, body and time" {
	start_emulator
	header=$(exoscale_authorization GET '/template?visibility=private')
	url=$(emulator_url exoscale)/template
	try() {
		curl -q -s -o /dev/null -w '%{http_code}\n' -H "$header" "$@"
	}
	[ "$(try "$url?visibility=private")" = 200 ]
	[ "$(try "$url?visibility=public")" = 403 ]
	[ "$(try "$(emulator_url exoscale)/snapshot")" = 403 ]
	[ "$(try -X POST -d '{}' "$url?visibility=private")" = 403 ]
	# The same, years later.
	header="${header%%expires=*}expires=1500000000,${header##*,}"
	[ "$(try "$url?visibility=private")" = 403 ]
}

@test "Exoscale: the vendor's zones are apart" {
	start_emulator --exoscale-zone de-fra-1
	add_machines exoscale '[{"name": "a", "region": "de-fra-1"},
	    {"name": "b", "region": "ch-gva-2"}]'
	[ "$(json exoscale GET /instance | jq -r '.instances[].name')" = a ]
	header=$(exoscale_authorization GET /instance)
	[ "$(curl -q -s -H "$header" \
	    "$(emulator_url exoscale)/zone/ch-gva-2/instance" |
	    jq -r '.instances[].name')" = b ]
}

@test "lists come in pages, and every machine is on one" {
	start_emulator
	many=$(jq -nc '[range(60) | {name: "m\(.)-x"}]')
	for cloud in digitalocean linode vultr; do
		add_machines "$cloud" "$many" >/dev/null
	done
	for page in 1 2 3; do
		json digitalocean GET "/v2/droplets?per_page=25&page=$page"
		json linode GET \
		    "/v4/linode/instances?page_size=25&page=$page"
	done >"$BATS_TEST_TMPDIR/pages"
	[ "$(jq -r '.droplets[]?, .data[]? | .id' "$BATS_TEST_TMPDIR/pages" |
	    sort -u | wc -l)" -eq 120 ]
	[ "$(json digitalocean GET '/v2/droplets?per_page=25&page=2' |
	    jq -r .links.pages.next)" = \
	    'https://api.digitalocean.com/v2/droplets?page=3&per_page=25' ]
	[ "$(json digitalocean GET '/v2/droplets?per_page=25&page=3' |
	    jq -r .links.pages.next)" = null ]
	[ "$(status linode GET '/v4/linode/instances?page=4')" = 404 ]
	[ "$(status linode GET '/v4/linode/instances?page_size=10')" = 400 ]
	[ "$(status digitalocean GET '/v2/droplets?per_page=201')" = 400 ]
	cursor=
	for page in 1 2 3; do
		json vultr GET "/instances?per_page=25&cursor=$cursor" \
		    >"$BATS_TEST_TMPDIR/page"
		jq -r '.instances[].id' "$BATS_TEST_TMPDIR/page"
		cursor=$(jq -r .meta.links.next "$BATS_TEST_TMPDIR/page")
	done >"$BATS_TEST_TMPDIR/ids"
	[ -z "$cursor" ]
	[ "$(sort -u "$BATS_TEST_TMPDIR/ids" | wc -l)" -eq 60 ]
}

@test "a list can be asked for narrowly" {
	start_emulator
	rows='[{"name": "ws-1"}, {"name": "ws-2"}]'
	for cloud in digitalocean linode vultr; do
		add_machines "$cloud" "$rows" >/dev/null
	done
	[ "$(json digitalocean GET '/v2/droplets?name=ws-2' |
	    jq -r '.droplets[].name')" = ws-2 ]
	[ "$(json vultr GET '/instances?label=ws-2' |
	    jq -r '.instances[].label')" = ws-2 ]
	[ "$(json linode GET /v4/linode/instances '' \
	    -H 'X-Filter: {"label": "ws-2"}' | jq -r '.data[].label')" = ws-2 ]
	[ "$(json linode GET /v4/linode/instances '' \
	    -H 'X-Filter: {"+or": [{"label": {"+contains": "-1"}}, {"id": 0}]}' |
	    jq -r '.data[].label')" = ws-1 ]
}

@test "DigitalOcean: an image is listed when it is done, not before" {
	start_emulator
	id=$(add_machines digitalocean '[{"name": "ws-1"}]')
	action=$(json digitalocean POST "/v2/droplets/$id/actions" \
	    '{"type": "snapshot", "name": "first"}' | jq .action.id)
	[ "$(status digitalocean POST "/v2/droplets/$id/actions" \
	    '{"type": "shutdown"}')" = 422 ]
	[ "$(json digitalocean GET "/v2/droplets/$id" | jq .droplet.locked)" = true ]
	[ "$(json digitalocean GET "/v2/actions/$action" |
	    jq -r .action.status)" = in-progress ]
	[ "$(json digitalocean GET /v2/snapshots | jq .meta.total)" -eq 0 ]
	advance 300
	[ "$(json digitalocean GET "/v2/actions/$action" |
	    jq -r .action.status)" = completed ]
	json digitalocean GET "/v2/droplets/$id/snapshots" |
		jq -e '.snapshots[0] | .name == "first" and .min_disk_size == 25'
	image=$(json digitalocean GET '/v2/snapshots?resource_type=droplet' |
	    jq -r '.snapshots[0].id')
	create() {
		status digitalocean POST /v2/droplets "$(jq -n \
		    --arg size "$1" --arg region "$2" --argjson image "$3" \
		    '{name: "new", size: $size, region: $region, image: $image}')"
	}
	[ "$(create s-1vcpu-512mb-10gb lon1 "$image")" = 422 ]
	[ "$(create s-1vcpu-1gb ams3 "$image")" = 422 ]
	[ "$(create s-1vcpu-1gb lon1 1)" = 422 ]
	[ "$(create s-1vcpu-1gb lon1 "$image")" = 202 ]
	json digitalocean POST "/v2/images/$image/actions" \
	    '{"type": "transfer", "region": "ams3"}'
	advance 60
	[ "$(create s-1vcpu-1gb ams3 "$image")" = 202 ]
	emulator_state digitalocean | jq -e '.machines |
	    map(.image) | .[1:] == ["'"$image"'", "'"$image"'"]'
	[ "$(status digitalocean DELETE "/v2/snapshots/$image")" = 204 ]
	[ "$(status digitalocean GET "/v2/snapshots/$image")" = 404 ]
}

@test "DigitalOcean: a shutdown that is ignored leaves power_off" {
	start_emulator
	control POST settings '{"task_lag_s": 1000}'
	id=$(add_machines digitalocean '[{"name": "ws-1"}]')
	fault digitalocean stop ignored
	json digitalocean POST "/v2/droplets/$id/actions" '{"type": "shutdown"}'
	advance 60
	[ "$(json digitalocean GET "/v2/droplets/$id" |
	    jq -r .droplet.status)" = active ]
	json digitalocean POST "/v2/droplets/$id/actions" '{"type": "power_off"}'
	# The action is done a moment before the droplet shows it.
	advance 100
	[ "$(json digitalocean GET "/v2/droplets/$id" |
	    jq -r .droplet.status)" = active ]
	advance 1000
	[ "$(json digitalocean GET "/v2/droplets/$id" |
	    jq -r .droplet.status)" = off ]
	[ "$(emulator_state digitalocean | jq -c '.machines[0].history')" = \
	    '["made","stop ignored","kill"]' ]
}

@test "Linode: an image of the disk, its event, its refusals" {
	start_emulator
	id=$(add_machines linode '[{"name": "ws-1"}]')
	disk=$(json linode GET "/v4/linode/instances/$id/disks" |
	    jq '.data[] | select(.filesystem != "swap") | .id')
	image=$(json linode POST /v4/images \
	    "{\"disk_id\": $disk, \"label\": \"first\"}" | jq -r .id)
	[[ $image == private/* ]]
	slug=${image/\//%2F}
	[ "$(json linode POST /v4/images "{\"disk_id\": $disk}" |
	    jq -r '.errors[0].reason')" = 'Linode busy.' ]
	advance 100
	event() {
		json linode GET /v4/account/events '' -H "X-Filter: $(jq -nc \
		    --argjson id "$id" '{action: "disk_imagize",
		    "entity.type": "linode", "entity.id": $id,
		    "+order_by": "created", "+order": "desc"}')" |
			jq -r ".data[0].$1"
	}
	[ "$(event status)" = started ]
	[ "$(event percent_complete)" -gt 10 ]
	[ "$(json linode GET "/v4/images/$slug" | jq -r .status)" = creating ]
	advance 200
	[ "$(event status)" = finished ]
	[ "$(json linode GET "/v4/images/$slug" | jq -r .status)" = available ]
	create() {
		json linode POST /v4/linode/instances "$(jq -n --arg image \
		    "$image" --argjson more "$1" '{type: "g6-nanode-1", region:
		    "gb-lon", label: "new", image: $image} + $more')"
	}
	create '{}' | grep 'root_pass is required'
	create '{"root_pass": "Long-enough-1", "label": "ws-1"}' |
		grep 'must be unique'
	create '{"root_pass": "Long-enough-1", "label": "a--b"}' | grep Label
	create '{"root_pass": "Long-enough-1"}' | jq -e '.status == "provisioning"'
	emulator_state linode |
		jq -e '.machines[1] | .root_password_sent and .image == "'"$image"'"'
	[ "$(status linode DELETE "/v4/images/$slug")" = 200 ]
}

@test "Linode: a failed image vanishes, and the event says so" {
	start_emulator
	id=$(add_machines linode '[{"name": "ws-1"}]')
	disk=$(json linode GET "/v4/linode/instances/$id/disks" |
	    jq '.data[0].id')
	fault linode image action-error
	json linode POST /v4/images "{\"disk_id\": $disk, \"label\": \"first\"}"
	advance 400
	[ "$(json linode GET /v4/images | jq '[.data[] |
	    select(.is_public | not)] | length')" -eq 0 ]
	[ "$(json linode GET /v4/account/events |
	    jq -r '.data[0].status')" = failed ]
}

@test "Vultr: pending, complete, and never onto a smaller disk" {
	start_emulator
	control POST settings '{"create_s": 1000}'
	id=$(add_machines vultr '[{"name": "ws-1", "size": "vc2-1c-2gb"}]')
	snapshot=$(json vultr POST /snapshots \
	    "{\"instance_id\": \"$id\", \"description\": \"first one\"}" |
	    jq -r .snapshot.id)
	json vultr GET "/snapshots/$snapshot" |
		jq -e '.snapshot | .status == "pending" and .size == 0'
	advance 500
	json vultr GET '/snapshots?description=first%20one' |
		jq -e '.snapshots[0] | .status == "complete" and .size > 0'
	create() {
		status vultr POST /instances "$(jq -n --arg plan "$1" \
		    --arg snapshot "$snapshot" '{region: "ams", plan: $plan,
		    snapshot_id: $snapshot, label: "new",
		    user_data: ("hello" | @base64)}')"
	}
	[ "$(create vc2-1c-1gb)" = 400 ]
	[ "$(create vc2-1c-2gb)" = 202 ]
	emulator_state vultr | jq -e '.machines[1] | .user_data == "hello"'
	new=$(emulator_state vultr | jq -r '.machines[1].id')
	json vultr GET "/instances/$new" | jq -e '.instance |
	    .main_ip == "0.0.0.0" and .power_status == ""'
	advance 1100
	json vultr GET "/instances/$new" | jq -e '.instance | .status == "active"
	    and .power_status == "running" and .server_status == "ok"'
}

@test "Exoscale: the template outlives the instance, its snapshot does not" {
	start_emulator
	id=$(add_machines exoscale '[{"name": "ws-1"}]')
	snapshot() {
		json exoscale POST "/instance/$id:create-snapshot" |
			jq -r .reference.id
	}
	first=$(snapshot)
	[ "$(json exoscale GET "/snapshot/$first" | jq -r .state)" = snapshotting ]
	[ "$(status exoscale POST "/snapshot/$first:promote" \
	    '{"name":"x"}')" = 409 ]
	advance 200
	operation=$(json exoscale POST "/snapshot/$first:promote" \
	    '{"name":"promoted"}' | jq -r .id)
	[ "$(json exoscale GET "/operation/$operation" | jq -r .state)" = pending ]
	json exoscale POST "/snapshot/$first:export"
	advance 60
	[ "$(json exoscale GET "/operation/$operation" | jq -r .state)" = success ]
	body=$(json exoscale GET "/snapshot/$first" | jq -c '{name: "registered",
	    url: .export["presigned-url"], checksum: .export.md5sum,
	    "ssh-key-enabled": true, "password-enabled": false}')
	json exoscale POST /template "$body"
	advance 60
	[ "$(json exoscale GET '/template?visibility=private' |
	    jq -r '[.templates[].name] | sort | join(" ")')" = \
	    'promoted registered' ]
	second=$(snapshot)
	advance 200
	json exoscale DELETE "/snapshot/$first"
	json exoscale DELETE "/instance/$id"
	advance 10
	[ "$(status exoscale GET "/snapshot/$first")" = 404 ]
	[ "$(status exoscale GET "/snapshot/$second")" = 404 ]
	[ "$(json exoscale GET '/template?visibility=private' |
	    jq '.templates | length')" -eq 2 ]
}

@test "what was created appears in lists a little later" {
	start_emulator --appear 1000
	json vultr POST /instances \
	    '{"region": "ams", "plan": "vc2-1c-1gb", "os_id": 2625}'
	[ "$(json vultr GET /instances | jq .meta.total)" -eq 0 ]
	id=$(emulator_state vultr | jq -r '.machines[0].id')
	[ "$(status vultr GET "/instances/$id")" = 200 ]
	advance 1000
	[ "$(json vultr GET /instances | jq .meta.total)" -eq 1 ]
}

@test "limits: headers, 429, and how long to wait" {
	start_emulator --limit-scale 0.01 # windows that outlast a slow machine
	ask digitalocean GET /v2/account '' -D - |
		grep -i 'ratelimit-remaining: 4999'
	for try in 1 2 3 4 5 6 7 8 9 10; do
		[ "$(status digitalocean GET /v2/account/keys)" = 200 ]
	done
	ask digitalocean GET /v2/account/keys '' -D - >"$BATS_TEST_TMPDIR/reply"
	grep -i '^retry-after: [1-9]' "$BATS_TEST_TMPDIR/reply"
	grep too_many_requests "$BATS_TEST_TMPDIR/reply"
	[ "$(status_of <"$BATS_TEST_TMPDIR/reply")" = 429 ]
	advance 6001
	[ "$(status digitalocean GET /v2/account/keys)" = 200 ]

	for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ "$(status linode GET /v4/images)" = 200 ]
	done
	ask linode GET /v4/images '' -D - >"$BATS_TEST_TMPDIR/reply"
	grep -i '^retry-after: [1-9]' "$BATS_TEST_TMPDIR/reply"
	grep -i '^x-ratelimit-limit: 20' "$BATS_TEST_TMPDIR/reply"
	[ "$(status linode GET /v4/profile)" = 200 ]
	control GET 'stats?cloud=linode' |
		jq -e '.throttled == 1 and .operations["list-images"]["200"] == 20'

	header='Authorization: Bearer emulator-token'
	[ "$(curl -q -s -o /dev/null -w '%{http_code}\n' -H "$header" \
	    "$(emulator_url vultr)/account?[1-40]" | grep -c 429)" -eq 10 ]
	control POST settings '{"limits": false}'
	[ "$(status linode GET /v4/images)" = 200 ]
}

@test "faults that put something else in the answer's place" {
	start_emulator
	fault vultr whoami status 1 '{"status": 503, "retry_after": 7}'
	ask vultr GET /account '' -D - >"$BATS_TEST_TMPDIR/reply"
	grep -i '^retry-after: 7' "$BATS_TEST_TMPDIR/reply"
	[ "$(status_of <"$BATS_TEST_TMPDIR/reply")" = 503 ]
	fault vultr whoami status 1 '{"status": 429}'
	ask vultr GET /account '' -D - >"$BATS_TEST_TMPDIR/reply"
	run grep -i '^retry-after' "$BATS_TEST_TMPDIR/reply"
	[ "$status" -eq 1 ]
	fault vultr whoami html
	ask vultr GET /account | grep '^<html>'
	fault vultr whoami redirect 1 '{"location": "https://other.example.test/"}'
	ask vultr GET /account '' -D - |
		grep -i 'location: https://other.example.test/'
	fault vultr whoami invalid-json
	run jq . <<<"$(ask vultr GET /account | body_of)"
	[ "$status" -ne 0 ]
	fault vultr whoami wrong-type 1 '{"member": "account.name"}'
	json vultr GET /account | jq -e '.account.name == 7'
	fault vultr whoami missing-member
	json vultr GET /account | jq -e '.account | has("name") | not'
	fault vultr whoami truncated
	run ask vultr GET /account
	[ "$status" -eq 18 ] # CURLE_PARTIAL_FILE
	fault vultr whoami oversized 1 '{"mb": 3}'
	[ "$(ask vultr GET /account | wc -c)" -gt 3000000 ]
	fault vultr whoami slow 1 '{"ms": 300}'
	began=$(date +%s%N)
	[ "$(status vultr GET /account)" = 200 ]
	[ $((($(date +%s%N) - began) / 1000000)) -ge 300 ]
	[ "$(status vultr GET /account)" = 200 ]
}

@test "a lost reply: before the work, and after it" {
	start_emulator
	body='{"region": "ams", "plan": "vc2-1c-1gb", "os_id": 2625}'
	fault vultr create cut-before
	run ask vultr POST /instances "$body"
	[ "$status" -eq 52 ] # CURLE_GOT_NOTHING
	[ "$(emulator_state vultr | jq '.machines | length')" -eq 0 ]
	fault vultr create cut-after
	run ask vultr POST /instances "$body"
	[ "$status" -eq 52 ]
	[ "$(emulator_state vultr | jq '.machines | length')" -eq 1 ]
	emulator_requests | jq -e 'map(.fault) == ["cut-before", "cut-after"]'
}

@test "work that fails, vanishes, or never ends" {
	start_emulator
	id=$(add_machines vultr '[{"name": "ws-1"}]')
	take() {
		json vultr POST /snapshots "{\"instance_id\": \"$id\"}" |
			jq -r .snapshot.id
	}
	fault vultr image action-error
	failing=$(take)
	fault vultr image vanish
	vanishing=$(take)
	fault vultr image stuck
	stuck=$(take)
	good=$(take)
	advance 100000
	[ "$(json vultr GET "/snapshots/$failing" |
	    jq -r .snapshot.status)" = deleted ]
	[ "$(status vultr GET "/snapshots/$vanishing")" = 404 ]
	[ "$(json vultr GET "/snapshots/$stuck" |
	    jq -r .snapshot.status)" = pending ]
	[ "$(json vultr GET "/snapshots/$good" |
	    jq -r .snapshot.status)" = complete ]

	id=$(add_machines exoscale '[{"name": "ws-1"}]')
	fault exoscale snapshot action-error 1 '{"message": "no room"}'
	operation=$(json exoscale POST "/instance/$id:create-snapshot" |
	    jq -r .id)
	advance 200
	json exoscale GET "/operation/$operation" |
		jq -e '.state == "failure" and .message == "no room"'
}

@test "a fault strikes by operation, count, match, and after skip" {
	start_emulator
	fault '*' whoami status 2 '{"status": 500, "skip": 1}'
	codes=$(for try in 1 2 3 4; do status vultr GET "/account?$try"; done)
	[ "$codes" = "$(printf '%s\n' 200 500 500 200)" ]
	fault vultr '*' status -1 '{"status": 500, "match": "per_page=7"}'
	[ "$(status vultr GET '/instances?per_page=7')" = 500 ]
	[ "$(status vultr GET '/instances?per_page=8')" = 200 ]
	control GET faults | jq -e '.faults[1].count == -1'
	control DELETE faults
	[ "$(status vultr GET '/instances?per_page=7')" = 200 ]
	run control POST faults '{"operation": "whoami", "fault": "nonsense"}'
	[ "$status" -ne 0 ]
	[[ $output == *"no such one: nonsense"* ]]
}

@test "the log tells what was asked, and never the secret" {
	start_emulator
	json linode POST /v4/linode/instances '{"region": "gb-lon", "type":
	    "g6-nanode-1", "image": "linode/debian13",
	    "root_pass": "Very-secret-1"}'
	status vultr GET '/account?x=emulator-token'
	emulator_requests >"$BATS_TEST_TMPDIR/log"
	run grep -c -e Very-secret -e 'Bearer e' "$BATS_TEST_TMPDIR/log"
	[ "$output" -eq 0 ]
	jq -e '.[0] | .operation == "create" and .status == 200 and
	    .authorization == "Bearer" and (.token_in_query | not)' \
	    "$BATS_TEST_TMPDIR/log"
	jq -e '.[1] | .token_in_query' "$BATS_TEST_TMPDIR/log"
	control DELETE requests
	[ "$(emulator_requests)" = '[]' ]
}

@test "time runs as fast as it is told to" {
	start_emulator --speed 1000
	first=$(control GET clock | jq .now)
	sleep 0.2
	second=$(control GET clock | jq .now)
	jq -ne "$second - $first >= 200"
}

@test "a reset forgets everything but its options" {
	start_emulator --no-limits
	add_machines vultr '[{"name": "ws-1"}]'
	fault vultr '*' status -1 '{"status": 500}'
	control POST settings '{"token": "another"}'
	control POST reset
	[ "$(json vultr GET /instances | jq .meta.total)" -eq 0 ]
	header='Authorization: Bearer emulator-token'
	[ "$(curl -q -s -o /dev/null -w '%{http_code}\n' -H "$header" \
	    "$(emulator_url vultr)/account?[1-40]" | grep -c 200)" -eq 40 ]
}

@test "TLS: the test CA's certificate is good, the others are not" {
	test_ca "$BATS_TEST_TMPDIR/ca"
	while read -r name want; do
		start_emulator --tls "$BATS_TEST_TMPDIR/ca/$name.pem" \
		    "$BATS_TEST_TMPDIR/ca/$name.key"
		run curl -q -s --noproxy '*' --cacert "$BATS_TEST_TMPDIR/ca/ca.pem" \
		    -H 'Authorization: Bearer emulator-token' \
		    "$(emulator_url vultr)/account"
		echo "$name: $status"
		[ "$status" -eq "$want" ]
		stop_emulator
	done <<-'TABLE'
	good 0
	expired 60
	wrong-name 60
	unknown-ca 60
	TABLE
}

@test "it ends on SIGTERM, and says wrong use" {
	start_emulator --pid-file "$BATS_TEST_TMPDIR/pid"
	kill "$(cat "$BATS_TEST_TMPDIR/pid")"
	wait "$EMULATOR_PID"
	run "$EMULATOR" --speed none
	[ "$status" -eq 64 ]
	run "$EMULATOR" --help
	[ "$status" -eq 0 ]
}
