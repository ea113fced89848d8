# adt_template_values.bats - any value of a template comes out of five shells as
# it went in.
setup() { load adt_template; }

@test "all five shells are here" {
	while IFS= read -r shell; do
		# shellcheck disable=SC2086 # "busybox sh" is two words
		$shell -c :
	done <<<"$SHELLS"
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
	LOCALE=C sourced A
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
