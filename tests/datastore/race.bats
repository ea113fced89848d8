# race.bats - many writers of one object: one wins each round, none is lost.
setup() {
	load datastore
	fresh_bucket
	cd "$BATS_TEST_TMPDIR"
}

# put_in_place NUMBER - one writer of one round: what it put, or its status.
put_in_place() {
	local status=0
	echo "round $round writer $1" |
		store put --settings "$SETTINGS" "${condition[@]}" "$BUCKET" \
		    current >"etag.$1" 2>"words.$1" || status=$?
	echo "$status" >"status.$1"
}

# play_round - 20 writers at once, under $condition.
play_round() {
	local writer
	for writer in $(seq 20); do
		put_in_place "$writer" &
	done
	wait
}

# one_winner - one wrote, the others were told that the condition did not hold
# (by a lease: or that others hold it); the object is the winner's.
one_winner() {
	local winners
	winners=$(grep -lx 0 status.* | wc -l)
	echo "round $round: $winners won: $(sort status.* | uniq -c | tr '\n' ' ')"
	[ "$winners" -eq 1 ]
	[ "$(grep -lx 75 status.* | wc -l)" -eq 19 ]
	winner=$(grep -lx 0 status.*)
	winner=${winner#status.}
	for writer in $(seq 20); do
		[ "$writer" = "$winner" ] || grep -qE \
		    'is there already|was changed by another' "words.$writer"
	done
	[ "$(store get "$BUCKET" current)" = "round $round writer $winner" ]
	etag=$(cat "etag.$winner")
	[ "$(store head "$BUCKET" current | cut -f 3)" = "$etag" ]
}

play() {
	etag=
	for round in $(seq "$1"); do
		condition=(--if-none-match)
		[ -z "$etag" ] || condition=(--if-match "$etag")
		play_round
		one_winner
		echo "round $round writer $winner" >>won
	done
	[ "$(wc -l <won)" -eq "$1" ]
}

@test "20 writers racing for an object: one wins each of five rounds" {
	store probe --settings "$SETTINGS" "$BUCKET"
	[ "$(cat "$SETTINGS")" = "$URL bare" ]
	play 5
}

@test "the same by a lease, as on a store that ignores conditions" {
	echo "$URL none" >"$SETTINGS"
	play 2
	# every lease was given back
	[ "$(store list "$BUCKET" | cut -f 1)" = current ]
}

@test "20 writers who read, change and write: no change is lost" {
	: | store put --if-none-match "$BUCKET" log >/dev/null
	add_line() {
		local have
		until have=$(store get "$BUCKET" log "log.$1") &&
		    echo "writer $1" >>"log.$1" &&
		    store put --if-match "$have" "$BUCKET" log "log.$1" \
			2>"words.$1"; do
			grep -q 'was changed by another' "words.$1" || return
		done
	}
	for writer in $(seq 20); do
		add_line "$writer" >/dev/null &
	done
	wait
	store get "$BUCKET" log | sort >all
	for writer in $(seq 20); do echo "writer $writer"; done | sort | cmp - all
}

@test "a lease that a dead writer left counts for nothing in the end" {
	echo "$URL none" >"$SETTINGS"
	: | store put "$BUCKET" current.lock/0000
	run --separate-stderr store put --settings "$SETTINGS" --deadline 2 \
	    --if-none-match "$BUCKET" current <<<new
	echo "$status $stderr"
	[ "$status" -eq 75 ] && [[ $stderr == *'others hold the lease'* ]]
	[ "$(store list "$BUCKET" | cut -f 1)" = current.lock/0000 ]
	# it is stale after half a minute by the store's clock
	store put --settings "$SETTINGS" --deadline 90 --if-none-match \
	    "$BUCKET" current <<<new
	[ "$(store get "$BUCKET" current)" = new ]
	[ "$(store list "$BUCKET" | cut -f 1)" = current ]
}
