#!/bin/sh
# down.sh - removes the lab's machines and stops its server, so that nothing of it
# runs, is mounted or is a network interface any more. What is kept on disk (the
# pool, the base image) makes the next up.sh fast.
#
# One that died is started once more to take down what it left; what it does
# not, or cannot, is taken down by hand. So it works after SIGKILL of anything.
# shellcheck source-path=SCRIPTDIR
here=$(dirname -- "$0")
# shellcheck source=lab.sh
. "$here/lab.sh"

STOP_WAIT_S=30

usage() {
	cat <<-EOF
	usage: $PROGRAM [--images | --all]
	  --images   also removes every image but $BASE and $BARE
	  --all      removes all of the server's state and the base image's files too
	  LAB_SERVER lxd (default) or incus
	  LAB        state folder, default: build/\$LAB_SERVER of the project
	EOF
}

# remove_machines - what only the server can do well; its network goes with its rules.
remove_machines() {
	client list --format csv -c n </dev/null | while read -r name; do
		client delete --force "$name" </dev/null >&2 ||
		    say "$name: $LAB_SERVER cannot delete it"
	done
	if [ "$images" = yes ]; then
		base=$(for name in "$BASE" "$BARE"; do
			client image info "$name" 2>/dev/null || :
		done | sed -n 's/^Fingerprint: //p')
		client image list --format csv -c F </dev/null |
		    while read -r fingerprint; do
			case $base in *"$fingerprint"*) continue ;; esac
			client image delete "$fingerprint" </dev/null >&2 || :
		done
	fi
	client profile device remove default eth0 >/dev/null 2>&1 || :
	client network delete "$BRIDGE" >/dev/null 2>&1 || :
}

gone() { [ -z "$("$@")" ]; }

# end_all function words... - ends the processes that "function words" lists.
end_all() {
	for signal in TERM KILL; do
		for pid in $("$@"); do
			kill "-$signal" "$pid" 2>/dev/null || :
		done
		! wait_until "$STOP_WAIT_S" gone "$@" || return 0
	done
	die 71 "process $("$@" | tr '\n' ' ')does not end"
}

# machine_pids - the first process of each machine that still runs: with it
# the machine ends, and then its monitor.
machine_pids() {
	for proc in /proc/[0-9]*; do
		line=$(tr '\0' ' ' 2>/dev/null <"$proc/cmdline") || continue
		case $line in
		"[lxc monitor] $SERVER_DIR/containers "*)
			cat "$proc/task/${proc#/proc/}/children" 2>/dev/null || : ;;
		esac
	done
}

kill_machines() {
	for pid in $(machine_pids); do
		kill -KILL "$pid" 2>/dev/null || :
	done
	wait_until "$STOP_WAIT_S" gone machine_pids ||
	    die 71 "a machine does not end: $(machine_pids)"
}

# mounts - the lab's mount points, the innermost first.
mounts() {
	awk -v below="$SERVER_DIR/" 'index($5, below) == 1 { print $5 }' \
	    /proc/self/mountinfo | sort -r
}

unmount_all() {
	mounts | while read -r point; do
		umount "$point" 2>/dev/null || :
	done
	gone mounts
}

# sweep - by hand, what is left when there is no server to ask.
sweep() {
	kill_machines
	end_all lab_pids dnsmasq '*'
	end_all lab_pids "$DAEMON" "*$DAEMON fork*"
	wait_until 10 unmount_all || die 71 "cannot unmount $(mounts | sed 1q)"
	if [ -e "$SERVER_DIR/disks/$POOL.img" ]; then
		losetup -n -O NAME -j "$SERVER_DIR/disks/$POOL.img" |
		    while read -r device; do
			losetup -d "$device" || :
		done
	fi
	ip link delete "$BRIDGE" 2>/dev/null || :
	nft list table inet "$LAB_SERVER" 2>/dev/null | awk '$1 == "chain" { print $2 }' |
	    while read -r chain; do
		case $chain in *."$BRIDGE") nft delete chain inet "$LAB_SERVER" "$chain" ;; esac
	done
}

main() {
	images=no all=no
	case ${1:-} in
	'') ;;
	--images) images=yes ;;
	--all) all=yes ;;
	-h | --help) usage; exit 0 ;;
	*) usage_error "unknown argument $1" ;;
	esac
	[ $# -le 1 ] || usage_error "at most one argument wanted"
	need_root
	[ -d "$LAB" ] || return 0
	enter_lab
	lock_lab
	# Without --all the machines' records must go, and only the server can.
	if [ -d "$SERVER_DIR" ] && ! server_answers; then
		"$here/up.sh" || [ "$all" = yes ] ||
		    say "$LAB_SERVER does not start: its records of machines stay"
	fi
	! server_answers || remove_machines
	end_all daemon_pids
	sweep
	close_view
	[ "$all" = yes ] || return 0
	rm -rf --one-file-system "$LAB/${LAB_SERVER:?}" "$CLIENT_DIR" "$LAB/images" \
	    "$LAB/server.log" "$LAB/server.out" "$LAB/image.log" \
	    "$LAB/root" "$LAB/apt"
}
main "$@"
