# standin.bash - a cloud of two files for the decisions of the scripts: what
# they list, keep and remove. Calls of adt-cloud are noted in $CLOUD_FOLDER/log.

load scripts

# fresh_standin - a build home with such a cloud: folder, its snapshots; web and
# db, names of machines of the build.
fresh_standin() {
	fresh_home buildhome-lxd
	fresh_seal_key
	fresh_cloud
	# shellcheck disable=SC2034 # the tests use them
	folder=$(snapshots_folder) web=ws-local-demo-build-0-Xlab-init-1 \
	    db=db-local-demo-build-Xlab
}

# fresh_cloud - an empty one, in place of adt-cloud.
fresh_cloud() {
	CLOUD_FOLDER=$BATS_TEST_TMPDIR/cloud
	rm -rf "$CLOUD_FOLDER"
	mkdir -p "$CLOUD_FOLDER/bin"
	echo '[]' >"$CLOUD_FOLDER/images"
	echo '[]' >"$CLOUD_FOLDER/machines"
	: >"$CLOUD_FOLDER/log"
	cat >"$CLOUD_FOLDER/bin/adt-cloud" <<-'SCRIPT'
	#!/bin/sh
	command=$1
	shift
	ids=
	while [ $# -gt 0 ]; do
		case $1 in
		--cloud | --region | --build) shift ;;
		-*) ;;
		*) ids="$ids $1" ;;
		esac
		shift
	done
	printf '%s\n' "$command$ids" >>"$CLOUD_FOLDER/log"
	case $command in
	images | machines) cat "$CLOUD_FOLDER/$command" ;;
	delete-image)
		for id in $ids; do
			[ ! -e "$CLOUD_FOLDER/refuse.$id" ] || exit 75
			jq -c --arg id "$id" 'map(select(.id != $id))' \
			    "$CLOUD_FOLDER/images" >"$CLOUD_FOLDER/new"
			mv "$CLOUD_FOLDER/new" "$CLOUD_FOLDER/images"
		done
		;;
	*) exit 64 ;;
	esac
	SCRIPT
	chmod +x "$CLOUD_FOLDER/bin/adt-cloud"
	ADT_BIN=$CLOUD_FOLDER/bin:$OUT/bin
	export CLOUD_FOLDER ADT_BIN
}

# cloud_image ID NAME [DAYS [STATE]] - one more image, that many days old.
cloud_image() {
	cloud_add images "$(jq -nc --arg id "$1" --arg name "$2" \
	    --arg days "${3:-0}" --arg state "${4:-ready}" '{id: $id,
		name: $name, state: $state, region: "local",
		size_bytes: 2147483648, min_disk_gb: 2,
		created: (now - ($days | tonumber) * 86400 - 60 | todate)}')"
}

# cloud_machine NAME IMAGE [DAYS] - one more machine, made from that image.
cloud_machine() {
	cloud_add machines "$(jq -nc --arg name "$1" --arg image "$2" \
	    --arg days "${3:-0}" '{id: $name, name: $name, state: "running",
		region: "local", image: $image,
		created: (now - ($days | tonumber) * 86400 | todate)}')"
}

cloud_add() {
	jq -c --argjson row "$2" '. + [$row]' "$CLOUD_FOLDER/$1" \
	    >"$CLOUD_FOLDER/new"
	mv "$CLOUD_FOLDER/new" "$CLOUD_FOLDER/$1"
}

# cloud_ids - the ids of its images, on one line.
cloud_ids() { jq -r 'map(.id) | join(" ")' "$CLOUD_FOLDER/images"; }

# record LABEL ID NAME [DAYS] - a capture of that many days ago recorded this.
record() {
	in_build '. "$ROOT/helperscripts/lib/generations.sh"
		record_one() {
			pin_record
			stage_generation
			metadata_in "$STAGE" | jq --arg type "$1" --arg id "$2" \
			    --arg name "$3" ".images[\$type] = {cloud: \"lxd\",
				region: \"local\", id: \$id, name: \$name,
				machine: (\$name | sub(\"-20.*\"; \"\")),
				build_identifier: \"demo-build\"}" |
				replace_file "$STAGE/snapshots.json"
			adt-snapshot-ids set "$STAGE/snapshot_ids.dat" "$1" "$2"
			put "USERNAME:$2" | seal_text credentials |
				replace_file "$STAGE/credentials.dat"
			commit_generation
			jq --arg days "$4" ".generation_created =
				(now - (\$days | tonumber) * 86400 - 60 | todate)" \
			    "$SNAPSHOTS/current/snapshots.json" \
			    >"$SNAPSHOTS/current/json"
			mv "$SNAPSHOTS/current/json" \
			    "$SNAPSHOTS/current/snapshots.json"
		}
		with_lock "$SNAPSHOTS/snapshots.json" record_one "$@"' \
	    "$1" "$2" "$3" "${4:-0}"
}

# starting_from FUNCTION - the state of site and cloud that FUNCTION makes, with
# the key it is sealed under; it is made once for a file, and copied afterwards.
# FUNCTION begins with nothing.
starting_from() {
	starting=$BATS_FILE_TMPDIR/starting.$1
	if [ ! -d "$starting" ]; then
		fresh_cloud
		rm -rf "$folder"
		snapshots_folder >/dev/null
		TEST_SHELL="sh" "$1"
		mkdir "$starting.$$"
		cp -a "$folder" "$starting.$$/folder"
		cp -a "$CLOUD_FOLDER" "$starting.$$/cloud"
		cp -a "$ADT_SEAL_KEY" "$starting.$$/seal.key"
		mv "$starting.$$" "$starting"
	fi
	rm -rf "$folder" "$CLOUD_FOLDER"
	cp -a "$starting/folder" "$folder"
	cp -a "$starting/cloud" "$CLOUD_FOLDER"
	cp -a "$starting/seal.key" "$ADT_SEAL_KEY"
}

# files_of FOLDER - every file and link below it, with what is in it.
files_of() {
	(cd "$1" && find . ! -type d ! -name '*.lock' -printf '%p %l\n' \
	    \( ! -type f -o -exec sha256sum {} + \) | sort)
}
