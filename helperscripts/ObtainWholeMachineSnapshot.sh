#!/bin/sh
# ObtainWholeMachineSnapshot.sh - captures machines of the active build as
# images, and records the images and what a rebuild from them needs.
#
# Nothing is recorded before every image is usable, so a failed capture changes
# no file. It can be killed at any point and run again: what the journal tells
# of is finished first, and nothing is made twice.
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
# shellcheck source=lib/pointer.sh
. "$here/lib/pointer.sh"
# shellcheck source=lib/datastore.sh
. "$here/lib/datastore.sh"
# shellcheck source=lib/bucketprune.sh
. "$here/lib/bucketprune.sh"
# shellcheck source=lib/view.sh
. "$here/lib/view.sh"

usage() {
	cat <<-EOF
	usage: $PROGRAM [option...]
	Captures machines of the active build as images. Without --machine,
	--all or --from it asks which machine type, as it always did.
	  --machine TYPE      capture this type (repeatable): authenticator,
	                      reverseproxy, autoscaler, webserver, database
	  --all               every type that the template asks for
	  --from NAME         take this machine for its type (repeatable)
	  --power-off         stop each machine while its disk is copied
	  --deadline MINUTES  give up then; default: by the size of the disks
	  --progress WHAT     auto, json or none
	  --no-push           record here alone, not in the datastores
	  --dry-run           say what would be captured, change nothing
	  --abandon           give an unfinished capture up: its images go, what
	                      it stopped is started; nothing new is captured
	  --yes               do not ask before machines are stopped
	  --help              this text
	EOF
}

# ask_type - the dialogue of old: two lines, then a number from stdin. Sets
# WANTED. An answer is one of the numbers and nothing else.
ask_type() {
	machine_types | awk '{
		line = line (NR > 1 ? "   " : "") $2 ") " $5 ($6 ? " " $6 : "")
	} END { print "Which machine do you want a snapshot of?   " line }'
	echo "Please enter a value between 1 and 5"
	while IFS= read -r ANSWER || [ -n "$ANSWER" ]; do
		case $ANSWER in
		[1-5])
			WANTED=$(machine_types | awk -v answer="$ANSWER" \
			    '$2 == answer { print $1 }')
			[ -t 0 ] || take_os
			return
			;;
		esac
		echo "That is invalid, please try again: a value between 1 and 5"
	done
	die 64 "no machine type was chosen"
}

# take_os - the second answer of old, which one cloud wanted: 1 ubuntu, 2 debian.
# Without it, it is what the build was made with. Sets LOGIN_USER.
take_os() {
	IFS= read -r ANSWER || :
	case $ANSWER in
	1) LOGIN_USER=ubuntu ;;
	2) LOGIN_USER=debian ;;
	esac
}

# add_wanted label - once each, in the order given.
add_wanted() {
	case " $WANTED " in
	*" $1 "*) ;;
	*) WANTED=${WANTED:+$WANTED }$1 ;;
	esac
}

# seal_credentials - sets SEALED and SEALED_DB: what goes beside the images.
# Done first: without it no image could ever be used. The secrets go from file
# to program through pipes; no variable and no argument holds one.
seal_credentials() {
	USER_FILE=$BLD/credentials/SERVERUSER
	PASSWORD_FILE=$BLD/credentials/SERVERUSERPASSWORD
	for FILE in "$USER_FILE" "$PASSWORD_FILE"; do
		first_line "$FILE" | grep -q . || die 65 "$FILE: empty or missing"
	done
	RND=$(first_line "$USER_FILE" | cut -c 1-4)
	SEALED=$({
		printf 'USERNAME:' && first_line "$USER_FILE"
		printf 'PASSWORD:' && first_line "$PASSWORD_FILE"
	} | seal_text credentials)
	SEALED_DB=
	DATABASE=$(has_database)
	[ "$DATABASE" = yes ] || return 0
	if has_database_user; then
		SEALED_DB=$({
			printf 'USERNAME:' && build_variable DB_USERNAME
			printf 'PASSWORD:' && build_variable DB_PASSWORD
			printf 'DBNAME:' && build_variable DB_NAME
		} | seal_text db_credentials)
		return
	fi
	# A build may have written it into the view instead.
	FILE=$SNAPSHOTS/db_credentials.dat.candidate
	[ -e "$FILE" ] || die 65 "$BLD/build_environment: no $LACKING, and the" \
	    "build has a database"
	SEALED_DB=$(open_file db_credentials "$FILE" | seal_text db_credentials)
}

