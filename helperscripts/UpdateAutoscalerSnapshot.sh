#!/bin/sh
# UpdateAutoscalerSnapshot.sh - gives the running autoscalers the webserver's
# image id that is recorded now, so that they scale up from it.
#
# On a machine of the toolkit it is set by its own StoreConfigValue.sh, which is
# the way its settings change while it runs; elsewhere in the settings that
# PrepareAutoscaler.sh made. It is read back.
# shellcheck source-path=SCRIPTDIR
here=$(dirname -- "$0")
# shellcheck source=lib/prelude.sh
. "$here/lib/prelude.sh"
# shellcheck source=lib/build.sh
. "$here/lib/build.sh"
# shellcheck source=lib/snapshots.sh
. "$here/lib/snapshots.sh"
# shellcheck source=lib/generations.sh
. "$here/lib/generations.sh"
# shellcheck source=lib/reach.sh
. "$here/lib/reach.sh"

usage() {
	cat <<-EOF
	usage: $PROGRAM [--address ADDRESS]... [--dry-run]
	Sets SNAPSHOTID in the settings of each running autoscaler of this build,
	over ssh with the build key, to the recorded id of the webserver's image;
	and SNAPSHOT_ID in build_environment.
	  --address ADDRESS  of an autoscaler (repeatable); default: all that
	                     the cloud lists as running
	  --dry-run          say what would be set where, change nothing
	  --help             this text
	On stdout, for each autoscaler: address, and the id that it has now.
	EOF
}

# remote_code id - what runs there, as root.
remote_code() {
	cat <<-EOF
	set -eu
	name=autoscaler_configuration_settings.dat
	if [ -r /home/homedir.dat ]; then HOME=\$(cat /home/homedir.dat); fi
	export HOME
	if [ -e "\$HOME/runtime/\$name" ]; then
		settings=\$HOME/runtime/\$name
		store=\$(find "\$HOME" -name StoreConfigValue.sh -type f | sed 1q)
		[ -n "\$store" ] || { echo "no StoreConfigValue.sh below \$HOME" >&2; exit 69; }
		sh "\$store" SNAPSHOTID '$1'
	else
		settings=\${ADT_AUTOSCALER_DIR:-/etc/adt-snapshots}/\$name
		[ -e "\$settings" ] || { echo "no settings of an autoscaler: see PrepareAutoscaler.sh" >&2; exit 69; }
		umask 077
		sed '/^SNAPSHOTID:/d' "\$settings" >"\$settings.new"
		echo 'SNAPSHOTID:$1' >>"\$settings.new"
		sync "\$settings.new"
		mv -f "\$settings.new" "\$settings"
	fi
	sed -n 's/^SNAPSHOTID://p' "\$settings"
	EOF
}

# update address - sets it there and reads it back; not 0 if it failed.
update() {
	HAS=$(open_sealed credentials | sed -n 's/^PASSWORD://p' |
		as_root "$CODE" "$1" 120) || {
		say "$PROGRAM: $1: not set, see above"
		return 1
	}
	[ "$HAS" = "$ID" ] || {
		say "$PROGRAM: $1: its settings say '$HAS' afterwards"
		return 1
	}
	put "$1	$HAS"
}

main() {
	ADDRESSES='' DRY_RUN=''
	while [ $# -gt 0 ]; do
		case $1 in
		--address)
			need_address "${2:-}"
			ADDRESSES="$ADDRESSES $2"
			shift
			;;
		--dry-run) DRY_RUN=yes ;;
		-h | --help) usage; exit 0 ;;
		*) usage_error "unknown argument $1" ;;
		esac
		shift
	done
	find_build
	need_program ssh timeout jq adt-cloud adt-seal adt-snapshot-ids
	use_template
	pin_record
	ID=$(webserver_id)
	find_reached
	CODE=$(remote_code "$ID")
	[ -n "$DRY_RUN" ] || put "SNAPSHOT_ID=$ID" | set_build_variables
	FAILED=
	for ADDRESS in $ADDRESSES; do
		if [ -n "$DRY_RUN" ]; then
			say "dry run: $ADDRESS would get $ID"
		else
			update "$ADDRESS" || FAILED=yes
		fi
	done
	[ -z "$FAILED" ] || exit 75
}

main "$@"
