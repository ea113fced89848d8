# set_variable_value.bats - SetVariableValue.sh keeps the interface of the
# toolkit's own, and none of its surprises.
setup() {
	load scripts
	fresh_home buildhome-old
}

sets() { helper SetVariableValue.sh "$@"; }

# differs_by LINE... - build_environment now, against before: these lines.
differs_by() {
	diff "$BATS_TEST_TMPDIR/before" "$BLD/build_environment" |
		grep '^[<>]' >"$BATS_TEST_TMPDIR/difference" || :
	[ "$(cat "$BATS_TEST_TMPDIR/difference")" = "$(printf '%s\n' "$@")" ]
}

@test "one line changes, and only that of exactly this name" {
	one_line() {
		fresh_home buildhome-old
		while IFS='|' read -r name old new; do
			cp "$BLD/build_environment" "$BATS_TEST_TMPDIR/before"
			run --separate-stderr sets "$name=$new"
			[ "$status" -eq 0 ] && [ "$output$stderr" = "" ] &&
				differs_by "< $name=$old" "> $name=$new" || return 1
		done <<-'TABLE'
		TOKEN|FAKE-DO-TOKEN-0001|new-token
		REGION|lon1|ams3
		USER|root|admin
		VPC_IP_RANGE|10.0.0.0/16|10.1.0.0/16
		GIT_USER|Demo Person|A & B / "C" \1 $(id) `id`
		EQUALS_DEMO|a=b==c|=x==
		ACCESS_KEY||now
		ALGORITHM|ed25519|
		TABLE
	}
	each_shell one_line
}

@test "an id with a slash is set, and set again" {
	slashes() {
		fresh_home buildhome-old
		for id in private/111 private/222 333; do
			sets "SNAPSHOT_ID=$id" || return 1
			[ "$(grep -c '^SNAPSHOT_ID=' "$BLD/build_environment")" -eq 1 ] &&
				[ "$(sed -n 's/^SNAPSHOT_ID=//p' \
				    "$BLD/build_environment")" = "$id" ] || return 1
		done
	}
	each_shell slashes
}

@test "a new name is added as the last line, the mode stays" {
	added() {
		fresh_home buildhome-old
		chmod 640 "$BLD/build_environment"
		cp "$BLD/build_environment" "$BATS_TEST_TMPDIR/before"
		sets NEW_NAME=value && differs_by '> NEW_NAME=value' &&
			[ "$(tail -n 1 "$BLD/build_environment")" = NEW_NAME=value ] &&
			[ "$(stat -c %a "$BLD/build_environment")" = 640 ]
	}
	each_shell added
}

@test "a secret can be given on stdin" {
	stdin() {
		fresh_home buildhome-old
		sets --stdin <<<'SERVER_USER_PASSWORD=p:a:b=c&d/e' &&
			grep -qx 'SERVER_USER_PASSWORD=p:a:b=c&d/e' \
			    "$BLD/build_environment"
	}
	each_shell stdin
}

@test "without the file it is made, closed to others" {
	rm "$BLD/build_environment"
	sets FIRST=1
	[ "$(cat "$BLD/build_environment")" = FIRST=1 ]
	[ "$(stat -c %a "$BLD/build_environment")" = 600 ]
}

@test "what is no NAME=VALUE is refused and changes nothing" {
	cp "$BLD/build_environment" "$BATS_TEST_TMPDIR/before"
	refused() {
		for argument in '' NAME '=value' 'A B=1' '1A=1' 'A.B=1' $'A=1\nB=2'; do
			run --separate-stderr sets "$argument"
			[ "$status" -ne 0 ] && [ "$output" = "" ] &&
				[ "$stderr" != "" ] || return 1
		done
		run --separate-stderr sets
		[ "$status" -eq 64 ] &&
			cmp "$BATS_TEST_TMPDIR/before" "$BLD/build_environment"
	}
	each_shell refused
}

@test "many at a time: none is lost" {
	for number in {1..12}; do
		sets "PARALLEL_$number=$number" &
	done
	wait
	[ "$(grep -c '^PARALLEL_' "$BLD/build_environment")" -eq 12 ]
}

@test "in the new layout it finds the same file" {
	fresh_home buildhome-new
	sets SNAPSHOT_ID=private/1
	grep -qx SNAPSHOT_ID=private/1 "$RT/digitalocean/demo-build/build_environment"
}
