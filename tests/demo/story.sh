#!/bin/sh
# story.sh - the operator's story from end to end, on real machines: a fleet is
# captured, its originals are taken down, and it is built again from its images.
# A page and a table row with a random token prove that it is the same fleet.
set -eu
umask 077
PROGRAM=${0##*/}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
stage=$root/tests/${CLOUD:=lxd}
LAB=${LAB:-$root/build/lxd}
work=$LAB/story
OUT=$root/build/${FLAVOUR:-release}
PATH=$OUT/bin:$PATH
ADT_BIN=$OUT/bin
BUILD_HOME=$work/home
ADT_SEAL_KEY=$work/seal.key
TOKEN_FILE=$work/token
DB_CREDENTIALS=$work/db_credentials
export LAB PATH ADT_BIN BUILD_HOME ADT_SEAL_KEY TOKEN_FILE DB_CREDENTIALS
unset ADT_API_URL INCUS_DIR

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "$PROGRAM" "$*" >&2; exit 1; }

# timed words command... - runs it and keeps how long it took.
timed() {
	words=$1
	shift
	began=$(date +%s)
	"$@" || exit
	printf '%4d s  %s\n' "$(($(date +%s) - began))" "$words" >>"$work/times"
}

# operator command... - one of the operator's own commands, shown and run.
operator() {
	say
	say "\$ helperscripts/$*"
	script=$1
	shift
	timed "$script" "$root/helperscripts/$script" "$@"
}

# clear_away - what an earlier, interrupted story left.
clear_away() {
	[ ! -e "$work" ] || "$stage/down.sh" --images
	rm -rf "$work"
	mkdir -p "$work"
}

take_down() {
	status=$?
	trap - EXIT INT TERM
	say
	say "taking down what was started"
	"$stage/down.sh" --images || status=1
	rm -rf "$work"
	exit "$status"
}

# field name - what follows "name:" in the lines on stdin.
field() { sed -n "s/^$1=//p" | sed 1q; }

# set_the_stage - a build home, and the fleet that a build would have made.
set_the_stage() {
	adt-seal keygen "$ADT_SEAL_KEY"
	"$stage/buildhome.sh" "$BUILD_HOME" >"$work/machines"
	od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$TOKEN_FILE"
	echo >>"$TOKEN_FILE"
	env_file=$BUILD_HOME/runtimedata/lxd/demo/build_environment
	{
		printf 'USERNAME:' && field DB_USERNAME <"$env_file"
		printf 'PASSWORD:' && field DB_PASSWORD <"$env_file"
		printf 'DBNAME:' && field DB_NAME <"$env_file"
	} >"$DB_CREDENTIALS"
	# shellcheck disable=SC2046 # words, one a machine
	timed "the fleet, built the long way" \
	    "$stage/fleet.sh" up $(cat "$work/machines")
	web=$(sed -n 's/=webserver$//p' "$work/machines")
	database=$(sed -n 's/=database$//p' "$work/machines")
	prove "the fleet as it was built" <"$DB_CREDENTIALS"
	rm "$DB_CREDENTIALS"
}

# prove whose - page and row hold the token; database credentials on stdin.
prove() {
	token=$(cat "$TOKEN_FILE")
	row=$("$stage/fleet.sh" fetch-row "$database")
	page=$("$stage/fleet.sh" fetch-page "$web" </dev/null)
	case $page in
	*"$token"*) ;;
	*) die "$1: the page does not hold $token: $page" ;;
	esac
	[ "$row" = "$token" ] || die "$1: the row holds '$row', not $token"
	say "$1: page and row hold the token $token"
}

# is_new machine - it was started from the recorded image of its type.
is_new() {
	recorded=$(adt-snapshot-ids get "$snapshots/snapshot_ids.dat" "$2")
	now=$(lxc config get "$1" volatile.base_image </dev/null)
	[ "$now" = "$recorded" ] || die "$1 was started from $now, not $recorded"
}

main() {
	why=$("$stage/check.sh") || die "no real machines can run here: $why"
	clear_away
	trap take_down EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	timed "LXD, started" "$stage/up.sh"
	LXD_DIR=$("$stage/up.sh" --where)
	export LXD_DIR
	timed "the base image, made once" "$stage/image.sh"
	set_the_stage

	operator ObtainWholeMachineSnapshot.sh --all
	operator VerifySnapshots.sh
	operator RetireServers.sh --yes
	operator SetBuildFromSnapshot.sh on
	operator BuildFromSnapshots.sh --yes

	say
	snapshots=$BUILD_HOME/runtimedata/wholemachinebackups/www.demo.test/snapshots
	is_new "$web" webserver
	is_new "$database" database
	adt-seal open --site www.demo.test --kind db_credentials \
	    "$snapshots/db_credentials.dat" >"$work/opened"
	timed "page and row, fetched" prove "the fleet from its images" \
	    <"$work/opened"
	say
	cat "$work/times"
}
main
