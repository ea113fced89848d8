#!/bin/sh
# check.sh - can real machines run here? 0, or 1 and one line saying why not.
# Tries what the server will do in namespaces that end at once, so nothing remains.
# shellcheck source-path=SCRIPTDIR
here=$(dirname -- "$0")
# shellcheck source=lab.sh
. "$here/lab.sh"

usage() { printf 'usage: %s\n' "$PROGRAM"; }

no() { printf '%s\n' "$*"; exit 1; }

# tried words command... - ends with the words when the command fails.
tried() (
	words=$1; shift
	"$@" >/dev/null 2>&1 || no "$words"
)

# need_space - the image, the pool and a few machines fit.
need_space() {
	folder=$LAB
	while [ ! -d "$folder" ]; do folder=$(dirname -- "$folder"); done
	free_kib=$(df -Pk "$folder" | awk 'NR == 2 { print $4 }')
	[ "$free_kib" -ge 4194304 ] || [ -d "$LAB/$LAB_SERVER" ] ||
	    no "$folder has less than 4 GiB free"
}

main() {
	case ${1:-} in
	'') ;;
	-h | --help) usage; exit 0 ;;
	*) usage_error "no arguments wanted" ;;
	esac
	[ "$(uname -s)" = Linux ] || no "LXD machines need Linux"
	[ "$(id -u)" -eq 0 ] || no "only root can start LXD machines"
	for program in "$DAEMON" "$CLIENT" debootstrap mksquashfs unsquashfs dnsmasq nft \
	    setfattr rsync xz zstd ip curl flock unshare setpriv timeout; do
		! is_missing "$program" || exit 1
	done
	grep -q ' - cgroup2\{0,1\} ' /proc/self/mountinfo ||
	    no "no control groups are mounted under /sys/fs/cgroup"
	for file in /etc/subuid /etc/subgid; do
		grep -q '^root:' "$file" || no "root has no range in $file"
	done
	tried "this kernel or container allows no mount namespace" \
	    unshare --mount true || exit 1
	tried "this kernel or container allows no user namespace" \
	    unshare --user --map-root-user true || exit 1
	tried "this kernel or container allows no bridge" \
	    unshare --net ip link add lab0 type bridge || exit 1
	tried "this kernel or container allows no veth pair" \
	    unshare --net ip link add lab0 type veth peer name lab1 || exit 1
	tried "nft cannot filter in this kernel or container" \
	    unshare --net nft add table inet lab || exit 1
	need_space
}
main "$@"
