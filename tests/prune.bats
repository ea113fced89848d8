# prune.bats - PruneSnapshots.sh: what goes, and all that must stay.
setup() {
	load standin
	fresh_standin
}

prune() { helper PruneSnapshots.sh "$@"; }

# three - generations 1 to 3: a webserver each, one database for all.
three() { starting_from make_three; }
make_three() {
	cloud_image d1 "$db-20260101T000000Z" 90
	record database d1 "$db-20260101T000000Z" 90
	for number in 2 3 4; do
		cloud_image "w$number" "$web-2026010${number}T000000Z" \
		    $((90 - number * 10))
		record webserver "w$number" "$web-2026010${number}T000000Z" \
		    $((90 - number * 10))
	done
}

@test "--keep N: the older generations and the images only they have go" {
	keeps() {
		three
		run --separate-stderr prune --keep 2 --yes
		echo "$status: $output: $stderr"
		[ "$status" -eq 0 ]
		[ "$(cloud_ids)" = "d1 w3 w4" ]
		[ "$(find "$folder/generations" -maxdepth 1 -name '[0-9]*' \
		    -printf '%f ' | tr ' ' '\n' | sort | xargs)" = \
		    "3 3.cms 4 4.cms" ]
		[[ $output == *"image	$web-20260102T000000Z	w2	"* ]]
		[[ $output == *"generation	1	"* ]]
	}
	each_shell keeps
}

@test "a dry run lists the same, and only reads" {
	three
	before=$(files_of "$folder")
	dry() {
		run --separate-stderr prune --keep 1 --dry-run
		[ "$status" -eq 0 ]
		[[ $output == *"	w2	"* ]] && [[ $output == *"	w3	"* ]]
		[[ $stderr == *"2 images: \$0.00 a month (prices of "* ]]
	}
	each_shell dry
	run ! grep -v -e '^images$' -e '^machines$' "$CLOUD_FOLDER/log"
	[ "$(files_of "$folder")" = "$before" ]
}

@test "--older-than DAYS, alone and with --keep" {
	three
	prune --older-than 65 --yes
	[ "$(cloud_ids)" = "d1 w3 w4" ]
	three
	prune --older-than 55 --keep 2 --yes
	[ "$(cloud_ids)" = "d1 w3 w4" ]
	three
	prune --older-than 0 --yes
	[ "$(cloud_ids)" = "d1 w4" ]
}

@test "the current generation stays, even rolled back to" {
	three
	in_build '. "$ROOT/helperscripts/lib/generations.sh"
		switch_generation 2'
	prune --keep 1 --older-than 0 --yes
	[ "$(cloud_ids)" = "d1 w2 w4" ]
	[ "$(readlink "$folder/current")" = generations/2 ]
	[ "$(cat "$folder/snapshot_ids.dat")" = "database:d1
webserver:w2" ]
}

@test "what a machine, a journal or SNAPSHOT_ID uses stays, and it is said" {
	three
	cloud_machine "$web" w2
	run --separate-stderr prune --keep 1 --yes
	[ "$(cloud_ids)" = "d1 w2 w4" ]
	[[ $stderr == *"generation 2 stays: $web-20260102T000000Z: $web runs"* ]]
	[ -d "$folder/generations/2" ]

	# of another build, or of somebody's
	three
	cloud_machine somebody-elses w3
	run --separate-stderr prune --keep 1 --yes
	[ "$(cloud_ids)" = "d1 w3 w4" ]
	[[ $stderr == *": somebody-elses runs from it"* ]]

	for name in journal build-journal; do
		three
		printf '{"targets":[{"image":"%s"}]}' "$web-20260102T000000Z" \
		    >"$folder/$name"
		run --separate-stderr prune --keep 1 --yes
		[ "$(cloud_ids)" = "d1 w2 w4" ]
		[[ $stderr == *"an unfinished run uses it"* ]]
	done

	three
	environment SNAPSHOT_ID w3
	run --separate-stderr prune --keep 1 --yes
	[ "$(cloud_ids)" = "d1 w3 w4" ]
}

@test "a cloud that does not tell: the newest image of before the machine" {
	three
	cloud_machine "$web" "" 65
	prune --keep 1 --yes
	[ "$(cloud_ids)" = "d1 w2 w4" ]
	three
	cloud_machine "$web" "" 85
	prune --keep 1 --yes
	[ "$(cloud_ids)" = "d1 w4" ]
}

# make_orphans - and o1 to o3, which nothing records, among others' images.
make_orphans() {
	make_three
	cloud_image o1 "$web-20251231T235959Z" 200
	cloud_image o2 "$db-20260305T010203Z" 3 failed
	cloud_image o3 "NO-1-as-local-demo-build-Xlab-2026030-0a1b2c" 3
	while IFS= read -r name; do
		cloud_image "x$name" "$name" 200
	done <<-'TABLE'
	ws-local-demo-build2-0-Xlab-init-1-20260101T000000Z
	news-local-demo-build-0-Xlab-init-1-20260101T000000Z
	ws-local-demo-build-0-Xlab-init-1
	ws-local-demo-build-0-Xlab-init-1-backup
	ws-local-demo-build-0-Xlab-init-1-20260101T000000Zold
	ws-local-demo-build-0-Xlab-init-1-0a1b2c
	ws-ams3-demo-build-0-Xlab-init-1-20260101T000000Z
	debian-12
	TABLE
	cloud_image p1 "$web-20260306T000000Z" 0 pending
}

@test "--orphans: what bears our names and nothing records; nothing else" {
	orphans() {
		starting_from make_orphans
		before=$(cloud_ids)
		run --separate-stderr prune --orphans --yes
		echo "$status: $output: $stderr"
		[ "$status" -eq 0 ]
		want=$(for id in $before; do
			case $id in o?) ;; *) echo "$id" ;; esac
		done | xargs)
		[ "$(cloud_ids)" = "$want" ]
		[[ $stderr == *"$web-20260306T000000Z stays: it is being made"* ]]
		[ "$(find "$folder/generations" -name '*.cms' | wc -l)" -eq 4 ]
	}
	each_shell orphans
}

