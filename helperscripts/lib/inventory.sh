# shellcheck shell=sh
# inventory.sh - every image of this site and build: what is recorded, what the
# cloud holds, what uses it and what it costs; sourced after generations.sh and
# prices.sh.
#
# take_inventory sets INVENTORY, a JSON object:
#	site cloud region build now	now: seconds since 1970
#	prices_of			date of the price table
#	generations	[{generation, current, id, created, images: {label: id}}]
#	images		[{id name label state region size_bytes created age_days
#		month_usd generations: [N] current recorded ours machines: [name]
#		unfinished configured elsewhere known_name}]
# Images: those recorded, and those at the cloud that are called as we call
# them (ours). state: ready, pending, failed, or missing. age_days and
# month_usd are null where they cannot be told. label is "" where not known.
# generations holds 0 where files of before stand for themselves.

# image_names - keeps of the names on stdin those that captures of this build
# give: "label TAB machine TAB name". A name that was too long for the cloud is
# cut and ends in six hex digits.
image_names() {
	TAB=$(printf '\t')
	day='20[0-9]{6}T[0-9]{6}Z'
	cut='20[0-9]{0,6}(T[0-9]{0,6}Z?)?-[0-9a-f]{6}'
	sed -nE "s/^([A-Za-z0-9._-]+)-($day|$cut)\$/\\1$TAB&/p" |
		sed -nE "$(machine_rules)"
}

# recorded_in folder number - one generation on one line; a malformed file is 65.
# Its images: [{label, id, and what snapshots.json knows of it}].
recorded_in() (
	meta=$(metadata_in "$1") || exit
	ids=
	if [ -e "$1/snapshot_ids.dat" ]; then
		adt-snapshot-ids check "$1/snapshot_ids.dat" >&2 || exit
		ids=$(adt-snapshot-ids list "$1/snapshot_ids.dat") || exit
	fi
	put "$meta" | jq -c --arg number "$2" --arg now "$NOW" --arg ids "$ids" '
	(.images | to_entries | map(.value + {label: .key})) as $known |
	[$ids | split("\n")[] | select(. != "") | split("\t") |
		{label: .[0], id: .[1]}] as $listed |
	{generation: ($number | tonumber), current: ($number == $now),
	 id: (.generation_id // ""), created: (.generation_created // ""),
	 images: ($known + [$listed[] | . as $row |
		select(all($known[]; .id != $row.id))])}'
)

# recorded - a JSON array of all generations, ascending. Sets nothing.
recorded() (
	NOW=$(current_generation) || NOW=0
	[ "$RECORD" != "$SNAPSHOTS" ] || NOW=0
	rows=$(for number in $(generations); do
		recorded_in "$SNAPSHOTS/generations/$number" "$number" || exit
	done) || exit
	own=
	if [ "$RECORD" = "$SNAPSHOTS" ]; then
		own=$(recorded_in "$SNAPSHOTS" 0) || exit
	fi
	{ put "$own"; put "$rows"; } | jq -sc 'map(select(.images != []
		or .generation != 0))'
)

