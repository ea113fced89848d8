#!/bin/sh
# rgw.sh - a real S3 server for tests: Ceph RADOS Gateway, in memory, with all
# its files below one folder, which goes when it is taken down.
#
# Its processes are known by their command line, which names the folder's
# ceph.conf: there is no pid file that could be stale, and after a crash of
# anything `down` still finds them. They are ended by SIGKILL: nothing of
# theirs is kept, and slow exits only slow the next start.
set -eu
umask 077
PROGRAM=${0##*/}
ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
PATH=$PATH:/usr/sbin:/sbin
export PATH
START_WAIT_S=120

usage() {
	cat <<-EOF
	usage: $PROGRAM up [--address ADDRESS] [--port PORT] [--mon-port PORT]
	       $PROGRAM down | stop-gateway | kill-gateway | start-gateway | status
	       $PROGRAM user NAME
	  up             starts it, where it does not run yet; prints its base URL
	  down           ends its processes and removes its folder
	  stop-gateway   stops it (SIGSTOP), to be killed while it is asked
	  kill-gateway   kills the gateway alone: the objects stay
	  start-gateway  starts the gateway again, at the same address
	  user           makes another user, with buckets of their own: prints an
	                 environment, as below
	  status         0 and the base URL when it answers, else 1
	Options of all:
	  --folder DIR   where its files are; default: build/rgw of the project
	Options of up:
	  --address A    where the gateway listens; default 127.0.0.1
	  --port P       the gateway's port; default: a free one
	  --mon-port P   the monitor's, on 127.0.0.1; default: a free one
	Left in DIR, mode 0600, for whoever uses it:
	  environment    S3_ACCESS_KEY, S3_SECRET_KEY, S3_HOST_BASE, S3_LOCATION
	                 as a build_environment has them; names below "localhost"
	                 (bucket.localhost) address a bucket too
	tls-url, ca.pem  the same server by https, and who certifies it
	EOF
}

say() { printf '%s\n' "$*" >&2; }
die() { status=$1; shift; say "$PROGRAM: $*"; exit "$status"; }
usage_error() { say "$PROGRAM: $*"; usage >&2; exit 64; }

# pids program - those of this folder.
pids() {
	for proc in /proc/[0-9]*; do
		{
			[ "$(cat "$proc/comm")" = "$1" ] || continue
			tr '\0' '\n' <"$proc/cmdline" |
			    grep -qxF "$DIR/ceph.conf" || continue
		} 2>/dev/null # it may end while we look
		printf '%s\n' "${proc#/proc/}"
	done
}

# signal name program
signal() {
	for pid in $(pids "$2"); do
		kill "-$1" "$pid" 2>/dev/null || :
	done
}

end_all() {
	for program; do
		signal KILL "$program"
	done
	for program; do
		wait_until none_left "$program" ||
			die 71 "$program does not end"
	done
}
none_left() { [ -z "$(pids "$1")" ]; }

# wait_until command... - 1 when it does not succeed in time.
wait_until() {
	wait_end=$(($(date +%s) + START_WAIT_S))
	until "$@"; do
		[ "$(date +%s)" -lt "$wait_end" ] || return 1
		sleep 0.1
	done
}

# free_port first - the first port from there on that nobody listens on.
free_port() (
	port=$1
	while awk -v port="$port" 'BEGIN { port = sprintf(":%04X", port) }
	    $4 == "0A" && substr($2, length($2) - 4) == port { found = 1 }
	    END { exit !found }' /proc/net/tcp /proc/net/tcp6 2>/dev/null; do
		port=$((port + 1))
	done
	printf '%s\n' "$port"
)

random_word() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }

base_url() { sed -n 's/^S3_HOST_BASE=//p' "$DIR/environment" 2>/dev/null; }

answers() {
	url=$(base_url)
	# Another's server at this address is not ours.
	[ -n "$url" ] && [ -n "$(pids radosgw)" ] && curl -s -o /dev/null --noproxy '*' --max-time 5 "$url/"
}

configure() {
	fsid=$(uuidgen)
	cat >"$DIR/ceph.conf" <<-EOF
	[global]
	fsid = $fsid
	mon_host = v2:127.0.0.1:$MON_PORT
	public_addr = 127.0.0.1
	cluster_addr = 127.0.0.1
	auth_cluster_required = none
	auth_service_required = none
	auth_client_required = none
	ms_mon_client_mode = crc
	mon_allow_pool_size_one = true
	mon_warn_on_pool_no_redundancy = false
	osd_pool_default_size = 1
	osd_pool_default_min_size = 1
	osd_pool_default_pg_num = 1
	osd_crush_chooseleaf_type = 0
	osd_objectstore = memstore
	osd_client_watch_timeout = 2
	paxos_propose_interval = 0.05
	run_dir = $DIR
	log_file = $DIR/\$name.log
	mon_data = $DIR/mon
	osd_data = $DIR/osd
	rgw_data = $DIR/radosgw
	keyring = $DIR/keyring
	admin_socket =
	crash_dir = $DIR
	rgw_frontends = beast endpoint=$ADDRESS:$PORT ssl_endpoint=$ADDRESS:$TLS_PORT ssl_certificate=$DIR/server.pem ssl_private_key=$DIR/server.key
	rgw_run_sync_thread = false
	rgw_dns_name = localhost
	EOF
	new_environment "http://$ADDRESS:$PORT" >"$DIR/environment"
	printf 'https://%s:%s\n' "$ADDRESS" "$TLS_PORT" >"$DIR/tls-url"
}

