# shellcheck shell=sh disable=SC2034,SC2154 # what story.sh sets and reads
# stage-lxd.sh - the story on real machines: what they are, and that they hold
# what they held; sourced by story.sh.

stage_words="real machines"
LAB=${LAB:-$root/build/lxd}
work=$LAB/story
unset ADT_API_URL INCUS_DIR
export LAB

stage_check() { "$root/tests/lxd/check.sh"; }

stage_clear() { [ ! -e "$work" ] || "$root/tests/lxd/down.sh" --images; }

stage_begin() {
	timed "LXD, started" "$root/tests/lxd/up.sh"
	LXD_DIR=$("$root/tests/lxd/up.sh" --where)
	export LXD_DIR
	timed "the base image, made once" "$root/tests/lxd/image.sh"
}

stage_buildhome() { "$root/tests/lxd/buildhome.sh" "$BUILD_HOME"; }

# stage_fleet - the machines of the build, with the token on page and row.
stage_fleet() {
	# shellcheck disable=SC2046 # words, one a machine
	timed "the fleet, built the long way" \
	    "$root/tests/lxd/fleet.sh" up $(cat "$work/machines")
	web=$(sed -n 's/=webserver$//p' "$work/machines")
	database=$(sed -n 's/=database$//p' "$work/machines")
}

# stage_prove whose - page and row hold the token; database credentials on
# stdin.
stage_prove() {
	row=$("$root/tests/lxd/fleet.sh" fetch-row "$database")
	page=$("$root/tests/lxd/fleet.sh" fetch-page "$web" </dev/null)
	case $page in
	*"$token"*) ;;
	*) die "$1: the page does not hold $token: $page" ;;
	esac
	[ "$row" = "$token" ] || die "$1: the row holds '$row', not $token"
	say "$1: page and row hold the token $token"
}

# stage_image_of machine - the image that it was started from.
stage_image_of() { lxc config get "$1" volatile.base_image </dev/null; }

stage_end() { "$root/tests/lxd/down.sh" --images; }

stage_build() { operator BuildFromSnapshots.sh --yes; }

# stage_tell - nothing more to tell here.
stage_tell() { :; }
