# defects.bats - the table of the toolkit's defects is whole: each row says what
# is done, and names a test that is there, or why there is none.
setup() {
	load helpers
	TABLE=$ROOT/docs/manual/080-adt-defects.md
	sed -n 's/^| *\([0-9][0-9]*\) *| *\(.*\) *| *\(.*\) *| *\(.*\) *|$/\1|\2|\3|\4/p' \
	    "$TABLE" >"$BATS_TEST_TMPDIR/rows"
}

@test "all 36 are there, once each, in order" {
	[ "$(cut -d '|' -f 1 "$BATS_TEST_TMPDIR/rows")" = "$(seq 1 36)" ]
}

@test "each says gone, round or outside, and how" {
	while IFS="|" read -r number defect handled shown; do
		echo "$number: $handled ($defect, $shown)"
		[[ $handled == gone* || $handled == round:* || $handled == outside:* ]]
	done <"$BATS_TEST_TMPDIR/rows"
}

@test "each names a test that is there; without one it is outside" {
	while IFS="|" read -r number _ handled shown; do
		shown=${shown%"${shown##*[! ]}"}
		echo "$number: $shown"
		if [ "$shown" = - ]; then
			[[ $handled == outside:* ]]
			continue
		fi
		file=$ROOT/tests/${shown%%:*}
		[ -e "$file" ]
		case $shown in
		*': '*) grep '^@test' "$file" | grep -qF -- "${shown#*: }" ;;
		*) grep -q '^@test' "$file" ;;
		esac
	done <"$BATS_TEST_TMPDIR/rows"
}
