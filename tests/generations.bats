# generations.bats - lib/generations.sh: what belongs together is recorded
# together, whoever reads and wherever the writer is killed.
setup() {
	load scripts
	fresh_home buildhome-lxd
	fresh_seal_key
	folder=$(snapshots_folder)
}

# metadata_of ID - snapshots.json with one webserver image of that id.
metadata_of() {
	printf '{"version":1,"website_url":"lxd.example.test","images":{
		"webserver":{"cloud":"lxd","region":"local","id":"%s",
		"name":"n-%s","machine":"ws","build_identifier":"demo-build"}}}' \
	    "$1" "$1"
}

# record ID - one more generation, every file of which names ID.
RECORD_CODE='record_one() {
	stage_generation
	put "USERNAME:$1" | seal_text credentials |
		replace_file "$STAGE/credentials.dat"
	put "DBNAME:$1" | seal_text db_credentials |
		replace_file "$STAGE/db_credentials.dat"
	stage_build_keys 2>/dev/null
	put "$2" | replace_file "$STAGE/snapshots.json"
	put "webserver:$1" | replace_file "$STAGE/snapshot_ids.dat"
	commit_generation
}'
record() {
	in_build '. "$ROOT/helperscripts/lib/generations.sh"
		eval "$3"
		with_lock "$SNAPSHOTS/snapshots.json" record_one "$1" "$2"' \
	    "$1" "$(metadata_of "$1")" "$RECORD_CODE"
}

# library CODE [argument...] - CODE after the libraries.
library() {
	library_code=$1
	shift
	in_build '. "$ROOT/helperscripts/lib/generations.sh"; '"$library_code" "$@"
}

# names_of - what a reader of the present generation sees: one word each.
names_of() {
	library 'pin_record
		recorded_ids | cut -f 2
		metadata | jq -r .images.webserver.id
		open_sealed credentials | sed s/USERNAME://
		open_sealed db_credentials | sed s/DBNAME://'
}

build_key() {
	mkdir -p "$BLD/keys"
	ssh-keygen -q -t ed25519 -N '' -C '' -f \
	    "$BLD/keys/id_ed25519_AGILE_DEPLOYMENT_BUILD_KEY_demo-build"
	environment ALGORITHM ed25519
}

@test "each record is a generation; the names at the top lead to the last" {
	records() {
		rm -rf "$folder"
		snapshots_folder
		record 11
		record 22
		[ "$(readlink "$folder/current")" = generations/2 ]
		[ "$(cat "$folder/snapshot_ids.dat")" = webserver:22 ]
		[ "$(cat "$folder/generations/1/snapshot_ids.dat")" = webserver:11 ]
		[ "$(names_of | uniq)" = 22 ]
		[ "$(library generations | tr '\n' ' ')" = "1 2 " ]
		[ "$(stat -c %a "$folder/generations")" = 700 ]
		[ "$(find "$folder/generations" -type f ! -perm 600)" = "" ]
		[ "$(find "$folder" -name '.*' -o -name '*.new')" = "" ]
	}
	each_shell records
}

@test "the programs and scripts of before read through the links" {
	record 11
	[ "$(adt-snapshot-ids get "$folder/snapshot_ids.dat" webserver)" = 11 ]
	adt-seal open --site lxd.example.test --kind credentials \
	    "$folder/credentials.dat" | grep -qx USERNAME:11
	grep -qx webserver:11 "$folder/snapshot_ids.dat"
}

@test "the list tells number, id, time and images; one is current" {
	record 11
	record 22
	list=$(library list_generations)
	jq -e 'length == 2 and (map(.generation) == [1, 2]) and
		(map(.current) == [false, true]) and
		(map(.images.webserver.id) == ["11", "22"]) and
		all(.[]; .id != "" and (.created | test("Z$"))) and
		.[0].id != .[1].id' <<<"$list"
	: >"$folder/generations/1/snapshots.json"
	run --separate-stderr library list_generations
	[ "$status" -eq 65 ]
	[[ $stderr == *"generations/1/snapshots.json: malformed"* ]]
}

@test "flat files become generation 1, byte for byte" {
	adopts() {
		rm -rf "$folder"
		snapshots_folder
		printf 'webserver:9\n' >"$folder/snapshot_ids.dat"
		metadata_of 9 >"$folder/snapshots.json"
		echo USERNAME:9 | adt-seal seal --site lxd.example.test \
		    --kind credentials - "$folder/credentials.dat"
		sum=$(sha256sum <"$folder/credentials.dat")
		record 11
		[ "$(cat "$folder/generations/1/snapshot_ids.dat")" = webserver:9 ]
		[ "$(sha256sum <"$folder/generations/1/credentials.dat")" = "$sum" ]
		[ ! -e "$folder/generations/1/db_credentials.dat" ]
		[ -e "$folder/generations/1.cms" ]
		[ "$(names_of | uniq)" = 11 ]
	}
	each_shell adopts
}

