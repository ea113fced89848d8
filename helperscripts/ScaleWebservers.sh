#!/bin/sh
# ScaleWebservers.sh - brings the number of webservers to N: starts new ones
# from the image, all at the same time, or takes the newest away.
#
# Runs on the build machine, or on an autoscaler, whose settings then say which
# image. A webserver counts when it is ready, be it new or there before. Killed
# and run again, it finishes what it had begun first.
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
# shellcheck source=lib/journals.sh
. "$here/lib/journals.sh"
# shellcheck source=lib/prices.sh
. "$here/lib/prices.sh"
# shellcheck source=lib/userdata.sh
. "$here/lib/userdata.sh"
# shellcheck source=lib/ready.sh
. "$here/lib/ready.sh"
# shellcheck source=lib/autoscaler.sh
. "$here/lib/autoscaler.sh"

usage() {
	cat <<-EOF
	usage: $PROGRAM N|static [option...]
	       $PROGRAM --abandon [--dry-run] [--yes]
	Brings the number of this build's ready webservers to N. Prints a line
	for each one that was started: name, type, id, address. Those that are
	there have half a minute to show that they are ready; with a smaller N
	those that are not go first, then the newest. With the word static, N is
	what the toolkit's AdjustScaling wants of this autoscaler, in the datastore.
	  --settings FILE     of an autoscaler, where this is one; else the build
	                      machine's own records say which image
	  --number A          count and name only those of autoscaler A
	  --keep-failed       leave new webservers that do not become ready
	  --force             also to 0, and above MAX_WEBSERVERS
	  --deadline MINUTES  for creating them; default: by the image's size
	  --progress WHAT     auto, json or none
	  --abandon           give an unfinished run up: the webservers that it
	                      started go; nothing new is created
	  --dry-run           say what would be done, and what it costs
	  --yes               do not ask
	  --help              this text
	EOF
	ready_usage
	cat <<-EOF
	Status: 0 there are N, 69 or 75 some did not become ready.
	EOF
}

