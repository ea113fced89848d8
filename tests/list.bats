# list.bats - ListSnapshots.sh: recorded, held, aged, priced, used; three forms.
setup() {
	load standin
	fresh_standin
	# A table of its own: lxd costs nothing.
	ADT_PRICES=$BATS_TEST_TMPDIR/prices
	export ADT_PRICES
	printf '# of 2026-01-31\nlxd\timage\tGB\t0.07\n' >"$ADT_PRICES"
	cloud_image w1 "$web-20260101T000000Z" 40
	cloud_image w2 "$web-20260102T000000Z" 31
	cloud_image o1 "$web-20251231T000000Z" 50
	cloud_image other debian-12 50
	record webserver w1 "$web-20260101T000000Z" 40
	record webserver w2 "$web-20260102T000000Z" 31
	record database gone "db-local-demo-build-Xlab-20260103T000000Z" 10
	cloud_machine "$web" w1
}

list() { helper ListSnapshots.sh "$@"; }

@test "a line for each image of ours" {
	lines_are() {
		run --separate-stderr list
		echo "$status: $output: $stderr"
		[ "$status" -eq 0 ]
		[ "$(grep -c . <<<"$output")" -eq 4 ]
		grep -qx "webserver	$web-20260102T000000Z	w2	ready	31	2	0.14	2 3	current" \
		    <<<"$output"
		grep -qx "webserver	$web-20260101T000000Z	w1	ready	40	2	0.14	1	runs: $web" \
		    <<<"$output"
		grep -qx "webserver	$web-20251231T000000Z	o1	ready	50	2	0.14		not recorded" \
		    <<<"$output"
		grep -qx "database	db-local-demo-build-Xlab-20260103T000000Z	gone	missing	?	?	0	3	current" \
		    <<<"$output"
		[[ $stderr == *"4 images: \$0.42 a month (prices of 2026-01-31)"* ]]
	}
	each_shell lines_are
	[ "$(sort -u "$CLOUD_FOLDER/log")" = "images
machines" ]
}

@test "current images past a number of days, and missing ones, are warned of" {
	run --separate-stderr list
	[[ $stderr == *"the webserver image is 31 days old"* ]]
	[[ $stderr != *"40 days old"* ]]
	[[ $stderr == *"database gone: no such image"* ]]
	run --separate-stderr list --warn-days 31
	[[ $stderr != *"days old"* ]]
	run list --warn-days x
	[ "$status" -eq 64 ]
}

@test "--json: one object" {
	run --separate-stderr list --json
	jq -e '.site == "lxd.example.test" and .prices_of == "2026-01-31" and
		(.generations | map(.generation) == [1, 2, 3]) and
		(.generations | map(.current) == [false, false, true]) and
		.generations[2].images == {database: "gone", webserver: "w2"} and
		(.images | map(select(.ours and (.recorded | not)) | .id) == ["o1"]) and
		all(.images[]; .unfinished == false)' <<<"$output"
}

@test "--html: a page that needs nothing else, with everything escaped" {
	jq -c 'map(if .id == "w2" then
		.state = "ready<script>alert(1)</script>\u0007&\"" else . end)' \
	    "$CLOUD_FOLDER/images" >"$CLOUD_FOLDER/new"
	mv "$CLOUD_FOLDER/new" "$CLOUD_FOLDER/images"
	page() {
		run --separate-stderr list --html "$BATS_TEST_TMPDIR/page.html"
		[ "$status" -eq 0 ] && [ "$output" = "" ]
	}
	each_shell page
	page=$(cat "$BATS_TEST_TMPDIR/page.html")
	[[ $page == '<!DOCTYPE html>'*'</html>' ]]
	[[ $page == *"ready&lt;script&gt;alert(1)&lt;/script&gt;?&amp;&quot;"* ]]
	[[ $page == *"$web-20251231T000000Z"* ]]
	run ! grep -e '<script' -e 'http' -e 'src=' "$BATS_TEST_TMPDIR/page.html"
	for tag in html head title style body h1 h2 p table tr th td; do
		[ "$(grep -oE "<${tag}[ >]" <<<"$page" | wc -l)" -eq \
		    "$(grep -o "</$tag>" <<<"$page" | wc -l)" ]
	done
}

@test "a price or size that is not known is said to be so" {
	printf '# of 2026-01-31\nlinode\timage\tGB\t0.07\n' >"$ADT_PRICES"
	run --separate-stderr list
	[[ $output == *"	w2	ready	31	2	unknown	2 3	current"* ]]
	[[ $stderr == *"4 images: \$0.00 a month, and 3 of unknown price (prices of "* ]]
	echo 'lxd	image	GB	much' >"$ADT_PRICES"
	run --separate-stderr list
	[ "$status" -eq 65 ]
	rm "$ADT_PRICES"
	run --separate-stderr list
	[ "$status" -eq 65 ]
}

@test "files of before are listed; nothing at all is 1" {
	for name in snapshot_ids.dat snapshots.json; do
		cp --remove-destination "$folder/generations/2/$name" \
		    "$folder/$name"
	done
	rm -rf "$folder/current" "$folder/generations"
	run --separate-stderr list
	[ "$status" -eq 0 ]
	grep -q "	w2	ready	31	2	0.14	0	current$" <<<"$output"
	rm -rf "$folder"
	fresh_cloud
	run --separate-stderr list
	[ "$status" -eq 1 ] && [ "$output" = "" ]
}

@test "the table that comes with it can be read, and has its date" {
	unset ADT_PRICES
	run --separate-stderr list
	[[ $stderr =~ "prices of 20"[0-9][0-9]-[0-9][0-9]-[0-9][0-9] ]]
}
