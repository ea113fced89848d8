#!/bin/sh
# install.sh - the one place that installs system packages: those that are
# missing for the purpose asked for, then make does the rest.
#
# Runs on a bare Debian or Ubuntu: uses nothing but essential packages and apt.
# No package is ever removed for another's sake.
set -eu
PROGRAM=${0##*/}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

usage() {
	cat <<-EOF
	usage: $PROGRAM [--build-home DIR] [--dry-run] [--yes]
	       $PROGRAM --uninstall [--build-home DIR] [--dry-run] [--yes]
	       $PROGRAM --autoscaler | --demo [CLOUD] | --check | --ci | --help
	Installs the Debian packages that are missing, as root. Then, into a build
	home: programs, scripts, settings and the sealing key; what is replaced
	there is kept, and the snapshots of before are taken over.
	  --build-home DIR  default: the one that the toolkit noted, or else
	                    this folder
	  --uninstall       takes all of that back
	  --dry-run         lists what would be done, changes nothing
	  --yes             does not ask
	Or else:
	  --autoscaler    programs and scripts below /usr/local, for
	                  ScaleWebservers.sh on this machine
	  --demo [CLOUD]  runs the whole story, from capture to rebuild. CLOUD is
	                  lxd: real machines, in an LXD of its own under build/;
	                  or digitalocean, exoscale, linode, vultr: on an
	                  emulator of it. Without: lxd where it can run
	  --check         runs every test that needs no LXD
	  --ci            nothing more: all tests and lint can run now
	  --help          this text
	EOF
}

say() { printf '%s\n' "$*" >&2; }
die() { status=$1; shift; say "$PROGRAM: $*"; exit "$status"; }
usage_error() { say "$PROGRAM: $*"; usage >&2; exit 64; }

# packages purpose - their names, one a line.
packages() {
	awk -v purpose="$1" '$1 == purpose { for (i = 2; i <= NF; i++) print $i }' \
	    <<-'TABLE'
	build  gcc make libc6-dev libcurl4-openssl-dev libssl-dev libjansson-dev
	build  libexpat1-dev jq openssl curl openssh-client
	check  bats parallel busybox mksh yash dash bash procps
	check  cloud-init openssh-client openssh-server
	check  nftables iptables iproute2
	emulator  libmicrohttpd-dev procps
	lint   clang clang-format clang-tidy cppcheck shellcheck devscripts mandoc
	fuzz   clang libclang-rt-dev
	lxd    lxd debootstrap squashfs-tools dnsmasq-base nftables attr rsync
	lxd    xz-utils zstd iproute2 btrfs-progs procps openssh-client busybox
	lxd    ceph-mon ceph-osd radosgw uuid-runtime jq curl
	contract  nodejs npm
	datastore  ceph-mon ceph-osd radosgw uuid-runtime curl procps
	datastore  mariadb-server postgresql faketime
	TABLE
}

# provided package - is the program that it is wanted for here, from elsewhere?
# Node.js of another origin conflicts with Debian's npm.
provided() {
	case $1 in
	nodejs) command -v node >/dev/null ;;
	npm) command -v npm >/dev/null ;;
	*) false ;;
	esac
}

# missing purpose... - the packages of these purposes that are not installed.
missing() {
	for purpose; do
		for package in $(packages "$purpose"); do
			! provided "$package" || continue
			# shellcheck disable=SC2016 # dpkg-query fills it in
			dpkg-query -W -f '${db:Status-Status}\n' "$package" \
			    2>/dev/null | grep -qx installed || echo "$package"
		done
	done | sort -u
}

# patiently command... - a mirror that fails once may answer the next time.
patiently() {
	"$@" || { sleep 3; "$@"; } || { sleep 15; "$@"; }
}

apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -y \
	    -o DPkg::Lock::Timeout=300 "$@" </dev/null >&2
}

