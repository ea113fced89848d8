#!/bin/sh
# UpdateAutoscalerSnapshot.sh - gives the running autoscalers the webserver's
# image id that is recorded now, so that they scale up from it.
#
# It is set by the machine's own StoreConfigValue.sh, which is the way its
# settings change while it runs, and read back.
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

# autoscalers - their addresses, one a line, as the build machine reaches them.
autoscalers() (
	via=$(planned BUILD_MACHINE_VPC) || exit
	machines=$(cloud machines --json) || exit
	rules=$(machine_rules) || exit
	put "$machines" | jq -r --arg via "$via" '.[] |
		select(.state == "running") |
		(if $via == "1" then [.private_ipv4, .public_ipv4]
		 else [.public_ipv4, .private_ipv4] end |
		 map(select(. != null and . != "")) | first // "-") as $address |
		[.name, $address] | @tsv' | sed -nE "$rules" |
		awk -F '\t' '$1 == "autoscaler" { print $3 }'
)

# remote_code id - what runs there, as root: sudo takes the password, where it
# wants one, from the first line of its stdin.
remote_code() {
	cat <<-EOF
	set -eu
	if [ -r /home/homedir.dat ]; then HOME=\$(cat /home/homedir.dat); fi
	export HOME
	store=\$(find "\$HOME" -name StoreConfigValue.sh -type f | sed 1q)
	[ -n "\$store" ] || { echo "no StoreConfigValue.sh below \$HOME" >&2; exit 69; }
	sh "\$store" SNAPSHOTID '$1'
	sed -n 's/^SNAPSHOTID://p' "\$HOME/runtime/autoscaler_configuration_settings.dat"
	EOF
}

# on_machine address - runs stdin's first line and the code there.
on_machine() {
	timeout 120 ssh -p "$SSH_PORT" -i "$KEY_FILE" -F none -o BatchMode=yes \
	    -o ConnectTimeout=20 -o ServerAliveInterval=10 \
	    -o IdentitiesOnly=yes -o StrictHostKeyChecking=accept-new \
	    -o "UserKnownHostsFile=$BLD/keys/autoscaler_$1keys" \
	    "$SERVER_USER@$1" "$CODE"
}

# update address - sets it there and reads it back; not 0 if it failed.
update() {
	HAS=$(open_sealed credentials | sed -n 's/^PASSWORD://p' |
		on_machine "$1") || {
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
			case ${2:-} in
			'' | -* | *[!A-Za-z0-9.:_-]*)
				usage_error "not an address: '${2:-}'" ;;
			esac
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
	check_ids
	ID=$(recorded_ids | awk -F '\t' '$1 == "webserver" { print $2 }')
	case $ID in
	'') die 69 "no snapshot of the webserver is recorded" ;;
	*[!A-Za-z0-9/_-]*) die 65 "not the id of an image: '$ID'" ;;
	esac
	SSH_PORT=$(build_variable SSH_PORT)
	SERVER_USER=$(open_sealed credentials | sed -n 's/^USERNAME://p')
	need_name "$SERVER_USER" "server user"
	KEY_FILE=$BLD/keys/id_$(build_variable ALGORITHM)_AGILE_DEPLOYMENT_BUILD_KEY_$BUILD
	[ -r "$KEY_FILE" ] || die 69 "$KEY_FILE: no such build key"
	[ -n "$ADDRESSES" ] || ADDRESSES=$(autoscalers)
	[ -n "$ADDRESSES" ] || die 1 "no autoscaler of build $BUILD is running"
	QUOTED=$(remote_code "$ID")
	QUOTED=$(quoted "$QUOTED")
	CODE="if [ \"\$(id -u)\" -eq 0 ]; then sh -c $QUOTED; else sudo -S -p ''"
	CODE="$CODE sh -c $QUOTED; fi"
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

# quoted text - for a shell, in single quotes.
quoted() { put "'$(put "$1" | sed "s/'/'\\\\''/g")'"; }

main "$@"
