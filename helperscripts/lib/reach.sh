# shellcheck shell=sh
# reach.sh - the running autoscalers of this build, and code of ours that runs
# there as root, over ssh with the build key; sourced after snapshots.sh.
#
# sudo takes the server user's password, where it wants one, from the first line
# of its stdin; what follows on stdin is the code's.

# need_address word - 64 unless it can be one, and no option.
need_address() {
	case $1 in
	'' | -* | *[!A-Za-z0-9.:_-]*) usage_error "not an address: '$1'" ;;
	esac
}

# open_reach - sets what an ssh to them needs: SSH_PORT, SERVER_USER, KEY_FILE.
open_reach() {
	SSH_PORT=$(build_variable SSH_PORT)
	SERVER_USER=$(open_sealed credentials | sed -n 's/^USERNAME://p')
	need_name "$SERVER_USER" "server user"
	KEY_FILE=$BLD/keys/id_$(build_variable ALGORITHM)_AGILE_DEPLOYMENT_BUILD_KEY_$BUILD
	[ -r "$KEY_FILE" ] || die 69 "$KEY_FILE: no such build key"
}

# autoscalers - their addresses, one a line, as the build machine reaches them.
autoscalers() (
	via=$(planned BUILD_MACHINE_VPC) || exit
	machines=$(cloud machines --json) || exit
	rules=$(machine_rules) || exit
	put "$machines" | jq -r --arg via "$via" "$ADDRESS_JQ"'
		.[] | select(.state == "running") |
		[.name, address($via)] | @tsv' | sed -nE "$rules" |
		awk -F '\t' '$1 == "autoscaler" { print $3 }'
)

# find_reached - opens the way there; ADDRESSES, if none was named, become all.
find_reached() {
	open_reach
	[ -n "$ADDRESSES" ] || ADDRESSES=$(autoscalers)
	[ -n "$ADDRESSES" ] || die 1 "no autoscaler of build $BUILD is running"
}

# webserver_id - the id that is recorded of its image; dies where there is none.
webserver_id() (
	check_ids
	id=$(recorded_ids | awk -F '\t' '$1 == "webserver" { print $2 }')
	case $id in
	'') die 69 "no snapshot of the webserver is recorded" ;;
	*[!A-Za-z0-9/_-]*) die 65 "not the id of an image: '$id'" ;;
	esac
	put "$id"
)

# quoted text - for a shell, in single quotes.
quoted() { put "'$(put "$1" | sed "s/'/'\\\\''/g")'"; }

# as_root code address seconds - runs it there; the password and the code's own
# stdin are on ours.
as_root() (
	code=$(quoted "$1")
	code="if [ \"\$(id -u)\" -eq 0 ]; then sh -c $code; else sudo -S -p '' sh -c $code; fi"
	timeout "$3" ssh -p "$SSH_PORT" -i "$KEY_FILE" -F none \
	    -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=10 \
	    -o IdentitiesOnly=yes -o StrictHostKeyChecking=accept-new \
	    -o "UserKnownHostsFile=$BLD/keys/autoscaler_$2keys" \
	    "$SERVER_USER@$2" "$code"
)
