# templates.bats - the build templates that come with the project.
setup() { load helpers; }

@test "there is one for every cloud, whole, and no value is of an account" {
	clouds=$(adt-cloud whoami --cloud none 2>&1 | sed 's/.*there is //; s/,//g')
	[ "$(wc -w <<<"$clouds")" -eq 5 ]
	adt-template list "$ROOT/templates/lxd/lxd3.tmpl" |
		cut -d = -f 1 | cut -f 1 | sort >"$BATS_TEST_TMPDIR/names"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/names")" -eq 88 ]
	for cloud in $clouds; do
		template=$ROOT/templates/$cloud/${cloud}3.tmpl
		echo "$template"
		adt-template check "$template"
		sh -n "$template"
		[ "$(adt-template get "$template" CLOUDHOST)" = "$cloud" ]
		[ "$(adt-template get "$template" BUILD_FROM_SNAPSHOT)" = 0 ]
		[ "$(adt-template get "$template" BUILD_ARCHIVE_CHOICE)" = hourly ]
		adt-template list "$template" | cut -d = -f 1 | cut -f 1 | sort |
			diff "$BATS_TEST_TMPDIR/names" -
		adt-template list "$template" |
			grep -E 'TOKEN|SECRET|PASSWORD|ACCESS_KEY|SECURITY_KEY' \
			    >"$BATS_TEST_TMPDIR/secrets"
		run ! grep -vE '(=|	)"?(EXAMPLE-[A-Z0-9-]+)?"?$' \
		    "$BATS_TEST_TMPDIR/secrets"
	done
}
