# watchers.bash - the processes that InitialiseSnapshots.sh leaves, which wait for
# the end of a build.

# watchers - the numbers of those of this BUILD_HOME, a line each.
watchers() {
	local process
	# shellcheck disable=SC2013 # no white space there
	for process in $(grep -alF InitialiseSnapshots.sh /proc/[0-9]*/cmdline); do
		process=${process%/cmdline}
		! { grep -qazxF -e --watch "$process/cmdline" &&
			grep -qazxF "BUILD_HOME=$BUILD_HOME" "$process/environ"
		} || echo "${process#/proc/}"
	done 2>/dev/null
}
