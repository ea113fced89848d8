#!/bin/sh
# first-boot.sh - a machine from an image becomes ready, or says why it is not.
#
# Cloud-init runs it when the machine is itself again. It restores the site, and
# last of all says so in a status file that everybody may read: lines "image:",
# "state:" working, ready or failed, "reason:" and "time:". An image holds the
# status of the machine it was made of, so a reader compares image: with the
# image it started the machine from. Run it again by hand after a failure.
set -eu
umask 077
LC_ALL=C
export LC_ALL
CONF=${1:-/etc/adt-snapshots/restore.conf}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

# setting name [default] - what follows the first "name:" of the settings.
setting() {
	value=$(sed -n "/^$1:/{s/^$1://;p;q;}" "$CONF")
	printf '%s\n' "${value:-${2:-}}"
}

# tell state reason - in the status file, whole, and on the console.
tell() {
	{
		printf 'image:%s\nstate:%s\n' "$(setting IMAGE)" "$1"
		printf 'reason:%s\n' "$2" | tr -d '\r' | tr '[:cntrl:]' '\n' |
			sed 1q
		date -u '+time:%Y-%m-%dT%H:%M:%SZ'
	} >"$state/status.new"
	chmod 644 "$state/status.new"
	sync "$state/status.new"
	mv "$state/status.new" "$state/status"
	printf 'adt-snapshots: %s %s\n' "$1" "$2"
}

# home - of the toolkit's user, on the toolkit's own machines.
home() {
	dat=$(setting HOMEDIR_DAT /home/homedir.dat)
	[ ! -r "$dat" ] || sed 1q "$dat"
}

# What the toolkit's scripts leave when they are done. The image has those of
# the machine it was made of; the last three say what is installed, and come
# back when the machine is ready.
MARKERS='WEBSERVER_READY DATABASE_READY AUTOSCALER_READY AUTHENTICATOR_READY
	REVERSEPROXY_READY AUTHORISED_TO_SCALE DB_APPLICATION_INSTALLED'
KEPT_MARKERS='INSTALLED_SUCCESSFULLY INITIAL_CONFIG_SET
	BESPOKE_APPLICATION_INSTALLED'

put_markers_away() {
	[ -n "$home" ] || return 0
	for marker in $MARKERS; do
		rm -f "$home/runtime/$marker"
	done
	for marker in $KEPT_MARKERS; do
		[ ! -e "$home/runtime/$marker" ] ||
			mv "$home/runtime/$marker" "$home/runtime/$marker.image"
	done
}

put_markers_back() {
	[ -n "$home" ] || return 0
	for marker in $KEPT_MARKERS; do
		[ ! -e "$home/runtime/$marker.image" ] ||
			mv "$home/runtime/$marker.image" "$home/runtime/$marker"
	done
	case $(setting TYPE) in
	webserver) marker=WEBSERVER ;;
	database) marker=DATABASE ;;
	autoscaler) marker=AUTOSCALER ;;
	authenticator) marker=AUTHENTICATOR ;;
	*) marker=REVERSEPROXY ;;
	esac
	: >"$home/runtime/${marker}_READY"
}

# store_settings - the "store:KEY:VALUE" lines of ours go into an autoscaler's
# settings; the other lines of it stay.
store_settings() {
	file=$(setting AUTOSCALER_SETTINGS \
	    /etc/adt-snapshots/autoscaler_configuration_settings.dat)
	[ -z "$home" ] ||
		file=$home/runtime/autoscaler_configuration_settings.dat
	[ -e "$file" ] || : >"$file"
	sed -n 's/^store://p' "$CONF" | awk -F : '
		ours { is[$1] = 1; new[++count] = $0; next }
		!($1 in is)
		END { for (i = 1; i <= count; i++) print new[i] }' \
	    ours=1 - ours= "$file" >"$file.new"
	chown --reference="$file" "$file.new"
	chmod --reference="$file" "$file.new"
	mv "$file.new" "$file"
}

main() {
	state=$(setting STATE /var/lib/adt-snapshots)
	mkdir -p "$state"
	chmod 755 "$state"
	home=$(home)
	tell working ""
	put_markers_away
	log=$state/first-boot.log
	case $(setting TYPE) in
	webserver | database)
		if [ "$(setting RESTORE yes)" = yes ] &&
		    ! sh "$here/restore-site.sh" "$CONF" >"$log" 2>&1; then
			cat "$log"
			tell failed "$(tail -n 1 "$log")"
			exit 69
		fi
		;;
	autoscaler) store_settings ;;
	esac
	put_markers_back
	sync
	tell ready ""
}
main
