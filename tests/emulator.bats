# emulator.bats - the emulator itself: what every test of a cloud stands on.
setup() { load emulator_asks; }
teardown() { stop_emulator; }

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
