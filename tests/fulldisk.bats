# fulldisk.bats - a script whose disk is full says so, with 71, and nothing of
# the build is changed; with room again the same command does its work.
setup() {
	load standin
	fresh_standin
	for number in 1 2; do
		cloud_image "w$number" "$web-2026010${number}T000000Z"
		record webserver "w$number" "$web-2026010${number}T000000Z"
	done
	kept=$BATS_TEST_TMPDIR/kept
	mv "$BUILD_HOME" "$kept"
	cp "$ADT_SEAL_KEY" "$BATS_TEST_TMPDIR/key" # rotate makes another
}
teardown() { ! mountpoint -q "$BUILD_HOME" || umount "$BUILD_HOME"; }

# tree - all that the build home holds, but locks, which hold nothing of it.
tree() {
	(cd "$BUILD_HOME" && find . ! -name '*.lock' ! -name filler \
	    ! -type d -printf '%p %m %l\n' | sort &&
		find . -type f ! -name '*.lock' ! -name filler \
		    -exec sha256sum {} + | sort)
}

# The scripts that write into the build home, and what each needs.
commands='SetTemplateVariable.sh REGION elsewhere
SetVariableValue.sh REGION=elsewhere
SnapshotCredentials.sh rotate --yes
ListSnapshots.sh --html page.html'

# refuses WORDS... - the command, under RUNNER, changes nothing; then it works.
refuses() {
	local before after
	before=$(tree)
	(cd "$BUILD_HOME" && exec 2>&1 </dev/null && "$@") |
		cat >"$BATS_TEST_TMPDIR/said"
	status=${PIPESTATUS[0]}
	after=$(tree)
	echo "$words under $TEST_SHELL: $status: $(cat "$BATS_TEST_TMPDIR/said")"
	diff <(echo "$before") <(echo "$after") && [ "$status" -eq 71 ] &&
		grep -qE 'No space left|cannot|File too large|room' \
		    "$BATS_TEST_TMPDIR/said"
}

works() {
	# shellcheck disable=SC2086 # words
	(cd "$BUILD_HOME" && helper $words) >"$BATS_TEST_TMPDIR/said" 2>&1 </dev/null || {
		echo "$words then: $(cat "$BATS_TEST_TMPDIR/said")"
		return 1
	}
}

@test "a file system without room" {
	mkdir "$BUILD_HOME"
	mount -t tmpfs -o size=1m,mode=700 full "$BUILD_HOME" 2>/dev/null ||
		skip 'no file system of its own can be mounted here: needs root'
	full() {
		while read -r words; do
			find "$BUILD_HOME" -mindepth 1 -delete
			cp -a "$kept/." "$BUILD_HOME"
			cp "$BATS_TEST_TMPDIR/key" "$ADT_SEAL_KEY"
			! dd if=/dev/zero of="$BUILD_HOME/filler" bs=4k \
			    2>/dev/null || return
			# shellcheck disable=SC2086 # words
			refuses helper $words || return
			rm "$BUILD_HOME/filler"
			works || return
		done <<<"$commands"
	}
	each_shell full
}

# Not under mksh, whose here-documents are files, which the limit is on too.
@test "a limit on the size of files" {
	limit() {
		while read -r words; do
			rm -rf "$BUILD_HOME"
			cp -a "$kept" "$BUILD_HOME"
			cp "$BATS_TEST_TMPDIR/key" "$ADT_SEAL_KEY"
			# shellcheck disable=SC2317,SC2086 # called, words
			limited() {
				env --ignore-signal=XFSZ prlimit --fsize=0 \
				    $TEST_SHELL "$ROOT/helperscripts/$1" "${@:2}"
			}
			# shellcheck disable=SC2086 # words
			refuses limited $words || return
			works || return
		done <<<"$commands"
	}
	TEST_SHELL="sh"
	limit
}

@test "going back to an earlier generation needs no room" {
	rolls() {
		rm -rf "$BUILD_HOME"
		cp -a "$kept" "$BUILD_HOME"
		# shellcheck disable=SC2086 # "busybox sh" is two words
		env --ignore-signal=XFSZ prlimit --fsize=0 $TEST_SHELL \
		    "$ROOT/helperscripts/RollbackSnapshots.sh" 1 2>&1 | cat &&
			[ "$(cat "$folder/snapshot_ids.dat")" = webserver:w1 ]
	}
	TEST_SHELL="sh"
	rolls
}
