#!/bin/sh
# code.sh - clang-format, clang-tidy and cppcheck over all C.
#
# usage: code.sh [TREE].
set -eu
cd -- "${1:-$(dirname -- "$0")/../..}"
bad=0

# incorrectLogicOperator: cppcheck 2.10 takes two calls through one function
# pointer for the same value.
all=$(find cutils tests -name '*.[ch]')
sources=$(find cutils -name '*.c')

# shellcheck disable=SC2086 # lists of our own file names
{
	clang-format --dry-run --Werror $all || bad=1
	printf '%s\n' $sources | grep -v '/err\.c$' |
		xargs -P "$(nproc)" -n 4 sh -c '
		clang-tidy --quiet "$@" -- -std=c11 -D_DEFAULT_SOURCE -Icutils \
		    -include tests/lint/analyzer.h 2>/dev/null || exit 1' sh ||
		bad=1
	cppcheck -q --std=c11 -D_DEFAULT_SOURCE -Icutils --inline-suppr \
	    --enable=warning,performance,portability -j "$(nproc)" \
	    --suppress=missingIncludeSystem --suppress=incorrectLogicOperator \
	    --error-exitcode=1 $sources || bad=1
}
exit "$bad"
