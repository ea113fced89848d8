# emulator.bash - what the tests of the clouds share: an emulator of this test's
# own, and the words to speak to its control address. See emulator/README.md.
load helpers

EMULATOR=$OUT/emulator/emulator
export EMULATOR

# start_emulator [OPTION...] - on a free port; EMULATOR_PORT, EMULATOR_SCHEME.
start_emulator() {
	EMULATOR_SCHEME=http
	case " $* " in
	*' --tls '*) EMULATOR_SCHEME=https ;;
	esac
	rm -f "$BATS_TEST_TMPDIR/emulator.port"
	"$EMULATOR" --port 0 --port-file "$BATS_TEST_TMPDIR/emulator.port" \
	    "$@" 3>&- >"$BATS_TEST_TMPDIR/emulator.log" 2>&1 &
	EMULATOR_PID=$!
	emulator_waits=0
	until [ -s "$BATS_TEST_TMPDIR/emulator.port" ]; do
		if ! kill -0 "$EMULATOR_PID" 2>/dev/null ||
		    [ "$emulator_waits" -ge 200 ]; then
			cat "$BATS_TEST_TMPDIR/emulator.log"
			return 1
		fi
		emulator_waits=$((emulator_waits + 1))
		sleep 0.05
	done
	EMULATOR_PORT=$(cat "$BATS_TEST_TMPDIR/emulator.port")
	export EMULATOR_PORT EMULATOR_SCHEME
}

# start_hurried - one whose time, and that of the programs, runs 100 times as
# fast; with a build home and what runs of scripts leave below this test's.
start_hurried() {
	ADT_RUN_DIR=$BATS_TEST_TMPDIR/run
	BUILD_HOME=$BATS_TEST_TMPDIR/home
	ADT_CLOCK=100@$(date +%s)
	start_emulator --speed 100 --limit-scale 100
	EMULATOR_CONTROL=http://127.0.0.1:$EMULATOR_PORT/control
	export ADT_RUN_DIR BUILD_HOME ADT_CLOCK EMULATOR_CONTROL
}

# stop_emulator - no-op where none runs.
stop_emulator() {
	[ -n "${EMULATOR_PID:-}" ] || return 0
	kill "$EMULATOR_PID" 2>/dev/null || :
	wait "$EMULATOR_PID" 2>/dev/null || :
	EMULATOR_PID=
}

# emulator_url CLOUD - for --api-url.
emulator_url() {
	printf '%s://127.0.0.1:%s/%s\n' "$EMULATOR_SCHEME" "$EMULATOR_PORT" "$1"
}

# control METHOD PATH [JSON] - the control address; fails where it refuses.
control() {
	control_method=$1
	control_path=$2
	set -- ${3+--data-binary "$3"}
	curl -q -s -k -m 20 --noproxy '*' --fail-with-body -X "$control_method" "$@" \
	    "$EMULATOR_SCHEME://127.0.0.1:$EMULATOR_PORT/control/$control_path"
}

# add_machines CLOUD JSON - an array of machines; prints ids, one a line.
add_machines() {
	control POST machines "{\"cloud\": \"$1\", \"machines\": $2}" |
		jq -r '.machines[].id'
}

# fault CLOUD OPERATION FAULT [COUNT [JSON]] - JSON: more members, as an object.
fault() {
	control POST faults "$(jq -n --arg cloud "$1" --arg operation "$2" \
	    --arg fault "$3" --argjson count "${4:-1}" \
	    --argjson more "${5:-"{}"}" \
	    '{cloud: $cloud, operation: $operation, fault: $fault,
	      count: $count} + $more')" >/dev/null
}

# emulator_state CLOUD - in one form for all clouds.
emulator_state() { control GET "state?cloud=$1"; }

# emulator_requests - the log, as a JSON array.
emulator_requests() { control GET requests | jq '.requests'; }

# advance SECONDS - of emulated time.
advance() { control POST clock "{\"advance_s\": $1}" >/dev/null; }

