# install.bats - install.sh finds what is missing and installs nothing else;
# make puts files in place, takes them away again, and counts tests rightly.
setup() {
	unset MAKEFLAGS MAKELEVEL MFLAGS # of the make that runs the tests
	load helpers
	STUBS=$BATS_TEST_TMPDIR/stubs
	mkdir "$STUBS"
	export BATS_TEST_TMPDIR
}

# stub NAME TEXT - a program of that name, first in PATH, that runs TEXT.
stub() {
	printf '#!/bin/sh\n%s\n' "$2" >"$STUBS/$1"
	chmod 755 "$STUBS/$1"
}

# bare_debian - nothing is installed, apt-get and make only note their words.
bare_debian() {
	stub id 'echo 0'
	stub dpkg-query 'exit 1'
	stub apt-cache 'exit 0'
	stub apt-get 'echo "apt-get $*" >>"$BATS_TEST_TMPDIR/log"'
	stub make 'echo "make $*" >>"$BATS_TEST_TMPDIR/log"'
	: >"$BATS_TEST_TMPDIR/log"
}

installs() { PATH=$STUBS:$PATH "$ROOT/install.sh" "$@"; }
logged() { grep -c -- "$1" "$BATS_TEST_TMPDIR/log"; }

@test "install.sh: wrong use is 64, with words on stderr" {
	while IFS='|' read -r args words; do
		# shellcheck disable=SC2086 # the table's words are arguments
		run --separate-stderr installs $args
		echo "$args: $status $stderr"
		[ "$status" -eq 64 ]
		[ "$output" = "" ]
		[[ $stderr == *"$words"* ]]
	done <<-'TABLE'
	--demo mars|one of lxd digitalocean exoscale linode vultr
	--demo lxd lxd|one cloud
	--check now|no argument
	--frobnicate|unknown argument
	TABLE
	run --separate-stderr installs --help
	[ "$status" -eq 0 ] && [[ $output == usage:* ]] && [ "$stderr" = "" ]
}

@test "install.sh --check: updates once, installs what is missing, runs make" {
	bare_debian
	run installs --check
	[ "$status" -eq 0 ]
	[ "$(logged 'apt-get.* update$')" -eq 1 ]
	[ "$(logged 'apt-get.* install --no-install-recommends --no-remove')" -eq 1 ]
	[ "$(logged ' gcc .* make ')" -eq 1 ]
	[ "$(logged ' clang')" -eq 0 ]
	[ "$(logged '^make .* check$')" -eq 1 ]
}

@test "install.sh --demo CLOUD: that cloud, on the emulator" {
	bare_debian
	for cloud in digitalocean exoscale linode vultr; do
		: >"$BATS_TEST_TMPDIR/log"
		run installs --demo "$cloud"
		[ "$status" -eq 0 ]
		[ "$(logged " libmicrohttpd-dev")" -eq 1 ]
		[ "$(logged ' lxd ')" -eq 0 ]
		[ "$(logged "^make .* demo CLOUD=$cloud$")" -eq 1 ]
	done
}

@test "install.sh --demo: says in one line why real machines cannot run" {
	bare_debian
	stub id 'echo 1000'
	stub dpkg-query 'case $* in *" lxd") exit 1 ;; esac; echo installed'
	run --separate-stderr installs --demo
	echo "$status: $output $stderr"
	[ "$status" -eq 0 ]
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
	[[ $stderr == *"no real machines can run here (only root "* ]]
	[ "$(logged '^make .* demo CLOUD=digitalocean$')" -eq 1 ]
	run installs --demo lxd
	[ "$status" -eq 69 ]
	[[ $output == *"only root"* ]]
}

@test "install.sh --ci: installs everything, runs nothing" {
	bare_debian
	run installs --ci
	[ "$status" -eq 0 ]
	[ "$(logged ' clang .* lxd .* mandoc ')" -eq 1 ]
	[ "$(logged '^make')" -eq 0 ]
}

@test "install.sh: where all is there, neither apt nor root is needed" {
	bare_debian
	stub dpkg-query 'echo installed'
	stub id 'echo 1000'
	run installs --check
	[ "$status" -eq 0 ]
	[ "$(logged '^apt-get')" -eq 0 ]
	[ "$(logged '^make .* check$')" -eq 1 ]
}

@test "install.sh: not root, and something missing" {
	bare_debian
	stub id 'echo 1000'
	run installs --check
	[ "$status" -eq 77 ]
	[[ $output == *"must run as root to install: "*gcc* ]]
	[ "$(logged .)" -eq 0 ]
}

@test "install.sh: a mirror that fails twice, and one that is gone" {
	bare_debian
	stub sleep :
	stub apt-get 'echo "apt-get $*" >>"$BATS_TEST_TMPDIR/log"
		[ "$(grep -c update "$BATS_TEST_TMPDIR/log")" -gt 2 ]'
	run installs --check
	[ "$status" -eq 0 ]
	[ "$(logged update)" -eq 3 ]
	stub apt-get 'exit 100'
	run installs --check
	[ "$status" -eq 75 ]
}

