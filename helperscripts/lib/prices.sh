# shellcheck shell=sh
# prices.sh - what things cost a month; sourced after build.sh.
#
# The table is a file of lines "cloud TAB kind TAB what TAB dollars": an image,
# for each GB of it; a machine of a size, "*" for all. Its first line has its
# date. ADT_PRICES names another table. A price that is not in it is said to be
# unknown, and is never counted as nothing.
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

# For jq: usd, a number as dollars and cents; cost_words(date), an array of
# dollars, with null for an unknown price, in words; images, how many it has.
# shellcheck disable=SC2016 # a program of jq
COST_JQ='
def usd: (. * 100 | round) as $cents |
	"$\($cents / 100 | floor).\("0\($cents % 100)" | .[-2:])";
def images: "\(length) image\(if length == 1 then "" else "s" end)";
def cost_words($of): map(select(. == null)) as $unknown |
	(if length > 0 and $unknown == . then "price unknown"
	 else "\(map(numbers) | add // 0 | usd) a month" +
		if $unknown == [] then ""
		else ", and \($unknown | length) of unknown price" end
	 end) + " (prices of \($of))";'

# tell_cost words - on stderr, what the lines on stdin, "kind TAB what TAB
# number", cost a month; words say what they are. An image's number is its GB.
tell_cost() (
	lines=$(cat)
	table=$(price_table) || exit
	put "$table" | jq -r --arg cloud "$CLOUD" --arg lines "$lines" \
	    --arg words "$1" "$COST_JQ"'
	. as $table | [$lines | split("\n")[] | select(. != "") | split("\t") |
	. as [$kind, $what, $number] |
	{name: "\($cloud) \($kind) \($what)",
	 usd: first(($table.rows[] |
		select(.cloud == $cloud and .kind == $kind and
			(.what == $what or .what == "*")) |
		.usd * ($number | tonumber)), null)}] |
	"\($words): \(map(.usd) | cost_words($table.of))",
	(map(select(.usd == null).name) | unique[] |
		"price unknown: \(.)")' >&2
)

# tell_image_cost targets - of "label=machine" words: for the whole of each
# machine's disk, as nobody knows before how full the image is.
tell_image_cost() (
	machines=$(cloud machines --json) || exit
	put "$machines" | jq -r --arg targets "$1" '
	($targets | split(" ") | map(sub("^[^=]*="; ""))) as $names |
	.[] | select(.name as $name | any($names[]; . == $name)) |
	["image", "GB", .disk_gb] | @tsv' |
		tell_cost "the new images, were their disks full"
)
