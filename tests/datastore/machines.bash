# machines.bash - two build machines that meet in a datastore: what the tests of
# SyncSnapshots.sh share.
load datastore

# fresh_machines - one and two; the site, and so the bucket, is the test's own.
fresh_machines() {
	TEST_SHELL=${TEST_SHELL:-sh}
	ADT_CONFIG_DIR=$BATS_TEST_TMPDIR/etc
	ADT_SEAL_KEY=$ADT_CONFIG_DIR/seal.key
	ADT_BUILDHOME_DAT=/nonexistent
	ADT_BIN=$OUT/bin
	export TEST_SHELL ADT_CONFIG_DIR ADT_SEAL_KEY ADT_BUILDHOME_DAT ADT_BIN
	adt-seal keygen "$ADT_SEAL_KEY"
	set -- "$(basename "$BATS_TEST_FILENAME" .bats)" "$BATS_TEST_NUMBER-$$"
	SITE=$1$2.Example.test
	BUCKET=$1$2-example-test-none-snap
	BUILD=$RGW_FOLDER
	cp "$BUILD/environment" "$BUILD/build_environment"
	machine one
	machine two
	cd "$BATS_TEST_TMPDIR" || return
}

# machine NAME - a build machine: a build home, with the datastore.
machine() {
	home=$BATS_TEST_TMPDIR/$1
	cp -R "$ROOT/tests/fixtures/buildhome-lxd" "$home"
	chmod -R u+rwX "$home"
	grep -rl '@BUILD_HOME@' "$home" | xargs -r sed -i "s|@BUILD_HOME@|$home|"
	built=$home/runtimedata/lxd/demo-build
	sed -i "s/^WEBSITE_URL=.*/WEBSITE_URL=$SITE/; /^S3_/d" \
	    "$built/build_environment"
	cat "$RGW_FOLDER/environment" >>"$built/build_environment"
	rm -f "$home/runtimedata/current_template_name"
	mkdir -p "$built/keys"
	: >"$built/keys/empty"
}

snapshots() { echo "$BATS_TEST_TMPDIR/$1/runtimedata/wholemachinebackups/$SITE/snapshots"; }

# on MACHINE SCRIPT ARGUMENT...
on() {
	local home=$BATS_TEST_TMPDIR/$1 script=$2
	shift 2
	# shellcheck disable=SC2086 # "busybox sh" is two words
	BUILD_HOME=$home $TEST_SHELL "$ROOT/helperscripts/$script" "$@" \
	    </dev/null
}

sync() { on "$1" SyncSnapshots.sh "${@:2}"; }

# record MACHINE ID - one more generation there, every file of which names ID.
record() {
	# shellcheck disable=SC2086 # "busybox sh" is two words
	BUILD_HOME=$BATS_TEST_TMPDIR/$1 $TEST_SHELL -c '
	for part in prelude build snapshots generations; do
		. "$ROOT/helperscripts/lib/$part.sh"
	done
	find_build 2>/dev/null
	record_one() {
		stage_generation
		for kind in credentials db_credentials; do
			put "$kind:$1" | seal_text "$kind" |
				replace_file "$STAGE/$kind.dat"
		done
		put "build_keys:$1" | gzip | seal_text build_keys |
			replace_file "$STAGE/build_keys.dat"
		jq -nc --arg id "$1" --arg site "$WEBSITE_URL" \
		    "{version: 1, website_url: \$site, images: {webserver: {
			cloud: \"lxd\", region: \"local\", id: \$id,
			name: \"n-\\(\$id)\", machine: \"ws\",
			build_identifier: \"demo-build\"}}}" |
			replace_file "$STAGE/snapshots.json"
		put "webserver:$1" | replace_file "$STAGE/snapshot_ids.dat"
		commit_generation
	}
	need_folder
	with_lock "$SNAPSHOTS/snapshots.json" record_one "$1"' \
	    "$ROOT/helperscripts/Test.sh" "$2"
}

# named_by MACHINE - what its present generation names, one word: all agree.
named_by() {
	local folder
	folder=$(snapshots "$1")/current
	{
		sed s/webserver:// "$folder/snapshot_ids.dat"
		jq -r .images.webserver.id "$folder/snapshots.json"
		for kind in credentials db_credentials; do
			adt-seal open --site "$SITE" --kind "$kind" \
			    "$folder/$kind.dat" | sed "s/$kind://"
		done
		adt-seal open --site "$SITE" --kind build_keys \
		    "$folder/build_keys.dat" | gzip -d | sed s/build_keys://
	} | uniq
}

# id_of MACHINE - the id of its present generation.
id_of() { jq -r .generation_id "$(snapshots "$1")/current/snapshots.json"; }

# tree MACHINE - every file of its snapshots, and what is in it.
tree() {
	local folder
	folder=$(snapshots "$1")
	[ -d "$folder" ] || return 0
	(cd "$folder" && find . ! -name '*.lock' -printf '%p %y %l\n' | sort
		find . -type f ! -name '*.lock' -exec sha256sum {} + | sort)
}

there() { store list "$BUCKET" generations/ | cut -f 1; }
current_there() { store get "$BUCKET" current | jq -r .generation; }

# point FILE JQ-ARGUMENT... - current says what FILE does, changed by jq and sealed
# anew: as somebody could who has the key.
point() {
	local told
	told=$(jq -c "${@:2}" "$1" | jq -c 'del(.sealed)')
	adt-seal seal --site "$SITE" --kind pointer <<<"$told" |
		jq -Rsc --argjson told "$told" '$told + {sealed: .}' |
		store put "$BUCKET" current
}

# wrap_datastore LINE... - ADT_BIN gets an adt-datastore that runs these lines
# first; all other programs are the real ones.
wrap_datastore() {
	rm -rf bin
	mkdir bin
	ln -s "$OUT"/bin/* bin/
	rm bin/adt-datastore
	printf '%s\n' '#!/bin/sh' "$@" "exec '$OUT/bin/adt-datastore' \"\$@\"" \
	    >bin/adt-datastore
	chmod +x bin/adt-datastore
	ADT_BIN=$BATS_TEST_TMPDIR/bin
}