@test "install.sh: a package this release does not have" {
	bare_debian
	stub apt-cache '[ "$2" != lxd ]'
	run installs --ci
	[ "$status" -eq 69 ]
	[[ $output == *"no package lxd"* ]]
	[ "$(logged ' install ')" -eq 0 ]
}

placed() { (cd "$1" && find . ! -type d -printf '%m %P\n' | sort -k 2); }

@test "make install, make uninstall: nothing is left" {
	dest=$BATS_TEST_TMPDIR/dest
	mkdir -p "$dest/usr/bin"
	echo theirs >"$dest/usr/bin/theirs"
	make -C "$ROOT" install DESTDIR="$dest" PREFIX=/usr
	placed "$dest"
	share=usr/share/adt-snapshots
	for file in "$ROOT"/cutils/bin/*.c; do
		name=$(basename "$file" .c)
		placed "$dest" | grep -qx "755 usr/bin/$name"
		placed "$dest" | grep -qx "644 usr/share/man/man1/$name.1"
	done
	placed "$dest" | grep -qx "644 usr/share/man/man7/adt.7"
	for file in "$ROOT"/helperscripts/*.sh; do
		placed "$dest" | grep -qx "755 $share/helperscripts/${file##*/}"
	done
	placed "$dest" | grep -qx "644 $share/helperscripts/lib/prelude.sh"
	[ "$(cd "$dest/$share/cutils/bin" && pwd -P)" = \
	    "$(cd "$dest/usr/bin" && pwd -P)" ]
	make -C "$ROOT" uninstall DESTDIR="$dest" PREFIX=/usr
	[ "$(placed "$dest" | cut -d ' ' -f 2)" = usr/bin/theirs ]
	[ ! -e "$dest/$share" ]
}

@test "an installed script finds the programs installed with it" {
	dest=$BATS_TEST_TMPDIR/dest
	make -C "$ROOT" install DESTDIR="$dest" PREFIX=/opt/adt
	unset ADT_BIN
	for script in "$dest"/opt/adt/share/adt-snapshots/helperscripts/*.sh; do
		run env -i PATH=/usr/bin:/bin "$script" --help
		[ "$status" -eq 0 ]
	done
	cat >"$dest/opt/adt/share/adt-snapshots/helperscripts/Where.sh" <<-'END'
	. "$(dirname -- "$0")/lib/prelude.sh"
	command -v adt-template
	END
	run env -i PATH=/usr/bin:/bin \
	    sh "$dest/opt/adt/share/adt-snapshots/helperscripts/Where.sh"
	[ "$status" -eq 0 ]
	[[ $output == "$dest/opt/adt/share/adt-snapshots/"* ]]
}

# small_tree - a project of one module and two unit tests, one of them bad.
small_tree() {
	tree=$BATS_TEST_TMPDIR/tree
	mkdir -p "$tree/cutils/base" "$tree/tests/unit"
	cp "$ROOT/Makefile" "$tree"
	printf 'int one(void);\nint one(void)\n{\n\treturn 1;\n}\n' \
	    >"$tree/cutils/base/one.c"
	printf 'int one(void);\nint main(void)\n{\n\treturn %s;\n}\n' \
	    'one() - 1' >"$tree/tests/unit/good_test.c"
	sed 's/ - 1//' "$tree/tests/unit/good_test.c" >"$tree/tests/unit/bad_test.c"
}

@test "make check-unit: counts, and fails when a test does" {
	small_tree
	run make -C "$tree" FLAVOUR=small check-unit
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"ok good_test"*"1 passed, 1 failed"* ]]
	rm "$tree/tests/unit/bad_test.c"
	run make -C "$tree" FLAVOUR=small check-unit
	[ "$status" -eq 0 ]
	[[ $output == *"1 passed, 0 failed"* ]]
}

@test "make builds anew when the flags change, and only then" {
	small_tree
	build() { make -C "$tree" FLAVOUR=small everything "$@"; }
	compiled() { build "$@" | grep -c 'one\.o cutils/base/one\.c' || :; }
	rm "$tree/tests/unit/bad_test.c"
	[ "$(compiled CFLAGS=-O1)" -eq 1 ]
	[ "$(compiled CFLAGS=-O1)" -eq 0 ]
	[ "$(compiled CFLAGS=-O0)" -eq 1 ]
	touch "$tree/cutils/base/one.c"
	[ "$(compiled CFLAGS=-O0)" -eq 1 ]
}

@test "make says which command gets what is missing" {
	run make -C "$ROOT" FLAVOUR="${FLAVOUR:-release}" tools CC=no-such-cc
	[ "$status" -ne 0 ]
	[[ $output == *"no-such-cc is missing: ./install.sh --check"* ]]
	run make -C "$ROOT" tools HEADERS=no/such.h
	[ "$status" -ne 0 ]
	[[ $output == *"no/such.h is missing: ./install.sh --check"* ]]
	run make -C "$ROOT" demo CLOUD=mars
	[ "$status" -ne 0 ]
	[[ $output == *"one of lxd digitalocean exoscale linode vultr"* ]]
}
