# shellcheck shell=sh
# build.sh - where this build's files are, and what its machines are called;
# sourced after prelude.sh.
#
# find_build sets RT CLOUD BUILD BLD REGION WEBSITE_URL SNAPSHOTS. Values are
# read from build_environment and from the template, never run: the first is
# unquoted text in which GIT_USER=Some Body is ordinary.

# find_active - finds the active build in either layout: RT CLOUD BUILD BLD.
find_active() {
	if [ -r "$BUILD_HOME/runtimedata/ACTIVE_CLOUDHOST" ]; then
		RT=$BUILD_HOME/runtimedata
	elif [ -r "$BUILD_HOME/runtime/ACTIVE_CLOUDHOST" ]; then
		RT=$BUILD_HOME/runtime
	else
		die 65 "$BUILD_HOME: no active build: neither runtimedata nor" \
		    "runtime holds ACTIVE_CLOUDHOST (BUILD_HOME names another)"
	fi
	CLOUD=$(first_line "$RT/ACTIVE_CLOUDHOST")
	need_name "$CLOUD" cloud
	BUILD=$(first_line "$RT/ACTIVE_BUILD_IDENTIFIER")
	need_name "$BUILD" "build identifier"
	BLD=$RT/$CLOUD/$BUILD
}

# find_build - the same with its site, and says which it is: another script may
# have switched it since the operator last looked.
find_build() {
	find_active
	say "active build: cloud $CLOUD, build $BUILD"
	[ -r "$BLD/build_environment" ] ||
		die 65 "$BLD/build_environment: no such file: build once first"
	use_site "$(build_variable WEBSITE_URL)" "$(build_variable REGION)"
}

# use_site site region - what find_build finds in build_environment.
use_site() {
	WEBSITE_URL=$1
	need_name "$WEBSITE_URL" WEBSITE_URL
	REGION=$2
	need_name "$REGION" REGION
	# shellcheck disable=SC2034 # for the scripts that source this
	SNAPSHOTS=$RT/wholemachinebackups/$WEBSITE_URL/snapshots
}

# first_line file - its first line, without the end of line of other systems.
first_line() {
	[ -r "$1" ] || die 65 "$1: no such file"
	sed -n '1{s/[[:space:]]*$//;p;q;}' "$1"
}

# build_variable name - prints its value, nothing if there is none. The first
# assignment counts: later ones may be continuation lines of other values.
build_variable() {
	sed -n "/^$1=/{s/^$1=//;s/^\"\\(.*\\)\"\$/\\1/;p;q;}" \
	    "$BLD/build_environment"
}

# set_build_variables - the NAME=value lines of stdin go into build_environment:
# each over the first line of exactly that name, or at the end. Every other byte
# and the mode stay. By stdin, for arguments are seen by everybody.
set_build_variables() { with_lock "$BLD/build_environment" put_variables; }

put_variables() {
	PUT_FILE=$BLD/build_environment
	[ -e "$PUT_FILE" ] || true | replace_file "$PUT_FILE"
	PUT_MODE=$(stat -c %a "$PUT_FILE")
	PUT_TEMP=$(new_beside "$PUT_FILE") || exit 71
	trap 'rm -f -- "$PUT_TEMP"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	awk '
	{ name = substr($0, 1, index($0, "=")) }
	NR == FNR {
		if (!(name in line))
			order[++count] = name
		line[name] = $0
		next
	}
	name in line && !(name in done) {
		$0 = line[name]
		done[name] = 1
	}
	{ print }
	END {
		for (i = 1; i <= count; i++)
			if (!(order[i] in done))
				print line[order[i]]
	}' - "$PUT_FILE" >"$PUT_TEMP" ||
		die 71 "$PUT_FILE: cannot write it anew: no room?"
	# an awk that does not notice a full disk wrote half of it
	[ "$(wc -l <"$PUT_TEMP")" -ge "$(wc -l <"$PUT_FILE")" ] ||
		die 71 "$PUT_FILE: cannot write it anew: no room?"
	replace_file "$PUT_FILE" "$PUT_MODE" <"$PUT_TEMP"
}

