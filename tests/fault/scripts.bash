# scripts.bash - the operator's scripts, for kill.bash: a build home, what is
# there before each, and what must be after it.
# shellcheck shell=bash disable=SC2034,SC2154,SC2317 # kill.bash reads and sets

TWO='--machine webserver --machine database'

# home_fresh - the build home of this scenario, and its five machines, running.
home_fresh() {
	local place=$work/place
	export BUILD_HOME=$place/home ADT_SEAL_KEY=$place/seal.key \
	    ADT_RUN_DIR=$place/run ADT_BIN=$OUT/bin ADT_FLAGS_DIR=/nonexistent \
	    ADT_BUILDHOME_DAT=/nonexistent TMPDIR=$place/tmp
	mkdir -p "$TMPDIR"
	key=id_ed25519_AGILE_DEPLOYMENT_BUILD_KEY_demo-build
	keys=$BUILD_HOME/runtimedata/$cloud/demo-build/keys
	template=templatedconfigurations/templates/$cloud/${cloud}3.tmpl
	snapshots=$BUILD_HOME/runtimedata/wholemachinebackups/www.demo.test/snapshots
	adt-seal keygen "$ADT_SEAL_KEY"
	"$ROOT/tests/emulator/buildhome.sh" "$cloud" "$BUILD_HOME" \
	    >"$work/machines" || return
	(cd "$BUILD_HOME" && find . ! -name '*.lock' | sort) >"$work/files"
	# shellcheck disable=SC2046 # names
	cloud_fresh $(sed 's/=.*//' "$work/machines")
}

# script NAME [argument...] - to its end, before what is to be killed.
script() {
	"$ROOT/helperscripts/$1" "${@:2}" >"$work/prepared" 2>&1 \
	    </dev/null || { cat "$work/prepared"; return 1; }
}

# reader_right - whoever reads between the kill and the rerun sees a generation
# that is whole, the old or the new; called for every script.
reader_right() {
	local kind
	! grep -rlF -e "$(<"${keys%/*}/credentials/SERVERUSERPASSWORD")" \
	    -e 'PRIVATE KEY' "$TMPDIR" || echo 'a secret in a temporary file'
	[ -e "$snapshots/current" ] || return
	adt-snapshot-ids check "$snapshots/current/snapshot_ids.dat"
	diff <(sort "$snapshots/current/snapshot_ids.dat") \
	    <(jq -r '.images | to_entries[] | "\(.key):\(.value.id)"' \
	    "$snapshots/current/snapshots.json" | sort)
	for kind in credentials db_credentials build_keys; do
		[ -e "$snapshots/current/$kind.dat" ] || continue
		adt-seal open --site www.demo.test --kind "$kind" \
		    "$snapshots/current/$kind.dat" >/dev/null 2>&1 ||
			adt-seal open --key "$ADT_SEAL_KEY.new" \
			    --site www.demo.test --kind "$kind" \
			    "$snapshots/current/$kind.dat" >/dev/null
	done
}

# home_right - the files of the build home: those of before, and in the
# snapshots folder what a finished run leaves, and nothing else.
home_right() {
	diff "$work/files" <(cd "$BUILD_HOME" && find . \
	    ! -path '*/wholemachine*' ! -path '*/keys/replaced*' \
	    ! -name '*.lock' | sort)
	[ ! -d "$ADT_RUN_DIR" ] || find "$ADT_RUN_DIR" -type f \
	    ! -name 'budget-*' | sed 's/^/left: /'
	[ -d "$snapshots" ] || return
	find "$snapshots" -mindepth 1 -printf '%P\n' | grep -vE \
	    -e '^[a-z_]+\.(dat|json)$' -e '\.lock$' -e '^(current|generations)$' \
	    -e '^generations/[0-9]+(\.cms|/[a-z_]+\.(dat|json))?$' |
	    sed 's/^/left: /'
	adt-snapshot-ids check "$snapshots/snapshot_ids.dat"
	cmp "$snapshots/snapshot_ids.dat" "$snapshots/current/snapshot_ids.dat"
}

# recorded_right - each recorded id is a usable image, and every image of the
# build is recorded: none twice, none left.
recorded_right() {
	local id
	while IFS=: read -r _ id; do
		jq -r --arg id "$id" '[.images[] | select((.id | tostring) ==
		    $id)] | if length != 1 then "\($id) is not there" elif
		    .[0].state != "ready" then "\($id) is \(.[0].state)" else
		    empty end' <"$work/state"
	done < <(cat "$snapshots"/generations/*/snapshot_ids.dat)
	jq -r --arg recorded "$(cat "$snapshots"/generations/*/snapshot_ids.dat)" '
	    ($recorded | split("\n") | map(sub("^[a-z]*:"; ""))) as $ids |
	    .images[] | select(.name | test("demo-build")) |
	    (.id | tostring) as $id | select($ids | index($id) == null) |
	    "an orphan: \(.name)"' <"$work/state"
	nothing_left_right <"$work/state"
}

