# helpers.bash - what every bats file loads: a build home of its own, a clean
# environment, the programs under test first in PATH.
bats_require_minimum_version 1.5.0

ROOT=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
OUT=${OUT:-$ROOT/build/${FLAVOUR:-release}}
PATH=$OUT/bin:$OUT/tools:$PATH
# The shell that runs the scripts; the suite is repeated with others.
TEST_SHELL=${TEST_SHELL:-sh}
export ROOT OUT PATH TEST_SHELL

unset LXD_DIR INCUS_DIR ADT_API_URL ADT_SEAL_KEY BUILD_HOME \
    http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY

# Nothing of a test is left in the machine's own runtime folder.
ADT_RUN_DIR=${BATS_TEST_TMPDIR:-${BATS_FILE_TMPDIR:-/tmp}}/run
export ADT_RUN_DIR

# fresh_seal_key - a key of this test's own; ADT_SEAL_KEY names it.
fresh_seal_key() {
	ADT_SEAL_KEY=$BATS_TEST_TMPDIR/seal.key
	export ADT_SEAL_KEY
	adt-seal keygen "$ADT_SEAL_KEY"
}

# helper SCRIPT [argument...] - runs a helper script under TEST_SHELL.
helper() {
	helper_script=$1
	shift
	# shellcheck disable=SC2086 # "busybox sh" is two words
	$TEST_SHELL "$ROOT/helperscripts/$helper_script" "$@"
}

# comes_true COMMAND... - within a minute.
comes_true() {
	local tries=0
	until "$@"; do
		sleep 0.02
		tries=$((tries + 1))
		[ "$tries" -lt 3000 ] || return 1
	done
}