# template_path - prints the path of the template in use.
template_path() (
	path=$(first_line "$RT/current_template_name") || exit
	case $path in
	/*) ;;
	*) die 65 "$RT/current_template_name: not an absolute path: '$path'" ;;
	esac
	[ -r "$path" ] || die 65 "$path: no such template"
	put "$path"
)

# named_template cloud template - prints where it is, in either layout.
named_template() (
	need_name "$1" cloud
	need_name "$2" template
	for folder in templatedconfigurations/templates templates; do
		path=$BUILD_HOME/$folder/$1/$2.tmpl
		if [ -r "$path" ]; then
			put "$path"
			exit 0
		fi
	done
	die 65 "$BUILD_HOME: no template called $2 for the cloud $1"
)

# template_variable name - its value in $TEMPLATE; status 1 if there is none.
template_variable() (
	status=0
	value=$(adt-template get "$TEMPLATE" "$1" 2>/dev/null) || status=$?
	case $status in
	0) put "$value" ;;
	1) return 1 ;;
	*) adt-template get "$TEMPLATE" "$1" || return ;;
	esac
)

# template_value name - the same; nothing, status 0, if there is none.
template_value() (
	status=0
	value=$(template_variable "$1") || status=$?
	[ "$status" -le 1 ] || exit "$status"
	put "$value"
)

# need_template file - sets TEMPLATE: that file, or "" the one in use.
need_template() {
	TEMPLATE=$1
	[ -n "$TEMPLATE" ] || TEMPLATE=$(template_path)
	[ -r "$TEMPLATE" ] || die 65 "$TEMPLATE: no such template"
	adt-template check "$TEMPLATE" >&2
}

# use_template - sets TEMPLATE to the one in use if it is this build's, else to
# "": then build_environment says what is wanted. A build driven by user data
# alone reads no template, and leaves an old path.
use_template() {
	TEMPLATE=
	[ -r "$RT/current_template_name" ] || return 0
	TEMPLATE=$(template_path)
	USE_STATUS=0
	(
		same_if_set CLOUDHOST "$CLOUD" &&
		    same_if_set BUILD_IDENTIFIER "$BUILD" &&
		    same_if_set WEBSITE_URL "$WEBSITE_URL"
	) || USE_STATUS=$?
	case $USE_STATUS in
	0) ;;
	1)
		say "$TEMPLATE: another build's template, not asked"
		TEMPLATE=
		;;
	*) exit "$USE_STATUS" ;;
	esac
}

# same_if_set name value - 1 if the template sets it to something else.
same_if_set() (
	status=0
	value=$(template_variable "$1") || status=$?
	case $status in
	0) [ "$value" = "$2" ] ;;
	1) ;;
	*) exit "$status" ;;
	esac
)

# planned name... - the value of the first of the names that the template sets,
# be it to nothing; or else that build_environment gives a value.
planned() (
	if [ -n "$TEMPLATE" ]; then
		for name in "$@"; do
			status=0
			value=$(template_variable "$name") || status=$?
			case $status in
			0) ;;
			1) continue ;;
			*) exit "$status" ;;
			esac
			put "$value"
			exit 0
		done
	fi
	value=
	for name in "$@"; do
		value=$(build_variable "$name") || exit
		[ -z "$value" ] || break
	done
	put "$value"
)

# provider_key - the toolkit's public key, by the name that it has at those
# clouds where the toolkit puts it; elsewhere adt-cloud leaves it out.
provider_key() { put "?AGILE_TOOLKIT_PUBLIC_KEY-$BUILD"; }

# provider_firewall label - the provider's own firewall for a type, by the name
# the toolkit gives it; nothing where the build has none.
provider_firewall() {
	case $(planned ACTIVE_FIREWALLS) in
	2 | 3) put "adt-$1-$BUILD" ;;
	esac
}

# The machine types, in one place. Columns: label, number in the menu, name,
# variable of its size, its title; the count is machine_count's. In names: %R
# region, %B build, %A autoscaler number, %X first four of the server user, %N
# a number, %I init-number or, when scaled up, four characters.
machine_types() {
	cat <<-'TABLE'
	authenticator 1 NO-%N-auth-%R-%B-%X AUTH_SERVER_TYPE authenticator
	reverseproxy 2 NO-%N-rp-%R-%B-%X RP_SERVER_TYPE reverse proxy
	autoscaler 3 NO-%N-as-%R-%B-%X AS_SERVER_TYPE autoscaler
	webserver 4 ws-%R-%B-%A-%X-%I WS_SERVER_TYPE webserver
	database 5 db-%R-%B-%X DB_SERVER_TYPE database
	TABLE
}

machine_labels() { machine_types | cut -d ' ' -f 1; }

# need_label word - dies unless it is a label of the table.
need_label() {
	machine_labels | grep -qxF -e "$1" || usage_error "no machine type '$1':" \
	    "one of $(machine_labels | tr '\n' ' ' | sed 's/ $//')"
}

# machine_count label - how many the template, or else the build, asks for.
machine_count() (
	case $1 in
	authenticator) count=$(planned NO_AUTHENTICATORS) || exit ;;
	reverseproxy) count=$(planned NO_REVERSE_PROXIES NO_REVERSE_PROXY) || exit ;;
	webserver) count=$(planned NO_WEBSERVERS) || exit ;;
	autoscaler)
		count=0
		production=$(planned PRODUCTION) || exit
		mode=$(planned DEPLOYMENT_MODE) || exit
		if [ "$production" = 1 ] || [ "$mode" = PRODUCTION ]; then
			count=$(planned NO_AUTOSCALERS) || exit
		fi
		;;
	database)
		count=1
		install=$(planned DB_INSTALL_MODE) || exit
		engine=$(planned DATABASE_INSTALLATION_TYPE) || exit
		[ "$install" != 0 ] || count=0
		case $engine in DBaaS | None) count=0 ;; esac
		;;
	esac
	case ${count:=0} in
	*[!0-9]* | ???*) die 65 "$1: not a count of machines: '$count'" ;;
	esac
	# 08 would be a broken octal number to some shells.
	count=${count#0}
	put "${count:-0}"
)

machine_size() (
	variable=$(machine_types | awk -v label="$1" '$1 == label { print $4 }')
	planned "$variable"
)

# wanted_labels - the types the template, or else the build, asks for.
wanted_labels() (
	for label in $(machine_labels); do
		count=$(machine_count "$label") || exit
		[ "$count" -eq 0 ] || put "$label"
	done
)

# has_database - prints yes or no: is there one, on our machine or managed?
has_database() (
	engine=$(planned DATABASE_INSTALLATION_TYPE) || exit
	count=$(machine_count database) || exit
	if [ "$engine" = DBaaS ] || [ "$count" -gt 0 ]; then
		echo yes
	else
		echo no
	fi
)

# machine_rules - a sed program: puts "label TAB" before every line that is, or
# begins with and a tab, the name of a machine of this build; drops the others.
# Names are matched whole, against the known region and build: both may hold a
# "-", so splitting a name would take demo-2 for demo.
machine_rules() {
	machine_types | awk -v region="$REGION" -v build="$BUILD" '
	function literal(text) { gsub(/[.]/, "[.]", text); return text }
	function fill(mark, text,    at) {
		while ((at = index(form, mark)) > 0)
			form = substr(form, 1, at - 1) text substr(form, at + 2)
	}
	{
		form = $3
		fill("%A", "[0-9]+"); fill("%N", "[1-9][0-9]*")
		fill("%X", "X[A-Za-z0-9][A-Za-z0-9][A-Za-z0-9]")
		fill("%I", "(init-[1-9][0-9]*|" \
		    "[A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9])")
		fill("%R", literal(region)); fill("%B", literal(build))
		printf "s/^(%s)(\t.*)?$/%s\t&/p\n", form, $1
	}'
}

# machine_type name - prints its label; 1 if it is no machine of this build.
machine_type() {
	case $1 in *[!A-Za-z0-9._-]*) return 1 ;; esac
	put "$1" | sed -nE "$(machine_rules)" | cut -f 1 | grep .
}

# machine_name label number rnd - the name the toolkit builds it under.
machine_name() {
	machine_types | awk -v label="$1" -v number="$2" -v rnd="$3" \
	    -v region="$REGION" -v build="$BUILD" '
	function fill(mark, text,    at) {
		if ((at = index(form, mark)) > 0)
			form = substr(form, 1, at - 1) text substr(form, at + 2)
	}
	$1 == label {
		form = $3
		fill("%A", "0"); fill("%N", number); fill("%X", rnd)
		fill("%I", "init-" number)
		fill("%R", region); fill("%B", build)
		print form
	}'
}

# with_lock path command... - runs the command while holding flock(2) on
# path.lock, as the programs do; children keep it, so a killed script's still
# running program is not overtaken. The file names its holder; whoever waits
# says so, and gives up with 75 after ADT_LOCK_WAIT_S seconds (30).
with_lock() (
	lock=$1.lock
	shift
	true >>"$lock" || die 71 "$lock: cannot open it"
	# Not by exec: what ksh opens so is closed in the programs it runs.
	# shellcheck disable=SC2094 # the lock is one file, its text another thing
	{
		flock -n 9 || {
			holder=$(lock_holder "$lock")
			say "$PROGRAM: $lock: $holder; waiting"
			flock -w "${ADT_LOCK_WAIT_S:-30}" 9 ||
				die 75 "$lock: $holder; try again later"
		}
		# on a full disk it has no name, and does what needs no room
		put "pid $$ on $(uname -n) since $(date -u +%FT%TZ)" \
		    2>/dev/null >"$lock" || :
		"$@"
	} 9>>"$lock"
)

# lock_holder lock - in words, who holds it. Where the script that took it was
# killed, a program that it had started goes on.
lock_holder() (
	named=$(sed 1q "$1")
	pid=$(put "$named" | sed -n "s/^pid \([0-9]*\) on $(uname -n) since .*/\1/p")
	words="another run holds it (${named:-not named})"
	[ -z "$pid" ] || running "$pid" ||
		words="$words, which was killed: a program that it had started \
is still ending its work"
	put "$words"
)

# cloud command argument... - one call of the cloud's program for this build.
cloud() {
	CLOUD_COMMAND=$1
	shift
	adt-cloud "$CLOUD_COMMAND" --cloud "$CLOUD" --region "$REGION" \
	    --build "$BLD" ${CLOUD_TOKEN:+--credentials "$CLOUD_TOKEN"} "$@"
}
CLOUD_TOKEN= # a file, where they are not looked for in the build

# For jq: address(via), of a machine: by which it is reached from here, "-" where
# it has none. via is BUILD_MACHINE_VPC: 1 for the private one first.
# shellcheck disable=SC2016,SC2034 # a program of jq, for all who list machines
ADDRESS_JQ='def address($via):
	[if $via == "1" then .private_ipv4, .public_ipv4
	 else .public_ipv4, .private_ipv4 end |
	 select(. != null and . != "")] | first // "-";'

