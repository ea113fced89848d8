# shellcheck shell=sh
# view.sh - what the toolkit's own build scripts read, in clear and in memory,
# only while a build needs it; sourced after generations.sh.
#
# They read RT/wholemachinesnapshots/SITE/snapshots. Where that folder's parent
# is (install.sh makes it), it is a symbolic link: to a folder of mode 0700 on a
# tmpfs while the view is open, to nothing while it is closed. In the view:
#	snapshot_ids.dat                 a link to the documented file
#	credentials.dat                  USERNAME: and PASSWORD: lines
#	db_credentials.dat               USERNAME:, PASSWORD: and DBNAME: lines
#	db_credentials.dat.candidate     what a build writes; taken over
# A reboot closes every view. Beside it, NAME.builder has the number of the build's
# process and when that started: the view is open for it.

# has_views - is this a build home whose scripts read a view? Sets VIEW.
has_views() {
	VIEWS_PARENT=$RT/wholemachinesnapshots
	VIEW=$VIEWS_PARENT/$WEBSITE_URL/snapshots
	[ -d "$VIEWS_PARENT" ]
}

# is_in_memory folder - is what is written there gone with the power?
is_in_memory() {
	case $(stat -f -c %T "$1" 2>/dev/null) in
	tmpfs | ramfs) ;;
	*) return 1 ;;
	esac
}

