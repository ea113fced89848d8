# adt_template.bats - the variables of a template: read, changed, refused; what
# is written is sourced by five shells, and every other byte is compared.
setup() {
	load helpers
	cd "$BATS_TEST_TMPDIR" || return
	FIXTURES=$BATS_TEST_DIRNAME/fixtures/templates
	T=$BATS_TEST_TMPDIR/t.tmpl
}

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

@test "all five shells are here" {
	while IFS= read -r shell; do
		# shellcheck disable=SC2086 # "busybox sh" is two words
		$shell -c :
	done <<<"$SHELLS"
}

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

# Values that break what pastes strings together. One a line, read by printf %b.
nasty() {
	cat <<-'VALUES'
	plain
	
	 
	 a  b	c 
	"
	'
	'"'"'
	\\
	\\\\
	a\\
	\\n\\t
	\\"
	$
	$$
	$HOME
	${HOME}
	$(touch canary)
	`touch canary`
	"; touch canary; "
	'; touch canary; '
	";touch canary #
	$(touch canary
	`
	\\`touch canary\\`
	\\$(touch canary)
	\\$(touch canary)
	a&b/c|d;e
	&
	/
	#
	a #b
	-
	--
	-n
	-e x
	--stdin
	!
	!!
	*
	?[a]
	{a,b}
	~
	~root:~
	(a)
	<a>
	<<EOF
	=
	A=B
	A="1" B="2"
	a\nb
	\n
	a\n
	a\n\n\n
	\na
	a\nexport A="b"\n
	\n#x
	EOF\nrm\n
	a\\\nb
	\\\n
	\t
	\ta\t
	a\rb
	a\r
	a\r\n
	\01\02\033[31m\0177
	é
	日本語 ü
	\0303\0251\0342\0202\0254
	%s%n
	%
	VALUES
}

@test "any value comes out of every shell as it went in, and runs nothing" {
	count=0
	while IFS= read -r coded <&7; do
		printf '%b.' "$coded" >dotted
		value=$(cat dotted)
		value=${value%.}
		printf %s "$value" >want
		printf '%s\n' '#"' 'export A="old" # "' "export Z='z'" >"$T"
		adt-template set "$T" A "$value" B "$value"
		echo "value: $coded"
		sourced A && sourced B
		is_value "$value" A
		printf '%s\n' '#"' 'A=`old`' >"$T"
		adt-template set --stdin "$T" A <want 2>/dev/null
		sourced A
		[ ! -e canary ]
		count=$((count + 1))
	done 7< <(nasty)
	[ "$count" -eq "$(nasty | wc -l)" ] && [ "$count" -ge 60 ]
}

@test "every byte but NUL comes out of the shells that know bytes" {
	SHELLS=$(grep -v yash <<<"$SHELLS")
	for byte in $(seq 1 255); do
		# shellcheck disable=SC2059 # the format is the byte
		printf "\\$(printf %o "$byte")"
	done >want
	printf 'export A=\n' >"$T"
	adt-template set --stdin "$T" A <want
	LOCALE=C
	sourced A
}

@test "a long value, and a NUL, from standard input" {
	head -c 100000 /dev/zero | tr '\0' '"' >want
	: >"$T"
	adt-template set --stdin "$T" A <want
	sourced A
	head -c 3 /dev/zero >nul
	refused 65 'NUL byte' set --stdin "$T" A <nul
}

@test "standard input is taken whole, and a last line feed is pointed out" {
	: >"$T"
	run --separate-stderr adt-template set --stdin "$T" A < <(echo x)
	[ "$status" -eq 0 ] && [[ $stderr == *"ends in a line feed"* ]]
	cmp "$T" <(printf 'export A="x\n"\n')
	run --separate-stderr adt-template set --stdin "$T" A < <(printf x)
	[ "$status" -eq 0 ] && [ "$stderr" = "" ]
	cmp "$T" <(printf 'export A="x"\n')
}

@test "values of every quoting are read as the shells read them" {
	while IFS= read -r line <&7; do
		printf '%b\n' "$line" >"$T"
		adt-template get "$T" A >got
		head -c -1 got >want
		echo "line: $line" && cat want
		sourced A
	done 7<<-'LINES'
	A=x
	export A=
	A="" #c
	A='a'"b"c\\ d#e
	A="\\$ \\` \\" \\\\ \\q" # "
	A=a\\\nb
	export \\\n  A="a\\\nb\n"
	A='a\\\nb'
	A="1"\nA='2'
	A=a*?b
	A="~/b"
	A=a=b
	\t export\tA="\t"\t
	LINES
}

@test "a value that the shell would compute is not read, but replaced" {
	while IFS= read -r line; do
		printf '%s\n' "export A=$line #c" 'B="2"' >"$T"
		refused 65 "t.tmpl:1: the shell would compute" get "$T" A
		refused 65 "t.tmpl:1: the shell would compute" list "$T"
		[ "$(adt-template get "$T" B)" = 2 ]
		adt-template set "$T" A new
		cmp "$T" <(printf '%s\n' 'export A="new" #c' 'B="2"')
	done <<-'LINES'
	"$HOME"
	"${HOME}/x"
	`touch canary`
	"$(touch canary)"
	$(touch canary)
	"$((1 + 1))"
	~/x
	LINES
	[ ! -e canary ]
	printf '%s\n' 'A="\$5"' >"$T"
	is_value '$5' A
}

@test "what is no plain assignment is listed, left alone, and hides nothing" {
	while IFS='|' read -r line code; do
		printf '%b\n' "export A=\"1\"" "$code" 'export B="2"' >"$T"
		refused 65 "t.tmpl:$line: this may set A" get "$T" A
		refused 65 "t.tmpl:$line: this may set A" set "$T" A 3
		refused 65 "t.tmpl:$line: this may set A" unset "$T" A
		is_value 2 B
		cp "$T" before
		adt-template set "$T" B 3
		cmp "$T" <(sed 's/^export B="2"$/export B="3"/' before)
		run --separate-stderr adt-template check "$T"
		[ "$status" -eq 65 ]
		[ "$output" = "$line	not a plain assignment: left alone" ]
	done <<-'TABLE'
	2|if true; then\nexport A="x"\nfi
	2|for A in x; do\n:\ndone
	2|while read -r A; do :; done </dev/null
	2|case x in\nx) A="x" ;;\nesac
	2|f() {\nA="x"\n}
	2|{ A="x"; }
	2|(A="x")
	2|true \0046\0046\nA="x"
	2|A="x" C="y"
	2|export A="x"; rm -f x
	2|unset A
	2|read A </dev/null
	2|A+=x
	2|readonly A
	2|eval "A=x"
	2|: "${A:=x}"
	3|# A="x"\nunset C A
	2|C="\nA=2"; A=3
	TABLE
}

