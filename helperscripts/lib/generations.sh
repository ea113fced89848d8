# shellcheck shell=sh
# generations.sh - what belongs together is recorded together, and goes back
# together; sourced after snapshots.sh.
#
# A generation is all that is recorded after a capture. In $SNAPSHOTS:
#	generations/N/     the files of generation_names, 0600
#	generations/N.cms  the same in one sealed file, to be carried elsewhere
#	current            a link to generations/N
#	the names          links through current, so one rename changes all
# What is unfinished has a name that begins with a dot: .new is being filled,
# .next says which number it becomes, .gone.N is being removed.
#
# Who writes holds the folder's lock: with_lock "$SNAPSHOTS/snapshots.json"
# FUNCTION. Who reads takes no lock, but pins one generation (pin_record). To
# change what is recorded:
#	stage_generation     STAGE is a folder with the present files
#	...                  change them there
#	commit_generation    all of it is recorded, or nothing; sets GENERATION
# Killed anywhere, the next run's mend_generations (stage_generation and
# rollback call it) completes or removes what was left.

generation_names() {
	echo "snapshot_ids.dat credentials.dat db_credentials.dat" \
	    "build_keys.dat snapshots.json"
}

# generations - their numbers, ascending; none where there are none.
generations() (
	for folder in "$SNAPSHOTS"/generations/[1-9]*; do
		case ${folder##*/} in *[!0-9]*) continue ;; esac
		[ ! -d "$folder" ] || put "${folder##*/}"
	done | sort -n
)

# current_generation - prints its number; status 1 where there is none.
current_generation() (
	target=$(readlink -- "$SNAPSHOTS/current") || exit 1
	number=${target#generations/}
	case $number in
	'' | 0* | *[!0-9]*) die 65 "$SNAPSHOTS/current: not a link to one of" \
	    "the generations, but to '$target'" ;;
	esac
	[ -d "$SNAPSHOTS/$target" ] || die 65 "$SNAPSHOTS/$target: is missing," \
	    "and current: RollbackSnapshots.sh N goes to another one"
	put "$number"
)

# is_recorded images - does the current generation hold just these, of
# {label: image}? So it is after a run that was killed late.
is_recorded() (
	current_generation >/dev/null || exit 1
	known=$(metadata) || exit
	{ put "$known"; put "$1"; } | jq -se '.[0].images as $known |
		.[1] | to_entries | all(.[]; $known[.key] == .value)' >/dev/null
)

# generation_folder number - prints it; 1 with words where there is none.
generation_folder() (
	case $1 in
	'' | 0* | *[!0-9]*) die 64 "not the number of a generation: '$1'" ;;
	esac
	[ -d "$SNAPSHOTS/generations/$1" ] ||
		die 1 "$SNAPSHOTS: there is no generation $1"
	put "$SNAPSHOTS/generations/$1"
)

# generation_file number - prints the path of its sealed file, which is made
# where it is missing. The lock is held.
generation_file() (
	folder=$(generation_folder "$1") || exit
	if [ ! -e "$folder.cms" ]; then
		temp=$SNAPSHOTS/generations/.new.cms
		seal_generation "$folder" "$temp" || exit
		mv -fT -- "$temp" "$folder.cms" || exit 71
	fi
	put "$folder.cms"
)

