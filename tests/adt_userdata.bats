# adt_userdata.bats - values reach the machine whole; secrets not by arguments.
setup() {
	load helpers
	template=$BATS_TEST_TMPDIR/t.yaml
	printf '%s\n' '#cloud-config' '## not for machines' \
	    'hostname: @{HOST}' 'words: @{WORDS:quoted}' 'key: @{KEY:base64}' \
	    >"$template"
}

@test "fills in words, a file and standard input" {
	printf 'two\nlines: "x"' >"$BATS_TEST_TMPDIR/words"
	run --separate-stderr adt-userdata render "$template" HOST=ws-1 \
	    WORDS@"$BATS_TEST_TMPDIR/words" KEY@- <<<'secret'
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$stderr" = "" ]
	[ "$output" = '#cloud-config
hostname: ws-1
words: "two\nlines: \"x\""
key: c2VjcmV0Cg==' ]
}

@test "names lists the places" {
	run --separate-stderr adt-userdata names "$template"
	[ "$status" -eq 0 ]
	[ "$output" = 'HOST
WORDS
KEY' ]
}

@test "refuses, says what and prints nothing; a value is in no message" {
	: >"$BATS_TEST_TMPDIR/empty"
	head -c 20000 /dev/urandom >"$BATS_TEST_TMPDIR/large"
	while IFS='|' read -r want args message; do
		# shellcheck disable=SC2086 # the table's words are arguments
		run --separate-stderr adt-userdata $args
		echo "case: $args -> $status: $stderr"
		[ "$status" -eq "$want" ]
		[ "$output" = "" ]
		[[ $stderr == *"$message"* ]]
		[[ $stderr != *hidden* ]]
	done <<-TABLE
	64|render|render wants TEMPLATE
	64|names|names wants TEMPLATE
	64|render $template HOST|NAME=VALUE or NAME@FILE
	64|render $template =hidden|NAME=VALUE or NAME@FILE
	64|render $template HOST=a HOST=hidden|HOST is given twice
	65|render $BATS_TEST_TMPDIR/none A=b|none
	65|render $template HOST=a WORDS=b KEY@$BATS_TEST_TMPDIR/none|none
	65|render $template HOST=a|no value was given for: WORDS KEY
	65|render $template HOST=a WORDS=b KEY=c KEZ=hidden|it has no place for: KEZ
	65|render $template HOST=hidden: WORDS=b KEY=c|HOST is not one plain word
	65|render $template HOST=a WORDS@$BATS_TEST_TMPDIR/large KEY=c|WORDS is not UTF-8
	65|render $template HOST=a WORDS=b KEY@$BATS_TEST_TMPDIR/large|at most 16384
	65|render $template HOST@$BATS_TEST_TMPDIR/empty WORDS=b KEY=c|HOST is not one
	TABLE
}

@test "a full standard output is a failure" {
	run sh -c 'adt-userdata render "$1" HOST=a WORDS=b KEY=c >/dev/full' \
	    sh "$template"
	[ "$status" -eq 71 ]
}
