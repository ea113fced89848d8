# lint.bats - the checks of our own find what they are for.
setup() {
	load helpers
	TREE=$BATS_TEST_TMPDIR/tree
	mkdir "$TREE"
	cp -R "$ROOT/cutils" "$ROOT/helperscripts" "$ROOT/Makefile" "$TREE"
	mkdir "$TREE/tests"
}

# lint NAME - one of the checks over the copy.
lint() { "$ROOT/tests/lint/$1.sh" "$TREE"; }

# append FILE LINE
append() { printf '%s\n' "$2" >>"$TREE/$1"; }

@test "layers.sh: the tree as it is passes, each wrong arrow is named" {
	run lint layers
	echo "$output"
	[ "$status" -eq 0 ] && [ "$output" = "" ]
	while IFS='|' read -r file line words; do
		cp "$TREE/$file" "$BATS_TEST_TMPDIR/kept"
		append "$file" "$line"
		run lint layers
		echo "$file: $output"
		[ "$status" -eq 1 ]
		[[ $output == *"$file"*"$words"* ]]
		cp "$BATS_TEST_TMPDIR/kept" "$TREE/$file"
	done <<-'TABLE'
	cutils/base/err.c|#include "wire/http.h"|not downwards
	cutils/base/err.h|#include "cloud/plan.h"|not downwards
	cutils/wire/http.c|#include "files/template.h"|not downwards
	cutils/wire/http.c|#include "cloud/engine.h"|not downwards
	cutils/cloud/plan.c|#include "store/s3.h"|not downwards
	cutils/cloud/plan.c|#include "bin/adt-cloud.h"|not downwards
	cutils/cloud/plan.c|#include "plan.h"|say folder/file.h
	cutils/cloud/plan.c|#include "../base/err.h"|say folder/file.h
	cutils/cloud/plan.c|#include <curl/curl.h>|curl
	cutils/cloud/plan.c|#include "base/message.h"|message
	TABLE
}

@test "banned.sh: each breach is named with its rule" {
	lint banned >"$BATS_TEST_TMPDIR/before" || :
	while IFS='|' read -r file line words; do
		cp "$TREE/$file" "$BATS_TEST_TMPDIR/kept"
		append "$file" "$line"
		run lint banned
		echo "$file: $output"
		[ "$status" -eq 1 ]
		[[ $output == *"$file"*"$line"*"$words"* ]]
		cp "$BATS_TEST_TMPDIR/kept" "$TREE/$file"
	done <<-'TABLE'
	cutils/base/err.c|	sprintf(a, "b");|banned function
	cutils/base/err.c|	x = atoi(text);|banned function
	cutils/wire/http.c|	printf("x");|nothing prints
	cutils/wire/http.c|	fputs(text, stderr);|nothing prints
	cutils/cloud/plan.c|	exit(1);|nothing exits
	cutils/cloud/plan.c|	f = open("/home/me/x");|path of one machine
	helperscripts/lib/build.sh|[ "$CLOUD" = vultr ]|knows no cloud
	helperscripts/lib/build.sh|eval "$x"|not in a script
	helperscripts/lib/build.sh|[[ $a == b ]]|not POSIX
	TABLE
	# What only looks like one is none.
	append cutils/base/err.c '	snprintf(a, 1, "b"); s->exit(1); /* rand(3) */'
	append helperscripts/lib/build.sh '# vultr'
	run lint banned
	[ "$output" = "$(cat "$BATS_TEST_TMPDIR/before")" ]
}

@test "banned.sh: a file over 400 lines" {
	for _ in {1..400}; do append helperscripts/lib/prelude.sh '#'; done
	run lint banned
	[ "$status" -eq 1 ]
	[[ $output == *"helperscripts/lib/prelude.sh:"*"over 400 lines"* ]]
	for _ in {1..401}; do append tests/long.bats '#'; done
	run lint banned
	[[ $output == *"tests/long.bats:401 lines"*"over 400 lines"* ]]
}

@test "complete.sh: a source without head, a program without manual" {
	append cutils/base/new.c '/* other.c - is not this file. */'
	mkdir -p "$TREE/cutils/bin"
	append cutils/bin/adt-new.c '/* adt-new.c - a program. */'
	run lint complete
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"cutils/base/new.c: begins with"* ]]
	[[ $output == *"cutils/bin/adt-new.c: no docs/man/adt-new.1"* ]]
	[[ $output == *"cutils/bin/adt-new.c: no bats test"* ]]
}

@test "complete.sh: a cloud that leaves out what every cloud must do" {
	cp "$ROOT"/tests/clouds_* "$TREE/tests"
	run lint complete
	[[ $output != *clouds_* ]]
	sed -i '/must_adopt_a_late_success/d' "$TREE/tests/clouds_vultr.bats"
	run lint complete
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"tests/clouds_vultr.bats: no must_adopt_a_late_success"* ]]
}
