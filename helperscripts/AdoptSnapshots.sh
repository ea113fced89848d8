#!/bin/sh
# AdoptSnapshots.sh - takes over what the toolkit's own scripts recorded, site
# by site, and gives it back when this product is taken out again.
#
# The folder of before is kept as one sealed archive, beside what is recorded
# now; nothing of it stays on disk in clear. It can be run again at any time.
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
	usage: $PROGRAM [--give-back | --dry-run]
	Takes over the snapshot ids, credentials and keys in each folder
	wholemachinesnapshots/SITE/snapshots of the build home; the newer ids win
	where some are recorded already. Then asks the cloud of the active build
	what it knows of images that are recorded without their particulars.
	  --give-back   puts back such folders, with what is recorded now, as the
	                toolkit's own scripts expect them
	  --dry-run     say what would be taken over; change nothing
	  --help        this text
	EOF
}

# each_site command - runs it for every site that has an entry, in a subshell
# with WEBSITE_URL and SNAPSHOTS of that site; 65 if one of them failed.
each_site() {
	FAILED=
	for SITE in "$RT"/wholemachinesnapshots/*; do
		[ -d "$SITE/snapshots" ] || [ -L "$SITE/snapshots" ] ||
			[ -d "$SITE/snapshots.taken" ] ||
			[ -d "$SITE/snapshots.back" ] || continue
		"$0" "--$1" "${SITE##*/}" || FAILED=yes
	done
	[ -z "$FAILED" ] || exit 65
}

# turn_to_site name - sets WEBSITE_URL and SNAPSHOTS to that site's.
turn_to_site() {
	need_name "$1" site
	ACTIVE_SITE=$WEBSITE_URL
	WEBSITE_URL=$1
	SNAPSHOTS=$RT/wholemachinebackups/$WEBSITE_URL/snapshots
	has_views || exit 1
}

# is_taken_over - nothing of this site is there to be taken over.
is_taken_over() {
	[ -L "$VIEW" ] && [ ! -e "$VIEW.taken" ] && [ ! -e "$VIEW.back" ]
}

# tell_site - what adopt_site would do.
tell_site() {
	if is_taken_over; then
		say "$VIEW: taken over already"
	elif is_news; then
		say "$VIEW: would be taken over into $SNAPSHOTS, and its ids" \
		    "become a generation"
	else
		say "$VIEW: would be taken over into $SNAPSHOTS; its ids are not" \
		    "newer than those recorded"
	fi
}

# adopt_site - the lock is held. Killed anywhere, a rerun completes it: what is
# called "taken" is kept already, and may be half removed.
adopt_site() {
	! is_taken_over || return 0
	# A killed run had given it back, but for its name.
	[ -e "$VIEW" ] || [ -L "$VIEW" ] || [ ! -d "$VIEW.back/snapshots" ] ||
		mv -T -- "$VIEW.back/snapshots" "$VIEW"
	rm -rf -- "$VIEW.back"
	if [ -d "$VIEW" ] && [ ! -L "$VIEW" ]; then
		find "$VIEW" -mindepth 1 | grep -q . && {
			keep_archive
			if is_news; then record_folder; fi
		}
		rm -rf -- "$VIEW.taken"
		mv -T -- "$VIEW" "$VIEW.taken"
	fi
	ROOT_OF_VIEWS=$(views_root)
	[ -L "$VIEW" ] || point_view "$ROOT_OF_VIEWS/closed"
	rm -rf -- "$VIEW.taken"
	say "$VIEW: taken over into $SNAPSHOTS"
}

# keep_archive - all of the folder, sealed; dies if it cannot be kept so.
keep_archive() {
	NUMBER=1
	while [ -e "$SNAPSHOTS/adopted.$NUMBER.cms" ]; do
		# A run that was killed had kept it already.
		! same_archive "$NUMBER" || return 0
		NUMBER=$((NUMBER + 1))
	done
	pack | seal_for_all seal --site "$WEBSITE_URL" --kind adopted - \
	    "$SNAPSHOTS/adopted.$NUMBER.cms"
	same_archive "$NUMBER" || {
		rm -f -- "$SNAPSHOTS/adopted.$NUMBER.cms"
		die 71 "$VIEW: cannot be kept as a sealed archive"
	}
}

