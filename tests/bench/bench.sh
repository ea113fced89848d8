#!/bin/sh
# bench.sh - many machines captured at once on each cloud, the vendors' limits
# enforced; beside it, in the same run, what a user would do instead: a loop
# that captures one machine after the other and polls each every 3 s.
#
# The emulator and the programs live SPEED times as fast, limits and polling
# included; times in the table are what the clock there showed.
set -eu
umask 077
PROGRAM=${0##*/}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
OUT=$root/build/${FLAVOUR:-release}
PATH=$OUT/bin:$PATH
work=$root/build/bench
MACHINES=${MACHINES:-200}
LOOP=${LOOP:-1}
SPEED=${SPEED:-25}
# Machines, where the emulator's own pace is measured; as many are captured on one
# cloud, too.
LOADED=300
ASKED=4000 # requests then, CLIENTS at a time
CLIENTS=8

usage() {
	cat <<-EOF
	usage: $PROGRAM [CLOUD...]
	CLOUD is digitalocean, exoscale, linode, vultr; default: all of them.
	From the environment:
	  MACHINES  captured at once (200)
	  LOOP      captured one after the other; the table has what MACHINES
	            would take so (1)
	  SPEED     how many times as fast as real time (25)
	  STORY_LONG_WAY  no: leave out the real machines
	First it prints how many requests a second the emulator answers, with
	$LOADED machines in it; then so many are captured at once on the first CLOUD;
	last, on real machines, where they can run: how long a webserver from its
	image takes, beside the same one from packages.
	EOF
}

die() { printf '%s: %s\n' "$PROGRAM" "$*" >&2; exit 1; }

# place cloud - its region, and its documented requests an hour and a minute, 0
# for none.
place() {
	case $1 in
	digitalocean) echo lon1 5000 250 ;;
	exoscale) echo ch-gva-2 0 0 ;;
	linode) echo gb-lon 0 1600 ;;
	vultr) echo lhr 0 1800 ;;
	*) usage >&2; exit 64 ;;
	esac
}

control() {
	control_path=$1
	shift
	curl -q -s -m 60 --noproxy '*' --fail-with-body "$@" \
	    "$base/control/$control_path"
}

begin() {
	rm -f "$work/port"
	ADT_CLOCK=$SPEED@$(date +%s)
	export ADT_CLOCK
	"$OUT/emulator/emulator" --port 0 --port-file "$work/port" \
	    --speed "$SPEED" --limit-scale "$SPEED" &
	emulator=$!
	waits=0
	until [ -s "$work/port" ]; do
		waits=$((waits + 1))
		[ "$waits" -lt 100 ] || die "the emulator does not start"
		sleep 0.1
	done
	base=http://127.0.0.1:$(cat "$work/port")
}

end() {
	[ -z "${emulator:-}" ] || kill "$emulator" 2>/dev/null || :
	emulator=
}

# machines prefix count - made there; their names stay in $work/names.
machines() {
	awk -v prefix="$1" -v count="$2" 'BEGIN {
		for (i = 1; i <= count; i++) print prefix "-" i }' >"$work/names"
	jq -Rn --arg cloud "$cloud" --arg region "$region" '{cloud: $cloud,
	    machines: [inputs | {name: ., region: $region}]}' "$work/names" |
		control machines --data-binary @- >"$work/made"
	control requests -X DELETE >/dev/null
}

now_ms() { date +%s%3N; }

# since_s began_ms - emulated seconds since then.
since_s() { echo $((($(now_ms) - $1) * SPEED / 1000)); }

# at_once - all of them by one adt-cloud. Sets TOOK_S and PEAK_KIB.
at_once() {
	set -- capture --cloud "$cloud" --region "$region" \
	    --credentials "$work/credentials" --api-url "$base/$cloud" \
	    --journal "$work/journal" --json
	while read -r name; do
		set -- "$@" "$name=$name"
	done <"$work/names"
	rm -f "$work/journal"
	began=$(now_ms)
	adt-cloud "$@" >"$work/images" &
	job=$!
	PEAK_KIB=0
	while kill -0 "$job" 2>/dev/null; do
		peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' \
		    "/proc/$job/status" 2>/dev/null) || :
		[ "${peak:-0}" -le "$PEAK_KIB" ] || PEAK_KIB=$peak
		sleep 0.1
	done
	wait "$job" || die "$cloud: the capture failed"
	TOOK_S=$(since_s "$began")
	[ "$(jq length "$work/images")" -eq "$MACHINES" ] ||
		die "$cloud: not $MACHINES images"
}

# told - what the cloud counted, to $work/stats.
told() { control "stats?cloud=$cloud" >"$work/stats"; }

# one_by_one - the loop. Sets TOOK_S.
one_by_one() {
	began=$(now_ms)
	while IFS='	' read -r id name; do
		"$here/capture_one.sh" "$cloud" "$base" "$id" "$name" "$SPEED" ||
			die "$cloud: the loop failed at $name"
	done <<-EOF
	$(jq -r '.machines[] | [.id, .name] | @tsv' "$work/made")
	EOF
	TOOK_S=$(since_s "$began")
}

