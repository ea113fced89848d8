#!/bin/sh
# complete.sh - every source says what it is, every program has its manual page
# and its tests, every cloud the tests of all.
#
# usage: complete.sh [TREE]. Prints what is missing.
set -eu
cd -- "${1:-$(dirname -- "$0")/../..}"
bad=0

missing() {
	echo "$*"
	bad=1
}

for file in cutils/*/*.[ch] tests/unit/*.[ch]; do
	[ -e "$file" ] || continue
	sed 1q "$file" | grep -qF "/* ${file##*/} - " ||
		missing "$file: begins with: /* ${file##*/} - what and why"
done

for file in helperscripts/*.sh helperscripts/lib/*.sh install.sh \
    tests/lint/*.sh tests/lxd/*.sh tests/rgw/*.sh tests/*.bats \
    tests/datastore/*.bats; do
	[ -e "$file" ] || continue
	sed 3q "$file" | grep -qF "# ${file##*/} - " ||
		missing "$file: begins with: # ${file##*/} - what and why"
done

for file in cutils/bin/*.c; do
	[ -e "$file" ] || continue
	name=$(basename "$file" .c)
	[ -e "docs/man/$name.1" ] || missing "$file: no docs/man/$name.1"
	grep -qw -- "$name" tests/*.bats tests/datastore/*.bats || missing "$file: no bats test"
done

# What every cloud must do is tested for each.
# shellcheck disable=SC2013 # names, which are words
for test in $(sed -n 's/^\(must_[a-z_]*\)() {$/\1/p' tests/clouds_every.bash \
    2>/dev/null); do
	for file in tests/clouds_*.bats; do
		grep -qw -- "$test" "$file" || missing "$file: no $test"
	done
done

exit "$bad"