pack() {
	tar --sort=name --numeric-owner -C "$VIEWS_PARENT/$WEBSITE_URL" \
	    -cf - snapshots
}

open_archive() {
	adt-seal open --site "$WEBSITE_URL" --kind adopted \
	    "$SNAPSHOTS/adopted.$1.cms"
}

same_archive() {
	[ "$(pack | sha256sum)" = "$(open_archive "$1" | sha256sum)" ]
}

# is_news - are there ids, and newer ones than those that are recorded?
is_news() {
	[ -e "$VIEW/snapshot_ids.dat" ] || return 1
	adt-snapshot-ids check "$VIEW/snapshot_ids.dat" >&2 ||
		die 65 "$VIEW/snapshot_ids.dat: malformed: nothing was taken over"
	[ -e "$SNAPSHOTS/snapshot_ids.dat" ] || return 0
	! cmp -s "$VIEW/snapshot_ids.dat" "$SNAPSHOTS/snapshot_ids.dat" &&
		find "$VIEW/snapshot_ids.dat" -newer \
		    "$SNAPSHOTS/snapshot_ids.dat" | grep -q .
}

# record_folder - what is in it becomes a generation.
record_folder() {
	stage_generation
	cat -- "$VIEW/snapshot_ids.dat" | replace_file "$STAGE/snapshot_ids.dat"
	# What was known of other images is not known of these.
	rm -f -- "$STAGE/snapshots.json"
	for KIND in credentials db_credentials; do
		[ -e "$VIEW/$KIND.dat" ] || continue
		stage_sealed "$KIND" "$VIEW/$KIND.dat" "$STAGE/$KIND.dat"
	done
	if [ -e "$VIEW/db_credentials.dat.candidate" ]; then
		stage_sealed db_credentials "$VIEW/db_credentials.dat.candidate" \
		    "$SNAPSHOTS/db_credentials.dat.candidate"
	fi
	if [ -e "$VIEW/keys.tar.gz" ]; then
		stage_sealed build_keys "$VIEW/keys.tar.gz" "$STAGE/build_keys.dat"
	elif [ "$WEBSITE_URL" = "$ACTIVE_SITE" ]; then
		stage_build_keys
	fi
	commit_generation
	say "generation $GENERATION of $WEBSITE_URL is current"
}

# stage_sealed kind from to - whole, or not at all and told.
stage_sealed() {
	case $1 in
	credentials) awk '/^(USERNAME|PASSWORD):./ { n++ } END { exit n != 2 }' \
	    "$2" || { warn "$2: incomplete, left out"; return 0; } ;;
	db_credentials) three_lines <"$2" ||
		{ warn "$2: incomplete, left out"; return 0; } ;;
	esac
	SEALED=$(seal_text "$1" <"$2" | base64 -w 0)
	put "$SEALED" | base64 -d | replace_file "$3"
}

