# https.bats - a server of one's own by https: its certificate, and ours. The
# server is openssl's; on a real LXD: tests/lxd/https.bats.
setup() {
	load helpers
	export HOME=$BATS_TEST_TMPDIR/home
	folder=$BATS_TEST_TMPDIR
	mkdir "$HOME"
	umask 077
	certificate server DNS:elsewhere.example.test
	certificate other DNS:elsewhere.example.test
	certificate client DNS:client
	cat "$folder/client.crt" "$folder/client.key" >"$folder/client.pem"
}

teardown() { stop_server; }

# certificate NAME SUBJECT - one that signs for itself and no other, as LXD's.
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -days 30 -subj "/CN=adt test $1" -addext "subjectAltName=$2" \
	    -addext basicConstraints=critical,CA:FALSE \
	    -keyout "$folder/$1.key" -out "$folder/$1.crt" 2>/dev/null
}

# start_server - answers /1.0 to whoever shows client.crt; PORT.
start_server() {
	{
		printf 'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n'
		cat "$ROOT/tests/replies/lxd/server.json"
	} >"$folder/1.0"
	(
		cd "$folder" || exit
		exec openssl s_server -accept 127.0.0.1:0 -HTTP -Verify 1 \
		    -verify_return_error -CAfile client.crt \
		    -cert server.crt -key server.key 3>&- >server.log 2>&1
	) &
	SERVER_PID=$!
	waits=0
	until PORT=$(sed -n 's/^ACCEPT 127.0.0.1://p' "$folder/server.log" |
	    sed 1q) && [ -n "$PORT" ]; do
		waits=$((waits + 1))
		[ "$waits" -lt 200 ]
		sleep 0.05
	done
}

stop_server() {
	[ -n "${SERVER_PID:-}" ] || return 0
	kill "$SERVER_PID" 2>/dev/null || :
	wait "$SERVER_PID" 2>/dev/null || :
	SERVER_PID=
}

whoami() {
	run --separate-stderr adt-cloud whoami --cloud lxd \
	    --api-url "https://127.0.0.1:${PORT:-1}" "$@"
	echo "$* -> $status: $output $stderr"
}

@test "the pinned server by any name, with our certificate; no other server" {
	start_server
	whoami --ca-file "$folder/server.crt" --credentials "$folder/client.pem"
	[ "$status" -eq 0 ]
	[[ $output == lxd$'\t'lxd\ * ]]
	ADT_CA_FILE=$folder/server.crt \
	    whoami --credentials "$folder/client.pem"
	[ "$status" -eq 0 ]

	# another key; the system's certificates; two, which are no pin
	whoami --ca-file "$folder/other.crt" --credentials "$folder/client.pem"
	[ "$status" -eq 77 ]
	[[ $stderr == *certificate* ]]
	whoami --credentials "$folder/client.pem"
	[ "$status" -eq 77 ]
	cat "$folder/server.crt" "$folder/other.crt" >"$folder/two.crt"
	whoami --ca-file "$folder/two.crt" --credentials "$folder/client.pem"
	[ "$status" -eq 77 ]
	[[ $stderr == *"127.0.0.1"* ]]
}

@test "the same name and another key is not the pinned server" {
	cp "$folder/server.crt" "$folder/pinned.crt"
	certificate server DNS:elsewhere.example.test
	start_server
	whoami --ca-file "$folder/pinned.crt" --credentials "$folder/client.pem"
	[ "$status" -eq 77 ]
}

@test "our pair is found where the client keeps it" {
	start_server
	whoami --ca-file "$folder/server.crt"
	[ "$status" -eq 77 ]
	[[ $stderr == *"lxd: https wants a client certificate"*--credentials* ]]
	mkdir -p "$HOME/.config/lxc"
	cp "$folder"/client.crt "$folder"/client.key "$HOME/.config/lxc"
	whoami --ca-file "$folder/server.crt"
	[ "$status" -eq 0 ]

	# that of the build home comes first; by this one we are nobody
	mkdir -p "$folder/build/.config/incus" "$folder/build/runtimedata/lxd/b"
	cp "$folder/other.crt" "$folder/build/.config/incus/client.crt"
	cp "$folder/other.key" "$folder/build/.config/incus/client.key"
	whoami --ca-file "$folder/server.crt" \
	    --build "$folder/build/runtimedata/lxd/b" --deadline 1
	[ "$status" -ne 0 ]
	cp "$folder"/client.crt "$folder"/client.key \
	    "$folder/build/.config/incus"
	rm -r "$HOME/.config"
	whoami --ca-file "$folder/server.crt" \
	    --build "$folder/build/runtimedata/lxd/b"
	[ "$status" -eq 0 ]
}

@test "files that cannot be used are named, and nothing is asked" {
	cp "$folder/client.pem" "$folder/loose.pem"
	chmod 640 "$folder/loose.pem"
	cat "$folder/client.crt" "$folder/other.key" >"$folder/mixed.pem"
	openssl pkcs8 -topk8 -in "$folder/client.key" -passout pass:word |
		cat "$folder/client.crt" - >"$folder/locked.pem"
	echo nothing >"$folder/nothing"
	while IFS='|' read -r want credentials ca message; do
		whoami --credentials "$folder/$credentials" \
		    --ca-file "$folder/$ca" </dev/null
		[ "$status" -eq "$want" ]
		[[ $stderr == *"$message"* ]]
	done <<-'TABLE'
	77|loose.pem|server.crt|loose.pem has mode 0640: others may read it; chmod 600
	65|mixed.pem|server.crt|is not the key of
	77|locked.pem|server.crt|its key wants a pass phrase
	65|client.key|server.crt|client.key: no certificate in it
	65|client.crt|server.crt|client.crt: no private key in it
	65|nothing|server.crt|no certificate in it (PEM)
	65|none|server.crt|none: no such file
	65|client.pem|nothing|nothing: no certificate in it (PEM)
	65|client.pem|none|none: no such file
	TABLE
}

@test "a datastore whose certificate is not trusted gets no try again" {
	start_server
	printf '%s\n' S3_ACCESS_KEY=a S3_SECRET_KEY=verysecret \
	    "S3_HOST_BASE=127.0.0.1:$PORT" >"$folder/build_environment"
	run --separate-stderr adt-datastore list --build "$folder" bucket
	echo "$status: $stderr"
	[ "$status" -eq 77 ]
	[[ $stderr == *certificate* ]]
}