# has_database_user - is it in build_environment? Else LACKING says what is
# not. (To yash the variable of a for in a function is the function's own.)
has_database_user() {
	for NAME in DB_USERNAME DB_PASSWORD DB_NAME; do
		LACKING=$NAME
		build_variable "$NAME" | grep -q . || return 1
	done
}

# need_one_origin - images that stay recorded must be of this build and this
# server user, or ids and credentials of two fleets would be mixed.
need_one_origin() {
	KNOWN=$(metadata)
	FOREIGN=$(put "$KNOWN" | jq -r --arg cloud "$CLOUD" \
	    --arg region "$REGION" --arg build "$BUILD" --arg rnd "$RND" \
	    --arg site "$WEBSITE_URL" --arg wanted "$WANTED" '
	($wanted | split(" ")) as $replaced | .website_url as $url |
	.images | to_entries[] |
	select(.key as $type | all($replaced[]; . != $type)) |
	select($url != $site or .value.cloud != $cloud
		or .value.region != $region
		or .value.build_identifier != $build
		or (.value.machine | split("-") | all(.[]; . != $rnd))) |
	"\(.key), an image of \(.value.machine) at \(.value.cloud)"')
	[ -z "$FOREIGN" ] && return
	put "$FOREIGN" | sed "s/^/$PROGRAM: already recorded: /" >&2
	die 69 "they are of another build or server user; capture those types" \
	    "too (--all), or move $SNAPSHOTS away"
}

# choose_machines - sets TARGETS, "label=name" words. Running machines of one
# type are equals, so the first by name is taken, and said.
choose_machines() {
	FLEET=$(fleet)
	TARGETS=
	MISSING=
	for LABEL in $WANTED; do
		CHOSEN=$(put "$FROM" | awk -F '\t' -v label="$LABEL" \
		    '$1 == label { print $2 }')
		RUNNING=$(put "$FLEET" | awk -F '\t' \
		    -v label="$LABEL" -v chosen="$CHOSEN" '$1 == label &&
			(chosen == "" ? $4 == "running" : $2 == chosen) {
				print $2 }')
		if [ -z "$RUNNING" ]; then
			say "$PROGRAM: $LABEL: ${CHOSEN:-no running machine}" \
			    "${CHOSEN:+is no machine }of build $BUILD at $CLOUD"
			MISSING=yes
			continue
		fi
		NAME=$(put "$RUNNING" | sed 1q)
		COUNT=$(put "$RUNNING" | grep -c .)
		[ "$COUNT" -eq 1 ] && COUNT= || COUNT=" (first of $COUNT running)"
		say "$LABEL: $NAME$COUNT"
		TARGETS="$TARGETS $LABEL=$NAME"
	done
	[ -z "$MISSING" ] || die 69 "nothing was created"
	need_our_machines
}

# need_our_machines - each is of the type it stands for, of this build, and of
# this server user, whose first four characters are in its name: credentials of
# another user would not open a machine made from its image.
need_our_machines() {
	for TARGET in $TARGETS; do
		LABEL=$(machine_type "${TARGET#*=}") || LABEL=none
		[ "$LABEL" = "${TARGET%%=*}" ] || die 69 "${TARGET#*=}: no" \
		    "${TARGET%%=*} of build $BUILD at $CLOUD; nothing was recorded"
		case ${TARGET#*=}- in
		*"-$RND-"*) ;;
		*) die 69 "${TARGET#*=}: made for another server user than" \
		    "$BLD/credentials/SERVERUSER names ($RND...)" ;;
		esac
	done
}

# commit results - records them, all in one new generation, and last of all the
# journal goes. Killed in between, the next run does what is left of it.
commit() {
	NEW=$(put "$1" | jq -c \
	    --arg cloud "$CLOUD" --arg region "$REGION" --arg build "$BUILD" \
	    --arg algorithm "$(build_variable ALGORITHM)" \
	    --arg ssh_port "$(build_variable SSH_PORT)" \
	    --arg db_port "$(build_variable DB_PORT)" \
	    --arg os "$(build_variable BUILDOS)" \
	    --arg os_version "$(build_variable BUILDOS_VERSION)" \
	    --arg webserver "$(build_variable WEBSERVER_CHOICE)" \
	    --arg database "$(build_variable DATABASE_INSTALLATION_TYPE)" \
	    --arg application "$(build_variable APPLICATION)" \
	    --arg language "$(build_variable APPLICATION_LANGUAGE)" \
	    --arg php "$(build_variable PHP_VERSION)" \
	    --arg dns "$(build_variable DNS_CHOICE)" '
	map({key: .label, value: {cloud: $cloud, region: $region, id, name,
		machine, machine_id, size, disk_gb, size_bytes, created,
		build_identifier: $build, algorithm: $algorithm,
		ssh_port: $ssh_port, db_port: $db_port, os: $os,
		os_version: $os_version, webserver_choice: $webserver,
		database_type: $database, application: $application,
		application_language: $language, php_version: $php,
		dns_choice: $dns}}) |
	if length > 0 and all(.[]; (.key | type) == "string" and
		(.value.id | type) == "string" and .value.id != "") then
		from_entries else error("a label or an id is missing") end') ||
		die 76 "adt-cloud: not the list of images it promises"
	pin_record
	KNOWN=$(metadata)
	WORD=updated
	[ -e "$SNAPSHOTS/snapshot_ids.dat" ] || WORD=generated
	if is_recorded "$NEW"; then
		say "generation $(current_generation) has them already"
	else
		tell_replaced
		record
	fi
	rm -f -- "$SNAPSHOTS/journal"
	sync "$SNAPSHOTS"
	(refresh_view) || warn "the open view is not up to date"
	echo "Stored snapshot ids $WORD"
	put "$NEW" | jq -r 'to_entries[] | "\(.key):\(.value.id)"'
}

# record - NEW and what goes with it become a generation.
record() {
	PAIRS=$(put "$NEW" | jq -r 'to_entries[] | .key, .value.id')
	stage_generation
	put "$SEALED" | replace_file "$STAGE/credentials.dat"
	[ -z "$SEALED_DB" ] || put "$SEALED_DB" |
		replace_file "$STAGE/db_credentials.dat"
	stage_build_keys
	MERGED=$({ put "$KNOWN"; put "$NEW"; } |
	    jq -s --arg site "$WEBSITE_URL" '.[1] as $new |
		.[0] | .website_url = $site | .images += $new')
	put "$MERGED" | replace_file "$STAGE/snapshots.json"
	# shellcheck disable=SC2086 # labels and ids, without spaces by contract
	adt-snapshot-ids set "$STAGE/snapshot_ids.dat" $PAIRS
	commit_generation
	pin_record
	say "generation $GENERATION is current"
}

# tell_replaced - an image of the generation before still costs money.
tell_replaced() {
	{ put "$KNOWN"; put "$NEW"; } | jq -sr '.[1] as $new |
		.[0].images | to_entries[] | $new[.key] as $now |
		select($now != null and $now.id != .value.id) |
		"\(.key): replaced, and kept to roll back to:" +
		" \(.value.name) (\(.value.id))"' >&2
}

# finish_journal - completes the run that an earlier one left, and takes what
# it did off WANTED.
finish_journal() {
	[ -e "$SNAPSHOTS/journal" ] || return 0
	say "an earlier capture is not finished: finishing it first" \
	    "(--abandon gives it up)"
	tell_run "$SNAPSHOTS/journal"
	RESULTS=$(cloud capture --journal "$SNAPSHOTS/journal" --json \
	    ${DEADLINE:+--deadline "$DEADLINE"} \
	    ${PROGRESS:+--progress "$PROGRESS"})
	TARGETS=$(put "$RESULTS" |
	    jq -r '[.[] | "\(.label)=\(.machine)"] | join(" ")')
	need_our_machines
	commit "$RESULTS"
	LEFT=
	for LABEL in $WANTED; do
		case " $TARGETS" in
		*" $LABEL="*) ;;
		*) LEFT=${LEFT:+$LEFT }$LABEL ;;
		esac
	done
	WANTED=$LEFT
}

# capture - the run itself; the lock is held.
capture() {
	[ -n "$DRY_RUN" ] || mend_generations
	pin_record
	check_ids
	KNOWN=$(metadata)
	seal_credentials
	if [ -n "$DRY_RUN" ]; then
		[ ! -e "$SNAPSHOTS/journal" ] ||
			{ say "an earlier capture is not finished: it comes" \
			    "first"; tell_run "$SNAPSHOTS/journal"; }
	else
		finish_journal
		[ -n "$WANTED" ] || return 0
	fi
	need_one_origin
	choose_machines
	if [ -n "$DRY_RUN" ]; then
		tell_image_cost "$TARGETS"
		say "dry run: nothing was created"
		return 0
	fi
	# shellcheck disable=SC2086 # names are words without spaces
	RESULTS=$(cloud capture --journal "$SNAPSHOTS/journal" --json \
	    ${POWER_OFF:+--power-off} ${DEADLINE:+--deadline "$DEADLINE"} \
	    ${LOGIN_USER:+--login-user "$LOGIN_USER"} \
	    ${PROGRESS:+--progress "$PROGRESS"} $TARGETS)
	commit "$RESULTS"
}

# take_from - turns the names of --from into "label TAB name" lines in FROM.
take_from() {
	FROM=
	for NAME in $FROM_NAMES; do
		LABEL=$(machine_type "$NAME") ||
			die 65 "$NAME: not the name of a machine of build $BUILD"
		case " $FROM_LABELS " in
		*" $LABEL "*) usage_error "--from: two machines of type $LABEL" ;;
		esac
		FROM_LABELS="$FROM_LABELS $LABEL"
		FROM=$(printf '%s\n%s\t%s' "$FROM" "$LABEL" "$NAME")
		add_wanted "$LABEL"
	done
}