# list_generations - all of them as a JSON array, ascending:
# [{generation, current, id, created, images}]. A malformed one is 65.
list_generations() (
	now=$(current_generation) || now=0
	rows=$(for number in $(generations); do
		meta=$(metadata_in "$SNAPSHOTS/generations/$number") || exit
		put "$meta" | jq -c --arg number "$number" --arg now "$now" '
		{generation: ($number | tonumber), current: ($number == $now),
		 id: (.generation_id // ""), created: (.generation_created // ""),
		 images}' || exit 65
	done) || exit
	put "$rows" | jq -sc .
)

# is_linked name - is it at the top what it should be?
is_linked() {
	[ "$(readlink -- "$SNAPSHOTS/$1")" = "current/$1" ]
}

# is_adopted name - a link of ours, or nothing, or the very bytes of current.
is_adopted() {
	is_linked "$1" || {
		[ ! -e "$SNAPSHOTS/$1" ] && [ ! -L "$SNAPSHOTS/$1" ]
	} || cmp -s -- "$SNAPSHOTS/$1" "$SNAPSHOTS/current/$1"
}

# pin_record - sets RECORD: the folder to read from, which no later switch
# changes. Files that somebody put at the top go before the generation.
pin_record() {
	RECORD=$SNAPSHOTS
	[ -L "$SNAPSHOTS/current" ] || return 0
	PINNED=$(current_generation)
	for NAME in $(generation_names); do
		is_adopted "$NAME" || return 0
	done
	# shellcheck disable=SC2034 # snapshots.sh reads from there
	RECORD=$SNAPSHOTS/generations/$PINNED
}

# make_link target path - a symbolic link, replaced whole.
make_link() {
	rm -f -- "$SNAPSHOTS/.link"
	{ ln -s -- "$1" "$SNAPSHOTS/.link" &&
	    mv -fT -- "$SNAPSHOTS/.link" "$2"; } ||
		die 71 "$2: cannot make the link"
}

# switch_generation number - makes it the one that is read. The names that are
# missing first: their links lead nowhere until current does.
switch_generation() {
	for NAME in $(generation_names); do
		[ -e "$SNAPSHOTS/$NAME" ] || [ -L "$SNAPSHOTS/$NAME" ] ||
			make_link "current/$NAME" "$SNAPSHOTS/$NAME"
	done
	make_link "generations/$1" "$SNAPSHOTS/current"
	for NAME in $(generation_names); do
		is_linked "$NAME" ||
			make_link "current/$NAME" "$SNAPSHOTS/$NAME"
	done
	sync "$SNAPSHOTS" || die 71 "$SNAPSHOTS: may not outlive a power cut"
}

# mend_generations - completes or removes what a killed run left.
mend_generations() {
	MEND=$SNAPSHOTS/generations
	[ -d "$MEND" ] || return 0
	rm -rf -- "$MEND/.new" "$MEND/.new.cms" "$SNAPSHOTS/.link"
	if NEXT=$(readlink -- "$MEND/.next"); then
		if [ -d "$MEND/$NEXT" ]; then
			switch_generation "$NEXT"
		else
			rm -f -- "$MEND/$NEXT.cms"
		fi
		rm -f -- "$MEND/.next"
	fi
	for GONE in "$MEND"/.gone.*; do
		[ -d "$GONE" ] || continue
		rm -f -- "$MEND/${GONE##*/.gone.}.cms"
		rm -rf -- "$GONE"
	done
}

# remove_generation number - its files; never those of the current one.
remove_generation() {
	DOOMED_FOLDER=$(generation_folder "$1")
	IS=$(current_generation) || IS=
	[ "$1" != "$IS" ] || die 69 "generation $1 is the current one"
	mv -T -- "$DOOMED_FOLDER" "$SNAPSHOTS/generations/.gone.$1" ||
		die 71 "$DOOMED_FOLDER: cannot remove it"
	mend_generations
	sync "$SNAPSHOTS/generations"
}

# begin_stage - sets STAGE: a folder nobody reads, with copies of what is
# current.
begin_stage() {
	STAGE=$SNAPSHOTS/generations/.new
	rm -rf -- "$STAGE"
	mkdir -p "$STAGE" || die 71 "$STAGE: cannot make it"
	BASE=$(current_generation) || BASE=
	[ -z "$BASE" ] || copy_names "$SNAPSHOTS/generations/$BASE" "$STAGE"
}

# copy_names from to - those of the names that are there.
copy_names() {
	for NAME in $(generation_names); do
		[ ! -e "$1/$NAME" ] || { cp -- "$1/$NAME" "$2/$NAME" &&
		    chmod 600 "$2/$NAME"; } || die 71 "$2/$NAME: cannot write it"
	done
}

# adopt_files - files that stand at the top by themselves (put there by an
# earlier version, by hand, by another tool) become a generation.
adopt_files() {
	OWN=
	for NAME in $(generation_names); do
		is_adopted "$NAME" || OWN="$OWN $NAME"
	done
	[ -n "$OWN" ] || return 0
	begin_stage
	for NAME in $OWN; do
		{ cat -- "$SNAPSHOTS/$NAME" >"$STAGE/$NAME" &&
		    chmod 600 "$STAGE/$NAME"; } ||
			die 71 "$STAGE/$NAME: cannot write it"
	done
	mark_stage
	# What cannot be opened here is kept all the same, but not carried.
	( seal_generation "$STAGE" "$STAGE/generation.cms" ) || {
		warn "$SNAPSHOTS: adopted, but not as one sealed file"
		rm -f -- "$STAGE/generation.cms"
	}
	finish_generation
	say "$SNAPSHOTS: files of before are generation $GENERATION now"
}

# stage_generation - begins a new generation; see above.
stage_generation() {
	need_folder
	mend_generations
	adopt_files
	begin_stage
}

# stage_build_keys - the key pair that opens the fleet, sealed into STAGE. A
# build without one is told so.
stage_build_keys() {
	KEY=id_$(build_variable ALGORITHM)_AGILE_DEPLOYMENT_BUILD_KEY_$BUILD
	if [ ! -r "$BLD/keys/$KEY" ] || [ ! -r "$BLD/keys/$KEY.pub" ]; then
		warn "$BLD/keys/$KEY: no build key pair to keep with the images"
		return 0
	fi
	tar -czf - -C "$BLD/keys" -- "$KEY" "$KEY.pub" |
		seal_text build_keys >"$STAGE/build_keys.dat"
	LISTED=$(open_member "$STAGE" build_keys.dat | tar -tzf -) || LISTED=
	[ "$(put "$LISTED" | tr '\n' ' ')" = "$KEY $KEY.pub " ] ||
		die 71 "$BLD/keys: the build keys cannot be sealed"
}

# commit_generation - STAGE becomes the current generation.
commit_generation() {
	mark_stage
	seal_generation "$STAGE" "$STAGE/generation.cms"
	finish_generation
}

# mark_stage - marks STAGE as a generation of its own, whatever its number.
mark_stage() {
	META=$(metadata_in "$STAGE")
	MARK=$(date -u +%Y%m%dT%H%M%SZ)-$(od -An -N4 -tx1 /dev/urandom |
		tr -d ' \n')
	put "$META" | jq --arg id "$MARK" --arg now "$(date -u +%FT%TZ)" \
	    '.generation_id = $id | .generation_created = $now' |
		replace_file "$STAGE/snapshots.json"
}

# finish_generation - the renames. From .next on, a killed run is completed if
# the folder has its name, and forgotten if not.
finish_generation() {
	rm -f -- "$STAGE"/*.lock
	sync "$STAGE"/* "$STAGE" || die 71 "$STAGE: cannot write it"
	GENERATIONS=$SNAPSHOTS/generations
	LAST=$(for PATH_OF in "$GENERATIONS"/[1-9]*; do
		PATH_OF=${PATH_OF##*/}
		put "${PATH_OF%.cms}"
	done | grep -x '[0-9]*' | sort -n | tail -n 1) || LAST=
	GENERATION=$((${LAST:-0} + 1))
	ln -s "$GENERATION" "$GENERATIONS/.next" ||
		die 71 "$GENERATIONS/.next: cannot make it"
	[ ! -e "$STAGE/generation.cms" ] ||
		mv -fT -- "$STAGE/generation.cms" "$GENERATIONS/$GENERATION.cms"
	sync "$GENERATIONS"
	mv -T -- "$STAGE" "$GENERATIONS/$GENERATION"
	sync "$GENERATIONS"
	switch_generation "$GENERATION"
	rm -f -- "$GENERATIONS/.next"
}

