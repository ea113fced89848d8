#!/bin/sh
# receive.sh - on an autoscaler, as root: what PrepareAutoscaler.sh sent takes
# its place, each file whole or not at all.
#
# It runs in the folder where all of it was unpacked: about ("name:value" lines),
# bin/ and share/, the programs and scripts, and etc/, the rest. First it looks
# whether all that can work here, and changes nothing if it cannot. The settings
# come last: with them the machine is an autoscaler. Run again, it completes.
set -eu
umask 077
LC_ALL=C
export LC_ALL
FROM=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

# These exist to receive somewhere else than on this machine itself.
ETC=${ADT_AUTOSCALER_DIR:-/etc/adt-snapshots}
PREFIX=${ADT_PREFIX:-/usr/local}
NOTE=${ADT_HOMEDIR_DAT:-/home/homedir.dat}
SHARE=$PREFIX/share/adt-snapshots
SETTINGS=autoscaler_configuration_settings.dat

say() { printf '%s\n' "$*" >&2; }
die() { status=$1; shift; say "$*"; exit "$status"; }

# about name - what the build machine says of itself and of its wishes.
about() { sed -n "/^$1:/{s/^$1://;p;q;}" "$FROM/about"; }

# value name file - of a line of settings.
value() { [ ! -e "$2" ] || sed -n "/^$1:/{s/^$1://;p;q;}" "$2"; }

# ---- looking ----

# missing - the packages of what is not here, by Debian's names, one a line.
missing() {
	while read -r program package; do
		command -v "$program" >/dev/null || echo "$package"
	done <<-'TABLE'
	jq jq
	curl curl
	ssh openssh-client
	ssh-keygen openssh-client
	flock util-linux
	gzip gzip
	TABLE
	[ -e "${ADT_CA_FILE:-/etc/ssl/certs/ca-certificates.crt}" ] ||
		echo ca-certificates
	[ -d "$FROM/bin" ] || return 0
	# curl brings libcurl4 and libssl3, by whatever name the release has them.
	for program in "$FROM"/bin/*; do
		ldd "$program"
	done 2>/dev/null | awk '
		!/not found/ { next }
		/libjansson[.]so/ { print "libjansson4" }
		/libexpat[.]so/ { print "libexpat1" }
		/libcurl[.]so/ { print "libcurl4" }
		/lib(crypto|ssl)[.]so/ { print "libssl3" }' | sort -u
}

# need_packages - installs what is missing; nothing that is here goes for it.
need_packages() {
	wanted=$(missing | sort -u | tr '\n' ' ')
	[ -n "$wanted" ] || return 0
	if [ "$(about packages)" != yes ] || ! command -v apt-get >/dev/null; then
		die 69 "missing here, and to be installed first: $wanted"
	fi
	say "installing here: $wanted"
	apt update || say "apt-get update failed: trying with what apt knows"
	# shellcheck disable=SC2086 # a list of words
	apt install --no-install-recommends --no-remove $wanted ||
		die 75 "apt-get could not install here: $wanted"
	wanted=$(missing | sort -u | tr '\n' ' ')
	[ -z "$wanted" ] || die 69 "still missing here: $wanted"
}

# apt word... - nothing that it starts keeps our lock.
apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -y \
	    -o DPkg::Lock::Timeout=120 "$@" </dev/null >&2 9>&-
}

# need_programs - those that came, or else those that are here, must run here.
need_programs() {
	CLOUD_PROGRAM=$PREFIX/bin/adt-cloud
	if [ -d "$FROM/bin" ]; then
		CLOUD_PROGRAM=$FROM/bin/adt-cloud
		[ "$(about machine)" = "$(uname -m)" ] || die 69 \
		    "the programs are built for $(about machine), this is" \
		    "$(uname -m): install.sh --autoscaler builds them here;" \
		    "then --no-programs"
	fi
	why=$("$CLOUD_PROGRAM" --help 2>&1 >/dev/null) || die 69 \
	    "the programs do not run here ($why): install.sh --autoscaler" \
	    "builds them here; then --no-programs"
	[ -d "$FROM/bin" ] || [ -x "$SHARE/helperscripts/ScaleWebservers.sh" ] ||
		die 69 "no scripts in $SHARE: install.sh --autoscaler"
}

# need_cloud - it must answer us, from here, by what came, and show the image. No
# other question: a token of few rights need not be let see the account.
need_cloud() {
	set -- --cloud "$(about cloud)" --region "$(about region)"
	[ ! -e "$FROM/etc/TOKEN" ] || set -- "$@" --credentials "$FROM/etc/TOKEN"
	[ ! -e "$FROM/etc/ca.crt" ] || set -- "$@" --ca-file "$FROM/etc/ca.crt"
	url=$(value APIURL "$FROM/etc/$SETTINGS")
	[ -z "$url" ] || set -- "$@" --api-url "$url"
	{ images=$("$CLOUD_PROGRAM" images --json "$@") &&
	    "$CLOUD_PROGRAM" machines "$@" >/dev/null; } ||
		die $? "the cloud does not answer to this machine, see above"
	image=$(value SNAPSHOTID "$FROM/etc/$SETTINGS")
	printf '%s\n' "$images" | jq -e --arg id "$image" \
	    'any(.[]; .id == $id)' >/dev/null ||
		die 69 "the cloud does not show this machine the image $image"
}

# find_settings - sets TO, where they are or go, and HOME of the toolkit. Those
# of another build or site are not touched.
find_settings() {
	TO=$ETC/$SETTINGS TOOLKIT=
	if [ -r "$NOTE" ] && [ -e "$(sed 1q "$NOTE")/runtime/$SETTINGS" ]; then
		TOOLKIT=$(sed 1q "$NOTE")
		TO=$TOOLKIT/runtime/$SETTINGS
	fi
	for name in CLOUDHOST BUILDIDENTIFIER WEBSITEURL; do
		has=$(value "$name" "$TO")
		ours=$(value "$name" "$FROM/etc/$SETTINGS")
		[ -z "$has" ] || [ "$has" = "$ours" ] || die 69 \
		    "$TO: $name is '$has', and not '$ours': the autoscaler of" \
		    "something else (remove that file if it is no more)"
	done
	[ -z "$TOOLKIT" ] || STORE=$(find "$TOOLKIT" -type f \
	    -name StoreConfigValue.sh | sed 1q)
	[ -z "$TOOLKIT" ] || [ -n "$STORE" ] ||
		die 69 "no StoreConfigValue.sh below $TOOLKIT"
}

# ---- changing ----

# place mode from to - who sent it owns it.
OWNER=$(stat -c %u "$FROM")
place() {
	if [ -f "$3" ] && [ ! -L "$3" ] && cmp -s "$2" "$3" &&
	    [ "$(stat -c '%a %u' "$3")" = "$1 $OWNER" ]; then
		return 0
	fi
	[ ! -d "$3" ] || die 71 "$3: a folder is in the way"
	{ cp "$2" "$3.adt-new" && chmod "$1" "$3.adt-new" &&
	    sync "$3.adt-new" && mv -f "$3.adt-new" "$3"; } ||
		die 71 "$3: cannot write it"
	say "placed $3"
}

# place_below mode folder to - every file of it that differs.
place_below() {
	install -d -m 755 "$3"
	for file in "$2"/*; do
		[ -d "$file" ] || place "$1" "$file" "$3/${file##*/}"
	done
}

