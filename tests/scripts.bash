# scripts.bash - what the tests of the helper scripts share: build homes made
# from fixtures, and the five shells a script must behave the same under.
load helpers

ADT_BIN=$OUT/bin
ADT_FLAGS_DIR=/nonexistent
ADT_BUILDHOME_DAT=/nonexistent
ADT_CONFIG_DIR=/nonexistent
export ADT_BIN ADT_FLAGS_DIR ADT_BUILDHOME_DAT ADT_CONFIG_DIR

SHELLS=$(for shell in dash 'busybox sh' mksh yash bash; do
	# shellcheck disable=SC2086 # "busybox sh" is two words
	! $shell -c : 2>/dev/null || printf '%s\n' "$shell"
done)

# fresh_home FIXTURE - BUILD_HOME is a copy of the fixture, in this test's own
# folder, with its own path written where the fixture has @BUILD_HOME@.
fresh_home() {
	BUILD_HOME=$BATS_TEST_TMPDIR/home
	rm -rf "$BUILD_HOME"
	cp -R "$BATS_TEST_DIRNAME/fixtures/$1" "$BUILD_HOME"
	chmod -R u+rwX "$BUILD_HOME"
	# No test reaches the internet: a capture would push to its datastore.
	find "$BUILD_HOME" -name build_environment -exec \
	    sed -i 's/^S3_ACCESS_KEY=.*/S3_ACCESS_KEY=/' {} +
	grep -rl '@BUILD_HOME@' "$BUILD_HOME" |
		xargs sed -i "s|@BUILD_HOME@|$BUILD_HOME|"
	RT=$BUILD_HOME/runtimedata
	[ -d "$RT" ] || RT=$BUILD_HOME/runtime
	CLOUD=$(cat "$RT/ACTIVE_CLOUDHOST")
	BLD=$RT/$CLOUD/demo-build
	TMPL=$(cat "$RT/current_template_name")
	export BUILD_HOME RT BLD TMPL
}

# snapshots_folder - the folder of the fixture's site, made; prints its path.
snapshots_folder() {
	site=$(sed -n 's/^WEBSITE_URL=//p' "$BLD/build_environment")
	(umask 077 && mkdir -p "$RT/wholemachinebackups/$site/snapshots")
	printf '%s\n' "$RT/wholemachinebackups/$site/snapshots"
}

# environment NAME VALUE - sets one variable of build_environment.
environment() {
	change="$1=$2" awk 'BEGIN {
		change = ENVIRON["change"]
		name = substr(change, 1, index(change, "="))
	}
	index($0, name) == 1 { $0 = change; done = 1 }
	{ print }
	END { if (!done) print change }' "$BLD/build_environment" \
	    >"$BATS_TEST_TMPDIR/environment"
	cp "$BATS_TEST_TMPDIR/environment" "$BLD/build_environment"
}

# in_build CODE [argument...] - runs CODE in TEST_SHELL as a script would, after
# the libraries and find_build.
in_build() {
	# shellcheck disable=SC2086 # "busybox sh" is two words
	$TEST_SHELL -c '. "$ROOT/helperscripts/lib/prelude.sh"
		. "$ROOT/helperscripts/lib/build.sh"
		. "$ROOT/helperscripts/lib/snapshots.sh"
		usage() { echo "usage: none"; }
		find_build 2>/dev/null
		TEMPLATE=
		code=$1; shift; eval "$code"' \
	    "$ROOT/helperscripts/Test.sh" "$@"
}

# each_shell COMMAND... - runs it once for every shell, named in TEST_SHELL; every
# line of it counts, as in the test itself, so it stands in no condition.
each_shell() {
	while IFS= read -r TEST_SHELL <&8; do
		export TEST_SHELL
		echo "under: $TEST_SHELL"
		"$@"
	done 8<<<"$SHELLS"
	TEST_SHELL="sh"
}

# in_turn COMMAND... - runs it once, under the shell whose turn it is: for a
# table of many rows, where each shell sees some of them.
in_turn() {
	shell_turn=$((${shell_turn:-0} % $(wc -l <<<"$SHELLS") + 1))
	TEST_SHELL=$(sed -n "${shell_turn}p" <<<"$SHELLS")
	export TEST_SHELL
	echo "under: $TEST_SHELL"
	"$@"
	TEST_SHELL="sh"
}
