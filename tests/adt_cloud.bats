# adt_cloud.bats - adt-cloud without a cloud: what it refuses, and how.
setup() {
	load helpers
	journal=$BATS_TEST_TMPDIR/journal
}

# write_journal CLOUD FINISHED - a run of one capture, as a killed one left it.
write_journal() {
	cat >"$journal" <<-EOF
	{"format": "adt-snapshots journal 1", "cloud": "$1", "started_s": 1,
	 "targets": [{"goal": 0, "label": "webserver", "machine": "one",
	  "image": "one-20260101T000000Z", "size": "", "vpc": "",
	  "user_data_file": "", "power_off": false, "deadline_s": 0,
	  "restore_power": false, "sent": "image", "sent_s": 1, "tries": 1,
	  "task_id": "", "finished": $2, "machine_id": "one",
	  "image_id": "abc", "region": "local", "machine_size": "",
	  "created": "", "public_ipv4": "", "private_ipv4": "",
	  "size_bytes": 5, "disk_gb": 0}]}
	EOF
	cp "$journal" "$journal.kept"
}

cloud() {
	command=$1
	shift
	adt-cloud "$command" --cloud lxd --api-url unix:/nowhere/unix.socket "$@"
}

@test "says what is wrong, on stderr, with its own status" {
	while IFS='|' read -r want args message; do
		# shellcheck disable=SC2086 # the table's words are arguments
		run --separate-stderr adt-cloud $args
		echo "case: $args -> $status: $stderr"
		[ "$status" -eq "$want" ]
		[ "$output" = "" ]
		[[ $stderr == *"$message"* ]]
	done <<-TABLE
	64||a command is wanted
	64|frobnicate|no such command
	64|machines|--cloud is wanted
	64|machines --cloud mars|no such cloud: mars
	64|machines --cloud lxd --bogus|unknown or incomplete option
	64|machines --cloud lxd --api-url ftp://x|not https://
	64|machines --cloud lxd --api-url unix:/x name|no names are wanted
	64|capture --cloud lxd --api-url unix:/x webserver=one|--journal FILE is wanted
	64|capture --cloud lxd --journal j webserver|LABEL=MACHINE
	64|capture --cloud lxd --journal j webserver=a webserver=b|asked for twice
	64|provision --cloud lxd --journal j a=|NAME=IMAGE
	64|capture --cloud lxd --deadline 0 --journal j|--deadline 0
	64|capture --cloud lxd --progress loud --journal j|--progress loud
	64|power --cloud lxd one|power on or power off
	64|capture --cloud lxd --journal j --abandon|--abandon is for resume
	64|capture --cloud lxd --journal j --at-once 0|--at-once 0: 1 to
	64|resume --cloud lxd --api-url unix:/x|--journal FILE is wanted
	64|resume --cloud lxd --journal j --api-url unix:/x a=b|no names are wanted
	64|delete-machine --cloud lxd --api-url unix:/x|An id is wanted
	75|machines --cloud lxd --api-url unix:/nowhere/socket|lxd: GET /1.0/
	TABLE
}

@test "no journal to finish" {
	run --separate-stderr cloud capture --journal "$journal"
	[ "$status" -eq 1 ]
	[[ $stderr == *"there is no run to finish"* ]]
	[ ! -e "$journal" ]
}

@test "a damaged journal is an error, and stays as it is" {
	for text in '' '{' '[]' '{"format": "other", "cloud": "lxd",
	    "started_s": 1, "targets": []}'; do
		printf '%s' "$text" >"$journal"
		cp "$journal" "$journal.kept"
		run --separate-stderr cloud capture --journal "$journal" \
		    webserver=one
		echo "$status $stderr"
		[ "$status" -eq 65 ]
		[[ $stderr == *"is damaged"* ]]
		cmp "$journal" "$journal.kept"
	done
}

@test "a journal of another run is refused, and stays as it is" {
	write_journal lxd false
	run --separate-stderr cloud capture --journal "$journal" webserver=two
	[ "$status" -eq 65 ]
	[[ $stderr == *"unfinished run"* ]]
	cmp "$journal" "$journal.kept"
	write_journal vultr false
	run --separate-stderr cloud capture --journal "$journal"
	[ "$status" -eq 65 ]
	[[ $stderr == *"is a run on vultr, not on lxd"* ]]
	cmp "$journal" "$journal.kept"
}

@test "a finished run is read again, without a word to the cloud" {
	write_journal lxd true
	run --separate-stderr cloud capture --journal "$journal" webserver=one
	[ "$status" -eq 0 ]
	[[ $output == "webserver"$'\t'"abc"$'\t'"one-20260101T000000Z"* ]]
	run --separate-stderr cloud capture --journal "$journal" --json
	[ "$(jq -r '.[0].id' <<<"$output")" = abc ]
}

