#!/bin/sh
# up.sh - starts the lab's server, or finds it running, and sets it up: a storage
# pool, a bridge without translation of addresses and so without a way out (with
# its routing off, machines could not reach each other either where the host
# filters bridges), the default profile. Says nothing on stdout.
# Every step looks before it acts, so a killed run is completed by the next.
# shellcheck source-path=SCRIPTDIR
here=$(dirname -- "$0")
# shellcheck source=lab.sh
. "$here/lab.sh"

START_WAIT_S=60

usage() {
	cat <<-EOF
	usage: $PROGRAM [--where]
	  --where        only print its LXD_DIR (INCUS_DIR)
	  LAB_SERVER     lxd (default) or incus
	  LAB            state folder, default: build/\$LAB_SERVER of the project
	  LAB_POOL       btrfs or dir, default: btrfs where it works
	  LAB_POOL_GIB   size of the btrfs pool's file (sparse), default: 20
	EOF
}

start_daemon() {
	[ -z "$(daemon_pids)" ] || return 0
	rm -f "$SERVER_DIR/unix.socket"
	say "starting $DAEMON in $SERVER_DIR"
	# Passers-by must get in, whatever the caller's umask is.
	(umask 022 && mkdir -p "$SERVER_DIR") && chmod 711 "$SERVER_DIR"
	umask 022
	setsid "$DAEMON" --group root --logfile "$LAB/server.log" \
	    </dev/null >>"$LAB/server.out" 2>&1 9>&- &
}

# free_range - prints the first ADDRESS/24 no route of this machine touches.
# Where it begins to look depends on the lab, so two labs seldom meet.
free_range() {
	try=0
	while [ "$try" -lt 100 ]; do
		third=$(((number + try) % 250 + 1))
		range=10.213.$third.0/24
		try=$((try + 1))
		[ -z "$(ip -4 route show table all root "$range")" ] || continue
		! ip -4 route show table all match "$range" |
		    grep -qv '^default' || continue
		printf '%s\n' "10.213.$third.1/24"
		return 0
	done
	return 1
}

have_pool() {
	client storage list --format csv </dev/null 2>>"$LAB/server.out" |
	    grep -q "^$POOL,.*,CREATED\$"
}

make_pool() {
	if [ "${LAB_POOL:-btrfs}" = btrfs ]; then
		client storage create "$POOL" btrfs size="${LAB_POOL_GIB:-20}GiB" \
		    </dev/null >>"$LAB/server.out" 2>&1 && return 0
		say "no btrfs pool here: taking plain folders"
	fi
	client storage create "$POOL" dir </dev/null >>"$LAB/server.out" 2>&1
}

set_up() {
	if ! have_pool; then
		# One that was begun and not finished is of no use.
		client storage delete "$POOL" >/dev/null 2>&1 || :
		make_pool || return 1
	fi
	address=$(client network get "$BRIDGE" ipv4.address 2>/dev/null) ||
	    address=$(free_range) || return 1
	# zstd makes an image in a quarter of gzip's time
	$SET_UP >>"$LAB/server.out" 2>&1 <<-EOF
	config:
	  images.compression_algorithm: zstd
	networks:
	- name: $BRIDGE
	  type: bridge
	  config:
	    ipv4.address: $address
	    ipv4.nat: "false"
	    ipv4.routing: "true"
	    ipv6.address: none
	profiles:
	- name: default
	  devices:
	    root:
	      type: disk
	      path: /
	      pool: $POOL
	    eth0:
	      type: nic
	      name: eth0
	      network: $BRIDGE
	EOF
}

main() {
	case ${1:-} in
	'') ;;
	--where) enter_lab; printf '%s\n' "$SERVER_DIR"; exit 0 ;;
	-h | --help) usage; exit 0 ;;
	*) usage_error "unknown argument $1" ;;
	esac
	why=$("$here/check.sh") || die 69 "$why"
	enter_lab
	lock_lab
	# With settings of its own the client does not greet a newcomer.
	mkdir -p "$CLIENT_DIR"
	[ -e "$CLIENT_DIR/config.yml" ] || echo '{}' >"$CLIENT_DIR/config.yml"
	server_answers || start_daemon
	wait_until "$START_WAIT_S" server_answers ||
	    die 75 "$DAEMON does not answer after $START_WAIT_S s: see $LAB/server.log"
	set_up || die 71 "$DAEMON refuses its set-up: see $LAB/server.out"
}
main "$@"