place_programs() {
	[ -d "$FROM/bin" ] || return 0
	place_below 755 "$FROM/bin" "$PREFIX/bin"
	install -d -m 755 "$SHARE/cutils"
	[ "$(readlink "$SHARE/cutils/bin")" = ../../../bin ] ||
		ln -sfn ../../../bin "$SHARE/cutils/bin"
	for part in templates/userdata helperscripts/lib; do
		place_below 644 "$FROM/share/$part" "$SHARE/$part"
	done
	place_below 755 "$FROM/share/helperscripts" "$SHARE/helperscripts"
}

# place_secrets - what did not come is not to be here.
place_secrets() {
	[ -d "$ETC" ] || install -d -m 755 "$ETC"
	install -d -m 700 "$ETC/keys"
	for name in TOKEN ca.crt webserver.conf; do
		if [ -e "$FROM/etc/$name" ]; then
			place 600 "$FROM/etc/$name" "$ETC/$name"
		elif [ -e "$ETC/$name" ]; then
			rm -f "$ETC/$name"
			say "removed $ETC/$name"
		fi
	done
	for file in "$FROM"/etc/keys/*; do
		place 600 "$file" "$ETC/keys/${file##*/}"
	done
	rm -f "$ETC"/*.adt-new "$ETC"/keys/*.adt-new # of a killed run
}

# place_settings - the toolkit's own are only filled up, the way it does it; of
# those that it has, the image alone is ours to say.
place_settings() {
	if [ -z "$TOOLKIT" ]; then
		place 600 "$FROM/etc/$SETTINGS" "$TO"
		return 0
	fi
	HOME=$TOOLKIT
	export HOME
	while IFS=: read -r name ours; do
		has=$(value "$name" "$TO")
		[ "$has" != "$ours" ] || continue
		case $name in
		BUILDFROMSNAPSHOT | SNAPSHOTID) ;;
		*) [ -z "$has" ] || continue ;;
		esac
		sh "$STORE" "$name" "$ours" </dev/null >&2
		say "stored $name:$ours"
	done <"$FROM/etc/$SETTINGS"
	! crontab -l 2>/dev/null | grep -v '^#' | grep -q PerformScaling ||
		say "the toolkit's own PerformScaling is in root's crontab here:" \
		    "of it and ScaleWebservers.sh only one should scale"
}

need_packages
need_programs
find_settings
need_cloud
place_programs
place_secrets
place_settings
sync
printf 'image:%s\n' "$(value SNAPSHOTID "$TO")"
