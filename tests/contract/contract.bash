# contract.bash - Prism between our programs and the emulator: it checks every
# request, and every reply, against the vendor's own description.
# The other helpers find everything from the folder that they are in.
BATS_TEST_DIRNAME=${BATS_TEST_DIRNAME%/contract}
load clouds

PRISM=$ROOT/build/prism/node_modules/.bin/prism
OPENAPI_DIR=${OPENAPI_DIR:-$ROOT/../shared/openapi}

# need_descriptions - they are the vendors', and not a part of this project.
need_descriptions() {
	for name in digitalocean exoscale incus linode vultr; do
		[ -r "$OPENAPI_DIR/$name.json" ] || {
			echo "no $name.json in OPENAPI_DIR, $OPENAPI_DIR:" \
			    "README.md says where anyone gets it" >&3
			return 1
		}
	done
	[ -x "$PRISM" ] || {
		echo 'Prism is not installed: make contract does it' >&3
		return 1
	}
}

# start_prism NAME proxy|mock DESCRIPTION [UPSTREAM] - on a free port, which is
# then in PRISM_PORT; the log is in PRISM_LOG.
start_prism() {
	PRISM_LOG=$BATS_TEST_TMPDIR/prism.$1.log
	prism_mode=$2
	prism_file=$OPENAPI_DIR/$3.json
	shift 3
	for prism_try in 1 2 3 4 5; do
		PRISM_PORT=$((20000 + (RANDOM + prism_try) % 12000))
		"$PRISM" "$prism_mode" -h 127.0.0.1 -p "$PRISM_PORT" --errors \
		    "$prism_file" "$@" 3>&- >"$PRISM_LOG" 2>&1 &
		PRISM_PID=$!
		prism_waits=0
		until grep -q 'Prism is listening' "$PRISM_LOG"; do
			kill -0 "$PRISM_PID" 2>/dev/null || break
			[ "$prism_waits" -lt 1200 ] || break
			prism_waits=$((prism_waits + 1))
			sleep 0.1
		done
		! grep -q 'Prism is listening' "$PRISM_LOG" || return 0
		stop_prism
	done
	cat "$PRISM_LOG"
	return 1
}

# stop_prism - no-op where none runs.
stop_prism() {
	[ -n "${PRISM_PID:-}" ] || return 0
	kill "$PRISM_PID" 2>/dev/null || :
	wait "$PRISM_PID" 2>/dev/null || :
	PRISM_PID=
}

# judge CLOUD - the emulator behind Prism; API is Prism's address.
judge() {
	start_cloud "$1"
	start_prism "$1" proxy "$1" "$API"
	API=http://127.0.0.1:$PRISM_PORT
}

checked() { grep -c 'Request received' "$PRISM_LOG" || :; }
violations() {
	grep -cE 'error +(Violation|Request terminated)' "$PRISM_LOG" || :
}
unlisted() { grep -c 'Unable to match the returned status' "$PRISM_LOG" || :; }

# said - Prism's words about violations, each once.
said() {
	sed -n 's/.*error *\(Violation.*\|Request terminated.*\)/\1/p' \
	    "$PRISM_LOG" | sort | uniq -c | head -n 20
}

# verdict NAME [LEAST] - says what Prism saw; fails where it is a violation, or
# less than LEAST requests.
verdict() {
	echo "# $1: $(checked) requests checked, $(violations) violations," \
	    "$(unlisted) replies with a status that is not described" >&3
	[ "$(violations)" -eq 0 ] && [ "$(checked)" -ge "${2:-1}" ]
}

# story - what an operator does with a cloud, from whoami to the end.
story() {
	add_fleet 3
	cloud whoami
	cloud machines
	capture_all --power-off >"$BATS_TEST_TMPDIR/captured"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/captured")" -eq 5 ]
	cloud images
	cloud machines | grep -F -- "$REGION-$BUILD-" | field 1 |
		xargs -n 1 >"$BATS_TEST_TMPDIR/originals"
	# shellcheck disable=SC2046 # a list of words
	cloud power off $(head -n 1 "$BATS_TEST_TMPDIR/originals")
	# shellcheck disable=SC2046 # a list of words
	cloud power on $(head -n 1 "$BATS_TEST_TMPDIR/originals")
	# shellcheck disable=SC2046 # a list of words
	cloud delete-machine $(cat "$BATS_TEST_TMPDIR/originals")
	provision_all >"$BATS_TEST_TMPDIR/provisioned"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/provisioned")" -eq 5 ]
	# shellcheck disable=SC2046 # a list of words
	cloud delete-machine $(field 2 <"$BATS_TEST_TMPDIR/provisioned")
	# shellcheck disable=SC2046 # a list of words
	cloud delete-image $(field 2 <"$BATS_TEST_TMPDIR/captured")
}
