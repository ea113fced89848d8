# rollback.bats - RollbackSnapshots.sh: back at once, whoever reads, and only to
# what can be used.
setup() {
	load standin
	fresh_standin
}

rollback() { helper RollbackSnapshots.sh "$@"; }

two() { starting_from make_two; }
make_two() {
	for number in 1 2; do
		cloud_image "w$number" "$web-2026010${number}T000000Z"
		record webserver "w$number" "$web-2026010${number}T000000Z"
	done
}

@test "without a number: the one before; with one: there, also forward" {
	goes() {
		two
		run --separate-stderr rollback
		echo "$status: $output: $stderr"
		[ "$status" -eq 0 ]
		[ "$output" = "generation:1
webserver:w1" ]
		[ "$(cat "$folder/snapshot_ids.dat")" = webserver:w1 ]
		adt-seal open --site lxd.example.test --kind credentials \
		    "$folder/credentials.dat" | grep -qx USERNAME:w1
		run --separate-stderr rollback
		[ "$status" -eq 1 ]
		run --separate-stderr rollback 2
		[ "$status" -eq 0 ]
		[ "$(cat "$folder/snapshot_ids.dat")" = webserver:w2 ]
		run --separate-stderr rollback 2
		[ "$status" -eq 0 ]
		[[ $stderr == *"is current already"* ]]
	}
	each_shell goes
}

@test "the next capture goes on from there, under a number of its own" {
	two
	rollback
	record database d1 "db-local-demo-build-Xlab-20260103T000000Z"
	[ "$(readlink "$folder/current")" = generations/3 ]
	[ "$(cat "$folder/snapshot_ids.dat")" = "webserver:w1
database:d1" ]
}

@test "refused, with nothing changed, where it could not be used" {
	refuses() {
		while IFS='|' read -r want change words; do
			two
			eval "$change"
			before=$(files_of "$folder")
			run --separate-stderr rollback
			echo "$change: $status: $stderr"
			[ "$status" -eq "$want" ]
			[[ $stderr == *"$words"* ]]
			[ "$(files_of "$folder")" = "$before" ]
		done <<-'TABLE'
		69|gone w1|w1: no such image
		69|state w1 failed|the image is failed
		65|rm "$folder/generations/1/snapshots.json"|does not have it
		65|: >"$folder/generations/1/snapshots.json"|malformed
		65|echo x >"$folder/generations/1/credentials.dat"|credentials
		65|sed -i s/demo-build/other/ "$folder/generations/1/snapshots.json"|cannot be used
		77|adt-seal keygen "$ADT_SEAL_KEY.2"; mv "$ADT_SEAL_KEY.2" "$ADT_SEAL_KEY"|cannot be used
		TABLE
	}
	gone() {
		jq -c --arg id "$1" 'map(select(.id != $id))' \
		    "$CLOUD_FOLDER/images" >"$CLOUD_FOLDER/new"
		mv "$CLOUD_FOLDER/new" "$CLOUD_FOLDER/images"
	}
	state() {
		jq -c --arg id "$1" --arg state "$2" 'map(if .id == $id
			then .state = $state else . end)' \
		    "$CLOUD_FOLDER/images" >"$CLOUD_FOLDER/new"
		mv "$CLOUD_FOLDER/new" "$CLOUD_FOLDER/images"
	}
	each_shell refuses
	two
	run --separate-stderr rollback 7
	[ "$status" -eq 1 ]
	run --separate-stderr rollback 0
	[ "$status" -eq 64 ]
	run --separate-stderr rollback 1 2
	[ "$status" -eq 64 ]
}

@test "a dry run changes nothing and asks only" {
	two
	before=$(files_of "$folder")
	run --separate-stderr rollback --dry-run
	[ "$status" -eq 0 ] && [ "$output" = "" ]
	[ "$(files_of "$folder")" = "$before" ]
	[ "$(sort -u "$CLOUD_FOLDER/log")" = images ]
}

@test "files of before are kept as a generation, and can be gone back to" {
	cloud_image w0 "$web-20260101T000000Z"
	record webserver w0 "$web-20260101T000000Z"
	for name in snapshot_ids.dat credentials.dat snapshots.json; do
		cp --remove-destination "$folder/generations/1/$name" \
		    "$folder/$name"
	done
	rm -rf "$folder/current" "$folder/generations" \
	    "$folder/db_credentials.dat" "$folder/build_keys.dat"
	cloud_image w1 "$web-20260102T000000Z"
	record webserver w1 "$web-20260102T000000Z"
	rollback
	[ "$(cat "$folder/snapshot_ids.dat")" = webserver:w0 ]
}

# Each reader pins a generation once and reads three files of it.
@test "readers during rollbacks see the one or the other, never a mixture" {
	two
	reader() {
		while [ ! -e "$BATS_TEST_TMPDIR/stop" ]; do
			in_build '. "$ROOT/helperscripts/lib/generations.sh"
			count=0
			while [ ! -e "$1" ] && [ "$count" -lt 50 ]; do
				count=$((count + 1))
				pin_record
				put "$(cut -d : -f 2 "$RECORD/snapshot_ids.dat")" \
				    "$(jq -r .images.webserver.id \
					"$RECORD/snapshots.json")" \
				    "$(cat "$SNAPSHOTS/snapshot_ids.dat")"
			done' "$BATS_TEST_TMPDIR/stop" >>"$BATS_TEST_TMPDIR/seen.$1"
		done
	}
	reader 1 & one=$!
	reader 2 & two=$!
	for times in 1 2 3 4 5 6 7 8 9 10; do
		rollback 1 2>/dev/null
		rollback 2 2>/dev/null
	done
	: >"$BATS_TEST_TMPDIR/stop"
	wait "$one" "$two"
	echo "$times rounds, $(cat "$BATS_TEST_TMPDIR"/seen.* | wc -l) readings"
	cat "$BATS_TEST_TMPDIR"/seen.* | sort | uniq -c
	[ "$(cat "$BATS_TEST_TMPDIR"/seen.* | sort -u)" = "w1
w2" ]
}