# open_member folder name - its text in clear, on stdout.
open_member() {
	case $2 in
	credentials.dat | db_credentials.dat | build_keys.dat)
		open_file "${2%.dat}" "$1/$2" ;;
	*) cat -- "$1/$2" ;;
	esac
}

# seal_generation folder path - writes the one sealed file: JSON, the names and
# their bytes in base64. Through pipes only: no clear text is written.
seal_generation() (
	names=
	for name in $(generation_names); do
		[ ! -e "$1/$name" ] || names="$names $name"
	done
	for name in $names; do
		open_member "$1" "$name" | base64 -w 0 |
			jq -Rsc --arg name "$name" '{($name): .}'
	done | jq -sc '{version: 1, files: add}' |
		seal_text generation | replace_file "$2"
	held=$(members_of "$2") || held=
	[ "$held" = "${names# }" ] || {
		rm -f -- "$2"
		die 71 "$2: could not be sealed"
	}
)

# members_of sealed-file - the names in it, in order, each with bytes in it.
members_of() (
	names=$(adt-seal open --site "$WEBSITE_URL" --kind generation "$1" |
		jq -r --arg known "$(generation_names)" '
		select(.version == 1) | .files | . as $files |
		select(type == "object" and (to_entries | all(
			(.value | type) == "string" and
			(.key == "snapshot_ids.dat" or .value != "")))) |
		($known | split(" ")) as $known |
		select(keys - $known == []) |
		[$known[] | select(in($files))] | join(" ")') || exit
	[ -n "$names" ] || exit 65
	put "$names"
)

# import_generation sealed-file - makes it the current generation here: a new
# one, or that which is here already under the same id. Sets GENERATION.
import_generation() {
	need_folder
	mend_generations
	adopt_files
	begin_stage
	for NAME in $(generation_names); do rm -f -- "$STAGE/$NAME"; done
	cat -- "$1" >"$STAGE/generation.cms" || die 71 "$1: cannot read it"
	HELD=$(members_of "$STAGE/generation.cms") ||
		die 65 "$1: not a generation of $WEBSITE_URL that opens here"
	case " $HELD " in
	*" snapshot_ids.dat "*" snapshots.json "*) ;;
	*) die 65 "$1: holds only $HELD" ;;
	esac
	for NAME in $HELD; do
		import_member "$NAME" || die 65 "$1: $NAME in it is malformed"
	done
	META=$(metadata_in "$STAGE")
	adt-snapshot-ids check "$STAGE/snapshot_ids.dat" >&2
	SAME=$(same_generation "$META")
	if [ -n "$SAME" ]; then
		rm -rf -- "$STAGE"
		switch_generation "$SAME"
		GENERATION=$SAME
	else
		finish_generation
	fi
}

# import_member name - from the sealed file in STAGE to a file beside it.
import_member() {
	adt-seal open --site "$WEBSITE_URL" --kind generation \
	    "$STAGE/generation.cms" | jq -r --arg name "$1" '.files[$name]' |
		base64 -d | case $1 in
	credentials.dat | db_credentials.dat | build_keys.dat)
		seal_text "${1%.dat}" ;;
	*) cat ;;
	esac >"$STAGE/$1"
	[ -s "$STAGE/$1" ] || [ "$1" = snapshot_ids.dat ]
}

# same_generation metadata - the number of the one with the same id, if any.
same_generation() (
	id=$(put "$1" | jq -r '.generation_id // ""')
	[ -n "$id" ] || exit 0
	list=$(list_generations) || exit
	put "$list" | jq -r --arg id "$id" \
	    'first(.[] | select(.id == $id)) | .generation'
)