@test "resume: says what was under way, and finishes whatever it was" {
	write_journal lxd false
	run --separate-stderr cloud resume --journal "$journal" --dry-run
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = \
	    'an unfinished run on lxd, begun 1970-01-01T00:00:01Z' ]
	[ "${lines[1]}" = "image one-20260101T000000Z of one (webserver): the \
image was asked for at 1970-01-01T00:00:01Z, no answer was noted" ]
	cmp "$journal" "$journal.kept"
	write_journal lxd true
	run --separate-stderr cloud resume --journal "$journal" --json
	[ "$status" -eq 0 ]
	[ "$(jq -r '.[0].id' <<<"$output")" = abc ]
	run --separate-stderr cloud resume --journal "$journal.none"
	[ "$status" -eq 1 ]
	[[ $stderr == *"there is no run to finish"* ]]
}

@test "resume --abandon: what is finished stays, the journal goes" {
	write_journal lxd true
	run --separate-stderr cloud resume --journal "$journal" --abandon
	[ "$status" -eq 0 ]
	[[ $stderr == *"one (webserver): finished, and stays: its id is abc" ]]
	[ ! -e "$journal" ]
}

@test "a run that is being given up is not gone on with" {
	write_journal lxd false
	sed -i 's/"restore_power"/"abandoned": true, &/' "$journal"
	cp "$journal" "$journal.kept"
	for words in "resume" "capture webserver=one" "capture webserver=two"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr cloud $words --journal "$journal"
		echo "$words: $status: $stderr"
		[ "$status" -eq 65 ]
		[[ $stderr == *"is being given up"*"resume --abandon" ]]
		cmp "$journal" "$journal.kept"
	done
	run --separate-stderr cloud resume --journal "$journal" --dry-run
	[[ ${lines[0]} == *", being given up" ]]
}

@test "--help and --version" {
	run --separate-stderr adt-cloud --help
	[ "$status" -eq 0 ]
	[[ $output == *"adt-cloud capture"* ]]
	run --separate-stderr adt-cloud --version
	[[ $output == "adt-cloud "[0-9]* ]]
}

@test "credentials: what was found, for a pipe; nothing where none are wanted" {
	build=$BATS_TEST_TMPDIR/home/runtimedata/c/demo
	mkdir -p "$build"
	while IFS='|' read -r cloud variables; do
		printf '%b' "$variables" >"$build/build_environment"
		run --separate-stderr adt-cloud credentials --cloud "$cloud" \
		    --region r1 --build "$build"
		echo "$cloud: $status: $output: $stderr"
		[ "$status" -eq 0 ]
		[ "$output" = "$(printf '%b' "$variables" | grep -v OTHER)" ]
		# What it prints is what --credentials reads.
		(umask 077 && printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/file")
		printed=$output
		run --separate-stderr adt-cloud credentials --cloud "$cloud" \
		    --region r1 --credentials "$BATS_TEST_TMPDIR/file"
		[ "$output" = "$printed" ]
	done <<-'TABLE'
	vultr|OTHER_TOKEN=x\nTOKEN=abc\n
	linode|TOKEN=a=b:c\n
	exoscale|ACCESS_KEY=EXO1\nOTHER=2\nSECRET_KEY=s/+=\n
	TABLE
	: >"$build/build_environment"
	run --separate-stderr env HOME=/nonexistent adt-cloud credentials \
	    --cloud vultr --build "$build"
	[ "$status" -eq 77 ] && [ "$output" = "" ]
	run --separate-stderr cloud credentials
	[ "$status" -eq 1 ] && [ "$output" = "" ]
	[[ $stderr == *"lxd wants no credentials"* ]]
	# A server of one's own by https wants a certificate and its key.
	crt=$BATS_TEST_TMPDIR/home/.config/lxc/client.crt
	mkdir -p "${crt%/*}"
	echo certificate >"$crt"
	(umask 077 && echo key >"${crt%.crt}.key")
	run --separate-stderr adt-cloud credentials --cloud lxd \
	    --api-url https://127.0.0.1:1 --build "$build"
	echo "lxd: $status: $output: $stderr"
	[ "$status" -eq 0 ] && [ "$output" = "certificate
key" ]
	(umask 077 && printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/pair")
	run --separate-stderr adt-cloud credentials --cloud lxd \
	    --api-url https://127.0.0.1:1 --credentials "$BATS_TEST_TMPDIR/pair"
	[ "$status" -eq 0 ] && [ "$output" = "certificate
key" ]
	chmod 644 "${crt%.crt}.key"
	run --separate-stderr adt-cloud credentials --cloud lxd \
	    --api-url https://127.0.0.1:1 --build "$build"
	[ "$status" -eq 77 ]
	run script -qec "adt-cloud credentials --cloud exoscale --region r1 \
	    --credentials '$BATS_TEST_TMPDIR/file'" /dev/null
	[ "$status" -eq 64 ]
	[[ $output == *"not shown on a terminal"* ]]
	[[ $output != *EXO1* ]]
}
