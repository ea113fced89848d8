# cloud.bash - an emulated cloud for one scenario: its address and credential,
# machines, time that runs fast for both sides, and questions about its state.
#
# Sourced after OUT, work (a folder) and cloud are set.
here=${BASH_SOURCE[0]%/*}
ROOT=$(cd "$here/../.." && pwd)
OUT=${OUT:-$ROOT/build/${FLAVOUR:-release}}
PATH=$OUT/bin:$OUT/emulator:$PATH
FAST=${FAST:-40} # times as fast: a poll of two seconds takes 50 ms
export PATH

unset ADT_API_URL ADT_CA_FILE BUILD_HOME LD_PRELOAD \
    http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY

# api PATH [JSON] - asks the control address.
api() {
	curl -sS --fail-with-body -o - \
	    ${2:+-X POST -H 'Content-Type: application/json' -d "$2"} \
	    "http://127.0.0.1:$port/control/$1"
}

cloud_start() {
	emulator --port 0 --port-file "$work/port" --no-limits \
	    >"$work/emulator.log" 2>&1 &
	emulator_pid=$!
	trap cloud_stop EXIT
	until [ -s "$work/port" ]; do
		kill -0 "$emulator_pid" || return
		sleep 0.05
	done
	port=$(cat "$work/port")
	umask 077
	case $cloud in
	exoscale) printf '%s\n' 'key: EXOemulator' 'secret: emulator-secret' ;;
	*) echo emulator-token ;;
	esac >"$work/token"
	echo 'Root-password-1!' >"$work/password"
	case $cloud in
	digitalocean) region=lon1 size=s-1vcpu-1gb ;;
	linode) region=gb-lon size=g6-nanode-1 ;;
	vultr) region=lhr size=vc2-1c-1gb ;;
	exoscale) region=ch-gva-2 size=small ;;
	esac
	export region size
	# for adt-cloud, and for scripts that call it
	ADT_API_URL=http://127.0.0.1:$port/$cloud
	export ADT_API_URL
}

cloud_stop() {
	kill "$emulator_pid" 2>/dev/null
	wait "$emulator_pid" 2>/dev/null
}

# cloud_fresh NAME... - a cloud with these machines, running, and nothing else.
cloud_fresh() {
	local names
	api reset '{}' >/dev/null || return
	api settings "{\"speed\": $FAST, \"limit_scale\": $FAST,
	    \"limits\": false, \"image_s\": 20, \"image_gb_s\": 0,
	    \"promote_s\": 10, \"create_s\": 5, \"boot_s\": 5,
	    \"stop_s\": 4, \"appear_s\": 3}" >/dev/null || return
	# where the client's clock began, that it says what the cloud's does
	ADT_CLOCK=$FAST@$(api clock | jq --argjson fast "$FAST" \
	    --argjson real "$(date +%s.%N)" \
	    '($real * $fast - .now) / ($fast - 1) | floor')
	export ADT_CLOCK
	[ $# -eq 0 ] && return
	names=$(printf '{"name": "%s", "disk_gb": 10}\n' "$@" | jq -cs .)
	api machines "{\"cloud\": \"$cloud\", \"machines\": $names}" >/dev/null
}

state() { api "state?cloud=$cloud"; }

# adt COMMAND... - adt-cloud with the emulated cloud.
adt() {
	adt-cloud "$1" --cloud "$cloud" \
	    --credentials "$work/token" --region "$region" "${@:2}"
}

# image_of NAME - makes an image of a machine, prints its id.
image_of() {
	adt capture --journal "$work/journal.$1" --json "x=$1" 2>"$work/image" |
		jq -r '.[0].id'
	rm -f "$work/journal.$1" "$work/journal.$1.lock"
}