@test "a flat file that cannot be opened is adopted all the same, and said" {
	printf 'webserver:9\n' >"$folder/snapshot_ids.dat"
	echo clear >"$folder/credentials.dat"
	run --separate-stderr record 11
	[ "$status" -eq 0 ]
	[[ $stderr == *"not as one sealed file"* ]]
	[ "$(cat "$folder/generations/1/credentials.dat")" = clear ]
	[ ! -e "$folder/generations/1.cms" ]
	[ "$(names_of | uniq)" = 11 ]
}

@test "a file put over a link counts, and is adopted by the next writer" {
	record 11
	adt-snapshot-ids set "$folder/snapshot_ids.dat" webserver 12
	[ ! -L "$folder/snapshot_ids.dat" ]
	[ "$(names_of | sed 1q)" = 12 ]
	[ "$(cat "$folder/generations/1/snapshot_ids.dat")" = webserver:11 ]
	record 22
	[ "$(cat "$folder/generations/2/snapshot_ids.dat")" = webserver:12 ]
	[ "$(readlink "$folder/current")" = generations/3 ]
	[ "$(names_of | uniq)" = 22 ]
}

@test "N.cms holds all of it, sealed, and nothing in clear" {
	build_key
	record 11
	key=$BLD/keys/id_ed25519_AGILE_DEPLOYMENT_BUILD_KEY_demo-build
	run ! grep -rl -e USERNAME -e PRIVATE "$folder/generations"
	adt-seal open --site lxd.example.test --kind generation \
	    "$folder/generations/1.cms" >"$BATS_TEST_TMPDIR/plain"
	[ "$(jq -r '.files["credentials.dat"]' "$BATS_TEST_TMPDIR/plain" |
		base64 -d)" = USERNAME:11 ]
	jq -r '.files["build_keys.dat"]' "$BATS_TEST_TMPDIR/plain" | base64 -d |
		tar -xzOf - "${key##*/}" | cmp - "$key"
	library 'open_member "$SNAPSHOTS/current" build_keys.dat' |
		tar -xzOf - "${key##*/}.pub" | cmp - "$key.pub"
}

@test "an import brings all of it to another build machine, once" {
	build_key
	record 11
	cp "$folder/generations/1.cms" "$BATS_TEST_TMPDIR/carried.cms"
	imports() {
		rm -rf "$folder"
		snapshots_folder
		record 5
		for times in once twice; do
			echo "$times"
			library 'with_lock "$SNAPSHOTS/snapshots.json" \
				import_generation "$1"' "$BATS_TEST_TMPDIR/carried.cms"
			[ "$(readlink "$folder/current")" = generations/2 ]
			[ "$(names_of | uniq)" = 11 ]
		done
		[ "$(library generations | tr '\n' ' ')" = "1 2 " ]
		cmp "$folder/generations/2.cms" "$BATS_TEST_TMPDIR/carried.cms"
		library 'open_member "$SNAPSHOTS/current" build_keys.dat' |
			tar -tzf - | grep -c BUILD_KEY | grep -qx 2
	}
	each_shell imports
}

@test "what is no generation of this site is not imported; nothing changes" {
	record 11
	tree() { (cd "$folder" && find . ! -name '*.lock' ! -type d -printf \
	    '%p %l\n' -type f -exec sha256sum {} + | sort); }
	before=$(tree)
	one=$BATS_TEST_TMPDIR/one
	while IFS='|' read -r site text; do
		printf '%s' "$text" |
			adt-seal seal --site "$site" --kind generation - "$one"
		run --separate-stderr library 'import_generation "$1"' "$one"
		echo "$text: $status: $stderr"
		[ "$status" -eq 65 ]
		library 'mend_generations'
		[ "$(tree)" = "$before" ]
	done <<-'TABLE'
	other.test|{"version":1,"files":{"snapshot_ids.dat":"","snapshots.json":"e30="}}
	lxd.example.test|{}
	lxd.example.test|
	lxd.example.test|{"version":2,"files":{"snapshot_ids.dat":"","snapshots.json":"e30="}}
	lxd.example.test|{"version":1,"files":{"snapshots.json":"e30="}}
	lxd.example.test|{"version":1,"files":{"snapshot_ids.dat":"","snapshots.json":"e30="}}
	lxd.example.test|{"version":1,"files":{"snapshot_ids.dat":"","snapshots.json":"!!"}}
	lxd.example.test|{"version":1,"files":{"snapshot_ids.dat":"","snapshots.json":"","../x":"YQ=="}}
	TABLE
	echo none >"$one"
	run library 'import_generation "$1"' "$one"
	[ "$status" -eq 65 ]
}