# complete - asks the cloud for the particulars of images of the active build
# that have none.
complete() {
	mend_generations
	[ -e "$SNAPSHOTS/snapshot_ids.dat" ] || return 0
	pin_record
	UNKNOWN=$({ metadata; recorded_ids | jq -Rc 'split("\t")'; } | jq -nc '
		input as $meta | [inputs | select($meta.images[.[0]] == null) |
		{label: .[0], id: .[1]}]')
	[ "$UNKNOWN" != '[]' ] || return 0
	IMAGES=$(cloud images --json) || {
		warn "$WEBSITE_URL: its images are recorded without their" \
		    "particulars; run $PROGRAM again when the cloud answers"
		return 0
	}
	FOUND=$({ put "$UNKNOWN"; put "$IMAGES"; } | jq -sc '.[1] as $images |
		[.[0][] | . as $row |
		 ($images[] | select(.id == $row.id)) as $image | $row + $image]')
	NEW=$(put "$FOUND" | jq -r '.[] | [.label, .name, .id] | @tsv' |
		while IFS='	' read -r LABEL NAME ID; do
			put "$LABEL $ID $(machine_of "$LABEL" "$NAME")"
		done | jq -Rn '[inputs | split(" ") |
			{key: .[0], value: {id: .[1], machine: .[2]}}] |
			from_entries')
	MERGED=$({ metadata; put "$FOUND"; put "$NEW"; } | jq -s \
	    --arg cloud "$CLOUD" --arg region "$REGION" --arg build "$BUILD" '
		.[2] as $machine | .[1] as $found |
		.[0] | .images += ($found | map({key: .label, value: {
			cloud: $cloud, region: $region, id, name,
			machine: $machine[.label].machine, machine_id: "",
			size: "", disk_gb: (.min_disk_gb // null),
			size_bytes: (.size_bytes // null), created,
			build_identifier: $build, adopted: true}}) |
			from_entries)')
	[ "$(put "$FOUND" | jq length)" -gt 0 ] || {
		warn "$WEBSITE_URL: $CLOUD has none of the recorded images"
		return 0
	}
	stage_generation
	put "$MERGED" | replace_file "$STAGE/snapshots.json"
	commit_generation
	say "$WEBSITE_URL: the cloud told of its images: generation $GENERATION"
}

# machine_of label image-name - the machine that an image was made of: images
# are called like it, at some clouds with the server user behind.
machine_of() (
	for name in "$2" "${2%-*}"; do
		label=$(machine_type "$name") || continue
		[ "$label" != "$1" ] || { put "$name"; exit; }
	done
	put "$2"
)

# give_back_site - the folder as it was, with what is recorded since. It is
# made beside the link and whole before the link goes: a rerun after a kill
# makes it anew as long as the link is there, and only renames it after that.
give_back_site() {
	if [ -L "$VIEW" ]; then
		close_view
		make_back
		rm -f -- "$VIEW"
	fi
	if find "$VIEW.back/snapshots" -mindepth 1 2>/dev/null | grep -q .; then
		mv -T -- "$VIEW.back/snapshots" "$VIEW"
		say "$VIEW: given back, in clear"
	fi
	rm -rf -- "$VIEW.back"
	rmdir -- "$VIEWS_PARENT/$WEBSITE_URL" 2>/dev/null || :
}

make_back() {
	rm -rf -- "$VIEW.back" "$VIEW.taken"
	mkdir -m 700 "$VIEW.back"
	BACK=$VIEW.back/snapshots
	ARCHIVE=$(find "$SNAPSHOTS" -name 'adopted.*.cms' 2>/dev/null |
		sed 's/.*adopted\.//; s/\.cms$//' | sort -n | tail -n 1)
	[ -z "$ARCHIVE" ] || open_archive "$ARCHIVE" |
		tar -xpf - -C "$VIEW.back"
	[ -d "$BACK" ] || mkdir -m 700 "$BACK"
	pin_record
	if [ -e "$RECORD/snapshot_ids.dat" ] &&
	    ! cmp -s "$RECORD/snapshot_ids.dat" "$BACK/snapshot_ids.dat"; then
		cat -- "$RECORD/snapshot_ids.dat" >"$BACK/snapshot_ids.dat"
		for KIND in credentials db_credentials; do
			[ -e "$RECORD/$KIND.dat" ] || continue
			open_file "$KIND" "$RECORD/$KIND.dat" >"$BACK/$KIND.dat"
		done
	fi
}

main() {
	case $#/${1:-} in
	0/ | 1/--give-back | 1/--dry-run) ;;
	*/-h | */--help) usage; exit 0 ;;
	2/--adopt-site | 2/--give-back-site | 2/--tell-site) ;;
	*) usage_error "unknown argument ${1:-}" ;;
	esac
	# Which build it is interests nobody here; that there is none does.
	FOUND=0
	WORDS=$(find_build 2>&1) || FOUND=$?
	[ "$FOUND" -eq 0 ] || { say "$WORDS"; exit "$FOUND"; }
	find_build 2>/dev/null
	need_program jq flock tar base64 adt-cloud adt-seal adt-snapshot-ids
	case ${1:-} in
	'')
		each_site adopt-site
		[ ! -d "$SNAPSHOTS" ] ||
			with_lock "$SNAPSHOTS/snapshots.json" complete
		;;
	--give-back) each_site give-back-site ;;
	--dry-run)
		each_site tell-site
		say "dry run: nothing was changed"
		;;
	--tell-site)
		turn_to_site "$2"
		tell_site
		;;
	--adopt-site)
		turn_to_site "$2"
		! is_taken_over || exit 0
		need_folder
		with_lock "$SNAPSHOTS/snapshots.json" adopt_site
		;;
	--give-back-site)
		turn_to_site "$2"
		give_back_site
		;;
	esac
}
main "$@"