# webservers - "created TAB name TAB id TAB state TAB address", oldest first.
webservers() (
	machines=$(cloud machines --json) || exit
	via=$(planned BUILD_MACHINE_VPC) || exit
	[ -z "$SETTINGS" ] || via=1
	rows=$(put "$machines" | jq -r --arg via "$via" "$ADDRESS_JQ"'.[] |
		select(.name | test("\\A[A-Za-z0-9._-]+\\z")) | [.name, .id,
		.state, (.created // ""), address($via)] | @tsv') ||
		die 76 "adt-cloud: not the list of machines it promises"
	rules=$(machine_rules) || exit
	put "$rows" | sed -nE "$rules" | awk -F '\t' -v OFS='\t' \
	    -v own="${NUMBER:+ws-$REGION-$BUILD-$NUMBER-}" '
		$1 == "webserver" && (own == "" || index($2, own) == 1) {
			print $5, $2, $3, $4, $6 }' | sort
)

# new_name taken - a name of the scheme that is not among the lines of taken.
new_name() (
	while :; do
		four=$(tr -dc 'A-Za-z0-9' </dev/urandom | dd bs=1 count=4 \
		    2>/dev/null)
		name=ws-$REGION-$BUILD-${NUMBER:-0}-$RND-$four
		put "$1" | grep -qxiF -e "$name" || break
	done
	put "$name"
)

provision() { provision_by "$SNAPSHOTS/scale-journal" "$@"; }

# take_new results - waits for what was created; removes what does not become
# ready, tells of what does. Then the run is over.
take_new() {
	NOW=$(webservers)
	NEW=$({ put "$1" | jq -r '.[] | [.name, .image] | @tsv'
		put '='
		put "$NOW"
	} | awk -F '\t' '
		$0 == "=" { now = 1; next }
		!now { image[$1] = $2; next }
		$2 in image { print "webserver\t" $2 "\t" image[$2] "\t" $5 }')
	for ADDRESS in $(put "$NEW" | cut -f 4); do
		forget_host "$ADDRESS"
	done
	STATUS=0
	await_all "$NEW" "$USERDATA/ready" || STATUS=$?
	{ cat "$USERDATA/ready"; put '='; put "$NOW"; } | awk -F '\t' '
		$0 == "=" { now = 1; next }
		!now { ready[$1] = 1; next }
		$2 in ready { print $2 "\twebserver\t" $3 "\t" $5 }'
	[ "$STATUS" -eq 0 ] || remove_failed
	rm -f -- "$SNAPSHOTS/scale-journal"
	sync "$SNAPSHOTS"
}

remove_failed() {
	FAILED=$({ cat "$USERDATA/ready"; put '='; put "$NEW"; put '='
		put "$NOW"; } | awk -F '\t' '
		$0 == "=" { part++; next }
		part == 0 { ready[$1] = 1; next }
		part == 1 { if (!($2 in ready)) failed[$2] = 1; next }
		$2 in failed { print $3 }')
	[ -n "$FAILED" ] || return 0
	if [ -n "$KEEP" ]; then
		say "kept, though not ready: $(put "$FAILED" | tr '\n' ' ')"
		return 0
	fi
	say "removing those that did not become ready"
	# shellcheck disable=SC2086 # ids, one a line
	cloud delete-machine $FAILED
}

# look_at_those_there - sets READY and UNREADY: those lines of ALIVE that pass
# the readiness check, and those that do not, which it names.
look_at_those_there() {
	READY=$ALIVE UNREADY=
	[ -n "$ALIVE" ] && [ "$WANTED" -gt 0 ] || return 0
	ROWS=$(put "$ALIVE" | awk -F '\t' '
		{ print "webserver\t" $2 "\tany\t" $5 }')
	# In a subshell: new ones have the whole wait.
	(
		[ "$WAIT_S" -le 30 ] || WAIT_S=30
		await_all "$ROWS" "$USERDATA/there"
	) || :
	# Killed meanwhile, it must not go on to create machines.
	kill -0 "$$" 2>/dev/null || exit 75
	READY=$(among_ready 1)
	UNREADY=$(among_ready 0)
	[ -z "$UNREADY" ] || put "$UNREADY" | awk -F '\t' '
		{ print $2 " (" $3 ") is not ready: not counted" }' >&2
}

# among_ready yes - the lines of ALIVE that are, or with 0 are not, ready.
among_ready() {
	{ cat "$USERDATA/there"; put '='; put "$ALIVE"; } |
		awk -F '\t' -v yes="$1" '
		$0 == "=" { now = 1; next }
		!now { ready[$1] = 1; next }
		($2 in ready) == yes'
}

# scale_up how-many - no more machines than MAX_WEBSERVERS, ready or not.
scale_up() {
	if [ -z "$FORCE" ] && [ -n "$MOST" ] &&
	    [ $((THERE + $1)) -gt "$MOST" ]; then
		[ -z "$UNREADY" ] || die 69 "MAX_WEBSERVERS is $MOST, and" \
		    "$THERE are there: mend or delete those that are not" \
		    "ready (adt-cloud delete-machine), or use --force"
		die 69 "MAX_WEBSERVERS is $MOST: --force goes above it"
	fi
	say "$HAVE webservers: starting $1 more"
	if [ -n "$DRY_RUN" ]; then
		put "machine	$(machine_size webserver)	$1" |
			tell_cost "the new webservers"
		say "dry run: nothing was created"
		return 0
	fi
	HOST=$(database_host)
	VPC=$(planned VPC_NAME)
	SIZE=$(machine_size webserver)
	TAKEN=$(put "$NOW" | cut -f 2)
	LEFT=$1
	FIREWALL=$(provider_firewall webserver)
	set -- ${VPC:+--vpc "$VPC"} ${SIZE:+--size "$SIZE"} \
	    --ssh-key "$(provider_key)" ${FIREWALL:+--firewall "$FIREWALL"}
	while [ "$LEFT" -gt 0 ]; do
		NAME=$(new_name "$TAKEN")
		TAKEN="$TAKEN
$NAME"
		render_userdata webserver "$NAME" "$IMAGE" "$HOST"
		set -- "$@" --user-data "$USERDATA/$NAME.yaml" "$NAME=$IMAGE"
		LEFT=$((LEFT - 1))
	done
	RESULTS=$(provision "$@")
	take_new "$RESULTS"
}

# scale_down how-many - those that are not ready go, then the newest.
scale_down() {
	GOING=$({ put "$READY"; put "$UNREADY"; } | grep . | tail -n "$1")
	put "$GOING" | cut -f 2 | sed 's/^/going: /' >&2
	if [ -n "$DRY_RUN" ]; then
		put "machine	$(machine_size webserver)	$1" |
			tell_cost "as long as they are there"
		say "dry run: nothing was deleted"
		return 0
	fi
	if [ -z "$YES" ]; then
		confirm "Delete these $1 of $THERE webservers?" ||
			die 1 "nothing was deleted"
	fi
	# shellcheck disable=SC2046 # ids, one a line
	cloud delete-machine $(put "$GOING" | cut -f 3)
}

# finish_journal - the run that an earlier one left.
finish_journal() {
	[ -e "$SNAPSHOTS/scale-journal" ] || return 0
	say "an earlier run is not finished: finishing it first (--abandon" \
	    "gives it up)"
	tell_run "$SNAPSHOTS/scale-journal"
	[ -z "$DRY_RUN" ] || return 0
	jq -r '.targets[] | [.machine, .image, .user_data_file] | @tsv' \
	    "$SNAPSHOTS/scale-journal" >"$USERDATA/unsent" ||
		die 65 "$SNAPSHOTS/scale-journal: damaged; remove it"
	HOST=$(database_host)
	while IFS='	' read -r NAME OLD FILE; do
		[ -e "$FILE" ] ||
			render_userdata webserver "$NAME" "$OLD" "$HOST"
	done <"$USERDATA/unsent"
	RESULTS=$(provision)
	take_new "$RESULTS"
}

scale() {
	open_userdata scale
	STATUS=0
	finish_journal
	if [ "$WANTED" = static ]; then
		WANTED=$(static_scale)
		[ "$WANTED" -gt 0 ] || [ -n "$FORCE" ] ||
			die 69 "STATIC_SCALE is 0: that takes --force"
	fi
	NOW=$(webservers)
	# One that is off serves nobody, and may be somebody's to look at.
	ALIVE=$(put "$NOW" | awk -F '\t' '$4 != "stopped" && $4 != "failed"')
	put "$NOW" | awk -F '\t' '$4 == "stopped" || $4 == "failed" {
		print $2 " is " $4 ": not counted" }' >&2
	look_at_those_there
	THERE=$(put "$ALIVE" | grep -c . || :)
	HAVE=$(put "$READY" | grep -c . || :)
	if [ "$WANTED" -gt "$HAVE" ]; then
		scale_up $((WANTED - HAVE))
	elif [ "$WANTED" -lt "$HAVE" ]; then
		scale_down $((THERE - WANTED))
	else
		say "there are $HAVE webservers"
	fi
	close_userdata
	exit "$STATUS"
}

# abandon - the unfinished run is given up.
abandon() {
	if [ ! -e "$SNAPSHOTS/scale-journal" ]; then
		say "no run is unfinished"
		[ -n "$DRY_RUN" ] || clear_run scale
		return 0
	fi
	tell_run "$SNAPSHOTS/scale-journal"
	if [ -n "$DRY_RUN" ]; then
		say "dry run: nothing was given up"
		return 0
	fi
	[ -n "$YES" ] || confirm "Remove the webservers that it started?" ||
		die 1 "nothing was given up"
	abandon_run "$SNAPSHOTS/scale-journal" machine
	clear_run scale
	say "the unfinished run is given up"
}

# on_build_machine - the image and the site, from what is recorded.
on_build_machine() {
	find_build
	[ -z "$ABANDON" ] || return 0
	use_template
	pin_record
	judge_snapshots
	IMAGE=$(put "$VERDICTS" | jq -r 'first(.[] |
		select(.label == "webserver" and .status == 0).id) // ""')
	[ -n "$IMAGE" ] || die 69 "no usable image of a webserver is recorded:" \
	    "see VerifySnapshots.sh"
	STATUS=0
	SITE_SETTINGS=$(site_settings) || STATUS=$?
	case $STATUS in
	0) ;;
	1) warn "no datastore is configured (S3_ACCESS_KEY): the site of new" \
	    "webservers will be as old as the image" ;;
	*) exit "$STATUS" ;;
	esac
}

main() {
	WANTED='' SETTINGS='' NUMBER='' KEEP='' FORCE='' DEADLINE='' PROGRESS=''
	DRY_RUN='' YES='' SERVER_USER='' ABANDON=''
	ready_defaults
	while [ $# -gt 0 ]; do
		case $1 in
		--settings | --number | --deadline | --progress | --wait | \
		    --health-*)
			[ $# -ge 2 ] || usage_error "$1 wants a value" ;;
		esac
		case $1 in
		--settings) SETTINGS=$2; shift ;;
		--number)
			case $2 in
			'' | *[!0-9]* | ???*)
				usage_error "not an autoscaler's number: '$2'" ;;
			esac
			NUMBER=$2
			shift
			;;
		--keep-failed) KEEP=yes ;;
		--force) FORCE=yes ;;
		--deadline) need_minutes "$2"; DEADLINE=$2; shift ;;
		--progress) need_progress "$2"; PROGRESS=$2; shift ;;
		--abandon) ABANDON=yes ;;
		--dry-run) DRY_RUN=yes ;;
		--yes) YES=yes ;;
		-h | --help) usage; exit 0 ;;
		--wait | --health-*)
			ready_option "$1" "$2" ||
				usage_error "unknown argument $1"
			shift
			;;
		-*) usage_error "unknown argument $1" ;;
		*)
			[ -z "$WANTED" ] || usage_error "one number is wanted"
			WANTED=$1
			;;
		esac
		shift
	done
	if [ -n "$ABANDON" ]; then
		[ -z "$WANTED" ] || usage_error "--abandon takes no number"
		WANTED=1 # not looked at
	fi
	case $WANTED in
	static) need_program adt-datastore ;;
	'' | *[!0-9]* | ????*) usage_error "how many webservers, 0 to 999?" ;;
	*)
		WANTED=$(put "$WANTED" | sed 's/^0*\(.\)/\1/')
		[ "$WANTED" -gt 0 ] || [ -n "$FORCE" ] ||
			usage_error "no webserver at all takes --force"
		;;
	esac
	need_program jq flock gzip ssh adt-cloud adt-userdata
	if [ -z "$SETTINGS" ] &&
	    [ ! -e "$BUILD_HOME/runtimedata/ACTIVE_CLOUDHOST" ] &&
	    [ ! -e "$BUILD_HOME/runtime/ACTIVE_CLOUDHOST" ]; then
		SETTINGS=$(autoscaler_settings) || SETTINGS=
	fi
	if [ -n "$SETTINGS" ]; then
		[ -r "$SETTINGS" ] || die 65 "$SETTINGS: no such file"
		find_autoscaler "$SETTINGS"
	else
		on_build_machine
	fi
	if [ -n "$ABANDON" ]; then
		if [ -n "$DRY_RUN" ] || [ ! -d "$SNAPSHOTS" ]; then
			abandon
		else
			with_lock "$SNAPSHOTS/scale" abandon
		fi
		exit 0
	fi
	open_ready
	RND=$(printf '%.4s' "$SSH_USER")
	MOST=$(planned MAX_WEBSERVERS)
	with_lock "$SNAPSHOTS/scale" scale
}
main "$@"
