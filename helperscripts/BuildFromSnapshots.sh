#!/bin/sh
# BuildFromSnapshots.sh - provisions the fleet that the template asks for, each
# machine from the image of its type, all at the same time.
#
# The machines get the names of those the images were captured from, so these
# must be gone first. Killed and run again, it goes on where it was: its journal
# tells the machines it was creating from strangers of the same name.
#
# A machine is told by user data to become itself and to restore the newest
# backup of the site. The database machine is created first, since webservers
# are told where it is. The run is over when every machine is ready.
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
# shellcheck source=lib/view.sh
. "$here/lib/view.sh"

usage() {
	cat <<-EOF
	usage: $PROGRAM [option...]
	Starts the machines that the template in use asks for, from the recorded
	images, has them restore the newest backup, and waits until they are
	ready. The template must say BUILD_FROM_SNAPSHOT="1".
	  --deadline MINUTES  give up then; default: by the size of the images
	  --progress WHAT     auto, json or none
	  --dry-run           check, and list what would be created
	  --abandon           give an unfinished build up: the machines that it
	                      made go; nothing new is created
	  --yes               do not ask
	  --help              this text
	EOF
	ready_usage
	cat <<-EOF
	On stdout, for each machine: name, type, id, address; in a dry run the
	image's id, and no address.
	EOF
}

# stored_rnd - the first four characters of the server user in the images.
stored_rnd() (
	rnd=$(open_sealed credentials | sed -n '/^USERNAME:/{
		s/^USERNAME://; s/^\(....\).*/\1/; p; q; }')
	case $rnd in
	X[A-Za-z0-9][A-Za-z0-9][A-Za-z0-9]) put "$rnd" ;;
	*) die 65 "$SNAPSHOTS/credentials.dat: no server user in it" ;;
	esac
)

# plan_fleet - "name TAB label TAB image id TAB size" lines, one a machine.
plan_fleet() (
	rnd=$(stored_rnd) || exit
	labels=$(wanted_labels) || exit
	for label in $labels; do
		image=$(put "$VERDICTS" | jq -r --arg type "$label" \
		    'first(.[] | select(.label == $type)).id')
		size=$(machine_size "$label") || exit
		count=$(machine_count "$label") || exit
		number=1
		while [ "$number" -le "$count" ]; do
			name=$(machine_name "$label" "$number" "$rnd")
			put "$name	$label	$image	$size"
			number=$((number + 1))
		done
	done
)

# tell_machines results - what was made, on stdout. The address is the one by
# which the build machine reaches it.
tell_machines() {
	VIA=$(planned BUILD_MACHINE_VPC)
	RULES=$(machine_rules)
	ROWS=$(put "$1" | jq -r --arg via "$VIA" "$ADDRESS_JQ"'
		.[] | [.name, .id, address($via)] | @tsv') ||
		die 76 "adt-cloud: not the list of machines it promises"
	put "$ROWS" | sed -nE "$RULES" |
		awk -F '\t' '{ print $2 "\t" $1 "\t" $3 "\t" $4 }'
}

# provision target... - one run for all of them; its results on stdout.
provision() { provision_by "$SNAPSHOTS/build-journal" "$@"; }

# created results - tells of new machines; what was known of their addresses
# was known of others.
created() {
	tell_machines "$1"
	for ADDRESS in $(put "$1" | jq -r '.[] | .public_ipv4, .private_ipv4 |
	    select(. != null and . != "")'); do
		forget_host "$ADDRESS"
	done
}

# prepare_userdata - sets what render_userdata wants.
prepare_userdata() {
	open_userdata build
	STATUS=0
	SITE_SETTINGS=$(site_settings) || STATUS=$?
	case $STATUS in
	0) ;;
	1) warn "no datastore is configured (S3_ACCESS_KEY): the site will be" \
	    "as old as the images" ;;
	*) exit "$STATUS" ;;
	esac
	WEBSERVER_IMAGE=$(recorded_ids | sed -n 's/^webserver	//p')
}

# journals - those of this build: of the run under way, and of finished ones;
# none where it is over.
journals() {
	[ ! -e "$SNAPSHOTS/build-over-journal" ] || return 0
	for JOURNAL in "$SNAPSHOTS"/build-journal "$SNAPSHOTS"/build-[0-9]*-journal; do
		[ ! -e "$JOURNAL" ] || put "$JOURNAL"
	done
}

# tell_journals words - and what they are about, if there are any.
tell_journals() {
	TOLD=$(journals)
	[ -n "$TOLD" ] || return 0
	say "$1"
	put "$TOLD" | while IFS= read -r JOURNAL; do
		tell_run "$JOURNAL" </dev/null
	done
}

