# contract.bats - judged by the vendors: capture, provision, power, delete and
# refusals, with Prism in front of the emulator.
setup_file() {
	load contract
	need_descriptions
}
setup() { load contract; }
teardown() {
	said # shown where the test failed
	stop_prism
	stop_emulator
}

judged() {
	judge "$1"
	story
	# a wrong token, and more images than the account may have
	echo wrong-token >"$BATS_TEST_TMPDIR/wrong"
	chmod 600 "$BATS_TEST_TMPDIR/wrong"
	[ "$CLOUD" = exoscale ] || {
		run adt-cloud whoami --cloud "$CLOUD" --api-url "$API" \
		    --credentials "$BATS_TEST_TMPDIR/wrong"
		[ "$status" -eq 77 ]
	}
	verdict "$1" 50
}

@test "DigitalOcean: no violation in any request or reply" {
	judged digitalocean
}

@test "Exoscale: no violation in any request or reply" {
	judged exoscale
}

@test "Linode: no violation in any request or reply" {
	judged linode
}

@test "Vultr: no violation in any request or reply" {
	judged vultr
}

@test "LXD: every request is one of its API's" {
	start_prism lxd mock incus
	requests lxd >"$BATS_TEST_TMPDIR/requests"
	while IFS=$'\t' read -r method path body; do
		curl -q -s -o "$BATS_TEST_TMPDIR/answer" -X "$method" \
		    -H 'Content-Type: application/json' \
		    ${body:+--data-binary "$body"} \
		    "http://127.0.0.1:$PRISM_PORT$path"
	done <"$BATS_TEST_TMPDIR/requests"
	verdict lxd 14
	[ "$(checked)" -eq "$(wc -l <"$BATS_TEST_TMPDIR/requests")" ]
	# and it would have said so
	curl -q -s -H 'Content-Type: application/json' -d '{"name": 7}' \
	    "http://127.0.0.1:$PRISM_PORT/1.0/instances"
	[ "$(violations)" -ge 1 ]
}

@test "a wrong request is caught, and so is a wrong reply" {
	judge vultr
	add_fleet
	cloud machines >/dev/null
	[ "$(violations)" -eq 0 ]
	curl -q -s -H 'Authorization: Bearer emulator-token' \
	    -H 'Content-Type: application/json' -d '{"plan": 7}' "$API/instances"
	[ "$(violations)" -ge 1 ]
	seen=$(violations)
	fault vultr list-machines wrong-type 1 '{"member": "instances.0.id"}'
	run cloud machines
	[ "$(violations)" -gt "$seen" ]
	# a hidden switch: with it, what Prism saw above is this test's verdict
	[ -z "${CONTRACT_WRONG:-}" ] || verdict wrong
}
