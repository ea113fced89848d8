# https.bats - the server by https, as from another machine: its certificate is
# pinned, ours is trusted or not, and every operation goes that way too.

setup_file() {
	load lxd
	lab_up
	start one
	bridge=$(client query '/1.0/networks?recursion=1' |
	    jq -r '.[] | select(.managed and .type == "bridge")
		| .config."ipv4.address"')
	URL=https://${bridge%/*}:8443
	PAIRS=$BATS_FILE_TMPDIR
	export URL PAIRS
	client config set core.https_address "${bridge%/*}:8443"
	(
		umask 077
		for name in ours nobody other; do pair "$name"; done
	)
	client query -X POST /1.0/certificates -d "$(jq -n \
	    --arg certificate "$(openssl x509 -in "$PAIRS/ours/client.crt" \
		-outform DER | base64 -w 0)" \
	    '{type: "client", name: "tests", certificate: $certificate}')"
}

teardown_file() {
	load lxd
	client config unset core.https_address || :
	lab_clear
}

setup() {
	load lxd
	server=${LXD_DIR:-${INCUS_DIR:-}}/server.crt
}

# pair NAME - a client's certificate and key, as its own client would make them.
pair() {
	mkdir "$PAIRS/$1"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes \
	    -days 30 -subj "/CN=$1" -addext basicConstraints=critical,CA:FALSE \
	    -keyout "$PAIRS/$1/client.key" -out "$PAIRS/$1/client.crt" \
	    2>/dev/null
	cat "$PAIRS/$1/client.crt" "$PAIRS/$1/client.key" >"$PAIRS/$1/both.pem"
}

remote() {
	command=$1
	shift
	adt-cloud "$command" --cloud lxd --api-url "$URL" \
	    --ca-file "$server" --credentials "$PAIRS/ours/both.pem" "$@"
}

@test "the same server and machines as by its socket" {
	remote whoami | diff - <(cloud whoami)
	remote machines | diff - <(cloud machines)
	[ "$(remote machines | cut -f 1)" = one ]

	# as the scripts find all of it
	mkdir -p "$BATS_TEST_TMPDIR/.config/lxc"
	cp "$PAIRS"/ours/client.* "$BATS_TEST_TMPDIR/.config/lxc"
	HOME=$BATS_TEST_TMPDIR ADT_API_URL=$URL ADT_CA_FILE=$server \
	    cloud whoami | diff - <(cloud whoami)
}

@test "a server that is not the pinned one, and a client that it does not trust" {
	while IFS='|' read -r words ca credentials message; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr remote $words --ca-file "$ca" \
		    --credentials "$PAIRS/$credentials/both.pem"
		echo "case: $words $ca $credentials -> $status: $stderr"
		[ "$status" -eq 77 ]
		[[ $stderr == *"$message"* ]]
	done <<-TABLE
	whoami|$PAIRS/other/client.crt|ours|certificate
	delete-machine one|$PAIRS/other/client.crt|ours|certificate
	whoami|$server|nobody|does not trust us
	machines|$server|nobody|lxd:
	delete-machine one|$server|nobody|lxd:
	TABLE
	[ "$(state_of one)" = running ]
}

@test "capture of a running machine, killed; provision; power; deletion" {
	journal=$BATS_TEST_TMPDIR/journal
	adt-cloud capture --cloud lxd --api-url "$URL" --ca-file "$server" \
	    --credentials "$PAIRS/ours/both.pem" --journal "$journal" \
	    webserver=one 3>&- &
	pid=$!
	wait_for 30 publishing
	kill -KILL "$pid"
	wait "$pid" || [ $? -eq 137 ]
	run --separate-stderr remote capture --journal "$journal" --json
	echo "$stderr"
	[ "$status" -eq 0 ]
	image=$(jq -r '.[0].id' <<<"$output")
	[ "$(images_of one)" -eq 1 ]
	[ "$(snapshots_of one)" -eq 0 ]
	[ "$(state_of one)" = running ]

	remote provision --journal "$journal.2" "new=$image"
	[ "$(state_of new)" = running ]
	adt-cloud power off --cloud lxd --api-url "$URL" --ca-file "$server" \
	    --credentials "$PAIRS/ours/both.pem" new
	[ "$(state_of new)" = stopped ]
	remote delete-machine new
	remote delete-image "$image"
	[ "$(images_of one)" -eq 0 ]
	[ -z "$(state_of new)" ]
}
