# emulator_clouds.bats - what the emulator does as one cloud alone does it.
setup() { load emulator_asks; }
teardown() { stop_emulator; }

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
