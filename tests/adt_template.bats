# adt_template.bats - the variables of a template: read, changed, refused; every
# other byte is compared.
setup() { load adt_template; }

@test "get prints the value alone on stdout" {
	cp "$FIXTURES/messy.tmpl" "$T"
	while IFS='|' read -r name value; do
		run --separate-stderr adt-template get "$T" "$name"
		echo "$name: $status '$output' $stderr"
		[ "$status" -eq 0 ] && [ "$output" = "$value" ]
		[ "$stderr" = "" ]
	done <<-'TABLE'
	BUILD_FROM_SNAPSHOT|0
	MY_BUILD_FROM_SNAPSHOT|1
	WEBSITE_DISPLAY_NAME|A & B / C
	TOKEN|FAKE-DO-TOKEN-0001
	DIRECTORIES_TO_MOUNT|
	BUILD_ARCHIVE_CHOICE|weekly
	CLOUDHOST|digitalocean
	TABLE
}

@test "says what is wrong, on stderr, with its own status" {
	cp "$FIXTURES/messy.tmpl" "$T"
	set -f
	while IFS='|' read -r want args message; do
		# shellcheck disable=SC2086 # the table's words are arguments
		refused "$want" "$message" $args
	done <<-TABLE
	64||a command is wanted
	64|got|no such command: got
	64|get $T|get wants FILE NAME
	64|get $T A B|get wants FILE NAME
	64|get --json $T A|unknown option --json
	64|set $T A|set wants FILE NAME VALUE
	64|set $T A 1 B|set wants FILE NAME VALUE
	64|set $T A 1 A 2|A is given twice
	64|set --stdin $T A 1|or --stdin FILE NAME
	64|unset $T|unset wants FILE NAME
	64|list|list wants
	64|list $T --jsonx|list wants
	64|check|check wants FILE
	1|get $T NOPE|NOPE: no such variable
	1|get $T FROM_SNAPSHOT|FROM_SNAPSHOT: no such variable
	1|unset $T NOPE|NOPE: no such variable
	65|get $T A.B|not the name of a variable: 'A.B'
	65|get $T .*|not the name of a variable: '.*'
	65|set $T 1A x|not the name of a variable: '1A'
	65|set $T A=B x|not the name of a variable
	65|get none A|none: no such file
	65|set none A 1|none: no such file
	65|list none|none: no such file
	65|check none|none: no such file
	65|get . A|not a regular file
	TABLE
	[ ! -e none ] && [ ! -e none.lock ]
}

@test "--help and --version are on stdout, with status 0" {
	run --separate-stderr adt-template --help
	[ "$status" -eq 0 ] && [ "$stderr" = "" ]
	for word in get set unset list check --stdin --json; do
		[[ $output == *"$word"* ]]
	done
	run --separate-stderr adt-template --version
	[ "$status" -eq 0 ] && [[ $output == "adt-template "[0-9]* ]]
}

@test "set changes values and keeps every other byte" {
	cp "$FIXTURES/messy.tmpl" "$T"
	adt-template set "$T" BUILD_FROM_SNAPSHOT 1 BUILD_ARCHIVE_CHOICE \
	    hourly NEW 'a$b'
	cmp "$T" "$FIXTURES/messy.expect"
}

@test "a shipped template: each variable, changed and back, is the same file" {
	cp "$FIXTURES/digitalocean3.tmpl" "$T"
	adt-template check "$T"
	names=$(adt-template list "$T" | cut -f 1)
	[ "$(wc -l <<<"$names")" -eq 88 ]
	for name in $names; do
		was=$(adt-template get "$T" "$name")
		adt-template set "$T" "$name" "not $was"
		[ "$(adt-template get "$T" "$name")" = "not $was" ]
		[ "$(diff "$T" "$FIXTURES/digitalocean3.tmpl" |
			grep -c '^<')" -eq 1 ]
		adt-template set "$T" "$name" "$was"
		cmp "$T" "$FIXTURES/digitalocean3.tmpl"
	done
}

@test "unset removes the assignments of that name only" {
	printf '%s\n' '#a' 'export A="1" #c' 'MY_A=2' "A='x" "y'  #d" 'AA=3' >"$T"
	adt-template unset "$T" A
	cmp "$T" <(printf '%s\n' '#a' 'MY_A=2' 'AA=3')
}

@test "list: the last one counts; escapes; JSON" {
	printf 'B=1\nA="a\tb\nc\\\\d"\nB="é"\n' >"$T"
	adt-template list "$T" >got
	printf 'A\ta\\tb\\nc\\\\d\nB\té\n' >want
	cmp want got
	adt-template list --json "$T" >got
	[ "$(jq -r .A got)" = "$(printf 'a\tb\nc\\d')" ]
	[ "$(jq -c 'keys' got)" = '["A","B"]' ] && [ "$(jq -r .B got)" = é ]
	cmp got <(adt-template list "$T" --json)
	printf 'A="\377"\n' >"$T"
	refused 65 'A is not UTF-8' list --json "$T"
}

@test "the mode stays, and a link stays a link" {
	mkdir real
	printf 'A=1\n' >real/t
	ln -s real/t "$T"
	for mode in 600 640 644 755; do
		chmod "$mode" real/t
		adt-template set "$T" A "$mode"
		[ "$(stat -c %a real/t)" = "$mode" ] && [ -L "$T" ]
		cmp real/t <(printf 'A="%s"\n' "$mode")
		chmod "$mode" real/t
		adt-template set "$T" B "$mode"
		adt-template unset "$T" B
		[ "$(stat -c %a real/t)" = "$mode" ] && [ -L "$T" ]
	done
}

@test "an unchanged value writes nothing" {
	printf "A='1'\nB=\"2\"" >"$T"
	was=$(stat -c '%i %Y %Z' "$T")
	adt-template set "$T" A 1 B 2
	[ "$(stat -c '%i %Y %Z' "$T")" = "$was" ]
	cmp "$T" <(printf "A='1'\nB=\"2\"")
}

@test "several values are one change: all or none" {
	printf 'A=1\nif x; then B=2; fi\n' >"$T"
	refused 65 'may set B' set "$T" A 5 B 6 C 7
}

@test "twenty writers at once: every value survives" {
	cp "$FIXTURES/messy.tmpl" "$T"
	pids=
	for i in $(seq 20); do
		adt-template set "$T" "N$i" "value $i" TOKEN "$i" 3>&- &
		pids="$pids $!"
	done
	for pid in $pids; do wait "$pid"; done
	for i in $(seq 20); do is_value "value $i" "N$i"; done
	grep -v '^export \(N[0-9]*\|TOKEN\)=' "$T" >rest
	cmp rest <(cat "$FIXTURES/messy.tmpl" <(echo) | grep -v '^export TOKEN=')
}
