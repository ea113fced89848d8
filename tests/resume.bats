# resume.bats - a run that is cut short is finished or given up, and no more of a
# fleet is off at a time than was asked for.
setup() {
	export SPEED=50
	load clouds
	start_cloud vultr
}
teardown() { stop_emulator; }

fleet() {
	for name in "$@"; do
		jq -n --arg name "$name" --arg region "$REGION" \
		    '{name: $name, region: $region}'
	done | jq -s . | add_machines "$CLOUD" "$(cat)" >/dev/null
}

# power_order - "stop start ..." as the cloud was asked; a start that is asked
# for again, for want of an effect, counts once.
power_order() {
	emulator_requests | jq -r '.[] | select(.operation == "stop" or
	    .operation == "start") | .operation' | tr '\n' ' ' |
		sed 's/start \(start \)*/start /g'
}

off_now() { [ "$(there '[.machines[] | select(.state != "running")] | length')" -gt 0 ]; }

wait_until() {
	for _ in $(seq 1 400); do
		! "$@" || return 0
		sleep 0.05
	done
	return 1
}

# begin COMMAND... - a run in the background; pid is the program's own.
begin() {
	adt-cloud "$@" --cloud "$CLOUD" --region "$REGION" --api-url "$API" \
	    --credentials "$CREDENTIALS" --journal "$JOURNAL" 2>/dev/null 3>&- &
	pid=$!
}

killed() {
	kill -KILL "$pid"
	wait "$pid" || [ $? -eq 137 ]
}

@test "one webserver of three is off at a time, and the database meanwhile" {
	fleet ws-1 ws-2 ws-3 db
	run --separate-stderr cloud capture --power-off --journal "$JOURNAL" \
	    webserver-1=ws-1 webserver-2=ws-2 webserver-3=ws-3
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$(power_order)" = 'stop start stop start stop start ' ]
	[ "$(there '.images | length')" -eq 3 ]
	[ "$(there '[.machines[].state] | unique | join(" ")')" = running ]
	control DELETE requests >/dev/null
	rm "$JOURNAL"
	cloud capture --power-off --journal "$JOURNAL" webserver-1=ws-1 database=db
	[ "$(power_order)" = 'stop stop start ' ]
}

@test "--at-once says how many" {
	fleet ws-1 ws-2 ws-3
	run --separate-stderr cloud capture --power-off --at-once 3 \
	    --journal "$JOURNAL" webserver-1=ws-1 webserver-2=ws-2 \
	    webserver-3=ws-3
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$(power_order)" = 'stop stop stop start ' ]
}

@test "killed while a source is off: told in words, given up, all as before" {
	fleet ws-1 ws-2
	begin capture --power-off webserver-1=ws-1 webserver-2=ws-2
	wait_until off_now
	killed
	run --separate-stderr cloud resume --dry-run --journal "$JOURNAL"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == "an unfinished run on vultr, begun 20"* ]]
	[[ $output == *"is to be started again"* ]]

	# another run does not take its place
	run --separate-stderr cloud capture --journal "$JOURNAL" webserver=ws-2
	[ "$status" -eq 65 ]
	[[ $stderr == *"unfinished run"* ]]

	run --separate-stderr cloud resume --abandon --journal "$JOURNAL"
	echo "$stderr"
	[ "$status" -eq 0 ]
	[[ $stderr == *"started again, "*"given up"* ]]
	[ "$(there '[.machines[].state] | unique | join(" ")')" = running ]
	[ "$(there '.images | length')" -eq 0 ]
	[ ! -e "$JOURNAL" ]
}

@test "killed while machines are created: given up, they are gone" {
	fleet src
	image=$(cloud capture --journal "$JOURNAL" --json x=src | jq -r '.[0].id')
	rm "$JOURNAL"
	begin provision --size "$SIZE" "new-1=$image" "new-2=$image"
	created() { [ "$(there '.machines | length')" -eq 3 ]; }
	wait_until created
	killed
	run --separate-stderr cloud resume --abandon --journal "$JOURNAL"
	echo "$stderr"
	[ "$status" -eq 0 ]
	[[ $stderr == *"machine removed, given up"* ]]
	[ "$(there '[.machines[].name] | join(" ")')" = src ]
	[ "$(there '.images | length')" -eq 1 ]
}

@test "several signals at once are one: what was stopped runs again" {
	fleet ws-1
	while read -r signals; do
		echo "signals: $signals"
		begin capture --power-off webserver=ws-1
		wait_until off_now
		for signal in $signals; do kill -s "$signal" "$pid"; done
		status=0
		wait "$pid" || status=$?
		[ "$status" -eq 75 ]
		[ "$(there '.machines[0].state')" = running ]
		cloud resume --abandon --journal "$JOURNAL"
	done <<-'TABLE'
	TERM TERM
	HUP HUP
	INT HUP TERM
	TABLE
}

@test "a machine that cannot be started again is named in the last line" {
	fleet ws-1
	fault "$CLOUD" start status -1 '{"status": 403}'
	run --separate-stderr cloud capture --power-off --journal "$JOURNAL" \
	    webserver=ws-1
	echo "$status $stderr"
	[ "$status" -eq 77 ]
	[[ ${stderr_lines[-1]} == *"LEFT OFF: ws-1 "* ]]
	[ "$(jq '.targets[0].restore_power' "$JOURNAL")" = true ]
	control DELETE faults >/dev/null
	cloud capture --power-off --journal "$JOURNAL" webserver=ws-1
	[ "$(there '[.machines[].state] | unique | join(" ")')" = running ]
	[ "$(there '.images | length')" -eq 1 ]
}
