# shellcheck shell=sh
# ready.sh - is a machine from an image ready, and if not, why not; sourced
# after snapshots.sh.
#
# A machine says so itself in /var/lib/adt-snapshots/status, which is read over
# ssh with the build key; it counts only if it names the image that the machine
# was started from, since the image brings the status of another. A webserver
# must also serve its page where that is asked for. A command of the operator's
# can take the place of both.

# ready_usage - the options, for a script's usage.
ready_usage() {
	cat <<-EOF
	  --wait MINUTES         how long a machine may take; 0: do not wait;
	                         default: 20
	  --health-word WORD     webservers are ready when they serve a page with
	                         this word in it, with status 200
	  --health-url URL       that page; %A is the machine's address; default:
	                         http://%A/
	  --health-command CODE  sh code that decides alone: status 0 is ready,
	                         2 never will be, others not yet; its arguments
	                         are name, address and type
	EOF
}

# ready_option option value - 1 when it is none of these.
ready_option() {
	case $1 in
	--wait)
		need_minutes "$2"
		WAIT_S=$(($2 * 60))
		;;
	--health-word) HEALTH_WORD=$2 ;;
	--health-url) HEALTH_URL=$2 ;;
	--health-command) HEALTH_COMMAND=$2 ;;
	*) return 1 ;;
	esac
}

ready_defaults() {
	WAIT_S=1200 HEALTH_WORD='' HEALTH_URL='http://%A/' HEALTH_COMMAND=''
}

# open_ready - sets what an ssh to this build's machines needs: SSH_KEY, ""
# where there is none, SSH_PORT, SSH_USER, KNOWN_HOSTS.
open_ready() {
	SSH_PORT=$(planned SSH_PORT)
	SSH_PORT=${SSH_PORT:-22}
	SSH_KEY=$BLD/keys/id_$(planned ALGORITHM)_AGILE_DEPLOYMENT_BUILD_KEY_$BUILD
	# An autoscaler knows the user from its settings.
	SSH_USER=${SERVER_USER:-}
	[ -n "$SSH_USER" ] || SSH_USER=$(open_sealed credentials |
	    sed -n 's/^USERNAME://p')
	need_name "$SSH_USER" "server user"
	KNOWN_HOSTS=$BLD/keys/adt-known_hosts
	if [ ! -r "$SSH_KEY" ] || [ ! -s "$SSH_KEY" ]; then
		warn "$SSH_KEY: no such key: machines cannot be asked"
		SSH_KEY=
	fi
}

# forget_host address - a new machine at an old address has another key.
forget_host() {
	[ -e "$KNOWN_HOSTS" ] || return 0
	ssh-keygen -q -R "[$1]:$SSH_PORT" -f "$KNOWN_HOSTS" >/dev/null 2>&1 || :
	ssh-keygen -q -R "$1" -f "$KNOWN_HOSTS" >/dev/null 2>&1 || :
}

# on_machine address command... - over ssh; stdin goes there. The first key a
# machine shows is kept, and no other is taken after that.
on_machine() (
	address=$1
	shift
	ssh -p "$SSH_PORT" -i "$SSH_KEY" -F none -o BatchMode=yes \
	    -o IdentitiesOnly=yes -o ConnectTimeout=5 \
	    -o ServerAliveInterval=10 -o ServerAliveCountMax=3 \
	    -o StrictHostKeyChecking=accept-new -o LogLevel=ERROR \
	    -o UserKnownHostsFile="$KNOWN_HOSTS" "$SSH_USER@$address" "$@"
)

# shows_word address - the page, with the word.
shows_word() (
	url=$(put "$HEALTH_URL" | sed "s/%A/$1/g")
	# By its address the site's certificate cannot be checked.
	page=$(curl -q -sk --max-time 10 --noproxy '*' -w '\n%{http_code}' \
	    -H "Host: $WEBSITE_URL" "$url") || {
		echo "no page from $url"
		exit 1
	}
	case $page in
	*"$HEALTH_WORD"*'
200') ;;
	*'
200') echo "$url: the page has no '$HEALTH_WORD'"; exit 1 ;;
	*) echo "$url: status ${page##*
}"; exit 1 ;;
	esac
)