# report - one cloud's lines; the sums are in $work/ours and $work/theirs.
report() {
	jq -rn --slurpfile ours "$work/ours" --slurpfile theirs "$work/theirs" \
	    --arg cloud "$cloud" --argjson machines "$MACHINES" \
	    --argjson loop "$LOOP" --argjson took "$OURS_S" \
	    --argjson loop_took "$THEIRS_S" --argjson peak "$PEAK_KIB" \
	    --argjson hour "$hour" --argjson minute "$minute" '
	def share(count; limit): if limit > 0
		then "\(count) of \(limit)" else "\(count), no limit" end;
	($loop_took * $machines / $loop) as $long |
	($theirs[0].requests * $machines / $loop) as $many |
	"\($cloud): \($machines) machines at once",
	"  time            \($took) s; one by one \($long | floor) s: " +
	    "\($long / $took | floor) times as long",
	"  requests        \($ours[0].requests); one by one \($many | floor): " +
	    "\($many / $ours[0].requests | floor) times as many",
	"  in an hour      \(share($ours[0].most_in_an_hour; $hour))",
	"  in a minute     \(share($ours[0].most_in_a_minute; $minute))",
	"  refused (429)   \($ours[0].throttled)",
	"  peak memory     \($peak) KiB",
	"  by kind         \($ours[0].operations | to_entries |
	    map("\(.key) \([.value[]] | add)") | join(", "))"'
}

# use cloud - its region, limits and credential.
use() {
	cloud=$1
	where=$(place "$cloud")
	region=${where%% *}
	minute=${where##* }
	hour=${where#* }
	hour=${hour% *}
	case $cloud in
	exoscale) printf '%s\n' ACCESS_KEY=EXOemulator \
	    SECRET_KEY=emulator-secret ;;
	*) echo emulator-token ;;
	esac >"$work/credentials"
}

bench() {
	use "$1"
	begin
	machines fleet "$MACHINES"
	at_once
	OURS_S=$TOOK_S
	told
	mv "$work/stats" "$work/ours"
	control reset -X POST >/dev/null
	machines loop "$LOOP"
	one_by_one
	THEIRS_S=$TOOK_S
	told
	mv "$work/stats" "$work/theirs"
	end
	report
}

# crowd cloud - LOADED machines at once there; no loop.
crowd() {
	MACHINES=$LOADED
	use "$1"
	begin
	machines crowd "$MACHINES"
	at_once
	told
	end
	jq -r --arg cloud "$cloud" --argjson machines "$MACHINES" \
	    --argjson took "$TOOK_S" --argjson peak "$PEAK_KIB" '
	    "\($cloud): \($machines) machines at once: \($took) s, " +
	    "\(.requests) requests, \(.throttled) refused (429), " +
	    "\($peak) KiB"' "$work/stats"
}

# pace - how many small requests a second the emulator answers, with LOADED
# machines in it and its limits off: clients that each keep their connection.
pace() {
	begin
	control settings --data-binary '{"limits": false, "request_log": 100}' \
	    >/dev/null
	cloud=digitalocean region=lon1
	machines fleet "$LOADED"
	id=$(jq -r '.machines[0].id' "$work/made")
	each=$((ASKED / CLIENTS))
	jobs=
	began=$(now_ms)
	client=0
	while [ "$client" -lt "$CLIENTS" ]; do
		client=$((client + 1))
		curl -q -s -m 60 --noproxy '*' -o "$work/answers.$client" \
		    -w '%{http_code}\n' -H 'Authorization: Bearer emulator-token' \
		    "$base/digitalocean/v2/droplets/$id?n=[1-$each]" \
		    >"$work/codes.$client" &
		jobs="$jobs $!"
	done
	for job in $jobs; do
		wait "$job" || die "the emulator's pace: a client failed"
	done
	took_ms=$(($(now_ms) - began))
	answered=$(cat "$work"/codes.* | grep -c '^200$') || :
	[ "$answered" -eq $((each * CLIENTS)) ] ||
		die "the emulator's pace: $answered answers of $ASKED"
	end
	echo "the emulator: $((answered * 1000 / took_ms)) requests a second" \
	    "($answered in $took_ms ms, $CLIENTS at a time, $LOADED machines)"
}

# from_image_or_packages - by the story, of which it is a part.
from_image_or_packages() {
	what="a webserver from its image beside one from packages"
	if [ "${STORY_LONG_WAY:-yes}" = no ]; then
		echo "$what: left out (STORY_LONG_WAY=no); make demo" \
		    "CLOUD=lxd times it too"
	elif ! why=$("$root/tests/lxd/check.sh"); then
		echo "$what: no real machines can run here: $why"
	elif CLOUD=lxd STORY=ratio "$root/tests/demo/story.sh" \
	    </dev/null >"$work/ratio" 2>&1; then
		grep 'ratio 1 : ' "$work/ratio"
	else
		tail -n 20 "$work/ratio" >&2
		die "$what: the story failed"
	fi
}

main() {
	case ${1:-} in
	-h | --help) usage; exit 0 ;;
	esac
	[ $# -gt 0 ] || set -- digitalocean exoscale linode vultr
	rm -rf "$work"
	mkdir -p "$work"
	trap end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	echo "a machine's disk is 25 GB (Exoscale 10 GB): its image takes 210 s" \
	    "(Exoscale 160 s with its template)"
	pace
	for cloud; do bench "$cloud"; done
	[ "$MACHINES" -ge "$LOADED" ] || crowd "$1"
	from_image_or_packages
}
main "$@"
