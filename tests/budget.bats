# budget.bats - a fleet at once, below every documented limit of the clouds.
setup() { load clouds; }
teardown() { stop_emulator; }

# fleet COUNT - so many webservers of the build; WORDS, what to capture.
fleet() {
	add_machines "$CLOUD" "$(seq 1 "$1" | jq --arg region "$REGION" \
	    '{name: "ws-\(.)", region: $region}' | jq -s .)" >/dev/null
	WORDS=$(seq 1 "$1" | sed 's/.*/webserver-&=ws-&/')
}

capture_fleet() {
	# shellcheck disable=SC2086 # words
	cloud capture --journal "$JOURNAL" --deadline 120 $WORDS
}

# within CLOUD HOURLY - no 429, and at most 60 % of HOURLY (0: none) used.
within() {
	control GET "stats?cloud=$1" >"$BATS_TEST_TMPDIR/stats"
	jq -c '[.requests, .throttled, .operations]' "$BATS_TEST_TMPDIR/stats"
	jq -e --argjson hourly "$2" '.throttled == 0 and
	    ($hourly == 0 or .requests <= $hourly * 0.6)' \
	    "$BATS_TEST_TMPDIR/stats"
}

@test "200 machines at once: every cloud's limits hold, no 429 is seen" {
	while IFS='|' read -r where speed hourly; do
		echo "cloud: $where"
		SPEED=$speed start_cloud "$where"
		control POST settings '{"image_s": 20, "image_gb_s": 2}'
		JOURNAL=$BATS_TEST_TMPDIR/journal.$where
		fleet 200
		run --separate-stderr capture_fleet
		echo "$status: $stderr"
		[ "$status" -eq 0 ]
		[ "$(wc -l <<<"$output")" -eq 200 ]
		[ "$(there '[.images[] | select(.state == "ready") |
		    .machine] | unique | length')" -eq 200 ]
		within "$where" "$hourly"
		stop_emulator
	done <<-'TABLE'
	digitalocean|60|5000
	linode|60|0
	vultr|10|0
	TABLE
}

@test "machines are created no faster than Linode allows" {
	SPEED=60 start_cloud linode
	fleet 1
	capture_fleet >"$BATS_TEST_TMPDIR/captured"
	image=$(field 2 <"$BATS_TEST_TMPDIR/captured")
	rm -f "$JOURNAL"
	# shellcheck disable=SC2046 # words
	run --separate-stderr cloud provision --journal "$JOURNAL" \
	    --size "$SIZE" --root-password "$BATS_TEST_TMPDIR/root-password" \
	    $(seq 1 60 | sed "s|.*|new-&=$image|")
	echo "$status: $stderr"
	[ "$status" -eq 0 ]
	[ "$(there '[.machines[] | select(.name | startswith("new-"))] |
	    length')" -eq 60 ]
	within linode 0
}

@test "processes with one token share its budget" {
	SPEED=1 start_cloud linode
	fleet 1
	pids=
	for n in 1 2 3 4 5 6; do
		cloud images >"$BATS_TEST_TMPDIR/images.$n" &
		pids="$pids $!"
	done
	# shellcheck disable=SC2086 # words
	wait $pids
	within linode 0
	# six lists of images in a burst are more than one process's four
	[ "$(jq '.operations["list-images"]["200"]' \
	    "$BATS_TEST_TMPDIR/stats")" -ge 4 ]
	ls "$ADT_RUN_DIR"
	[ "$(find "$ADT_RUN_DIR" -name 'budget-*' | wc -l)" -eq 1 ]
	run ! grep -rq emulator-token "$ADT_RUN_DIR"
}

@test "load from outside is waited for, and none of it reaches the operator" {
	SPEED=60 start_cloud digitalocean
	fleet 40
	fault digitalocean '*' status 30 '{"status": 429, "retry_after": 5}'
	run --separate-stderr capture_fleet
	echo "$status: $stderr"
	[ "$status" -eq 0 ]
	[ "$stderr" = "" ]
	[ "$(there '.images | length')" -eq 40 ]
}
