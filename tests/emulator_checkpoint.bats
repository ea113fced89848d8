# emulator_checkpoint.bats - the emulated clouds, put aside and taken back.
setup() { load emulator; }
teardown() { stop_emulator; }

# shown - of all clouds, what does not change by itself.
shown() { control GET state | jq -S 'del(.[].now)'; }

@test "a restored state is the saved one, as often as it is asked for" {
	start_emulator --speed 1000
	for cloud in digitalocean linode vultr exoscale; do
		add_machines "$cloud" '[{"name": "ws-1", "content": "kept"},
		    {"name": "db-1", "state": "stopped"}]' >/dev/null
	done
	droplet=$(emulator_state digitalocean | jq -r '.machines[0].id')
	ask digitalocean POST "/v2/droplets/$droplet/actions" \
	    '{"type": "snapshot", "name": "ws-1-image"}'
	advance 3600
	shown >"$BATS_TEST_TMPDIR/saved"
	jq -e '.digitalocean.images | map(.name) | index("ws-1-image")' \
	    "$BATS_TEST_TMPDIR/saved"
	control POST save
	for turn in 1 2; do
		image=$(emulator_state digitalocean |
			jq -r '.images[] | select(.name == "ws-1-image").id')
		ask digitalocean DELETE "/v2/snapshots/$image"
		ask digitalocean DELETE "/v2/droplets/$droplet"
		add_machines vultr '[{"name": "new"}]'
		advance 3600
		shown >"$BATS_TEST_TMPDIR/changed.$turn"
		run cmp -s "$BATS_TEST_TMPDIR/saved" \
		    "$BATS_TEST_TMPDIR/changed.$turn"
		[ "$status" -eq 1 ]
		control POST restore
		shown | diff "$BATS_TEST_TMPDIR/saved" -
	done
	control POST reset
	[ "$(emulator_state vultr | jq '.machines | length')" -eq 0 ]
	control POST restore
	shown | diff "$BATS_TEST_TMPDIR/saved" -
}

@test "what was under way when it was saved comes to its end" {
	start_emulator
	id=$(add_machines digitalocean '[{"name": "ws-1"}]')
	ask digitalocean POST "/v2/droplets/$id/actions" '{"type": "shutdown"}'
	control POST save
	advance 60
	[ "$(emulator_state digitalocean | jq -r '.machines[0].state')" = stopped ]
	ask digitalocean POST "/v2/droplets/$id/actions" '{"type": "power_on"}'
	advance 60
	control POST restore
	emulator_state digitalocean |
		jq -e '.machines[0].state == "stopped" and
		    (.tasks | length == 1) and .tasks[0].state == "done"'
}

@test "faults, limits and the log begin anew, settings stay" {
	start_emulator
	control POST save
	control POST settings '{"image_quota": 7, "token": "another"}'
	fault vultr '*' status -1 '{"status": 500}'
	# as many as a second has, and more
	curl -q -s -o /dev/null -H 'Authorization: Bearer another' \
	    "$(emulator_url vultr)/account?[1-20]"
	control POST restore
	[ "$(emulator_requests)" = '[]' ]
	[ "$(control GET faults | jq -c .faults)" = '[]' ]
	[ "$(TOKEN=another ask vultr GET /account | status_of)" = 200 ]
	[ "$(control GET 'stats?cloud=vultr' | jq .requests)" -eq 1 ]
}

@test "without one saved there is none to restore" {
	start_emulator
	add_machines linode '[{"name": "ws-1"}]'
	run control POST restore
	[ "$status" -ne 0 ]
	[[ $output == *'nothing was saved'* ]]
	[ "$(emulator_state linode | jq '.machines | length')" -eq 1 ]
}
