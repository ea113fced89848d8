#!/bin/sh
# incus.sh - gets Incus for the lab, where this machine has none: Debian's own
# packages, checked by apt as always, unpacked below $LAB/root. Nothing is
# installed, and apt's settings and lists on this machine stay as they are. Debian
# 12 has Incus in its backports, later ones and Ubuntu have it among the rest.
# shellcheck source-path=SCRIPTDIR
LAB_SERVER=incus
here=$(dirname -- "$0")
# shellcheck source=lab.sh
. "$here/lab.sh"

usage() {
	cat <<-EOF
	usage: $PROGRAM
	  LAB          state folder, default: build/incus of the project
	  LAB_MIRROR   Debian mirror, default: the one this machine's apt uses
	EOF
}

# own_apt program argument... - with this machine's sources and those in
# sources.list here, but lists and packages of its own, so with no lock on those
# of this machine.
own_apt() {
	program=$1
	shift
	"$program" -q -o Dir::Etc::SourceList="$LAB/apt/sources.list" \
	    -o Dir::State::Lists="$LAB/apt/lists" \
	    -o Dir::Cache="$LAB/apt/cache" -o Debug::NoLocking=true \
	    "$@" 2>>"$LAB/incus.log"
}

# write_sources - what this machine's sources lack.
write_sources() {
	{ [ ! -e /etc/apt/sources.list ] || cat /etc/apt/sources.list; } \
	    >"$LAB/apt/sources.list" || return
	if [ "$codename" = bookworm ]; then
		# shellcheck disable=SC2016 # apt-get fills $(SITE)
		mirror=${LAB_MIRROR:-$(apt-get indextargets \
		    --format '$(SITE)' 'Identifier: Packages' \
		    'Origin: Debian' 'Codename: bookworm' \
		    'Component: main' | sed 1q)}
		[ -n "$mirror" ] || return 1
		printf 'deb %s bookworm-backports main\n' "$mirror" \
		    >>"$LAB/apt/sources.list"
	fi
}

# fetch - the packages that Incus wants and this machine has not.
fetch() {
	mkdir -p "$LAB/apt/lists/partial" "$LAB/apt/cache/archives/partial" &&
	    write_sources && own_apt apt-get update >>"$LAB/incus.log" &&
	    own_apt apt-get -y --download-only --no-install-recommends \
		install "$package" >>"$LAB/incus.log"
}

# unpack - into a folder of another name, renamed when whole.
unpack() {
	rm -rf "$LAB/root.making"
	mkdir "$LAB/root.making"
	for deb in "$LAB"/apt/cache/archives/*.deb; do
		dpkg-deb -x "$deb" "$LAB/root.making" || return
	done
	mv "$LAB/root.making" "$LAB/root"
}

main() {
	case ${1:-} in
	'') ;;
	-h | --help) usage; exit 0 ;;
	*) usage_error "no arguments wanted" ;;
	esac
	! command -v incusd >/dev/null || return 0
	need_root
	enter_lab
	lock_lab
	[ ! -d "$LAB/root" ] || return 0
	codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	package=incus-base
	[ "$codename" != bookworm ] || package=$package/bookworm-backports
	say "fetching Incus into $LAB/root"
	fetch || die 75 "no Incus from apt here: see $LAB/incus.log"
	unpack || die 71 "cannot unpack Incus: see $LAB/incus.log"
	rm -rf "$LAB/apt"
}
main "$@"
