# adt_snapshot_ids.bats - ids read with care, changed whole, lost never.
setup() {
	load helpers
	file=$BATS_TEST_TMPDIR/snapshot_ids.dat
}

# today LABEL - how the toolkit's own scripts read an id.
today() { grep "$1" "$file" | awk -F: '{print $NF}'; }

@test "what is set, today's readers get exactly, for every form of id" {
	for id in 123456789 private/90000001 \
	    00000000-0000-4000-8000-000000000011 \
	    5a0aa1ce3f1c47f188f8c20063e66ec723c09ebc3e82f654a1b00c64536d5508; do
		rm -f "$file"
		for label in authenticator reverseproxy autoscaler webserver \
		    database; do
			adt-snapshot-ids set "$file" "$label" "$id"
			[ "$(today "$label")" = "$id" ]
			[ "$(adt-snapshot-ids get "$file" "$label")" = "$id" ]
		done
	done
	[ "$(stat -c %a "$file")" = 600 ]
}

@test "set takes several pairs; order and mode stay; remove takes one" {
	adt-snapshot-ids set "$file" webserver 1 database 2
	chmod 640 "$file"
	adt-snapshot-ids set "$file" autoscaler 3 webserver private/4
	[ "$(cat "$file")" = "webserver:private/4
database:2
autoscaler:3" ]
	[ "$(stat -c %a "$file")" = 640 ]
	adt-snapshot-ids remove "$file" database authenticator
	[ "$(adt-snapshot-ids list "$file")" = "webserver	private/4
autoscaler	3" ]
	[ "$(adt-snapshot-ids list --json "$file" | jq -r '.[1].id')" = 3 ]
}

@test "fifty writers at once, no mixture is ever seen" {
	labels='authenticator reverseproxy autoscaler webserver database'
	# shellcheck disable=SC2046,SC2086 # words
	adt-snapshot-ids set "$file" $(printf '%s 0 ' $labels)
	pids=
	for id in $(seq 1 50); do
		# shellcheck disable=SC2046,SC2086 # words
		adt-snapshot-ids set "$file" $(printf "%s $id " $labels) &
		pids="$pids $!"
	done
	for _ in $(seq 1 100); do
		[ "$(cut -d: -f2 "$file" | sort -u | wc -l)" -eq 1 ]
	done
	for pid in $pids; do wait "$pid"; done
	[ "$(wc -l <"$file")" -eq 5 ]
	[ "$(cut -d: -f2 "$file" | sort -u | wc -l)" -eq 1 ]
}

@test "a damaged file is read where it is plain, and said where it is not" {
	cp "$ROOT/tests/fixtures/snapshot_ids/dirty.dat" "$file"
	run --separate-stderr adt-snapshot-ids get "$file" webserver
	[ "$status" -eq 0 ]
	[ "$output" = 100000001 ]
	run --separate-stderr adt-snapshot-ids get "$file" database
	[ "$status" -eq 65 ]
	[ "$output" = "" ]
	[[ $stderr == *"lines 4 and 5"* ]]
	run --separate-stderr adt-snapshot-ids check "$file"
	[ "$status" -eq 65 ]
	for line in 1 2 3 5 6 8; do
		[[ $output == *"$file:$line: "* ]]
	done
}

@test "a change that would lose a line is refused, byte for byte" {
	cp "$ROOT/tests/fixtures/snapshot_ids/dirty.dat" "$file"
	for words in "set $file webserver 5" "remove $file webserver"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr adt-snapshot-ids $words
		[ "$status" -eq 65 ]
		[[ $stderr == *"would be lost"*" 5 6"* ]]
		cmp "$file" "$ROOT/tests/fixtures/snapshot_ids/dirty.dat"
	done
}

@test "plain damage is mended and said; two ids are settled by set" {
	printf 'webserver:1\r\n\ndatabase:2\ndatabase:3\nautoscaler:' >"$file"
	run --separate-stderr adt-snapshot-ids set "$file" database 4
	[ "$status" -eq 0 ]
	[[ $stderr == *mended* ]]
	[ "$(cat "$file")" = "webserver:1
database:4" ]
	run --separate-stderr adt-snapshot-ids check "$file"
	[ "$status" -eq 0 ]
}

@test "says what is wrong, with its own status, and changes nothing" {
	adt-snapshot-ids set "$file" webserver 1
	cp "$file" "$file.kept"
	long=$(printf '%0128d' 0)
	while IFS='|' read -r want args message; do
		# shellcheck disable=SC2086 # the table's words are arguments
		eval "run --separate-stderr adt-snapshot-ids $args"
		echo "case: $args -> $status: $stderr"
		[ "$status" -eq "$want" ]
		[ "$output" = "" ]
		[[ $stderr == *"$message"* ]]
		cmp "$file" "$file.kept"
	done <<-TABLE
	64||a command is wanted
	64|set $file webserver|set wants
	64|get $file|get wants
	65|set $file webservers 1|is no machine type
	65|set $file webserver ''|not a usable id
	65|set $file webserver 'a b'|not a usable id
	65|set $file webserver a:b|not a usable id
	65|set $file webserver $long|not a usable id
	65|set $file webserver 1 webserver 2|given twice
	1|get $file database|has no id
	1|get $file.none database|no such file
	65|get $BATS_TEST_TMPDIR database|not a regular file
	71|set $file.none/x database 1|cannot lock
	TABLE
}

@test "--help and --version" {
	run --separate-stderr adt-snapshot-ids --help
	[ "$status" -eq 0 ]
	[[ $output == *"adt-snapshot-ids set FILE LABEL ID"* ]]
	run --separate-stderr adt-snapshot-ids --version
	[[ $output == "adt-snapshot-ids "[0-9]* ]]
}
