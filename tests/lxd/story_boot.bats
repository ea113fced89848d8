# story_boot.bats - VerifySnapshots.sh --boot on real machines: they come up, are
# what they should be, and go again.

setup_file() {
	load story
	story_rebuilt
}

setup() {
	load story
	before=$(cloud machines | cut -f 2 | sort)
}

teardown() {
	[ ! -d "$STORY/keys" ] || mv "$STORY/keys" "$BLD/keys"
	[ "$(cloud machines | cut -f 2 | sort)" = "$before" ]
	[ ! -e "$SNAPSHOTS/verify-journal" ]
}

boot() {
	run --separate-stderr "$ROOT/helperscripts/VerifySnapshots.sh" --boot \
	    --progress none "$@"
	echo "$status: $output: $stderr"
}

@test "with the build key: a machine that is another type is found out" {
	boot --boot-wait 60
	[ "$status" -eq 69 ]
	[[ $output == *"webserver	"*"boot ok: up, a webserver"* ]]
	[[ $output == *"database	"*"boot failed: it is a reverseproxy"* ]]
}

@test "without it: the page and the database answer" {
	mv "$BLD/keys" "$STORY/keys"
	boot --boot-wait 60
	[ "$status" -eq 0 ]
	[[ $output == *"webserver	"*"boot ok: http 200"* ]]
	[[ $output == *"database	"*"boot ok: a database answers"* ]]
}