# keep_journal - that of a finished run goes aside for the next one's. It is
# wanted until the build is over: only it tells whose the machines are.
keep_journal() {
	[ -e "$SNAPSHOTS/build-journal" ] || return 0
	NUMBER=1
	while [ -e "$SNAPSHOTS/build-$NUMBER-journal" ]; do
		NUMBER=$((NUMBER + 1))
	done
	mv "$SNAPSHOTS/build-journal" "$SNAPSHOTS/build-$NUMBER-journal"
	sync "$SNAPSHOTS"
}

# end_build - one rename ends it: from then on there is nothing to give up.
end_build() {
	JOURNAL=$(journals | sed 1q)
	[ -z "$JOURNAL" ] || mv "$JOURNAL" "$SNAPSHOTS/build-over-journal"
	sync "$SNAPSHOTS"
	clear_over
}

# clear_over - what is left of the journals of a build that is over.
clear_over() {
	[ -e "$SNAPSHOTS/build-over-journal" ] || return 0
	rm -f -- "$SNAPSHOTS/build-journal" "$SNAPSHOTS"/build-[0-9]*-journal
	rm -f -- "$SNAPSHOTS/build-over-journal"
	sync "$SNAPSHOTS"
}

# finish_journal - completes the run that an earlier one left. Sets FINISHED.
finish_journal() {
	FINISHED=
	[ -z "$(journals)" ] || FINISHED=yes
	[ -e "$SNAPSHOTS/build-journal" ] || return 0
	say "an earlier build is not finished: finishing it first" \
	    "(--abandon gives it up)"
	tell_run "$SNAPSHOTS/build-journal"
	# After a reboot the texts are gone, not the journal that names them.
	UNSENT=$(jq -r '.targets[] | select(.user_data_file != "") |
		[.machine, .image, .user_data_file] | @tsv' \
	    "$SNAPSHOTS/build-journal") ||
		die 65 "$SNAPSHOTS/build-journal: damaged; remove it"
	while IFS='	' read -r NAME IMAGE FILE; do
		if [ -z "$NAME" ] || [ -e "$FILE" ]; then
			continue
		fi
		HOST=$(database_host)
		render_userdata "$(machine_type "$NAME")" "$NAME" "$IMAGE" \
		    "$HOST"
	done <<-EOF
	$UNSENT
	EOF
	RESULTS=$(provision)
	created "$RESULTS"
}

# drop_running - takes the machines that run already off PLAN. A fresh build
# refuses them: they are the originals, or somebody else's. After a finished
# journal they are what earlier runs of this script made.
drop_running() {
	FLEET=$(fleet)
	CLASH=$({ put "$FLEET" | cut -f 2; put '='; put "$PLAN"; } | awk -F '\t' '
		$0 == "=" { plan = 1; next }
		!plan { there[$1] = 1; next }
		$1 in there { print $1 }')
	[ -n "$CLASH" ] || return 0
	if [ -z "$FINISHED" ]; then
		put "$CLASH" | sed "s/^/$PROGRAM: already there: /" >&2
		die 69 "nothing was created: RetireServers.sh takes the" \
		    "originals down"
	fi
	PLAN=$({ put "$CLASH"; put '='; put "$PLAN"; } | awk -F '\t' '
		$0 == "=" { plan = 1; next }
		!plan { there[$1] = 1; next }
		!($1 in there)')
}

# create_machines plan - those of its lines that are wanted, in one run.
create_machines() {
	[ -n "$1" ] || return 0
	keep_journal
	HOST=$(database_host)
	VPC=$(planned VPC_NAME)
	set -- "$1" start
	while IFS='	' read -r NAME LABEL IMAGE SIZE; do
		render_userdata "$LABEL" "$NAME" "$IMAGE" "$HOST"
		FIREWALL=$(provider_firewall "$LABEL")
		set -- "$@" --size "$SIZE" ${FIREWALL:+--firewall "$FIREWALL"} \
		    --user-data "$USERDATA/$NAME.yaml" "$NAME=$IMAGE"
	done <<-EOF
	$1
	EOF
	shift 2
	RESULTS=$(provision ${VPC:+--vpc "$VPC"} --ssh-key "$(provider_key)" \
	    "$@")
	created "$RESULTS"
}

# of_type plan label, not_of_type plan label - the lines of PLAN.
of_type() { put "$1" | awk -F '\t' -v label="$2" '$2 == label'; }
not_of_type() { put "$1" | awk -F '\t' -v label="$2" '$2 != label'; }

# await_plan plan - until all its machines are ready.
await_plan() {
	[ "$WAIT_S" -gt 0 ] || return 0
	MACHINES=$(cloud machines --json)
	VIA=$(planned BUILD_MACHINE_VPC)
	ROWS=$({ put "$MACHINES" | jq -r --arg via "$VIA" \
	    "$ADDRESS_JQ"'.[] | [.name, address($via)] | @tsv'
		put '='
		put "$1"
	} | awk -F '\t' '
		$0 == "=" { plan = 1; next }
		!plan { address[$1] = $2; next }
		$1 != "" { print $2 "\t" $1 "\t" $3 "\t" address[$1] }')
	await_all "$ROWS" "$USERDATA/ready" || {
		STATUS=$?
		say "the build is not over: mend what is wrong, remove the" \
		    "machines that failed, and run this again"
		exit "$STATUS"
	}
}

# abandon - the unfinished build is given up.
abandon() {
	if [ -z "$(journals)" ]; then
		say "no build is unfinished"
		[ -n "$DRY_RUN" ] || { clear_over; clear_run build; }
		return 0
	fi
	tell_journals "this build is not finished"
	if [ -n "$DRY_RUN" ]; then
		say "dry run: nothing was given up"
		return 0
	fi
	[ -n "$YES" ] || confirm "Remove the machines that it made?" ||
		die 1 "nothing was given up"
	for JOURNAL in "$SNAPSHOTS"/build-journal "$SNAPSHOTS"/build-[0-9]*-journal; do
		[ ! -e "$JOURNAL" ] || abandon_run "$JOURNAL" machine
	done
	clear_run build
	say "the unfinished build is given up"
}

build() {
	pin_record
	if [ -z "$DRY_RUN" ]; then
		prepare_userdata
		open_ready
		clear_over
		finish_journal
	else
		FINISHED=
		tell_journals "an earlier build is not finished: it comes first"
	fi
	need_preflight
	PLAN=$(plan_fleet)
	[ -n "$PLAN" ] || die 1 "$TEMPLATE asks for no machine"
	WHOLE=$PLAN
	drop_running
	if [ -n "$DRY_RUN" ]; then
		put "$PLAN" | awk -F '\t' 'NF { print $1 "\t" $2 "\t" $3 "\t-" }'
		put "$PLAN" | awk -F '\t' 'NF { print "machine\t" $4 "\t1" }' |
			tell_cost "the new machines"
		say "dry run: nothing was created"
		return 0
	fi
	if [ -n "$PLAN" ]; then
		COUNT=$(put "$PLAN" | grep -c .)
		if [ -z "$YES" ]; then
			put "$PLAN" | awk -F '\t' '{ print $1 " (" $4 ")" }' >&2
			confirm "Create these $COUNT machines?" ||
				die 1 "nothing was created"
		fi
		FIRST=$(of_type "$PLAN" database)
		create_machines "$FIRST"
		REST=$(not_of_type "$PLAN" database)
		create_machines "$REST"
	else
		say "every machine that $TEMPLATE asks for is there"
	fi
	await_plan "$WHOLE"
	end_build
	close_userdata
}

main() {
	YES='' DRY_RUN='' DEADLINE='' PROGRESS='' ABANDON=''
	ready_defaults
	while [ $# -gt 0 ]; do
		case $1 in
		--deadline | --progress | --wait | --health-*)
			[ $# -ge 2 ] || usage_error "$1 wants a value" ;;
		esac
		case $1 in
		--deadline) need_minutes "$2"; DEADLINE=$2; shift ;;
		--progress) need_progress "$2"; PROGRESS=$2; shift ;;
		--yes) YES=yes ;;
		--dry-run) DRY_RUN=yes ;;
		--abandon) ABANDON=yes ;;
		-h | --help) usage; exit 0 ;;
		--wait | --health-*)
			ready_option "$1" "$2" ||
				usage_error "unknown argument $1"
			shift
			;;
		*) usage_error "unknown argument $1" ;;
		esac
		shift
	done
	find_build
	need_program jq flock gzip ssh adt-cloud adt-seal adt-snapshot-ids \
	    adt-template adt-userdata
	if [ -n "$ABANDON" ]; then
		if [ -n "$DRY_RUN" ] || [ ! -d "$SNAPSHOTS" ]; then
			abandon
		else
			with_lock "$SNAPSHOTS/snapshots.json" abandon
		fi
		exit 0
	fi
	need_template ""
	FLAG=$(template_value BUILD_FROM_SNAPSHOT)
	[ "$FLAG" = 1 ] || die 69 "$TEMPLATE: BUILD_FROM_SNAPSHOT is '$FLAG':" \
	    "run SetBuildFromSnapshot.sh on"
	# Without the folder nothing is recorded; the preflight says so.
	if [ -n "$DRY_RUN" ] || [ ! -d "$SNAPSHOTS" ]; then
		build
	else
		with_lock "$SNAPSHOTS/snapshots.json" build
		close_view
	fi
}
main "$@"