@test "an id that is another image's by now is left alone" {
	three
	jq -c 'map(if .id == "w2" then .name = "somebody-elses" else . end)' \
	    "$CLOUD_FOLDER/images" >"$CLOUD_FOLDER/new"
	mv "$CLOUD_FOLDER/new" "$CLOUD_FOLDER/images"
	run --separate-stderr prune --keep 1 --yes
	[ "$(cloud_ids)" = "d1 w2 w4" ]
	[[ $stderr == *"w2 stays: it is called somebody-elses"* ]]
}

@test "a generation that cannot be read stops it; so does such a journal" {
	while IFS='|' read -r file text; do
		three
		before=$(cloud_ids)
		printf '%b' "$text" >"$folder/$file"
		run --separate-stderr prune --keep 1 --orphans --yes
		echo "$file: $text: $status $stderr"
		[ "$status" -eq 65 ]
		[[ $stderr == *"${file##*/}"* ]]
		[ "$(cloud_ids)" = "$before" ]
		[ -d "$folder/generations/1" ]
	done <<-'TABLE'
	generations/1/snapshots.json|
	generations/1/snapshots.json|{
	generations/2/snapshots.json|{"version":2}
	generations/2/snapshot_ids.dat|what is this\n
	journal|
	journal|{"targets
	TABLE
}

@test "a cloud that does not answer, or answers nothing, stops it" {
	three
	: >"$CLOUD_FOLDER/images"
	run --separate-stderr prune --keep 1 --orphans --yes
	[ "$status" -ne 0 ]
	[ -d "$folder/generations/1" ]
	run ! grep delete "$CLOUD_FOLDER/log"
}

@test "refused in the middle, the record stays, and the next run ends it" {
	three
	: >"$CLOUD_FOLDER/refuse.w3"
	run --separate-stderr prune --keep 1 --yes
	[ "$status" -eq 75 ]
	[ "$(cloud_ids)" = "d1 w3 w4" ]
	[ -d "$folder/generations/2" ] && [ -d "$folder/generations/3" ]
	rm "$CLOUD_FOLDER/refuse.w3"
	prune --keep 1 --yes
	[ "$(cloud_ids)" = "d1 w4" ]
	[ ! -e "$folder/generations/3" ] && [ ! -e "$folder/generations/3.cms" ]
}

@test "nothing to do is success; nobody to ask is 64" {
	three
	run --separate-stderr prune --keep 9
	[ "$status" -eq 0 ] && [ "$output" = "" ]
	run --separate-stderr prune --keep 1 </dev/null
	[ "$status" -eq 64 ]
	[ "$(cloud_ids)" = "d1 w2 w3 w4" ]
}

@test "wrong use is 64" {
	while IFS= read -r words; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr prune $words
		[ "$status" -eq 64 ]
	done <<-'TABLE'

	--keep
	--keep x
	--keep -1
	--older-than 1d
	--keep 1 more
	TABLE
}
