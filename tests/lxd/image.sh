#!/bin/sh
# image.sh - makes the images of the lab's machines, once: Debian with systemd,
# cloud-init and ssh (adt-bare), and the same with nginx, PHP and MariaDB
# (adt-base), since the machines have no way out to fetch them. The packages that
# lie between the two are kept as a package repository, so that a machine can be
# built the long way too, and that be timed; and so are some that no machine has.
#
# The files lie in $IMAGES/adt-base.$RECIPE; they are made in a folder of
# another name and renamed when whole. All mounts live in a mount namespace of
# their own, so a killed run leaves none behind.
# shellcheck source-path=SCRIPTDIR
here=$(dirname -- "$0")
# shellcheck source=lab.sh
. "$here/lab.sh"
umask 022 # files of the image, which its services read

RECIPE=3 # counts up when anything below changes what the image holds
SUITE=bookworm
BARE_PACKAGES='udev dbus cloud-init openssh-server sudo curl ca-certificates
	rsync'
PACKAGES='nginx-light php-fpm php-mysql mariadb-server'
# What an autoscaler is to install by itself: in the repository, and in no image.
LATER_PACKAGES='jq curl ca-certificates openssh-client libjansson4 libexpat1'

usage() {
	cat <<-EOF
	usage: $PROGRAM [--bare | --where]
	  --bare       the server is given adt-bare too
	  --where      only print the folder of the images' files, which has the
	               package repository in repository/
	  LAB_SERVER   lxd (default) or incus
	  LAB          state folder, default: build/\$LAB_SERVER of the project
	  LAB_IMAGES   where the files are, default: \$LAB/images
	  LAB_MIRROR   Debian mirror, default: the one this machine's apt uses
	EOF
}

# find_mirror - the address this machine's apt has for Debian's main archive.
find_mirror() {
	if [ -n "${LAB_MIRROR:-}" ]; then
		printf '%s\n' "$LAB_MIRROR"
		return
	fi
	# shellcheck disable=SC2016 # apt-get fills $(SITE)
	apt-get indextargets --format '$(SITE)' 'Identifier: Packages' \
	    'Origin: Debian' "Codename: $SUITE" 'Component: main' | sed 1q
}

# in_namespace command... - whose mounts and processes end with us, by SIGKILL too.
in_namespace() {
	setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child \
	    "$@" 8>&- 9>&-
}

