# dropin_story.bats - an existing build machine, from installation to removal,
# on each cloud's emulator: today's dialogue, the switch, the build, the view,
# and a failed capture that leaves everything as it was.
setup() {
	unset MAKEFLAGS MAKELEVEL MFLAGS # of the make that runs the tests
	load site
	load dropin
}

teardown() { stop_emulator; }

# installed CLOUD - a build home of the old layout there, with this installed.
installed() {
	start_site "$1"
	unset ADT_SEAL_KEY
	SITE=www.example.test
	FOLDER=$SNAPSHOTS
	VIEW=$RT/wholemachinesnapshots/$SITE/snapshots
	rm -rf "$RT/wholemachinesnapshots"
	HOME_OF_ADT=$BUILD_HOME
	ADT_CONFIG_DIR=$BATS_TEST_TMPDIR/etc
	ADT_END_FLAGS=$BATS_TEST_TMPDIR
	PREFIX=$BATS_TEST_TMPDIR/usr
	export ADT_CONFIG_DIR PREFIX ADT_END_FLAGS
	template
	key=id_ed25519_AGILE_DEPLOYMENT_BUILD_KEY_demo-build
	[ -s "$BLD/keys/$key" ]
	tree "$HOME_OF_ADT" >"$BATS_TEST_TMPDIR/before"
	shelled "$ROOT/install.sh" --build-home "$HOME_OF_ADT" --yes </dev/null \
	    >"$BATS_TEST_TMPDIR/installed" 2>&1 ||
		{ cat "$BATS_TEST_TMPDIR/installed"; return 1; }
	echo "VIEW_FOLDER=$BATS_TEST_TMPDIR/views" >>"$ADT_CONFIG_DIR/settings"
	unset BUILD_HOME
}

# shelled SCRIPT ARGUMENT... - under TEST_SHELL.
shelled() {
	# shellcheck disable=SC2086 # "busybox sh" is two words
	$TEST_SHELL "$@"
}

# obtains ANSWERS - the script at its place in the build home, as it was called.
obtains() {
	printf '%b' "$1" |
		shelled "$HOME_OF_ADT/helperscripts/ObtainWholeMachineSnapshot.sh"
}

whole_story() {
	installed "$1"
	word=generated
	for answers in '1\n' '2\n' '3\n' '4\n2\n' '5'; do
		run obtains "$answers"
		echo "$1 $answers: $status: $output"
		[ "$status" -eq 0 ]
		[[ $output == *"Stored snapshot ids $word"* ]]
		word=updated
	done
	[ "$(cut -d: -f1 "$FOLDER/snapshot_ids.dat" | sort | tr '\n' ' ')" = \
	    "authenticator autoscaler database reverseproxy webserver " ]
	[ ! -e "$VIEW" ]
	run shelled "$HOME_OF_ADT/helperscripts/VerifySnapshots.sh"
	echo "$output"
	[ "$status" -eq 0 ]
	run shelled "$HOME_OF_ADT/helperscripts/SetBuildFromSnapshot.sh" on
	echo "$output"
	[ "$status" -eq 0 ]
	for label in authenticator reverseproxy autoscaler webserver database; do
		[ "$(reads_id "$label")" = "$(adt-snapshot-ids get \
		    "$FOLDER/snapshot_ids.dat" "$label")" ]
	done
	[ "$(reads db_credentials.dat DBNAME)" = ndemodb01n ]
	# shellcheck disable=SC2086 # "busybox sh" is two words
	run --separate-stderr setsid -w $TEST_SHELL \
	    "$HOME_OF_ADT/initscripts/InitialiseSnapshots.sh" 3>&- 4>&-
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$output" = "$(reads_id webserver)" ]
	[ "$(reads credentials.dat USERNAME)" = XabcUserDemoUser001X ]
	shelled "$HOME_OF_ADT/helperscripts/SetBuildFromSnapshot.sh" off
	[ ! -e "$VIEW" ]
}

