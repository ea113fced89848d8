#!/bin/sh
# story.sh - the operator's story from end to end: a fleet is captured, its
# originals are taken down, and it is built again from its images. A random
# token in the machines proves that it is the same fleet.
#
# CLOUD=lxd: on real machines. CLOUD=digitalocean, exoscale, linode or vultr: on
# the emulator. On real machines it ends by building one webserver from packages
# too, beside one from its image; STORY_LONG_WAY=no leaves that out, and
# STORY=ratio leaves out all that is not needed for it.
# shellcheck source-path=SCRIPTDIR
set -eu
umask 077
PROGRAM=${0##*/}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
OUT=$root/build/${FLAVOUR:-release}
PATH=$OUT/bin:$PATH
ADT_BIN=$OUT/bin

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "$PROGRAM" "$*" >&2; exit 1; }

case ${CLOUD:=lxd} in
lxd)
	# shellcheck source=stage-lxd.sh
	. "$here/stage-lxd.sh"
	;;
digitalocean | exoscale | linode | vultr)
	# shellcheck source=stage-emulator.sh
	. "$here/stage-emulator.sh"
	;;
*) die "CLOUD=$CLOUD: one of digitalocean exoscale linode lxd vultr" ;;
esac
BUILD_HOME=$work/home
ADT_SEAL_KEY=$work/seal.key
TOKEN_FILE=$work/token
DB_CREDENTIALS=$work/db_credentials
export CLOUD PATH ADT_BIN BUILD_HOME ADT_SEAL_KEY TOKEN_FILE DB_CREDENTIALS

# timed words command... - runs it and keeps how long it took.
timed() {
	words=$1
	shift
	began=$(date +%s)
	"$@"
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
	stage_clear
	rm -rf "$work"
	mkdir -p "$work"
}

take_down() {
	status=$?
	trap - EXIT INT TERM
	say
	say "taking down what was started"
	stage_end || status=1
	rm -rf "$work"
	exit "$status"
}

# field name - what follows "name=" in the lines on stdin.
field() { sed -n "s/^$1=//p" | sed 1q; }

# set_the_stage - a build home, and the fleet that a build would have made.
set_the_stage() {
	adt-seal keygen "$ADT_SEAL_KEY"
	stage_buildhome >"$work/machines"
	token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	echo "$token" >"$TOKEN_FILE"
	build=$(cat "$BUILD_HOME/runtimedata/ACTIVE_BUILD_IDENTIFIER")
	env_file=$BUILD_HOME/runtimedata/$CLOUD/$build/build_environment
	site=$(field WEBSITE_URL <"$env_file")
	{
		printf 'USERNAME:' && field DB_USERNAME <"$env_file"
		printf 'PASSWORD:' && field DB_PASSWORD <"$env_file"
		printf 'DBNAME:' && field DB_NAME <"$env_file"
	} >"$DB_CREDENTIALS"
	stage_fleet
	stage_prove "the fleet as it was built" <"$DB_CREDENTIALS"
	rm "$DB_CREDENTIALS"
}

# all_new - each machine was started from the recorded image of its type.
all_new() {
	snapshots=$BUILD_HOME/runtimedata/wholemachinebackups/$site/snapshots
	while IFS='=' read -r machine label; do
		recorded=$(adt-snapshot-ids get "$snapshots/snapshot_ids.dat" \
		    "$label")
		now=$(stage_image_of "$machine")
		[ "$now" = "$recorded" ] ||
			die "$machine was started from $now, not $recorded"
	done <"$work/machines"
}

# whole_story - from the fleet as it was built to three webservers of its images.
whole_story() {
	operator ObtainWholeMachineSnapshot.sh --all
	operator VerifySnapshots.sh
	stage_newer
	operator RetireServers.sh --yes
	operator SetBuildFromSnapshot.sh on
	stage_build

	say
	all_new
	adt-seal open --site "$site" --kind db_credentials \
	    "$snapshots/db_credentials.dat" >"$work/opened"
	timed "proved" stage_prove "the fleet from its images" <"$work/opened"
	stage_scale
	[ "${STORY_LONG_WAY:-yes}" = no ] || stage_long_way 4
}

main() {
	cd "$root"
	why=$(stage_check) || die "the story cannot run here: $why"
	say "on $stage_words"
	clear_away
	trap take_down EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	stage_begin
	set_the_stage

	case ${STORY:-} in
	ratio) stage_ratio ;;
	'') whole_story ;;
	*) die "STORY=$STORY: ratio, or nothing for all of it" ;;
	esac
	stage_tell
	say
	cat "$work/times"
	[ ! -e "$work/ratio" ] || cat "$work/ratio"
}
main