# certify - a certificate authority of the server's own, and its certificate.
certify() {
	quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
	    -nodes -days 2 -subj '/CN=tests authority' \
	    -addext 'keyUsage=critical,keyCertSign' \
	    -keyout "$DIR/ca.key" -out "$DIR/ca.pem"
	quietly openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj '/CN=tests server' -keyout "$DIR/server.key" \
	    -out "$DIR/server.csr"
	printf 'subjectAltName=IP:%s,DNS:tls-bucket.localhost\n' \
	    "$ADDRESS" >"$DIR/server.ext"
	quietly openssl x509 -req -days 2 -in "$DIR/server.csr" \
	    -extfile "$DIR/server.ext" -CA "$DIR/ca.pem" -CAkey "$DIR/ca.key" \
	    -CAcreateserial -out "$DIR/server.pem"
}

# quietly command... - its words are shown only when it fails.
quietly() {
	"$@" </dev/null >"$DIR/command.log" 2>&1 || {
		tail -n 20 "$DIR/command.log" >&2
		die 71 "$1 failed"
	}
}

# daemon program argument... - runs on, with nothing of ours open.
daemon() {
	setsid "$@" -c "$DIR/ceph.conf" -f </dev/null >>"$DIR/daemons.log" 2>&1 \
	    3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
}

start_cluster() {
	conf=$DIR/ceph.conf
	uuid=$(uuidgen)
	mkdir -p "$DIR/mon" "$DIR/osd" "$DIR/radosgw"
	quietly monmaptool --create --fsid "$fsid" \
	    --addv a "[v2:127.0.0.1:$MON_PORT]" "$DIR/monmap"
	quietly ceph-mon -c "$conf" -i a --mkfs --monmap "$DIR/monmap"
	daemon ceph-mon -i a
	quietly timeout 200 ceph -c "$conf" osd new "$uuid" 0
	quietly ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$uuid"
	daemon ceph-osd -i 0
	make_user tests "$DIR/environment"
}

# make_user name environment option...
make_user() {
	user=$1
	file=$2
	shift 2
	quietly timeout 200 radosgw-admin -c "$DIR/ceph.conf" user create \
	    --uid "$user" --display-name "$user" "$@" \
	    --access-key "$(sed -n 's/^S3_ACCESS_KEY=//p' "$file")" \
	    --secret-key "$(sed -n 's/^S3_SECRET_KEY=//p' "$file")"
}

# another_user name - a tenant, so that the names of buckets are its own.
another_user() {
	new_environment "$(base_url)" >"$DIR/environment.$1"
	make_user "$1" "$DIR/environment.$1" --tenant "$1"
	cat "$DIR/environment.$1"
}

# new_environment url - on stdout, with new keys.
new_environment() {
	cat <<-EOF
	S3_ACCESS_KEY=$(random_word 10)
	S3_SECRET_KEY=$(random_word 20)
	S3_HOST_BASE=$1
	S3_LOCATION=us-east-1
	EOF
}

start_gateway() {
	[ -r "$DIR/ceph.conf" ] || die 69 "$DIR: nothing was started there"
	[ -n "$(pids radosgw)" ] || daemon radosgw -n client.rgw
	wait_until answers || {
		tail -n 20 "$DIR/daemons.log" >&2
		die 71 "the gateway does not answer"
	}
}

up() {
	for program in ceph-mon ceph-osd ceph monmaptool radosgw radosgw-admin \
	    uuidgen curl openssl; do
		command -v "$program" >/dev/null || die 69 \
		    "$program is missing: ./install.sh --ci installs it"
	done
	! answers || return 0
	down
	mkdir -p "$DIR"
	trap 'down' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	# Two that start at once do not look for the same ports.
	some=$(($(od -An -N2 -tu2 /dev/urandom) % 1000))
	[ -n "$PORT" ] || PORT=$(free_port $((7480 + some)))
	TLS_PORT=$(free_port $((17480 + some)))
	[ -n "$MON_PORT" ] || MON_PORT=$(free_port $((40000 + some)))
	configure
	certify
	start_cluster
	start_gateway
	trap - EXIT INT TERM
}

down() {
	end_all radosgw ceph-osd ceph-mon
	[ ! -e "$DIR/ceph.conf" ] || rm -rf -- "$DIR"
}

main() {
	ADDRESS=127.0.0.1
	PORT=
	MON_PORT=
	DIR=$ROOT/build/rgw
	[ $# -gt 0 ] || usage_error "a command is wanted"
	command=$1
	shift
	NAME=
	if [ "$command" = user ]; then
		case ${1:-} in
		'' | *[!a-z0-9]*) usage_error "user wants a name of a-z 0-9" ;;
		esac
		NAME=$1
		shift
	fi
	while [ $# -gt 0 ]; do
		case $1 in
		--address | --port | --mon-port | --folder)
			[ $# -ge 2 ] || usage_error "$1 wants a value"
			;;
		esac
		case $1 in
		--address) ADDRESS=$2 ;;
		--port) PORT=$2 ;;
		--mon-port) MON_PORT=$2 ;;
		--folder) DIR=$2 ;;
		*) usage_error "unknown argument $1" ;;
		esac
		shift 2
	done
	case $DIR in /*) ;; *) DIR=$(pwd)/$DIR ;; esac
	case $command in
	up) up; base_url ;;
	down) down ;;
	stop-gateway) signal STOP radosgw ;;
	kill-gateway) end_all radosgw ;;
	start-gateway) start_gateway ;;
	user) another_user "$NAME" ;;
	status) answers || exit 1; base_url ;;
	-h | --help) usage ;;
	*) usage_error "unknown command $command" ;;
	esac
}
main "$@"