# exoscale_authorization METHOD PATH [BODY] - the header that signs it. PATH
# without /v2, with its query.
exoscale_authorization() {
	exo_expires=$(($(date +%s) + 600))
	exo_query=
	case $2 in
	*\?*) exo_query=${2#*\?} ;;
	esac
	exo_names=$(printf '%s\n' "$exo_query" | tr '&' '\n' | sort |
		sed -n 's/=.*//p' | paste -sd ';' -)
	exo_values=$(printf '%s\n' "$exo_query" | tr '&' '\n' | sort |
		sed -n 's/^[^=]*=//p' | tr -d '\n')
	exo_signature=$(printf '%s /v2%s\n%s\n%s\n\n%s' "$1" "${2%%\?*}" \
	    "${3:-}" "$exo_values" "$exo_expires" |
		openssl dgst -sha256 -hmac "${EXOSCALE_SECRET:-emulator-secret}" \
		    -binary | base64)
	printf 'Authorization: EXO2-HMAC-SHA256 credential=%s%s,expires=%s,%s\n' \
	    "${EXOSCALE_KEY:-EXOemulator}" \
	    "${exo_names:+,signed-query-args=$exo_names}" "$exo_expires" \
	    "signature=$exo_signature"
}

# ask CLOUD METHOD PATH [BODY] [CURL OPTION...] - what a client would; the
# status is the last line. Fails where curl does.
ask() {
	ask_cloud=$1
	ask_method=$2
	ask_path=$3
	ask_body=${4:-}
	shift 3
	[ $# -eq 0 ] || shift
	if [ "$ask_cloud" = exoscale ]; then
		ask_header=$(exoscale_authorization "$ask_method" "$ask_path" \
		    "$ask_body")
	else
		ask_header="Authorization: Bearer ${TOKEN:-emulator-token}"
	fi
	curl -q -s -k -m 20 --noproxy '*' -w '\n%{http_code}\n' -X "$ask_method" \
	    -H "$ask_header" -H 'Content-Type: application/json' \
	    ${ask_body:+--data-binary "$ask_body"} "$@" \
	    "$(emulator_url "$ask_cloud")$ask_path"
}

# body_of / status_of - the parts of what `ask` printed, on stdin.
body_of() { sed '$d'; }
status_of() { tail -n 1; }

# test_ca FOLDER - a CA and certificates of it for 127.0.0.1 and others:
#   ca.pem, other-ca.pem; and NAME.pem, NAME.key for NAME
#   good, expired, wrong-name, unknown-ca
test_ca() {
	ca_folder=$1
	mkdir -p "$ca_folder"
	for ca in ca other-ca; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
		    -nodes -days 30 -subj "/CN=adt test $ca" \
		    -keyout "$ca_folder/$ca.key" -out "$ca_folder/$ca.pem" \
		    2>/dev/null || return
	done
	test_certificate good ca 'IP:127.0.0.1,DNS:localhost' &&
		test_certificate expired ca 'IP:127.0.0.1' past &&
		test_certificate wrong-name ca 'DNS:other.example.test' &&
		test_certificate unknown-ca other-ca 'IP:127.0.0.1'
}

# test_certificate NAME CA NAMES [past] - signed by CA; past: no longer valid.
test_certificate() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj "/CN=adt test $1" -keyout "$ca_folder/$1.key" \
	    -out "$ca_folder/$1.csr" 2>/dev/null || return
	: >"$ca_folder/index.txt"
	printf 'subjectAltName=%s\n' "$3" >"$ca_folder/$1.ext"
	printf '%s\n' '[ca]' 'default_ca = ours' '[ours]' \
	    "database = $ca_folder/index.txt" "new_certs_dir = $ca_folder" \
	    'rand_serial = yes' 'policy = any' 'default_md = sha256' \
	    '[any]' 'commonName = supplied' >"$ca_folder/ca.cnf"
	if [ "${4:-}" = past ]; then
		set -- "$1" "$2" 20200101000000Z 20200201000000Z
	else
		set -- "$1" "$2" "$(date -u -d '1 day ago' +%Y%m%d%H%M%SZ)" \
		    "$(date -u -d '20 days' +%Y%m%d%H%M%SZ)"
	fi
	openssl ca -batch -config "$ca_folder/ca.cnf" -notext \
	    -cert "$ca_folder/$2.pem" -keyfile "$ca_folder/$2.key" \
	    -in "$ca_folder/$1.csr" -out "$ca_folder/$1.pem" \
	    -extfile "$ca_folder/$1.ext" -startdate "$3" -enddate "$4" \
	    2>/dev/null
}
