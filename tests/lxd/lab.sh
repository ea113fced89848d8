#!/bin/sh
# shellcheck disable=SC2034 # the scripts use what is set here
# lab.sh - what the scripts of tests/lxd share; sourced, never run.
#
# The lab is an LXD of our own, or an Incus (LAB_SERVER): its state is in
# $LAB/lxd ($LAB/incus) and its bridge has a name made from $LAB, so two labs, or
# a lab and a server the machine runs already, never meet. A process is the lab's
# when it was started with our LXD_DIR (INCUS_DIR): /proc tells that, so there is
# no pid file that could be stale.
#
# The machines' root is an ordinary user here and must come by, which a clone
# below /root does not let it; and a socket's path is short. So the server knows
# its folder by another path, $LAB mounted once more below /run.
set -eu
PROGRAM=${0##*/}
ROOT=${ROOT:-$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)}
LAB_SERVER=${LAB_SERVER:-lxd}
LAB=${LAB:-$ROOT/build/$LAB_SERVER}
IMAGES=${LAB_IMAGES:-$LAB/images}
POOL=adt
BASE=adt-base
BARE=adt-bare
PATH=$PATH:/usr/sbin:/sbin
export PATH LAB_SERVER

say() { printf '%s\n' "$*" >&2; }
die() { status=$1; shift; say "$PROGRAM: $*"; exit "$status"; }
usage_error() { say "$PROGRAM: $*"; usage >&2; exit 64; }

# The programs of both servers do the same things with the same words.
case $LAB_SERVER in
lxd)
	DAEMON=lxd CLIENT=lxc SET_UP='lxd init --preseed'
	;;
incus)
	DAEMON=incusd CLIENT=incus SET_UP='incus admin init --preseed'
	# Debian's place for the daemon, or where incus.sh unpacked it
	PATH=$PATH:/usr/libexec/incus:$LAB/root/usr/bin:$LAB/root/usr/libexec/incus
	LD_LIBRARY_PATH=$(printf '%s' "$LAB"/root/usr/lib/*-linux-gnu)
	export LD_LIBRARY_PATH
	;;
*) die 64 "LAB_SERVER=$LAB_SERVER: lxd or incus" ;;
esac

client() { "$CLIENT" "$@"; }

# is_missing program - 0 and the sentence on stdout when it is not here.
is_missing() {
	! command -v "$1" >/dev/null || return 1
	remedy='./install.sh --demo lxd installs it'
	case $1 in incus*) remedy='tests/lxd/incus.sh gets it' ;; esac
	printf '%s\n' "$1 is missing: $remedy"
}

need_programs() {
	for program; do
		! sentence=$(is_missing "$program") || die 69 "$sentence"
	done
}

need_root() { [ "$(id -u)" -eq 0 ] || die 77 "only root can do this"; }

# enter_lab - makes the state folder; the client talks to the server in it now.
enter_lab() {
	{ (umask 066 && mkdir -p "$LAB" "$IMAGES") && chmod 711 "$LAB"; } ||
	    die 71 "$LAB: cannot make it"
	LAB=$(CDPATH='' cd -- "$LAB" && pwd)
	IMAGES=$(CDPATH='' cd -- "$IMAGES" && pwd)
	number=$(printf '%s' "$LAB" | cksum)
	number=${number%% *}
	BRIDGE=adt$number
	VIEW=/run/adt-lab-$number
	open_view
	SERVER_DIR=$VIEW/$LAB_SERVER
	CLIENT_DIR=$LAB/client # the user's own could name another server
	unset LXD_REMOTE LXD_PROJECT LXD_SOCKET LXD_DIR LXD_CONF \
	    INCUS_REMOTE INCUS_PROJECT INCUS_SOCKET INCUS_DIR INCUS_CONF
	if [ "$LAB_SERVER" = lxd ]; then
		LXD_DIR=$SERVER_DIR LXD_CONF=$CLIENT_DIR
		export LXD_DIR LXD_CONF
		OURS=LXD_DIR=$SERVER_DIR
	else
		INCUS_DIR=$SERVER_DIR INCUS_CONF=$CLIENT_DIR
		export INCUS_DIR INCUS_CONF
		OURS=INCUS_DIR=$SERVER_DIR
	fi
	export LAB
}

# open_view - mounts $LAB at $VIEW; what the server mounts there stays there.
open_view() {
	! mountpoint -q "$VIEW" || return 0
	{ (umask 022 && mkdir -p "$VIEW") && mount --bind "$LAB" "$VIEW" &&
	    mount --make-private "$VIEW"; } ||
	    die 71 "$VIEW: cannot mount $LAB there"
}

close_view() {
	umount "$VIEW" || die 71 "$VIEW: cannot unmount it"
	rmdir "$VIEW"
}

# lock_lab - one at a time starts, stops or fills the lab. LAB_LOCKED tells a
# script called by another that the lock is held. A daemon gets 9>&-, or it
# would keep the lock.
lock_lab() {
	[ "${LAB_LOCKED:-}" != "$LAB" ] || return 0
	exec 9>"$LAB/lock"
	flock -w 900 9 || die 75 "$LAB/lock: another run holds it"
	LAB_LOCKED=$LAB
	export LAB_LOCKED
}

# wait_until seconds command... - 1 when it does not succeed in time.
wait_until() {
	wait_end=$(($(date +%s) + $1)); shift
	until "$@"; do
		[ "$(date +%s)" -lt "$wait_end" ] || return 1
		sleep 0.5
	done
}

# lab_pids name pattern - the lab's processes of that program whose command
# line, its words joined by spaces, fits the pattern.
lab_pids() {
	for proc in /proc/[0-9]*; do
		{
			[ "$(cat "$proc/comm")" = "$1" ] || continue
			line=$(tr '\0' ' ' <"$proc/cmdline")
			# shellcheck disable=SC2254 # $2 is a pattern
			case $line in $2) ;; *) continue ;; esac
			tr '\0' '\n' <"$proc/environ" |
			    grep -qxF "$OURS" || continue
		} 2>/dev/null # it may end while we look
		printf '%s\n' "${proc#/proc/}"
	done
}

daemon_pids() { lab_pids "$DAEMON" "*$DAEMON --group root *"; }

server_answers() {
	timeout 10 curl -sf --unix-socket "$SERVER_DIR/unix.socket" \
	    http://lxd/1.0 >/dev/null 2>&1
}

need_server() {
	server_answers ||
	    die 69 "no $LAB_SERVER answers in $SERVER_DIR: run tests/lxd/up.sh"
}