# install_packages purpose... - those that are missing.
install_packages() {
	for program in apt-get dpkg-query; do
		command -v "$program" >/dev/null || die 69 \
		    "$program is missing: this is not Debian or Ubuntu, and" \
		    "packages are known by name for these only"
	done
	wanted=$(missing "$@" | tr '\n' ' ')
	[ -n "$wanted" ] || return 0
	[ "$(id -u)" -eq 0 ] || die 77 "must run as root to install: $wanted"
	say "installing: $wanted"
	patiently apt update || die 75 "apt-get update failed, see above"
	for package in $wanted; do
		apt-cache show "$package" >/dev/null 2>&1 || die 69 \
		    "this release has no package $package"
	done
	# shellcheck disable=SC2086 # a list of words
	patiently apt install --no-install-recommends --no-remove $wanted ||
		die 75 "apt-get could not install them, see above"
}

# build target [NAME=VALUE]... - by make, on all processors.
build() { exec make -C "$here" -j "$(nproc)" "$@"; }

# real_machines - can they run here? Installs what they need; where they cannot,
# WHY is one line.
real_machines() {
	if [ "$(id -u)" -ne 0 ] && [ -n "$(missing lxd)" ]; then
		WHY="only root can install and start LXD machines"
		return 1
	fi
	WHY=$(install_packages lxd 2>&1 >/dev/null) || {
		WHY=$(printf '%s\n' "$WHY" | tail -n 1)
		return 1
	}
	WHY=$("$here/tests/lxd/check.sh") || {
		WHY=${WHY:-it does not say why}
		return 1
	}
}

# demo [CLOUD] - without one, on real machines where they can run.
demo() {
	case ${1:-} in
	lxd | '') install_packages build ;;
	digitalocean | exoscale | linode | vultr)
		install_packages build emulator
		build demo CLOUD="$1"
		;;
	*) die 64 "--demo $1: one of lxd digitalocean exoscale linode vultr" ;;
	esac
	if real_machines; then build demo CLOUD=lxd; fi
	[ $# -eq 0 ] || die 69 "no real machines can run here: $WHY"
	say "no real machines can run here ($WHY): the story is told on the emulator"
	demo digitalocean
}

# home - into a build home, or out of it.
home() {
	YES='' DRY_RUN='' FOLDER='' COMMAND=install_home
	while [ $# -gt 0 ]; do
		case $1 in
		--build-home)
			[ -n "${2:-}" ] || usage_error "$1 wants a folder"
			FOLDER=$2
			shift
			;;
		--uninstall) COMMAND=uninstall_home ;;
		--dry-run) DRY_RUN=yes ;;
		--yes) YES=yes ;;
		*) usage_error "unknown argument $1" ;;
		esac
		shift
	done
	umask 077
	# shellcheck source=helperscripts/lib/installhome.sh
	. "$here/helperscripts/lib/installhome.sh"
	# shellcheck source=helperscripts/lib/uninstallhome.sh
	. "$here/helperscripts/lib/uninstallhome.sh"
	"$COMMAND" "$FOLDER"
}

# autoscaler - what ScaleWebservers.sh needs, on a machine without a build home.
autoscaler() {
	install_packages build
	install -d -m 755 /etc/adt-snapshots
	install -d -m 700 /etc/adt-snapshots/keys
	make -s -C "$here" -j "$(nproc)" install PREFIX=/usr/local
	say "installed: /usr/local/share/adt-snapshots/helperscripts; the rest" \
	    "is brought by PrepareAutoscaler.sh --no-programs, on the build machine"
}

main() {
	case ${1:-} in
	--demo)
		[ $# -le 2 ] || usage_error "--demo takes one cloud"
		shift
		demo "$@"
		;;
	--check | --ci | --autoscaler | -h | --help)
		[ $# -eq 1 ] || usage_error "$1 takes no argument"
		;;
	esac
	case ${1:-} in
	--check) install_packages build check emulator; build check ;;
	--ci) install_packages build check emulator lint fuzz lxd datastore contract ;;
	--autoscaler) autoscaler ;;
	-h | --help) usage ;;
	*) home "$@" ;;
	esac
}
main "$@"
