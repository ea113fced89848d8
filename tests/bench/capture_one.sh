#!/bin/sh
# capture_one.sh - captures one machine as shell scripts around a vendor's
# client do: create, then ask every 3 s until it is usable. What bench.sh
# compares with.
set -eu
PROGRAM=${0##*/}

case ${1:-} in
-h | --help)
	printf 'usage: %s CLOUD URL MACHINE-ID NAME SPEED\n' "$PROGRAM"
	exit 0
	;;
esac
cloud=$1 url=$2/$1 id=$3 name=$4
every_ms=$((3000 / $5))

# ask METHOD PATH [BODY] - the reply's body.
ask() {
	curl -q -s -f -m 60 --noproxy '*' -X "$1" \
	    -H 'Authorization: Bearer emulator-token' \
	    -H 'Content-Type: application/json' \
	    ${3:+--data-binary "$3"} "$url$2"
}

# signed METHOD PATH [BODY] - the same, for Exoscale.
signed() {
	expires=$(($(date +%s) + 600))
	case $2 in
	*\?*=*) names=',signed-query-args=visibility' values=${2#*=} ;;
	*) names='' values='' ;;
	esac
	signature=$(printf '%s /v2%s\n%s\n%s\n\n%s' "$1" "${2%%\?*}" "${3:-}" \
	    "$values" "$expires" |
		openssl dgst -sha256 -hmac emulator-secret -binary | base64)
	curl -q -s -f -m 60 --noproxy '*' -X "$1" \
	    -H "Authorization: EXO2-HMAC-SHA256 credential=EXOemulator$names,expires=$expires,signature=$signature" \
	    -H 'Content-Type: application/json' \
	    ${3:+--data-binary "$3"} "$url$2"
}

# until_true jq-program command... - asks every 3 s, what asking takes included.
until_true() {
	program=$1
	shift
	next_ms=$(date +%s%3N)
	until "$@" | jq -e --arg name "$name" "$program" >/dev/null; do
		next_ms=$((next_ms + every_ms))
		left_ms=$((next_ms - $(date +%s%3N)))
		[ "$left_ms" -le 0 ] ||
			sleep "$(printf '%d.%03d' $((left_ms / 1000)) \
			    $((left_ms % 1000)))"
	done
}

# shellcheck disable=SC2016 # $name is jq's
case $cloud in
digitalocean)
	ask POST "/v2/droplets/$id/actions" \
	    "{\"type\": \"snapshot\", \"name\": \"$name\"}" >/dev/null
	until_true 'any(.snapshots[]; .name == $name)' \
	    ask GET '/v2/snapshots?resource_type=droplet&per_page=200'
	;;
linode)
	disk=$(ask GET "/v4/linode/instances/$id/disks" |
		jq '.data[] | select(.filesystem == "ext4") | .id')
	image=$(ask POST /v4/images \
	    "{\"disk_id\": $disk, \"label\": \"$name\"}" | jq -r .id)
	until_true '.status == "available"' \
	    ask GET "/v4/images/private%2F${image#*/}"
	;;
vultr)
	image=$(ask POST /snapshots \
	    "{\"instance_id\": \"$id\", \"description\": \"$name\"}" |
		jq -r .snapshot.id)
	until_true '.snapshot.status == "complete"' ask GET "/snapshots/$image"
	;;
exoscale)
	snapshot=$(signed POST "/instance/$id:create-snapshot" |
		jq -r .reference.id)
	until_true '.state == "ready"' signed GET "/snapshot/$snapshot"
	signed POST "/snapshot/$snapshot:promote" "{\"name\":\"$name\"}" \
	    >/dev/null
	until_true 'any(.templates[]; .name == $name)' \
	    signed GET '/template?visibility=private'
	signed DELETE "/snapshot/$snapshot" >/dev/null
	;;
esac
