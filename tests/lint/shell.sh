#!/bin/sh
# shell.sh - shellcheck over every script and test, checkbashisms over those
# that claim to be POSIX sh.
#
# usage: shell.sh [TREE].
set -eu
cd -- "${1:-$(dirname -- "$0")/../..}"
bad=0

scripts=$(find install.sh helperscripts templates tests -name '*.sh')
others=$(find .ci/run tests -name run -o -name '*.bats' -o -name '*.bash')

# bashisms file... - less two alarms that shellcheck raises better: a dot in a
# jq program is taken for the command, a test for bash's own variable for use.
bashisms() {
	checkbashisms -f "$@" 2>&1 | awk '
		/^script .* does not appear to have a #!/ { getline; next }
		/\(sourced script with arguments\):$/ { getline; next }
		/\(\$BASH_SOMETHING\):$/ { getline; next }
		{ print; bad = 1 }
		END { exit bad }'
}

# shellcheck disable=SC2086 # lists of our own file names
{
	shellcheck $scripts || bad=1
	# SC2016: tests hand code in single quotes to other shells.
	# SC2154: bats sets $stderr and the like. SC2030, SC2031: each @test is
	# a process of its own. SC2164: it ends at the first failure.
	shellcheck -e SC2016,SC2154,SC2030,SC2031,SC2164 $others || bad=1
	bashisms $scripts || bad=1
}
exit "$bad"
