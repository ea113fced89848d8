# emulator_asks.bash - what the tests of the emulator itself share: requests as a
# client of each cloud sends them.
load emulator

# The address of each cloud's list of machines, and the jq path to its rows.
# shellcheck disable=SC2034 # the tests use them
MACHINES='digitalocean|/v2/droplets|.droplets
linode|/v4/linode/instances|.data
vultr|/instances|.instances
exoscale|/instance|.instances'

# json CLOUD METHOD PATH [BODY] - the body; fails, with it, at 400 and more.
json() {
	ask "$@" >"$BATS_TEST_TMPDIR/answer"
	[ "$(status_of <"$BATS_TEST_TMPDIR/answer")" -lt 400 ] || {
		cat "$BATS_TEST_TMPDIR/answer"
		return 1
	}
	body_of <"$BATS_TEST_TMPDIR/answer"
}

# status CLOUD METHOD PATH [BODY] [CURL OPTION...]
status() { ask "$@" | status_of; }