# unfinished_words - every text in the journals of unfinished runs: what they
# make and use is among them.
unfinished_words() (
	all=$(for file in "$SNAPSHOTS"/*journal; do
		[ -e "$file" ] || continue
		words=$(jq -c '[.. | strings]' "$file" 2>/dev/null) || words=
		[ -n "$words" ] || die 65 "$file: not a journal; it says" \
		    "which images an unfinished run uses"
		put "$words"
	done) || exit
	put "$all" | jq -sc add
)

# take_inventory - sets INVENTORY. Wants RECORD (pin_record).
take_inventory() {
	GENERATION_LIST=$(recorded)
	WORDS=$(unfinished_words)
	PRICE_TABLE=$(price_table)
	IMAGE_ROWS=$(cloud images --json)
	# Those of other regions may run from an image of ours, too.
	MACHINE_ROWS=$(cloud machines --all-regions --json)
	OURS=$(put "$IMAGE_ROWS" | jq -r '.[].name' | image_names) || OURS=
	FLEET_ROWS=$(put "$MACHINE_ROWS" | jq -r '.[].name |
		select(test("\\A[A-Za-z0-9._-]+\\z"))' |
		sed -nE "$(machine_rules)")
	# shellcheck disable=SC2034 # for the scripts that source this
	INVENTORY=$({
		put "$GENERATION_LIST"; put "$WORDS"; put "$PRICE_TABLE"
		put "$IMAGE_ROWS"; put "$MACHINE_ROWS"
	} | jq -sc --arg cloud "$CLOUD" --arg region "$REGION" \
	    --arg build "$BUILD" --arg site "$WEBSITE_URL" --arg ours "$OURS" \
	    --arg fleet "$FLEET_ROWS" --arg now "$(date +%s)" \
	    --arg configured "$(build_variable SNAPSHOT_ID)" "$INVENTORY_JQ") ||
		die 76 "adt-cloud: not the lists it promises"
}

# A machine whose cloud does not tell what it was made from holds the newest
# image of its type that there was when it was created.
# shellcheck disable=SC2016 # a program of jq
INVENTORY_JQ='
def age: try (sub("[.][0-9]+Z$"; "Z") | fromdateiso8601) catch null;
def rows: split("\n") | map(select(. != "") | split("\t"));
. as [$generations, $words, $prices, $images, $machines] |
($now | tonumber) as $now | ($words // []) as $words |
($ours | rows | map({key: .[2], value: .[0]}) | from_entries) as $ours |
($fleet | rows | map({key: .[1], value: .[0]}) | from_entries) as $fleet |
($prices.rows | map(select(.cloud == $cloud and .kind == "image"))
	| first | .usd) as $price |
[$generations[] | .generation as $number | .current as $current |
	.images[] | . + {number: $number, current: $current}] as $known |
([$images[] | .id as $id | select($ours[.name] or any($known[]; .id == $id))] +
 [$known | group_by(.id)[] | .[-1] | .id as $id |
	select(all($images[]; .id != $id)) |
	{id, name: (.name // ""), state: "missing", region: (.region // ""),
	 size_bytes: (.size_bytes // 0), created: (.created // "")}]) |
map(. as $image | [$known[] | select(.id == $image.id)] as $in |
	($image.created | age) as $born |
	{id, name, label: ($ours[.name] // ($in | last | .label) // ""),
	 state, region, size_bytes, created,
	 age_days: (if $born then [($now - $born) / 86400 | floor, 0] | max
		else null end),
	 month_usd: (if .state == "missing" then 0
		elif $price == null or .size_bytes <= 0 then null
		else .size_bytes / 1073741824 * $price * 100 | round / 100 end),
	 generations: ([$in[].number] | unique),
	 current: any($in[]; .current), recorded: ($in != []),
	 ours: ($ours[.name] != null),
	 known_name: ($in | last | .name // null),
	 elsewhere: any($in[]; (.cloud // $cloud) != $cloud
		or (.region // $region) != $region
		or (.build_identifier // $build) != $build),
	 unfinished: any($words[]; . == $image.id or . == $image.name),
	 configured: (.id == $configured)}) |
. as $list |
map(. as $image | .machines = [$machines[] | . as $machine |
	select(if (.image // "") != "" then .image == $image.id
	elif $fleet[.name] == null then false else
		($machine.created | age) as $start |
		([$list[] | select(.label == $fleet[$machine.name] and
			.state != "missing" and (.created | age) != null and
			$start != null and (.created | age) <= $start)] |
		 max_by(.created | age)) | .id? == $image.id end) | .name]) |
{site: $site, cloud: $cloud, region: $region, build: $build, now: $now,
 prices_of: $prices.of,
 generations: [$generations[] | .images |= (map({key: .label, value: .id}) |
	from_entries)],
 images: sort_by(.label, .created, .id)}'