@test "text in the quotes of such a line is no assignment" {
	printf '%s\n' 'echo "' 'A=9' '" >/dev/null' 'A=1' >"$T"
	is_value 1 A
	adt-template set "$T" A 2
	cmp "$T" <(printf '%s\n' 'echo "' 'A=9' '" >/dev/null' 'A="2"')
}

@test "a text nobody can follow is refused whole, with its line" {
	while IFS='|' read -r line code message; do
		printf '%b\n' 'export A="1"' "$code" >"$T"
		for verb in "get $T A" "set $T A 2" "unset $T A" "list $T" \
		    "set $T NEW 2"; do
			# shellcheck disable=SC2086 # words are arguments
			refused 65 "t.tmpl:$line: $message" $verb
		done
		run --separate-stderr adt-template check "$T"
		[ "$status" -eq 65 ] && [[ $output == *"$line	$message"* ]]
	done <<-'TABLE'
	2|cat <<E\nA=2\nE|a here-document
	2|B="x|no closing double quote
	2|B='x|no closing single quote
	2|B=`x|no closing backquote
	2|if true; then\nA=2|a compound command
	2|fi|the end of a command
	3|\nB=\0000|a NUL byte
	TABLE
}

@test "what sh -n refuses is not written, and check says why" {
	printf '%s\n' 'A="1"' 'then' >"$T"
	refused 65 't.tmpl is left as it was: sh -n refuses it: ' set "$T" A 2
	refused 65 'sh -n refuses it: ' set "$T" NEW 2
	refused 65 'sh -n refuses it: ' unset "$T" A
	run --separate-stderr adt-template check "$T"
	[ "$status" -eq 65 ] && [[ $stderr == *"sh -n refuses it: "* ]]
	adt-template set "$T" A 1 # as it is: nothing to write
	[ "$(find . -name '.t.tmpl*')" = "" ]
}

@test "CR LF: kept by set, not read by get, pointed out by all" {
	printf '#c\r\nexport A="1" #d\r\nB=2\r\n\r\n' >"$T"
	for verb in get set check list; do
		args=
		[ "$verb" != get ] || args=A
		[ "$verb" != set ] || args='A 7 C 8'
		# shellcheck disable=SC2086 # words are arguments
		run --separate-stderr adt-template "$verb" "$T" $args
		case $verb in
		get) [ "$status" -eq 0 ] && [ "$output" = 1 ] ;;
		set) [ "$status" -eq 0 ] && [ "$output" = "" ] ;;
		list) [ "$status" -eq 0 ] ;;
		check) [ "$status" -eq 65 ] && [[ $output == *"1	this and 4 more"* ]] ;;
		esac
		[ "$verb" = check ] || [[ $stderr == *"CR LF"*"sed -i"* ]]
	done
	[ "$(adt-template get "$T" B 2>/dev/null)" = 2 ]
	printf '#c\r\nexport A="7" #d\r\nB=2\r\n\r\nexport C="8"\r\n' >want
	cmp "$T" want
	adt-template unset "$T" B
	printf '#c\r\nexport A="7" #d\r\n\r\nexport C="8"\r\n' >want
	cmp "$T" want
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
