# sync.bats - SyncSnapshots.sh between two build machines that meet in a
# datastore, on a real S3 server.
setup() {
	load machines
	fresh_machines
}

@test "push here, pull there: ids, credentials, keys and metadata" {
	record one 11
	run -0 --separate-stderr sync one push
	[ "$output" = "" ]
	[ "$(there)" = "generations/$(id_of one).cms" ]
	[ "$(current_there)" = "$(id_of one)" ]
	run -0 --separate-stderr sync two pull
	[ "$output" = "" ]
	[ "$(named_by two)" = 11 ]
	[ "$(id_of two)" = "$(id_of one)" ]
	# again, nothing changes
	before=$(tree two)
	sync two pull
	sync one push
	[ "$(tree two)" = "$before" ]
	record two 22
	sync two push
	sync one pull
	[ "$(named_by one)" = 22 ]
	[ "$(there | wc -l)" -eq 2 ]
	# nothing in the bucket is in clear
	mkdir bucket
	(cd bucket && store list "$BUCKET" | cut -f 1 | while read -r key; do
		mkdir -p "$(dirname "$key")"
		store get "$BUCKET" "$key" "$key"
	done)
	run ! grep -r -e credentials: -e webserver: bucket
}

@test "the same under every shell" {
	for TEST_SHELL in dash 'busybox sh' mksh yash bash; do
		export TEST_SHELL
		echo "under: $TEST_SHELL"
		rm -rf one two
		machine one
		machine two
		SITE_OLD=$SITE
		record one "5$(cksum <<<"$TEST_SHELL" | cut -c 1-4)"
		sync one push --force
		sync two pull
		[ "$(named_by two)" = "$(named_by one)" ]
		record two 66
		sync two push
		record one 77
		run --separate-stderr sync one push
		[ "$status" -eq 69 ]
		[ "$SITE" = "$SITE_OLD" ]
	done
}

@test "nothing recorded, nothing pushed, no datastore: said, and 1" {
	run --separate-stderr sync one push
	[ "$status" -eq 1 ] && [[ $stderr == *'no generation is recorded'* ]]
	before=$(tree one)
	run --separate-stderr sync one pull
	echo "$status $stderr"
	[ "$status" -eq 1 ] && [[ $stderr == *'nothing was pushed there'* ]]
	[ "$(tree one)" = "$before" ]
	sed -i '/^S3_ACCESS_KEY/d' one/runtimedata/lxd/demo-build/build_environment
	run --separate-stderr sync one push
	[ "$status" -eq 1 ] && [[ $stderr == *'S3_ACCESS_KEY is not set'* ]]
}

@test "while a capture runs: a push waits for nothing, a pull is told" {
	record one 11
	record two 22
	sync one push
	record one 33
	holders=()
	for name in one two; do
		(
			flock 9
			: >"locked.$name"
			exec sleep 600
		) 9>>"$(snapshots "$name")/snapshots.json.lock" 3>&- &
		holders+=($!)
		until [ -e "locked.$name" ]; do sleep 0.05; done
	done
	export ADT_LOCK_WAIT_S=1
	run --separate-stderr sync one push
	echo "$status $stderr"
	[ "$status" -eq 0 ]
	[ "$(current_there)" = "$(id_of one)" ]
	before=$(tree two)
	run --separate-stderr sync two pull
	echo "$status $stderr"
	kill "${holders[@]}"
	[ "$status" -eq 75 ] && [[ $stderr == *'another run holds it'* ]]
	[ "$(tree two)" = "$before" ]
	sync two pull
	[ "$(named_by two)" = 33 ]
}

@test "somebody was first: told, nothing lost, --force" {
	record one 11
	record two 22
	sync one push
	run --separate-stderr sync two push
	echo "$status $stderr"
	[ "$status" -eq 69 ]
	[[ $stderr == *'another build machine was there first'* ]]
	[ "$(current_there)" = "$(id_of one)" ]
	[ "$(there | wc -l)" -eq 2 ]
	[ -s "$(snapshots two)/unpushed" ]
	ours=$(id_of two)
	sync two pull
	[ "$(named_by two)" = 11 ]
	record two 33
	sync two push
	[ "$(current_there)" = "$(id_of two)" ]
	[ ! -e "$(snapshots two)/unpushed" ]
	there | grep -qF "$ours"
	record one 44
	run ! sync one push
	sync one push --force
	[ "$(current_there)" = "$(id_of one)" ]
}

