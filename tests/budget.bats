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
	SPEED=15 start_cloud linode
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

@test "two captures at once on one token: together below every limit" {
	while IFS='|' read -r where speed hourly; do
		echo "cloud: $where"
		SPEED=$speed start_cloud "$where"
		control POST settings '{"image_s": 20, "image_gb_s": 2}'
		fleet 80
		pids=
		for part in 0 1; do
			# shellcheck disable=SC2046 # words
			cloud capture --journal "$BATS_TEST_TMPDIR/$where.$part" \
			    --deadline 120 $(xargs -n 1 <<<"$WORDS" |
				awk -v part="$part" 'NR % 2 == part') \
			    >"$BATS_TEST_TMPDIR/rows.$part" 3>&- &
			pids="$pids $!"
		done
		for pid in $pids; do wait "$pid"; done
		[ "$(cat "$BATS_TEST_TMPDIR"/rows.? | wc -l)" -eq 80 ]
		within "$where" "$hourly"
		stop_emulator
	done <<-'TABLE'
	digitalocean|60|5000
	linode|60|0
	TABLE
}

@test "a budget that is damaged, not ours to write, or held: it goes on alone" {
	start_cloud linode
	fleet 1
	cloud images
	file=$(find "$ADT_RUN_DIR" -name 'budget-*')
	head -c 400 /dev/urandom >"$file"
	run -0 --separate-stderr cloud images
	rm "$file"
	mkdir "$file"
	run -0 --separate-stderr cloud images
	rmdir "$file"
	cloud images
	# stopped in the middle, it would hold the file for ever
	flock "$file" sleep 60 3>&- &
	holder=$!
	sleep 0.5
	run --separate-stderr timeout 30 adt-cloud images --cloud linode \
	    --api-url "$API" --credentials "$CREDENTIALS"
	kill "$holder"
	[ "$status" -eq 0 ]
	[ "$stderr" = "" ]
}
