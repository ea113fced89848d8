#!/bin/sh
# InitialiseSnapshots.sh - makes a build from snapshots ready: what the toolkit
# calls at the beginning of such a build, and takes the webserver's image id
# from.
#
# Prints that id and nothing else. When something is missing it prints nothing,
# says what is missing, and raises the flag that ends the toolkit's build.
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
# shellcheck source=lib/view.sh
. "$here/lib/view.sh"

usage() {
	cat <<-EOF
	usage: $PROGRAM
	       $PROGRAM --after-dump
	       $PROGRAM --watch SITE REGION
	Checks that the template can build from what is recorded, opens the view
	for the toolkit's scripts, gives the build the server user and the build
	keys of the images, and prints the id of the webserver's image.
	  --after-dump   only puts the server user back into build_environment,
	                 over which the toolkit dumps its environment
	  --watch SITE REGION
	                 does that when the file changes, and closes the view
	                 when the build that it is open for has ended
	  --help         this text
	EOF
}

# report line... - where the toolkit's scripts report: descriptor 3 is the
# terminal and 4 the status log, when they are open.
report() {
	while IFS= read -r REPORTED; do
		{ put "$REPORTED" >&3; } 2>/dev/null || :
		{ put "$PROGRAM: $REPORTED" >&4; } 2>/dev/null || :
	done
}

# finish - the end, good or bad. The words went to a file so that they can be
# repeated where the toolkit reports.
finish() {
	STATUS=$?
	trap - EXIT
	exec 2>&6
	cat "$WORDS" >&2
	if [ "$STATUS" -ne 0 ]; then
		report <"$WORDS"
		FLAG=${ADT_END_FLAGS:-/tmp}/END_IT_ALL
		[ -e "$FLAG" ] || (set -C && : >"$FLAG") 2>/dev/null || :
	fi
	rm -rf -- "$WORDS" "${UNPACKED:-$WORDS}"
	exit "$STATUS"
}

# user_lines - the server user of the images as lines of build_environment.
user_lines() {
	open_file credentials "$RECORD/credentials.dat" |
		sed -n 's/^USERNAME:/SERVER_USER=/p
			s/^PASSWORD:/SERVER_USER_PASSWORD=/p'
}

# need_user - dies unless both are there.
need_user() {
	FOUND=$(user_lines | sed -n 's/=..*//p' | tr '\n' ' ')
	[ "$FOUND" = "SERVER_USER SERVER_USER_PASSWORD " ] ||
		die 65 "$RECORD/credentials.dat: no server user and password in it"
}

# set_user - SERVER_USER and its password: into build_environment, and into the
# two files that the toolkit keeps.
set_user() {
	need_user
	user_lines | set_build_variables
	mkdir -p "$BLD/credentials"
	user_lines | sed -n 's/^SERVER_USER=//p' |
		replace_file "$BLD/credentials/SERVERUSER"
	user_lines | sed -n 's/^SERVER_USER_PASSWORD=//p' |
		replace_file "$BLD/credentials/SERVERUSERPASSWORD"
}

# unpack_keys - the build keys of the images. Ours there may be another pair: a
# build machine that never built this fleet has made one of its own.
unpack_keys() {
	KEY=id_$(build_variable ALGORITHM)_AGILE_DEPLOYMENT_BUILD_KEY_$BUILD
	if [ ! -e "$RECORD/build_keys.dat" ]; then
		[ -r "$BLD/keys/$KEY" ] || die 69 "$RECORD/build_keys.dat: no such" \
		    "file, and $BLD/keys has no $KEY: no machine could be reached"
		say "no build keys are recorded: those in $BLD/keys are used"
		return 0
	fi
	mkdir -p "$BLD/keys"
	UNPACKED=$(new_beside "$BLD/keys/.unpacked" -d) || exit 71
	# Only what is expected is taken, as a plain file.
	for NAME in "$KEY" "$KEY.pub"; do
		open_file build_keys "$RECORD/build_keys.dat" |
			tar -xzOf - -- "$NAME" >"$UNPACKED/$NAME" 2>/dev/null || :
		[ -s "$UNPACKED/$NAME" ] || {
			rm -rf -- "$UNPACKED"
			die 69 "$RECORD/build_keys.dat: $NAME is not in it"
		}
	done
	for NAME in "$KEY" "$KEY.pub"; do
		if [ -e "$BLD/keys/$NAME" ] &&
		    ! cmp -s "$UNPACKED/$NAME" "$BLD/keys/$NAME"; then
			mkdir -p "$BLD/keys/replaced"
			# A copy: killed in between, there must be a key.
			replace_file "$BLD/keys/replaced/$NAME" \
			    <"$BLD/keys/$NAME"
			say "$BLD/keys/$NAME: replaced by the key of the images"
		fi
		replace_file "$BLD/keys/$NAME" <"$UNPACKED/$NAME"
	done
	rm -rf -- "$UNPACKED"
}