@test "many build machines at once: one wins, the others are told" {
	for number in 3 4 5 6 7 8; do machine "m$number"; done
	machines="one two m3 m4 m5 m6 m7 m8"
	for name in $machines; do record "$name" "1${name#m}"; done
	for name in $machines; do
		(
			status=0
			sync "$name" push 2>"words.$name" || status=$?
			echo "$status" >"status.$name"
		) &
	done
	wait
	head -n 50 words.* status.*
	[ "$(grep -lx 0 status.* | wc -l)" -eq 1 ]
	[ "$(grep -lx 69 status.* | wc -l)" -eq 7 ]
	[ "$(grep -l 'another build machine was there first' words.* |
	    wc -l)" -eq 7 ]
	winner=$(grep -lx 0 status.*)
	[ "$(current_there)" = "$(id_of "${winner#status.}")" ]
	for name in $machines; do there | grep -qF "$(id_of "$name")"; done
	[ "$(there | wc -l)" -eq 8 ]
}

@test "another sealing key: refused, and nothing is changed" {
	record one 11
	sync one push
	record two 22
	before=$(tree two)
	ADT_SEAL_KEY=$BATS_TEST_TMPDIR/other.key
	adt-seal keygen "$ADT_SEAL_KEY"
	run --separate-stderr sync two pull
	echo "$status $stderr"
	[ "$status" -eq 77 ] && [ "$output" = "" ]
	[ "$(tree two)" = "$before" ]
	# nor on a machine that has nothing yet
	rm -rf "$(snapshots two)"
	run --separate-stderr sync two pull
	[ "$status" -eq 77 ]
	[ "$(find "$(snapshots two)" -type f)" = "" ]
}

@test "sealed anew under another key: the next push brings it there" {
	ADT_SEAL_KEY=$BATS_TEST_TMPDIR/own.key
	adt-seal keygen "$ADT_SEAL_KEY"
	record one 11
	sync one push
	on one SnapshotCredentials.sh rotate --yes
	run --separate-stderr sync two pull
	echo "$status $stderr"
	[ "$status" -eq 77 ]
	sync one push
	sync two pull
	[ "$(named_by two)" = 11 ]
	[ "$(there | wc -l)" -eq 1 ]
}

# tampered STATUS WORDS - a pull on two is refused, and changes nothing.
tampered() {
	before=$(tree two)
	run --separate-stderr sync two pull
	echo "$status $stderr"
	[ "$status" -eq "$1" ] && [[ $stderr == *"$2"* ]]
	[ "$(tree two)" = "$before" ]
}

@test "an object tampered with in the bucket is refused" {
	record one 11
	sync one push
	first=$(id_of one)
	store get "$BUCKET" "generations/$first.cms" first.cms
	store get "$BUCKET" current first.json
	record one 22
	sync one push
	second=$(id_of one)
	store get "$BUCKET" "generations/$second.cms" second.cms
	store get "$BUCKET" current second.json
	record two 33
	# a byte of the sealed file, with current as it was, and with its new sum
	awk 'NR == 9 { sub(/^./, substr($0, 1, 1) == "A" ? "B" : "A") } { print }' \
	    second.cms >changed.cms
	run ! cmp -s second.cms changed.cms
	store put "$BUCKET" "generations/$second.cms" changed.cms
	tampered 65 'its SHA-256 differs'
	sum=$(sha256sum <changed.cms | cut -d ' ' -f 1)
	jq -c --arg sum "$sum" '.sha256 = $sum' second.json |
		store put "$BUCKET" current
	tampered 65 'what it says is not what is sealed in it'
	point second.json --arg sum "$sum" '.sha256 = $sum'
	tampered 65 ''
	# an older generation under the newer one's name
	store put "$BUCKET" "generations/$second.cms" first.cms
	sum=$(sha256sum <first.cms | cut -d ' ' -f 1)
	point second.json --arg sum "$sum" '.sha256 = $sum'
	tampered 65 'holds another generation'
	# a serial, or the site of another key's holder
	jq -c '.serial = 99' second.json | store put "$BUCKET" current
	tampered 65 'what it says is not what is sealed in it'
	point second.json '.serial = "3"'
	tampered 65 'it has no serial'
	jq -c 'del(.sealed)' second.json | store put "$BUCKET" current
	tampered 65 malformed
	# the generation gone
	store delete "$BUCKET" "generations/$second.cms"
	tampered 1 404
	# current itself
	echo garbage | store put "$BUCKET" current
	tampered 65 malformed
	jq -c '.site = "other.example.test"' second.json |
		store put "$BUCKET" current
	tampered 65 'another site'
	jq -c '.generation = "../../x"' second.json | store put "$BUCKET" current
	tampered 65 malformed
	# and back in order
	store put "$BUCKET" "generations/$second.cms" second.cms
	store put "$BUCKET" current second.json
	sync two pull
	[ "$(named_by two)" = 22 ]
}

@test "a malformed current is not overwritten, but by --force" {
	record one 11
	store make-bucket "$BUCKET"
	echo garbage | store put "$BUCKET" current
	run --separate-stderr sync one push
	[ "$status" -eq 65 ] && [[ $stderr == *malformed* ]]
	[ "$(store get "$BUCKET" current)" = garbage ]
	sync one push --force
	[ "$(current_there)" = "$(id_of one)" ]
}
