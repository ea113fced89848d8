# shellcheck shell=sh
# boot.sh - starts a test machine from each recorded image, checks that it comes
# up and what it is, and removes it whatever happens; sourced after
# generations.sh, prices.sh and journals.sh. The lock is held.
#
# The names of test machines are no names of the build's machines, so nothing
# counts them as such. They are in verify-journal before they are created: a
# killed check's machines are removed by the next one.

# remove_test_machines - those that verify-journal tells of; then it goes.
remove_test_machines() (
	journal=$SNAPSHOTS/verify-journal
	[ ! -e "$journal" ] || abandon_run "$journal" machine
)

# plan_tests - "name TAB label TAB image TAB size of the source" lines, one for
# each image of VERDICTS.
plan_tests() (
	mark=$(od -An -N3 -tx1 /dev/urandom | tr -d ' \n')
	# shellcheck disable=SC2153 # judge_snapshots set it
	{ put "$VERDICTS"; put "$METADATA"; } | jq -rs --arg mark "$mark" '
	.[1].images as $known | .[0][] |
	["adt-verify-\(.label)-\($mark)", .label, .id,
	 ($known[.label].size // "")] | @tsv'
)

# start_tests size option... - provisions all of PLAN; size "" is the source's,
# smallest one with no less memory than that.
# A cloud that wants a root password gets one that nobody knows.
start_tests() {
	AS=$1
	shift
	VPC=
	[ "$(planned BUILD_MACHINE_VPC)" != 1 ] || VPC=$(planned VPC_NAME)
	set -- "$@" ${VPC:+--vpc "$VPC"}
	while IFS='	' read -r NAME _ IMAGE SIZE; do
		[ -z "$AS" ] || SIZE=$AS${SIZE:+:$SIZE}
		set -- "$@" --size "$SIZE" "$NAME=$IMAGE"
	done <<-EOF2
	$PLAN
	EOF2
	od -An -N24 -tx1 /dev/urandom | tr -d ' \n' | sed 's/^/Aa1-/' |
		cloud provision --journal "$SNAPSHOTS/verify-journal" --json \
		    --root-password - ${DEADLINE:+--deadline "$DEADLINE"} \
		    ${PROGRESS:+--progress "$PROGRESS"} "$@"
}

# choose_size - sets AS_SIZE: smallest, or "" where the cloud cannot tell which
# that is; and CHOSEN, "name TAB image TAB size" lines. Looks only.
choose_size() {
	AS_SIZE=smallest
	SIZE_STATUS=0
	ROWS=$(start_tests smallest --dry-run 2>/dev/null) || SIZE_STATUS=$?
	[ "$SIZE_STATUS" -ne 69 ] || AS_SIZE=
	[ "$SIZE_STATUS" -eq 0 ] ||
		ROWS=$(start_tests "$AS_SIZE" --dry-run) || return
	CHOSEN=$(put "$ROWS" | jq -r '.[] | [.name, .image, .size] | @tsv') ||
		die 76 "adt-cloud: not the rows it promises"
}

# banner address port - what a server there says of itself first.
banner() {
	sleep 3 | curl -q -s --noproxy '*' -m 3 "telnet://$1:$2" 2>/dev/null |
		head -c 200 | tr -c '[:print:]' '?'
}

# service_answers label address - that of this type. Sets SAW.
service_answers() {
	case $1 in
	webserver | reverseproxy)
		for SCHEME in http https; do
			SAW=$(curl -q -s -k --noproxy '*' -m 10 -o /dev/null \
			    -w '%{http_code}' "$SCHEME://$2/") || SAW=000
			case $SAW in [234]??) break ;; esac
		done
		case $SAW in
		[234]??) SAW="$SCHEME $SAW" ;;
		*) SAW="no page"; return 1 ;;
		esac
		;;
	database)
		PORT=$(planned DB_PORT)
		SAW=$(banner "$2" "${PORT:-3306}")
		case $SAW in
		*MariaDB* | *mysql* | *[58].[0-9]*) SAW="a database answers" ;;
		*)
			# PostgreSQL waits for the client to speak first.
			curl -q -s --noproxy '*' -m 5 --connect-timeout 3 \
			    "telnet://$2:${PORT:-5432}" </dev/null >/dev/null 2>&1 || {
				SAW="no database on port ${PORT:-3306}"
				return 1
			}
			SAW="port ${PORT:-5432} is open"
			;;
		esac
		;;
	*)
		PORT=$(planned SSH_PORT)
		SAW=$(banner "$2" "${PORT:-22}")
		case $SAW in
		SSH-*) SAW="ssh answers" ;;
		*) SAW="no ssh on port ${PORT:-22}"; return 1 ;;
		esac
		;;
	esac
}