main() {
	WANTED='' FROM_NAMES='' FROM_LABELS='' ALL='' POWER_OFF='' YES=''
	DRY_RUN='' DEADLINE='' PROGRESS='' NO_PUSH='' ABANDON=''
	while [ $# -gt 0 ]; do
		case $1 in
		--machine | --from | --deadline | --progress)
			[ $# -ge 2 ] || usage_error "$1 wants a value" ;;
		esac
		case $1 in
		--machine) need_label "$2"; add_wanted "$2"; shift ;;
		--from) need_name "$2" machine
			FROM_NAMES="$FROM_NAMES $2"; shift ;;
		--all) ALL=yes ;;
		--power-off) POWER_OFF=yes ;;
		--yes) YES=yes ;;
		--dry-run) DRY_RUN=yes ;;
		--abandon) ABANDON=yes ;;
		--no-push) NO_PUSH=yes ;;
		--deadline) need_minutes "$2"; DEADLINE=$2; shift ;;
		--progress) need_progress "$2"; PROGRESS=$2; shift ;;
		-h | --help) usage; exit 0 ;;
		*) usage_error "unknown argument $1" ;;
		esac
		shift
	done
	find_build
	need_program jq flock adt-cloud adt-seal adt-snapshot-ids adt-template
	if [ -n "$ABANDON" ]; then
		if [ -n "$DRY_RUN" ] || [ ! -d "$SNAPSHOTS" ]; then
			abandon_capture
		else
			with_lock "$SNAPSHOTS/snapshots.json" abandon_capture
		fi
		exit 0
	fi
	use_template
	take_from
	if [ -n "$ALL" ]; then
		LABELS=$(wanted_labels)
		for LABEL in $LABELS; do add_wanted "$LABEL"; done
		[ -n "$WANTED" ] || die 1 "no machine is asked for"
	fi
	LOGIN_USER=$(build_variable BUILDOS | grep -E '^(ubuntu|debian)$') || :
	[ -n "$WANTED" ] || ask_type
	if [ -n "$POWER_OFF" ] && [ -z "$YES$DRY_RUN" ] && [ -t 0 ]; then
		confirm "Stop each machine ($WANTED) while it is captured?" ||
			die 1 "nothing was done"
	fi
	if [ -n "$DRY_RUN" ]; then
		capture
		exit 0
	fi
	need_folder
	with_lock "$SNAPSHOTS/snapshots.json" capture
	[ -n "$NO_PUSH" ] || push_recorded
}
main "$@"