# is_ready label name image address - 0; 1 not yet, 2 never; words on stdout.
# The image "any" is for a machine that has long been there.
is_ready() (
	if [ -n "$HEALTH_COMMAND" ]; then
		status=0
		sh -c "$HEALTH_COMMAND" sh "$2" "$4" "$1" </dev/null \
		    >/dev/null 2>&1 || status=$?
		[ "$status" -ne 0 ] || exit 0
		echo "the health command ends with status $status"
		[ "$status" -ne 2 ] || exit 2
		exit 1
	fi
	if [ -n "$SSH_KEY" ]; then
		ssh_status=0
		status=$(on_machine "$4" cat /var/lib/adt-snapshots/status \
		    </dev/null 2>&1) || ssh_status=$?
		image=$3
		if [ "$image" = any ] && [ "$ssh_status" -eq 1 ]; then
			# It was not started from an image: nothing else to ask.
			status="image:any
state:ready
"
		elif [ "$ssh_status" -ne 0 ]; then
			put "no answer over ssh: $(put "$status" | tail -n 1)"
			exit 1
		elif [ "$image" = any ]; then
			image=$(put "$status" | sed -n '1s/^image://p')
		fi
		case $status in
		"image:$image
state:ready
"*) ;;
		"image:$image
state:failed
"*)
			put "$status" | sed -n 's/^reason://p'
			exit 2
			;;
		*) echo "its first boot is not over"; exit 1 ;;
		esac
	fi
	if [ "$1" = webserver ] && [ -n "$HEALTH_WORD" ]; then
		shows_word "$4"
	fi
)

# wait_words - WAIT_S in words.
wait_words() {
	if [ "$WAIT_S" -ge 60 ]; then
		put "$((WAIT_S / 60)) minutes"
	else
		put "$WAIT_S seconds"
	fi
}

# address_of name - by which the machine is reached from here; "-" for none.
address_of() (
	via=$(planned BUILD_MACHINE_VPC) || exit
	[ -z "${SETTINGS:-}" ] || via=1
	machines=$(cloud machines --json) || exit
	put "$machines" | jq -r --arg name "$1" --arg via "$via" \
	    "$ADDRESS_JQ"'
		first(.[] | select(.name == $name)) // {} | address($via)'
)

# wait_ready label name image address - until it is, fails, or time is up. One
# that becomes itself may just have no address, "-": then it is asked for anew.
wait_ready() (
	end=$(($(date +%s) + WAIT_S))
	# The script that waits may be killed; nobody is left to tell then.
	while kill -0 "$$" 2>/dev/null; do
		if [ "$4" = - ] && address=$(address_of "$2") &&
		    [ "$address" != - ]; then
			set -- "$1" "$2" "$3" "$address"
			[ "$3" = any ] || forget_host "$address"
		fi
		status=0
		if [ "$4" = - ] && [ -z "$HEALTH_COMMAND" ]; then
			words="it has no address"
			status=1
		else
			words=$(is_ready "$@") || status=$?
		fi
		[ "$status" -ne 0 ] || exit 0
		if [ "$status" -ne 1 ]; then
			say "$PROGRAM: $2 is not ready: $words"
			exit 69
		fi
		if [ "$(date +%s)" -ge "$end" ]; then
			say "$PROGRAM: $2 is not ready after" \
			    "$(wait_words): $words"
			exit 75
		fi
		sleep 1
	done
	exit 75
)

# await_all rows file - for "label TAB name TAB image TAB address" lines, all
# at the same time; the names of those that are ready go to file. The worst
# status.
await_all() (
	: >"$2"
	[ "$WAIT_S" -gt 0 ] || {
		put "$1" | cut -f 2 >"$2"
		exit 0
	}
	if [ -z "$HEALTH_COMMAND$SSH_KEY" ] && [ -z "$HEALTH_WORD" ]; then
		warn "no build key and no health check: not waited for"
		put "$1" | cut -f 2 >"$2"
		exit 0
	fi
	say "waiting until $(put "$1" | grep -c .) machines are ready"
	jobs=
	while IFS='	' read -r label name image address; do
		{
			wait_ready "$label" "$name" "$image" "$address" &&
				put "$name" >>"$2"
		} </dev/null &
		jobs="$jobs $!"
	done <<-EOF
	$1
	EOF
	worst=0
	for job in $jobs; do
		status=0
		wait "$job" || status=$?
		[ "$status" -le "$worst" ] || worst=$status
	done
	exit "$worst"
)