# logs_in label address - with the build key, as the server user: what does the
# machine hold itself to be? Sets SAW.
logs_in() {
	SAW=$(ssh -F "$WORK/ssh_config" "$2" sh -s 2>&1 <<-'EOF2'
	for name in authenticator reverseproxy autoscaler webserver database; do
		upper=$(echo "$name" | tr a-z A-Z)
		[ ! -e "$HOME/runtime/${upper}_READY" ] || echo "is:$name"
	done
	echo up
	EOF2
	) || {
		SAW="ssh: $(put "$SAW" | tail -n 1)"
		return 1
	}
	case $SAW in
	*is:"$1"*) SAW="up, a $1" ;;
	*is:*)
		SAW="it is a $(put "$SAW" | sed -n 's/^is://p' | xargs)"
		return 2
		;;
	*) service_answers "$1" "$2" && SAW="up, $SAW" ;;
	esac
}

# ssh_config - how to reach the test machines; sets KEYED where the build key
# is here. Their host keys are new to everybody.
write_ssh_config() {
	KEYED=
	KEY=$BLD/keys/id_$(planned ALGORITHM)_AGILE_DEPLOYMENT_BUILD_KEY_$BUILD
	[ -r "$KEY" ] || return 0
	PORT=$(planned SSH_PORT)
	LOGIN=$(open_sealed credentials | sed -n '/^USERNAME:/{
		s/^USERNAME://; p; q; }')
	printf '%s\n' "User $LOGIN" "Port ${PORT:-22}" "IdentityFile \"$KEY\"" \
	    'IdentitiesOnly yes' 'BatchMode yes' 'ConnectTimeout 10' \
	    'StrictHostKeyChecking no' 'UserKnownHostsFile /dev/null' \
	    'LogLevel ERROR' >"$WORK/ssh_config"
	KEYED=yes
}

# check_test label address - one look; 2 is final. Sets SAW.
check_test() {
	COMMAND=$(put "$CHECKS" | sed -n "s/^$1=//p" | tail -n 1)
	if [ -n "$COMMAND" ]; then
		SAW="the check given"
		ADDRESS=$2 timeout 60 sh -c "$COMMAND" >/dev/null 2>&1 </dev/null
	elif [ -n "$KEYED" ]; then
		logs_in "$1" "$2"
	else
		service_answers "$1" "$2"
	fi
}

# wait_for_test label address - until it passes, or BOOT_WAIT seconds.
wait_for_test() {
	UNTIL=$(($(date +%s) + BOOT_WAIT))
	while :; do
		LOOK=0
		check_test "$1" "$2" || LOOK=$?
		[ "$LOOK" -ne 0 ] || return 0
		[ "$LOOK" -ne 2 ] && [ "$(date +%s)" -lt "$UNTIL" ] || return 1
		sleep 2
	done
}

# tell_tests results - checks each machine, a line each on stdout; 69 if one
# fails.
tell_tests() {
	BAD=0
	VIA=$(planned BUILD_MACHINE_VPC)
	STARTED=$(put "$1" | jq -r --arg via "$VIA" "$ADDRESS_JQ"'
		.[] | [.name, address($via)] | @tsv') || die 76 "adt-cloud: not its rows"
	while IFS='	' read -r NAME LABEL IMAGE _; do
		ADDRESS=$(put "$STARTED" | awk -F '\t' -v name="$NAME" \
		    '$1 == name { print $2 }')
		VERDICT=ok
		if [ "${ADDRESS:--}" = - ]; then
			SAW="it has no address"
			VERDICT=failed
		else
			wait_for_test "$LABEL" "$ADDRESS" || VERDICT=failed
		fi
		[ "$VERDICT" = ok ] || BAD=69
		put "$LABEL	$IMAGE	$NAME	boot $VERDICT: $SAW" |
			tr -d '\r'
	done <<-EOF2
	$PLAN
	EOF2
	return "$BAD"
}

# boot_images - all of it. Wants VERDICTS, all of them good. Its callers ask for
# its status, so -e does nothing in it.
boot_images() {
	if [ -e "$SNAPSHOTS/verify-journal" ] && [ -z "$DRY_RUN" ]; then
		say "an earlier check was cut short: removing its test machines"
		remove_test_machines || exit
	fi
	PLAN=$(plan_tests) || exit
	if [ -e "$SNAPSHOTS/verify-journal" ]; then
		say "an earlier check was cut short: its test machines go first"
		CHOSEN=$(put "$PLAN" | awk -F '\t' -v OFS='\t' '{ print $1, $3, $4 }')
	else
		choose_size || exit
	fi
	put "$CHOSEN" | awk -F '\t' '{
		print $1 " from " $2 ($3 == "" ? "" : ", size " $3) }' >&2
	if [ -n "$DRY_RUN" ]; then
		put "$CHOSEN" | awk -F '\t' '{ print "machine\t" $3 "\t1" }' |
			tell_cost "the test machines, did they stay"
		say "dry run: no machine was started (they would be removed" \
		    "within minutes, and cost a fraction of that)"
		return 0
	fi
	WORK=$(mktemp -d) || exit 71
	trap 'rm -rf -- "$WORK"; remove_test_machines || warn "test machines" \
	    "may be left; VerifySnapshots.sh --boot removes them"' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	write_ssh_config || exit
	RESULTS=$(start_tests "$AS_SIZE") || exit
	CHECKED=0
	tell_tests "$RESULTS" || CHECKED=$?
	rm -rf -- "$WORK"
	trap - EXIT
	remove_test_machines || exit
	return "$CHECKED"
}
