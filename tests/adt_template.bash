# adt_template.bash - what the tests of adt-template share: a template of their
# own, what refuses it, and its values as the shells read them.
load helpers
cd "$BATS_TEST_TMPDIR" || return
# shellcheck disable=SC2034 # the tests use it
FIXTURES=$BATS_TEST_DIRNAME/fixtures/templates
T=$BATS_TEST_TMPDIR/t.tmpl

SHELLS='dash
bash
busybox sh
mksh
yash'

# refused STATUS WORDS argument... - and the template stays as it is.
refused() {
	cp "$T" before
	run --separate-stderr adt-template "${@:3}"
	echo "want $1 '$2', got $status: $output: $stderr"
	[ "$status" -eq "$1" ] && [ "$output" = "" ] &&
		[[ $stderr == *"$2"* ]] && cmp "$T" before
}

# is_value WANT NAME - what get prints is WANT and a line feed, byte by byte.
is_value() {
	printf '%s\n' "$1" >want
	adt-template get "$T" "$2" >got
	cmp want got
}

# sourced NAME - its value after the template, in every shell, as bytes; the
# file named WANT says what is expected.
sourced() {
	while IFS= read -r shell <&8; do
		# shellcheck disable=SC2016,SC2086 # its $1; "busybox sh"
		env -i PATH="$PATH" LC_ALL="${LOCALE:-C.UTF-8}" $shell -c '
			. "$1"; eval "v=\$$2"; printf %s "$v"' x "$T" "$1" \
		    >"got.$shell" || return 1
		cmp want "got.$shell" || {
			echo "under $shell:"
			od -c "got.$shell" | head -n 20
			return 1
		}
	done 8<<<"$SHELLS"
}