# initialise - all of it; the webserver's id on stdout.
initialise() {
	find_build
	need_program jq flock tar adt-cloud adt-seal adt-snapshot-ids adt-template
	use_template
	[ -d "$SNAPSHOTS" ] || die 69 "$SNAPSHOTS: no such folder: no snapshot" \
	    "of $WEBSITE_URL is recorded on this build machine"
	pin_record
	need_preflight
	ID=$(recorded_ids | awk -F '\t' '$1 == "webserver" { print $2 }')
	[ -n "$ID" ] || die 69 "no snapshot of the webserver is recorded"
	need_user
	unpack_keys
	# before the view is open: the watcher of an earlier build looks there
	note_builder "$(build_process)"
	open_view
	set_user
	put "SNAPSHOT_ID=$ID" | set_build_variables
	start_watch
	put "$ID"
}

# ---- after it has returned ----

parent_of() { sed -n 's/^PPid:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null; }

# build_process - the process whose end is the build's: the outermost that runs
# the toolkit's main script, or else the leader of our process group, or else
# whoever called.
build_process() (
	found=
	process=$(parent_of $$)
	while [ "${process:-0}" -gt 1 ]; do
		! tr '\0' ' ' <"/proc/$process/cmdline" 2>/dev/null |
			grep -q 'ExpeditedAgileDeploymentToolkit\.sh' ||
			found=$process
		process=$(parent_of "$process")
	done
	if [ -z "$found" ]; then
		found=$(sed 's/.*) //' "/proc/$$/stat" | cut -d ' ' -f 3)
		[ "$found" != $$ ] && [ -d "/proc/$found" ] ||
			found=$(parent_of $$)
	fi
	put "$found"
)

# start_watch - in a session of its own: the toolkit ends a failed build by
# killing its process group. Nothing of the caller's stays open in it.
start_watch() {
	setsid -f "$0" --watch "$WEBSITE_URL" "$REGION" </dev/null >/dev/null 2>&1 \
	    3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
}

file_state() { stat -c '%i %Y %s %y' "$BLD/build_environment" 2>/dev/null || :; }

# watch site region - the toolkit dumps its environment over the file as
# soon as we have returned, which may be right now, so that nothing is read in
# it yet; and it closes nothing when it ends. Gives up after a day. The view
# is that of the newest build: where one was killed, and another begins before
# the first one's watcher has seen it, both wait for the second one's end.
watch() {
	find_active
	use_site "$1" "$2"
	pin_record
	TURN=0
	BEFORE=$(file_state)
	while [ "$TURN" -lt 60 ] && [ "$BEFORE" = "$(file_state)" ] &&
	    grep -q '^SERVER_USER=' "$BLD/build_environment"; do
		# It comes at once, if it comes.
		if [ "$TURN" -lt 30 ]; then sleep 0.05; else sleep 1; fi
		TURN=$((TURN + 1))
	done
	# What is being written must not be replaced: only once it is at rest.
	NOW=$(file_state)
	while
		BEFORE=$NOW
		sleep 0.05
		NOW=$(file_state)
		[ "$NOW" != "$BEFORE" ]
	do :; done
	after_dump
	TURN=0
	while builder_lives; do
		sleep 1
		TURN=$((TURN + 1))
		[ "$TURN" -lt 86400 ] || { close_view; return; }
	done
	close_view_after
}

# after_dump - puts back what the dump dropped.
after_dump() {
	grep -q '^SERVER_USER=' "$BLD/build_environment" || set_user
}

main() {
	case ${1:-} in
	'') ;;
	--after-dump)
		[ $# -eq 1 ] || usage_error "$1 takes no argument"
		find_build 2>/dev/null
		pin_record
		after_dump
		exit 0
		;;
	--watch)
		[ $# -eq 3 ] || usage_error "--watch wants a site and a region"
		watch "$2" "$3"
		exit 0
		;;
	-h | --help) usage; exit 0 ;;
	*) usage_error "unknown argument $1" ;;
	esac
	WORDS=$(mktemp) || exit 71
	exec 6>&2 2>"$WORDS"
	trap finish EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	initialise
}
main "$@"
