# adt_seal.bats - sealed files open for their key, site and kind, or not at all.
setup() {
	load helpers
	cd "$BATS_TEST_TMPDIR"
	fresh_seal_key
	printf 'USERNAME:a\nPASSWORD:b:c=&/\nDBNAME:n\n' >plain
	adt-seal seal --site www.x --kind db_credentials plain sealed
}

open_it() { adt-seal open --site www.x --kind db_credentials "$@"; }

@test "round trip: text, nothing, bytes, as much as may be" {
	open_it sealed | cmp - plain
	[ "$(stat -c %a sealed)" = 600 ]
	run ! grep -q 'b:c' sealed
	for size in 0 1 4096 1048576; do
		head -c "$size" /dev/urandom >bytes
		adt-seal seal --site s --kind k bytes |
		    adt-seal open --site s --kind k >opened
		cmp opened bytes
	done
	head -c 1048577 /dev/zero >bytes
	run --separate-stderr adt-seal seal --site s --kind k bytes out
	[ "$status" -eq 65 ]
	[ ! -e out ]
}

@test "plain openssl opens it, by the key and by the escrow certificate" {
	id=$(adt-seal inspect sealed | sed -n 's/^reader: key //p')
	openssl cms -decrypt -inform PEM -in sealed \
	    -secretkey "$(cat "$ADT_SEAL_KEY")" -secretkeyid "$id" >opened
	[ "$(sed 1q opened)" = \
	    "adt-snapshots sealed 1 site=www.x kind=db_credentials" ]
	sed 1d opened | cmp - plain

	openssl req -x509 -newkey rsa:2048 -nodes -keyout reader.key \
	    -out reader.crt -subj /CN=escrow -days 2 2>/dev/null
	adt-seal seal --site s --kind k --escrow reader.crt plain escrowed
	adt-seal inspect escrowed | grep -q 'certificate of /CN=escrow'
	openssl cms -decrypt -inform PEM -in escrowed -recip reader.crt \
	    -inkey reader.key | sed 1d | cmp - plain
	adt-seal open --site s --kind k escrowed | cmp - plain
}

@test "each thing that is wrong has its own words, and writes nothing" {
	adt-seal keygen other.key
	adt-seal seal --key other.key --site www.x --kind db_credentials plain \
	    foreign
	cp "$ADT_SEAL_KEY" loose.key
	chmod 644 loose.key
	echo 00 >short.key
	chmod 600 short.key
	head -n 5 sealed >short
	echo was here >out
	while IFS='|' read -r want args message; do
		# shellcheck disable=SC2086 # the table's words are arguments
		run --separate-stderr adt-seal open $args out
		echo "case: $args: $status $stderr"
		[ "$status" -eq "$want" ]
		[ "$output" = "" ]
		[[ $stderr == *"$message"* ]]
		[ "$(cat out)" = "was here" ]
	done <<-'TABLE'
	65|--site www.y --kind db_credentials sealed|belongs to www.x, not to www.y
	65|--site www.x --kind credentials sealed|holds db_credentials, not credentials
	77|--site www.x --kind db_credentials foreign|sealed for another key
	65|--site www.x --kind db_credentials plain|is not sealed
	65|--site www.x --kind db_credentials short|cut short or altered
	1|--site www.x --kind db_credentials none|no such file
	77|--key loose.key --site www.x --kind db_credentials sealed|chmod 600 loose.key
	77|--key none.key --site www.x --kind db_credentials sealed|adt-seal keygen none.key
	65|--key short.key --site www.x --kind db_credentials sealed|64 hex digits
	64|--site www.x sealed|--site and --kind are wanted
	TABLE
}

@test "altered anywhere, it never opens to anything else" {
	size=$(wc -c <sealed)
	tried=0
	for at in $(seq 30 37 $((size - 25))); do
		byte=$(dd if=sealed bs=1 skip="$at" count=1 2>/dev/null)
		case $byte in
		[B-Zb-z]) other=A ;;
		A) other=B ;;
		*) continue ;;
		esac
		cp sealed altered
		printf %s "$other" |
		    dd of=altered bs=1 seek="$at" conv=notrunc 2>/dev/null
		rm -f out
		run --separate-stderr open_it altered out
		echo "byte $at: $status $stderr"
		# a few bytes of the wrapping carry no meaning
		if [ "$status" -eq 0 ]; then
			cmp out plain
			continue
		fi
		[ "$status" -eq 65 ] || [ "$status" -eq 77 ]
		[ ! -e out ]
		tried=$((tried + 1))
	done
	[ "$tried" -gt 5 ]
}

@test "a key is made once, closed to others, and never replaced" {
	[ "$(stat -c %a "$ADT_SEAL_KEY")" = 600 ]
	cp "$ADT_SEAL_KEY" kept
	run --separate-stderr adt-seal keygen "$ADT_SEAL_KEY"
	[ "$status" -eq 65 ]
	[[ $stderr == *"exists already"* ]]
	cmp kept "$ADT_SEAL_KEY"
	adt-seal keygen folder/key
	[ "$(stat -c %a folder)" = 700 ]
	run ! cmp -s folder/key "$ADT_SEAL_KEY"
}

@test "rewrap: under the new key, twice is once, a foreign file is left" {
	adt-seal keygen new.key
	cp sealed second
	adt-seal rewrap --key new.key --old-key "$ADT_SEAL_KEY" sealed
	# as after an interruption: one is done, one is not
	cp sealed first_time
	adt-seal rewrap --key new.key --old-key "$ADT_SEAL_KEY" sealed second
	cmp sealed first_time
	open_it --key new.key sealed | cmp - plain
	open_it --key new.key second | cmp - plain
	run --separate-stderr open_it sealed
	[ "$status" -eq 77 ]
	adt-seal keygen third.key
	run --separate-stderr adt-seal rewrap --key third.key \
	    --old-key "$ADT_SEAL_KEY" sealed
	[ "$status" -eq 77 ]
	cmp sealed first_time
}

@test "inspect: without the key it says for whom, with it what" {
	run --separate-stderr adt-seal inspect sealed
	[ "$status" -eq 0 ]
	[[ $output == *"reader: key "*"site: www.x"*"kind: db_credentials"* ]]
	run --separate-stderr adt-seal inspect --key none.key sealed
	[ "$status" -eq 0 ]
	[[ $output == *"AES-256-GCM"*"reader: key "* ]]
	[[ $output != *"site:"* ]]
}