# machines_right COUNT - so many, all running, no name twice.
machines_right() {
	jq -r --argjson count "$1" '.machines |
	    (select(length != $count) | "\(length) machines"),
	    (.[] | select(.state != "running") | "\(.name) is \(.state)"),
	    (group_by(.name) | .[] | select(length > 1) |
	    "\(length) called \(.[0].name)")' <"$work/state"
}

is_script-capture() {
	prepare() { home_fresh; }
	# shellcheck disable=SC2206 # words
	command=(ObtainWholeMachineSnapshot.sh $TWO --power-off --yes)
	again=("${command[@]}")
	right() {
		home_right
		recorded_right
		machines_right 5
	}
}

is_script-prune() {
	prepare() {
		# shellcheck disable=SC2086 # words
		home_fresh &&
			script ObtainWholeMachineSnapshot.sh $TWO --yes &&
			script ObtainWholeMachineSnapshot.sh $TWO --yes
	}
	command=(PruneSnapshots.sh --keep 1 --yes)
	again=("${command[@]}")
	right() {
		home_right
		recorded_right
		machines_right 5
		jq -r '[.images[] | select(.name | test("demo-build"))] |
		    select(length != 2) | "\(length) images"' <"$work/state"
	}
}

is_script-rollback() {
	prepare() {
		# shellcheck disable=SC2086 # words
		home_fresh &&
			script ObtainWholeMachineSnapshot.sh $TWO --yes &&
			script ObtainWholeMachineSnapshot.sh $TWO --yes
	}
	command=(RollbackSnapshots.sh 1)
	again=("${command[@]}")
	right() {
		home_right
		recorded_right
		[ "$(readlink "$snapshots/current")" = generations/1 ] ||
			echo 'generation 1 is not current'
	}
}

is_script-rotate() {
	prepare() {
		# shellcheck disable=SC2086 # words
		home_fresh &&
			script ObtainWholeMachineSnapshot.sh $TWO --yes
	}
	command=(SnapshotCredentials.sh rotate --yes)
	again=("${command[@]}")
	right() {
		local file
		home_right
		recorded_right
		[ ! -e "$ADT_SEAL_KEY.new" ] || echo "left: $ADT_SEAL_KEY.new"
		for file in credentials db_credentials build_keys; do
			adt-seal open --site www.demo.test --kind "$file" \
			    "$snapshots/$file.dat" >/dev/null
		done
		adt-seal open --site www.demo.test --kind generation \
		    "$snapshots/generations/1.cms" >/dev/null
	}
}

is_script-retire() {
	prepare() {
		# shellcheck disable=SC2086 # words
		home_fresh &&
			script ObtainWholeMachineSnapshot.sh $TWO --yes
	}
	# shellcheck disable=SC2206 # words
	command=(RetireServers.sh $TWO --yes)
	again=("${command[@]}")
	right() {
		home_right
		recorded_right
		machines_right 3
	}
}

is_script-build() {
	prepare() {
		# shellcheck disable=SC2086 # words
		home_fresh &&
			script ObtainWholeMachineSnapshot.sh --all --yes &&
			script RetireServers.sh --yes &&
			script SetBuildFromSnapshot.sh on
	}
	command=(BuildFromSnapshots.sh --yes --wait 0)
	again=("${command[@]}")
	done_already=69 # all was there when it was killed, and is refused
	right() {
		recorded_right
		machines_right 5
	}
}
