# adt_template_syntax.bats - what of the shell's language a template may hold:
# read, replaced, left alone, or refused with its line.
setup() { load adt_template; }

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