@test "without a seal key nothing is recorded, and nothing changes" {
	record 11
	before=$(names_of)
	mv "$ADT_SEAL_KEY" "$ADT_SEAL_KEY.away"
	run record 22
	[ "$status" -ne 0 ]
	mv "$ADT_SEAL_KEY.away" "$ADT_SEAL_KEY"
	[ "$(names_of)" = "$before" ]
	[ "$(library generations)" = 1 ]
}

@test "a generation is removed whole; the current one is not" {
	record 11
	record 22
	run --separate-stderr library 'remove_generation 2'
	[ "$status" -eq 69 ]
	library 'remove_generation 1'
	[ "$(find "$folder/generations" -mindepth 1 -maxdepth 1 | wc -l)" -eq 2 ]
	[ -e "$folder/generations/2.cms" ]
	run library 'remove_generation 1'
	[ "$status" -eq 1 ]
	record 33
	[ "$(library generations | tr '\n' ' ')" = "2 3 " ]
}

# kill_at N CODE - CODE, killed with SIGKILL before the Nth of the commands that
# change files; 0 if it was killed, 1 if it ended before.
kill_at() {
	rm -rf "$BATS_TEST_TMPDIR/kill"
	mkdir "$BATS_TEST_TMPDIR/kill"
	for name in mv ln rm cp mkdir sync chmod cat mktemp; do
		cat >"$BATS_TEST_TMPDIR/kill/$name" <<-SCRIPT
		#!/bin/sh
		PATH=/usr/bin:/bin
		dir=$BATS_TEST_TMPDIR/kill
		echo x >>"\$dir/count"
		[ "\$(wc -l <"\$dir/count")" -lt $1 ] || {
			: >"\$dir/killed"
			read -r group <"\$dir/group"
			kill -9 -"\$group"
		}
		exec $(command -v "$name") "\$@"
		SCRIPT
		chmod +x "$BATS_TEST_TMPDIR/kill/$name"
	done
	killed_code=$2
	export killed_code
	# A group of its own, so that all of it dies at once.
	# shellcheck disable=SC2086 # "busybox sh" is two words
	ADT_BIN=$BATS_TEST_TMPDIR/kill:$OUT/bin setsid sh -c \
	    'echo $$ >"$1/group"; shift; exec "$@"' sh \
	    "$BATS_TEST_TMPDIR/kill" $TEST_SHELL -c '
		. "$ROOT/helperscripts/lib/prelude.sh"
		. "$ROOT/helperscripts/lib/build.sh"
		. "$ROOT/helperscripts/lib/snapshots.sh"
		. "$ROOT/helperscripts/lib/generations.sh"
		find_build 2>/dev/null
		eval "$3"
		eval "$killed_code"' "$ROOT/helperscripts/Test.sh" \
	    22 "$(metadata_of 22)" "$RECORD_CODE" >/dev/null 2>&1 || :
	[ -e "$BATS_TEST_TMPDIR/kill/killed" ]
}

# flatten - the present generation as earlier versions left it.
flatten() {
	for name in snapshot_ids.dat credentials.dat db_credentials.dat \
	    snapshots.json; do
		cp --remove-destination "$folder/generations/1/$name" "$folder/$name"
	done
	rm -rf "$folder/current" "$folder/generations" "$folder/build_keys.dat"
}

# Every place with FULL=1, else every eleventh.
@test "killed before any change of a file: old or new, and a rerun completes" {
	code='with_lock "$SNAPSHOTS/snapshots.json" record_one "$1" "$2"'
	[ -n "${FULL:-}" ] && step=1 || step=11
	record 11
	for start in generation flat; do
		[ "$start" = generation ] || flatten
		rm -rf "$BATS_TEST_TMPDIR/start"
		cp -a "$folder" "$BATS_TEST_TMPDIR/start"
		n=$((RANDOM % step + 1))
		while :; do
			rm -rf "$folder"
			cp -a "$BATS_TEST_TMPDIR/start" "$folder"
			kill_at "$n" "$code" || break
			seen=$(names_of | uniq)
			echo "$start, killed at $n: $seen"
			[ "$seen" = 11 ] || [ "$seen" = 22 ]
			record 33
			[ "$(names_of | uniq)" = 33 ]
			[ "$(find "$folder" -name '.*')" = "" ]
			for number in $(library generations); do
				library 'members_of "$1"' \
				    "$folder/generations/$number.cms" >/dev/null
			done
			[ "$(find "$folder/generations" -name '*.cms' | wc -l)" -eq \
			    "$(library generations | wc -l)" ]
			n=$((n + step))
		done
		echo "# $start: killed at every ${step}th place to $n" >&3
		[ "$n" -gt 20 ]
	done
}