# out - the files of before, but for what the build itself wrote.
out() {
	shelled "$ROOT/install.sh" --build-home "$HOME_OF_ADT" --uninstall --yes \
	    </dev/null >"$BATS_TEST_TMPDIR/removed" 2>&1
	ours='/wholemachine|/build_environment|/SERVERUSER|/mine[.]tmpl|BUILD_KEY'
	diff <(grep -vE "$ours" "$BATS_TEST_TMPDIR/before") \
	    <(tree "$HOME_OF_ADT" | grep -vE "$ours")
	grep -q "$(head -n 1 "$RT/wholemachinesnapshots/$SITE/snapshots/snapshot_ids.dat")" \
	    "$FOLDER/snapshot_ids.dat"
}

@test "digitalocean: in, capture, switch, build, out" {
	whole_story digitalocean
	out
}
@test "exoscale: in, capture, switch, build, out" {
	whole_story exoscale
	out
}
@test "linode: in, capture, switch, build, out" {
	whole_story linode
	out
}
@test "vultr: in, capture, switch, build, out" {
	whole_story vultr
	out
}
@test "the same under busybox sh" {
	TEST_SHELL='busybox sh'
	whole_story linode
	out
}

# refused_capture FAULT [JSON] - it fails, and no file is other than before,
# but for the journal, by which the next run finds what was begun.
refused_capture() {
	control DELETE faults >/dev/null
	fault "$CLOUD" "$1" "$2" -1 "${3:-"{}"}"
	kept=$(files_kept)
	run "$HOME_OF_ADT/helperscripts/ObtainWholeMachineSnapshot.sh" \
	    --machine webserver --deadline 5
	echo "$1 $2: $status: $output"
	[ "$status" -ne 0 ]
	[[ $output != *"Stored snapshot ids"* ]]
	diff <(printf '%s\n' "$kept") <(files_kept)
	rm -f "$FOLDER/journal"
}

# files_kept - every file with its bytes, but for locks and the journal.
files_kept() {
	(cd "$HOME_OF_ADT" && find . -type l -printf '%p %l\n' | sort &&
	    find . -type f ! -name '*.lock' ! -name journal \
	    -exec sha256sum {} + | sort)
}

# refused_captures CLOUD - one by one those of the table at standard input; once
# nothing fails any more, it goes through.
refused_captures() {
	# shellcheck disable=SC2034 # start_cloud uses it
	SPEED=300 # of most, the deadline's minutes are waited for
	installed "$1"
	"$HOME_OF_ADT/helperscripts/ObtainWholeMachineSnapshot.sh" --all
	while read -r operation fault more; do
		refused_capture "$operation" "$fault" "${more:-"{}"}"
	done
	control DELETE faults >/dev/null
	"$HOME_OF_ADT/helperscripts/ObtainWholeMachineSnapshot.sh" \
	    --machine webserver
}

@test "digitalocean: a failed capture leaves every file, whatever failed" {
	refused_captures digitalocean <<-'TABLE'
	image status {"status": 422}
	image status {"status": 403}
	image status {"status": 404}
	image status {"status": 500}
	image html {"status": 502}
	image cut-before
	image ignored
	image action-error {"message": "it failed"}
	image vanish
	list-machines status {"status": 401}
	list-machines status {"status": 429, "retry_after": 3600}
	list-machines cut-before
	list-machines cut-after
	list-machines slow {"ms": 3000}
	list-machines redirect {"location": "https://elsewhere.test/"}
	list-machines truncated
	list-images status {"status": 503}
	list-images html {"status": 502}
	list-images invalid-json
	list-images wrong-type
	list-images missing-member
	list-images oversized {"mb": 64}
	TABLE
	# What never ends holds the machine for good.
	refused_capture image stuck
}

@test "linode: a failed capture leaves every file" {
	refused_captures linode <<-'TABLE'
	image status {"status": 400}
	image vanish
	list-machines status {"status": 429}
	list-disks invalid-json
	TABLE
}

@test "vultr: a failed capture leaves every file" {
	refused_captures vultr <<-'TABLE'
	image status {"status": 503}
	image vanish
	list-machines status {"status": 403}
	list-images truncated
	TABLE
}

@test "exoscale: a failed capture leaves every file" {
	refused_captures exoscale <<-'TABLE'
	snapshot status {"status": 409}
	snapshot action-error {"message": "it failed"}
	image action-error {"message": "it failed"}
	list-machines cut-before
	TABLE
}
