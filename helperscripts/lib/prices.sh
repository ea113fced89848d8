# shellcheck shell=sh
# prices.sh - what things cost a month; sourced after build.sh.
#
# The table is a file of lines "cloud TAB kind TAB what TAB dollars": an image,
# for each GB of it; a machine of a size, "*" for all. Its first line has its
# date. ADT_PRICES names another table.
PRICES=${ADT_PRICES:-$PROJECT/helperscripts/lib/prices.tsv}

# price_table - the table as JSON: {of, rows: [{cloud, kind, what, usd}]}.
price_table() {
	[ -r "$PRICES" ] || die 65 "$PRICES: no such table of prices"
	jq -Rsc '
	{of: ((capture("(?<date>[0-9]{4}-[0-9]{2}-[0-9]{2})").date)? // "?"),
	 rows: [split("\n")[] | select(test("\\A(#|\\z)") | not) |
		split("\t") | {cloud: .[0], kind: .[1], what: .[2],
		usd: (.[3] | tonumber)}]}' "$PRICES" 2>/dev/null ||
		die 65 "$PRICES: not a table of prices"
}

# tell_cost - on stderr, what the lines on stdin, "kind TAB what TAB number",
# cost a month. An image's number is its GB.
tell_cost() (
	lines=$(cat)
	table=$(price_table) || exit
	put "$table" | jq -r --arg cloud "$CLOUD" --arg lines "$lines" '
	. as $table | [$lines | split("\n")[] | select(. != "") | split("\t") |
	. as [$kind, $what, $number] | first(($table.rows[] |
		select(.cloud == $cloud and .kind == $kind and
			(.what == $what or .what == "*")) |
		.usd * ($number | tonumber)), null)] |
	"$\(map(numbers) | add // 0 | . * 100 | round / 100) a month" +
	(if any(.[]; . == null) then
		", and \(map(select(. == null)) | length) of unknown price"
	 else "" end) + " (prices of \($table.of))"' >&2
)

# tell_image_cost targets - of "label=machine" words: for the whole of each
# machine's disk, as nobody knows before how full the image is.
tell_image_cost() (
	machines=$(cloud machines --json) || exit
	put "$machines" | jq -r --arg targets "$1" '
	($targets | split(" ") | map(sub("^[^=]*="; ""))) as $names |
	.[] | select(.name as $name | any($names[]; . == $name)) |
	["image", "GB", .disk_gb] | @tsv' | tell_cost
)