# write_before_packages root - settings that packages obey when they install.
write_before_packages() {
	root=$1
	# A smaller machine: no manuals, no translations.
	mkdir -p "$root/etc/dpkg/dpkg.cfg.d" "$root/etc/mysql/mariadb.conf.d" \
	    "$root/etc/cloud/cloud.cfg.d"
	cat >"$root/etc/dpkg/dpkg.cfg.d/lab" <<-'EOF'
	path-exclude=/usr/share/doc/*
	path-exclude=/usr/share/man/*
	path-exclude=/usr/share/info/*
	path-exclude=/usr/share/locale/*
	EOF
	# The host reads the databases, so they listen on every address.
	cat >"$root/etc/mysql/mariadb.conf.d/60-lab.cnf" <<-'EOF'
	[mysqld]
	bind-address = 0.0.0.0
	skip-name-resolve
	innodb_log_file_size = 16M
	innodb_use_native_aio = 0
	EOF
	# No service may start in the folder we build in.
	mkdir -p "$root/usr/sbin"
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	printf 'deb %s %s main\n' "$mirror" "$SUITE" >"$root/etc/apt/sources.list"
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	# Proxies and the like: what this machine needs to reach its mirror.
	apt-config dump | grep '^Acquire::\(http\|https\|ftp\|Check-\|Retries\)' |
	    grep -v '""' >"$root/etc/apt/apt.conf.d/99lab" || :
}

# in_root root code argument... - sh code in the folder, as in a machine.
in_root() (
	root=$1
	shift
	in_namespace --mount-proc="$root/proc" chroot "$root" env -i \
	    PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \
	    DEBIAN_FRONTEND=noninteractive http_proxy="$http_proxy" \
	    sh -euc "$@"
)

install_bare() {
	# shellcheck disable=SC2086 # a list of words
	in_root "$1" '
		apt-get -q update
		apt-get -q -y install --no-install-recommends "$@"
		systemctl enable systemd-networkd ssh
		systemctl mask systemd-networkd-wait-online systemd-binfmt \
		    apt-daily.timer apt-daily-upgrade.timer
		apt-get clean
	' sh $BARE_PACKAGES
}

# install_packages root - and leaves them in /repository, with an index.
install_packages() {
	# shellcheck disable=SC2016 # for the shell in there
	# shellcheck disable=SC2086 # a list of words
	in_root "$1" '
		later=$1; shift
		apt-get -q -y install --no-install-recommends "$@"
		systemctl enable nginx mariadb php8.2-fpm
		apt-get -q -y install --no-install-recommends --download-only \
		    $later
		mkdir /repository
		cd /var/cache/apt/archives
		for deb in *.deb; do
			dpkg-deb -f "$deb"
			printf "Filename: ./%s\nSize: %s\nSHA256: %s\n\n" \
			    "$deb" "$(stat -c %s "$deb")" \
			    "$(sha256sum <"$deb" | cut -d " " -f 1)"
		done >/repository/Packages
		mv -- *.deb /repository
		apt-get clean
	' sh "$LATER_PACKAGES" $PACKAGES
	cp "$here/nginx-site" "$1/etc/nginx/sites-available/default"
}

# write_after_packages root - what makes it a machine that starts fast here.
write_after_packages() {
	root=$1
	rm -rf "$root/usr/sbin/policy-rc.d" "$root/etc/apt/apt.conf.d/99lab" \
	    "$root"/var/lib/apt/lists/* "$root"/var/log/* "$root"/tmp/* \
	    "$root"/var/cache/apt/* "$root"/var/cache/debconf/*-old \
	    "$root"/etc/ssh/ssh_host_*
	if [ -d "$root/etc/nginx" ]; then
		mkdir -p "$root/var/log/nginx" "$root/var/log/mysql"
		chroot "$root" chown mysql:adm /var/log/mysql
	fi
	: >"$root/etc/machine-id"
	rm -f "$root/var/lib/dbus/machine-id" "$root/etc/resolv.conf"
	ln -s /run/systemd/resolve/resolv.conf "$root/etc/resolv.conf"
	printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
	printf 'localhost\n' >"$root/etc/hostname"
	# By netplan the first boot waits 50 s for an address.
	printf 'network: {config: disabled}\n' \
	    >"$root/etc/cloud/cloud.cfg.d/91-lab-network.cfg"
	# Without the package locales cloud-init ends in an error otherwise.
	cat >"$root/etc/cloud/cloud.cfg.d/92-lab.cfg" <<-'EOF'
	datasource_list: [NoCloud, None]
	locale: false
	package_update: false
	apt_preserve_sources_list: true
	manage_etc_hosts: true
	EOF
	cat >"$root/etc/systemd/network/eth0.network" <<-'EOF'
	[Match]
	Name=eth0
	[Network]
	DHCP=ipv4
	LinkLocalAddressing=no
	IPv6AcceptRA=no
	[DHCPv4]
	ClientIdentifier=mac
	EOF
}

# write_metadata folder - what LXD and Incus write into each new machine. The templates
# are pongo2; a \n in one of their strings stops the machine from starting.
write_metadata() {
	mkdir -p "$1/templates"
	cat >"$1/metadata.yaml" <<-EOF
	architecture: $(uname -m)
	creation_date: $(date +%s)
	properties:
	  os: Debian
	  release: $SUITE
	  description: Debian $SUITE with cloud-init, for the lab
	  recipe: "$RECIPE"
	templates:
	  /etc/hostname:
	    when: [create, copy]
	    template: hostname.tpl
	  /etc/machine-id:
	    when: [create, copy]
	    template: empty.tpl
	  /var/lib/cloud/seed/nocloud-net/meta-data:
	    when: [create, copy]
	    template: meta-data.tpl
	  /var/lib/cloud/seed/nocloud-net/user-data:
	    when: [create, copy]
	    template: user-data.tpl
	EOF
	: >"$1/templates/empty.tpl"
	printf '{{ container.name }}\n' >"$1/templates/hostname.tpl"
	cat >"$1/templates/meta-data.tpl" <<-'EOF'
	instance-id: {{ config_get("volatile.cloud-init.instance-id", container.name) }}
	local-hostname: {{ container.name }}
	EOF
	cat >"$1/templates/user-data.tpl" <<-'EOF'
	{% if config_get("cloud-init.user-data", "") != "" %}{{ config_get("cloud-init.user-data", "") | safe }}{% else %}{{ config_get("user.user-data", "#cloud-config") | safe }}{% endif %}
	EOF
}

# squash root file
squash() {
	in_namespace mksquashfs "$1" "$2" -comp lz4 -noappend -no-progress \
	    >>"$log" 2>&1 || die 71 "mksquashfs: $log"
}

# lock_images - labs may share them.
lock_images() {
	exec 8>"$IMAGES/lock"
	flock -w 900 8 || die 75 "$IMAGES/lock: another run holds it"
}

# make_image - the folder $made, whole: meta.tar, rootfs.squashfs and
# bare.squashfs, repository/.
make_image() {
	lock_images
	[ ! -d "$made" ] || return 0
	need_programs debootstrap mksquashfs unshare setpriv tar
	mirror=$(find_mirror)
	[ -n "$mirror" ] || die 69 "apt here knows no Debian $SUITE:" \
	    "run apt-get update, or give LAB_MIRROR"
	eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
	http_proxy=${http_proxy:-}
	export http_proxy

	rm -rf "$IMAGES"/making.*
	work=$(mktemp -d "$IMAGES/making.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	chmod 700 "$work"
	root=$work/root
	log=$LAB/image.log
	say "making the base image from $mirror: some minutes, log in $log"
	in_namespace debootstrap --variant=minbase \
	    --include=systemd-sysv,iproute2 "$SUITE" "$root" "$mirror" \
	    >"$log" 2>&1 || die 75 "debootstrap fails: $(tail -n 1 "$log")"
	write_before_packages "$root"
	{ install_bare "$root" && cp -a "$root" "$work/bare" &&
	    install_packages "$root"; } >>"$log" 2>&1 ||
	    die 75 "no packages: $(grep '^[EW]:' "$log" | tail -n 1) ($log)"
	mkdir "$work/whole"
	mv "$work/root/repository" "$work/whole/repository"
	write_after_packages "$root"
	write_after_packages "$work/bare"
	write_metadata "$work/meta"
	tar -C "$work/meta" --sort=name --owner=0 --group=0 -cf "$work/whole/meta.tar" \
	    metadata.yaml templates
	squash "$work/root" "$work/whole/rootfs.squashfs"
	squash "$work/bare" "$work/whole/bare.squashfs"
	sync
	mv "$work/whole" "$made"
	rm -rf "$work"
	trap - EXIT
}

# import_image alias file - the fingerprint is the files' hash, so a killed
# run's half is found: the image without its alias.
import_image() {
	have=$(client image get-property "$1" recipe 2>/dev/null) || have=
	[ "$have" != "$RECIPE" ] || return 0
	fingerprint=$(cat "$made/meta.tar" "$made/$2" | sha256sum)
	fingerprint=${fingerprint%% *}
	client image info "$fingerprint" >/dev/null 2>&1 ||
	    client image import "$made/meta.tar" "$made/$2" \
		</dev/null >/dev/null || die 71 "$LAB_SERVER refuses the image $1"
	client image alias delete "$1" >/dev/null 2>&1 || :
	client image alias create "$1" "$fingerprint" >/dev/null
}

main() {
	case ${1:-} in
	'' | --bare | --where) ;;
	-h | --help) usage; exit 0 ;;
	*) usage_error "unknown argument $1" ;;
	esac
	if [ "${1:-}" = --where ]; then
		enter_lab
		printf '%s\n' "$IMAGES/$BASE.$RECIPE"
		exit 0
	fi
	need_root
	need_programs "$CLIENT" curl flock
	enter_lab
	lock_lab
	need_server
	made=$IMAGES/$BASE.$RECIPE
	make_image
	import_image "$BASE" rootfs.squashfs
	[ "${1:-}" != --bare ] || import_image "$BARE" bare.squashfs
}
main "$@"
