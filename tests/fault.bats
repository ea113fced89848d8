# fault.bats - the Nth call fails, N rising until the run succeeds: the old file
# stays whole, no temporary is left, and the words are clear.
#
# Nearly all of the thousands of allocations are OpenSSL's: behind the first 60
# calls every $STRIDE-th is tried, and with FULL=1 every one.
# shellcheck disable=SC2034,SC2317 # nth.bash uses them
setup_file() {
	STRIDE=97
	[ "${FULL:-0}" != 1 ] || STRIDE=1
	export STRIDE
	echo "# behind the first 60 calls every $STRIDE-th is tried" >&3
}

setup() {
	load helpers
	load fault/nth
	fresh_seal_key
	nth_folder
}

@test "adt-snapshot-ids set and remove" {
	old=$'webserver:1\ndatabase:5'
	new=$'webserver:2\ndatabase:5\nautoscaler:7'
	each_failure adt-snapshot-ids set "$file" webserver 2 autoscaler 7
	new=webserver:1
	each_failure adt-snapshot-ids remove "$file" database
}

@test "adt-snapshot-ids set, where there is no file yet" {
	before() { :; }
	old=
	new=webserver:2
	each_failure adt-snapshot-ids set "$file" webserver 2
}

@test "adt-template set and unset" {
	old=$'export A="1" # one\nexport B="2"'
	new=$'export A="x y" # one\nexport B="2"'
	each_failure adt-template set "$file" A 'x y'
	new='export A="1" # one'
	each_failure adt-template unset "$file" B
}

@test "adt-seal keygen" {
	before() { :; }
	shown() { echo "$(wc -c <"$file") bytes, mode $(stat -c %a "$file")"; }
	old=
	new='65 bytes, mode 600'
	each_failure adt-seal keygen "$file"
}

# What is inside, where it is sealed; else as it is.
plain() {
	adt-seal open --site s --kind k "$file" 2>/dev/null || cat "$file"
}

@test "adt-seal seal" {
	shown() { plain; }
	printf 'new secret\n' >"$BATS_TEST_TMPDIR/in"
	old='as it was'
	new='new secret'
	each_failure adt-seal seal --site s --kind k "$BATS_TEST_TMPDIR/in" \
	    "$file"
}

@test "adt-seal open" {
	printf 'new secret\n' | adt-seal seal --site s --kind k - \
	    "$BATS_TEST_TMPDIR/in"
	old='as it was'
	new='new secret'
	each_failure adt-seal open --site s --kind k "$BATS_TEST_TMPDIR/in" \
	    "$file"
}

@test "adt-seal rewrap" {
	adt-seal keygen "$BATS_TEST_TMPDIR/old.key"
	printf 'secret\n' | adt-seal seal --key "$BATS_TEST_TMPDIR/old.key" \
	    --site s --kind k - "$BATS_TEST_TMPDIR/in"
	before() { cp "$BATS_TEST_TMPDIR/in" "$file"; }
	shown() {
		cmp -s "$file" "$BATS_TEST_TMPDIR/in" && echo 'under the old' ||
			adt-seal open --site s --kind k "$file"
	}
	old='under the old'
	new=secret
	each_failure adt-seal rewrap --old-key "$BATS_TEST_TMPDIR/old.key" \
	    "$file"
}

@test "adt-userdata render" {
	out=$BATS_TEST_TMPDIR/out
	printf 'host: @{HOST}\nkey: @{KEY:base64}\n' >"$BATS_TEST_TMPDIR/t.yaml"
	printf secret >"$BATS_TEST_TMPDIR/key"
	whole=$'host: ws-1\nkey: c2VjcmV0'
	n=0
	while :; do
		n=$((n + 1))
		rm -f "$reached"
		status=0
		nth_fails "$n" adt-userdata render "$BATS_TEST_TMPDIR/t.yaml" \
		    HOST=ws-1 KEY@"$BATS_TEST_TMPDIR/key" >"$out" || status=$?
		[ -e "$reached" ] || break
		case $status in
		0) [ "$(cat "$out")" = "$whole" ] ;;
		71)
			[ ! -s "$out" ]
			[[ $(cat "$words") =~ ^adt-userdata:\ [^:] ]]
			;;
		*) false ;;
		esac || {
			echo "call $n, $(cat "$reached"): $status: $(cat "$words")"
			return 1
		}
	done
	[ "$status" -eq 0 ] && [ "$(cat "$out")" = "$whole" ] && [ "$n" -gt 10 ]
	echo "# $((n - 1)) failures of adt-userdata render" >&3
}

@test "standard output that cannot be written to is said" {
	printf 'export A="1"\n' >"$file"
	printf 'x\n' | adt-seal seal --site s --kind k - "$file.sealed"
	while read -r words; do
		# shellcheck disable=SC2086 # the table's words are arguments
		run --separate-stderr bash -c '"$@" >/dev/full' run $words
		echo "$words: $status: $stderr"
		[ "$status" -eq 71 ]
		[[ $stderr == *"cannot write to standard output"* ]]
	done <<-TABLE
	adt-template get $file A
	adt-template list $file
	adt-seal open --site s --kind k $file.sealed
	adt-seal --help
	TABLE
}
