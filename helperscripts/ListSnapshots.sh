#!/bin/sh
# ListSnapshots.sh - what is recorded, what the cloud holds, how old it is, what
# it costs and what uses it. Changes nothing.
# shellcheck source-path=SCRIPTDIR
here=$(dirname -- "$0")
# shellcheck source=lib/prelude.sh
. "$here/lib/prelude.sh"
# shellcheck source=lib/build.sh
. "$here/lib/build.sh"
# shellcheck source=lib/snapshots.sh
. "$here/lib/snapshots.sh"
# shellcheck source=lib/generations.sh
. "$here/lib/generations.sh"
# shellcheck source=lib/prices.sh
. "$here/lib/prices.sh"
# shellcheck source=lib/inventory.sh
. "$here/lib/inventory.sh"

usage() {
	cat <<-EOF
	usage: $PROGRAM [--json] [--html FILE] [--warn-days DAYS]
	Lists the images of this build: those recorded, and those at the cloud
	that bear its names. Sends only requests that read.
	  --json            all of it as one JSON object
	  --html FILE       all of it as a page that needs nothing else
	  --warn-days DAYS  say which current images are older (default 30)
	  --help            this text
	On stdout, by tab: type, name, id, state (ready, pending, failed,
	missing), age in days, GB, dollars a month or "unknown", generations,
	uses.
	Status: 0 done, 1 there is no image.
	EOF
}

# The two forms for people. uses: what an image is there for.
# shellcheck disable=SC2016 # programs of jq
USES_JQ='def uses: [if .current then "current" else empty end,
	(.machines | if . == [] then empty else "runs: " + join(" ") end),
	if .unfinished then "unfinished run" else empty end,
	if .configured then "SNAPSHOT_ID" else empty end,
	if .recorded then empty else "not recorded" end] |
	if . == [] then "earlier" else join(", ") end;
def gb: if .size_bytes > 0 then .size_bytes / 1073741824 * 10 | round / 10
	else "?" end;
def clean: tostring | gsub("[[:cntrl:]]"; "?");
def cells: [.label, .name, .id, .state, (.age_days // "?"), gb,
	(.month_usd // "unknown"), (.generations | map(tostring) | join(" ")), uses] |
	map(clean);'

# shellcheck disable=SC2016 # likewise
HTML_JQ='def row(tag): "<tr>" + (map("<\(tag)>\(clean | @html)</\(tag)>") |
	join("")) + "</tr>";
"<!DOCTYPE html>
<html lang=\"en\"><head><meta charset=\"utf-8\">
<title>Snapshots of \(.site | clean | @html)</title>
<style>body{font:15px/1.4 sans-serif;margin:2em;color:#222}
table{border-collapse:collapse;margin:1em 0}
th,td{border:1px solid #bbb;padding:.3em .6em;text-align:left;
overflow-wrap:anywhere}th{background:#eee}</style></head><body>
<h1>Snapshots of \(.site | clean | @html)</h1>
<p>Cloud \(.cloud | @html), region \(.region | @html), build
\(.build | @html). Seen at \(.now | todate).
\(.prices_of as $of | [.images[].month_usd] | cost_words($of) | @html).</p>
<h2>Images</h2><table>",
(["type", "name", "id", "state", "days", "GB", "$ a month", "generations",
	"uses"] | row("th")),
(.images[] | cells | row("td")),
"</table><h2>Generations</h2><table>",
(["generation", "made", "images"] | row("th")),
(.generations | reverse[] | ["\(.generation)\(if .current then " (current)"
	else "" end)", .created, (.images | to_entries |
	map("\(.key) \(.value)") | join(", "))] | row("td")),
"</table></body></html>"'

tell() {
	put "$INVENTORY" | jq -r --arg program "$PROGRAM" --arg days "$WARN" \
	    "$COST_JQ"'
	(.images[] | select(.current and .age_days != null and
		.age_days > ($days | tonumber)) |
	 "\($program): warning: the \(.label) image is \(.age_days) days old:" +
	 " \(.name)"),
	(.images[] | select(.state == "missing" and .current) |
	 "\($program): warning: \(.label) \(.id): no such image at the cloud"),
	.prices_of as $of | [.images[].month_usd] |
	"\(images): \(cost_words($of))"' >&2
}

main() {
	JSON='' HTML='' WARN=${ADT_WARN_DAYS:-30}
	while [ $# -gt 0 ]; do
		case $1 in
		--html | --warn-days)
			[ $# -ge 2 ] || usage_error "$1 wants a value" ;;
		esac
		case $1 in
		--json) JSON=yes ;;
		--html)
			[ -n "$2" ] || usage_error "$1 wants a file"
			HTML=$2
			shift
			;;
		--warn-days)
			WARN=$2
			shift
			;;
		-h | --help) usage; exit 0 ;;
		*) usage_error "unknown argument $1" ;;
		esac
		shift
	done
	case $WARN in
	'' | *[!0-9]* | ??????*) usage_error "not a number of days: '$WARN'" ;;
	esac
	find_build
	need_program jq adt-cloud adt-snapshot-ids
	pin_record
	take_inventory
	if [ -n "$HTML" ]; then
		PAGE=$(put "$INVENTORY" | jq -r "$COST_JQ $USES_JQ $HTML_JQ")
		put "$PAGE" | replace_file "$HTML"
	fi
	if [ -n "$JSON" ]; then
		put "$INVENTORY" | jq .
	elif [ -z "$HTML" ]; then
		put "$INVENTORY" | jq -r "$USES_JQ .images[] | cells | @tsv"
	fi
	tell
	put "$INVENTORY" | jq -e '.images != []' >/dev/null
}
main "$@"