# views_root - prints the folder that views are in: VIEW_FOLDER of the
# settings, or else the first that is in memory.
views_root() (
	root=$(setting VIEW_FOLDER '')
	case $root in
	/*)
		is_in_memory "$(dirname -- "$root")" ||
			warn "VIEW_FOLDER is $root: not in memory"
		put "$root"
		exit 0
		;;
	?*) die 65 "$CONFIG/settings: VIEW_FOLDER is not an absolute path" ;;
	esac
	for folder in /run /dev/shm; do
		if is_in_memory "$folder"; then
			put "$folder/adt-snapshots"
			exit 0
		fi
	done
	die 71 "neither /run nor /dev/shm is in memory: name a folder on a" \
	    "tmpfs as VIEW_FOLDER in $CONFIG/settings"
)

# make_private folder - makes it; dies if it is not ours alone.
make_private() {
	[ -d "$1" ] || mkdir -m 700 "$1" || die 71 "$1: cannot make it"
	find "$1" -prune -type d -user "$(id -u)" -perm 700 | grep -q . ||
		die 77 "$1: not our own folder, or open to others"
}

# view_prefix root - how the folders of this build home and site begin there.
view_prefix() {
	put "$1/$WEBSITE_URL.$(put "$RT" | cksum | cut -d ' ' -f 1)"
}

# point_view target - what the scripts find; replaced whole.
point_view() {
	mkdir -p "$VIEWS_PARENT/$WEBSITE_URL" ||
		die 71 "$VIEWS_PARENT/$WEBSITE_URL: cannot make it"
	[ -L "$VIEW" ] || [ ! -e "$VIEW" ] || die 69 "$VIEW: a folder of its own" \
	    "is in the way: AdoptSnapshots.sh takes over what is in it"
	rm -f -- "$VIEW.new"
	{ ln -s -- "$1" "$VIEW.new" && mv -fT -- "$VIEW.new" "$VIEW"; } ||
		die 71 "$VIEW: cannot make the link"
}

# open_view - shows what is recorded, in place of an open view if there is one.
# refresh_view - the same, if one is open. close_view - shows nothing any more.
open_view() {
	! has_views || with_lock "$SNAPSHOTS/view" open_view_locked
}

refresh_view() {
	# A folder of the toolkit's own that was never adopted is no view.
	! has_views || [ ! -L "$VIEW" ] || [ ! -d "$VIEW" ] ||
		with_lock "$SNAPSHOTS/view" open_view_locked
}

close_view() {
	! has_views || [ ! -d "$SNAPSHOTS" ] || [ ! -L "$VIEW" ] ||
		with_lock "$SNAPSHOTS/view" close_view_locked
}

open_view_locked() {
	ROOT_OF_VIEWS=$(views_root)
	make_private "$ROOT_OF_VIEWS"
	pin_record
	take_candidate
	PREFIX_OF_VIEW=$(view_prefix "$ROOT_OF_VIEWS")
	NEW_VIEW=$(mktemp -d "$PREFIX_OF_VIEW.XXXXXX") || exit 71
	trap 'rm -rf -- "$NEW_VIEW"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	for KIND in credentials db_credentials; do
		[ -e "$RECORD/$KIND.dat" ] || continue
		open_file "$KIND" "$RECORD/$KIND.dat" >"$NEW_VIEW/$KIND.dat" ||
			die 65 "$RECORD/$KIND.dat: cannot be shown"
	done
	ln -s -- "$SNAPSHOTS/snapshot_ids.dat" "$NEW_VIEW/snapshot_ids.dat" ||
		die 71 "$NEW_VIEW: cannot make a link"
	point_view "$NEW_VIEW"
	trap - EXIT
	remove_views "$PREFIX_OF_VIEW" "$NEW_VIEW"
}

close_view_locked() {
	pin_record
	take_candidate
	ROOT_OF_VIEWS=$(views_root)
	point_view "$ROOT_OF_VIEWS/closed"
	remove_views "$(view_prefix "$ROOT_OF_VIEWS")" ""
	rm -f -- "$(builder_file)"
}

# started_at pid - tells a process from a later one of the same number.
started_at() {
	sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

# builder_file - where it is noted which process the view is open for.
builder_file() { put "$(view_prefix "$(views_root)").builder"; }

# note_builder pid - the view is for that process. builder_lives - is it there?
# close_view_after - closes it, but not where a newer build has just come.
note_builder() {
	! has_views || with_lock "$SNAPSHOTS/view" note_builder_locked "$1"
}

close_view_after() {
	! has_views || with_lock "$SNAPSHOTS/view" close_view_after_locked
}

note_builder_locked() {
	make_private "$(views_root)"
	put "$1 $(started_at "$1")" | replace_file "$(builder_file)"
}

close_view_after_locked() {
	[ ! -e "$(builder_file)" ] || builder_lives || close_view_locked
}

builder_lives() {
	{ read -r BUILDER STARTED <"$(builder_file)"; } 2>/dev/null &&
		running "$BUILDER" && [ -n "$STARTED" ] && [ "$STARTED" = "$(started_at "$BUILDER")" ]
}

# remove_views prefix but - every view of this site but that one.
remove_views() {
	for OLD_VIEW in "$1".*; do
		[ "$OLD_VIEW" = "$2" ] || [ ! -d "$OLD_VIEW" ] ||
			rm -rf -- "$OLD_VIEW"
	done
}

# take_candidate - the database user that a build wrote into the view is kept,
# sealed, beside what is recorded: the next capture falls back to it. Scripts
# that cut a value at its last colon write back only that part; it is no news.
take_candidate() {
	CANDIDATE=$VIEW/db_credentials.dat.candidate
	[ -f "$CANDIDATE" ] && [ ! -L "$CANDIDATE" ] || return 0
	if ! three_lines <"$CANDIDATE"; then
		warn "$CANDIDATE: incomplete, left out"
		return 0
	fi
	if [ -e "$RECORD/db_credentials.dat" ]; then
		NEWS=$({
			open_file db_credentials "$RECORD/db_credentials.dat"
			echo '='
			cat -- "$CANDIDATE"
		} | candidate_news)
		[ -n "$NEWS" ] || return 0
	fi
	TAKEN=$(seal_text db_credentials <"$CANDIDATE")
	put "$TAKEN" | replace_file "$SNAPSHOTS/db_credentials.dat.candidate"
	say "$CANDIDATE: taken over"
}

# three_lines - are USERNAME:, PASSWORD: and DBNAME: on stdin, none empty?
three_lines() {
	awk '/^(USERNAME|PASSWORD|DBNAME):./ { name[substr($0, 1, 4)] = 1 }
	END { for (i in name) count++; exit count != 3 }'
}

# candidate_news - the names whose values differ: what is recorded, a line "=",
# the candidate, on stdin.
candidate_news() {
	awk '{ at = index($0, ":"); name = substr($0, 1, at - 1)
		value = substr($0, at + 1) }
	$0 == "=" { second = 1; next }
	!second { known[name] = value; next }
	at && value != known[name] {
		last = known[name]
		sub(/.*:/, "", last)
		if (value != last)
			print name
	}'
}
