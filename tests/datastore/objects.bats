# objects.bats - every operation of adt-datastore on a real S3 server.
setup() {
	load datastore # gives BUCKET, too
	fresh_bucket
	cd "$BATS_TEST_TMPDIR"
}

@test "put, get, head, list, delete" {
	printf 'one\0two\n' >file
	run -0 --separate-stderr store put "$BUCKET" folder/key file
	etag=$(md5sum <file)
	[ "$output" = "${etag%% *}" ] && [ "$stderr" = "" ]
	run -0 --separate-stderr store get "$BUCKET" folder/key back
	[ "$output" = "${etag%% *}" ]
	cmp file back
	[ "$(stat -c %a back)" = 600 ]
	store get --mode 640 "$BUCKET" folder/key back
	[ "$(stat -c %a back)" = 640 ]
	store get "$BUCKET" folder/key | cmp - file
	store head --json "$BUCKET" folder/key >head.json
	[ "$(jq -r '.[0] | "\(.key) \(.size) \(.etag)"' head.json)" = \
	    "folder/key 8 ${etag%% *}" ]
	[ "$(jq -r '.[0].sha256' head.json)" = "$(sha256sum <file | cut -d ' ' -f 1)" ]
	store put "$BUCKET" other <file
	[ "$(store list "$BUCKET" | cut -f 1,2)" = \
	    "$(printf 'folder/key\t8\nother\t8')" ]
	[ "$(store list --json "$BUCKET" fold | jq -r '.[].key')" = folder/key ]
	[ "$(store list "$BUCKET" nothing)" = "" ]
	[ "$(store list --json "$BUCKET" nothing | jq length)" = 0 ]
	store delete "$BUCKET" folder/key other never-there
	[ "$(store list "$BUCKET")" = "" ]
}

@test "an object of no bytes, and one of 40 MB" {
	store put "$BUCKET" empty </dev/null
	store get "$BUCKET" empty back
	[ -e back ] && [ ! -s back ]
	head -c 40000001 /dev/urandom >big
	store put "$BUCKET" big big
	store get "$BUCKET" big back
	cmp big back
	# by pipes, too
	tail -c +1 big | store put "$BUCKET" piped
	store get "$BUCKET" piped | cmp - big
}

@test "what is not there: 1, and the file is as it was" {
	echo old >file
	# a name that begins alike is another name
	store put "$BUCKET" none.candidate file
	run --separate-stderr store put "$BUCKET" unsent no-such-file
	[ "$status" -ne 0 ] && [[ $stderr == *no-such-file* ]]
	[ "$(store list "$BUCKET" | cut -f 1)" = none.candidate ]
	while read -r in words; do
		for command in get head; do
			run --separate-stderr store "$command" "$in" none
			echo "$command $in: $status $stderr"
			[ "$status" -eq 1 ] && [ "$output" = "" ]
			[[ $stderr == *"$words"* ]]
		done
	done <<-TABLE
	$BUCKET status 404
	no-such-bucket status 404
	TABLE
	run --separate-stderr store get "$BUCKET" none file
	[ "$status" -eq 1 ] && [ "$output" = "" ]
	run --separate-stderr store list no-such-bucket
	[ "$status" -eq 1 ] && [[ $stderr == *NoSuchBucket* ]]
	run --separate-stderr store put no-such-bucket key file
	[ "$status" -eq 1 ] && [[ $stderr == *NoSuchBucket* ]]
	run --separate-stderr store put --if-match abc no-such-bucket key file
	[ "$status" -eq 1 ] && [[ $stderr == *NoSuchBucket* ]]
	[ "$(cat file)" = old ]
	[ "$(find . -name '.*.new')" = "" ]
}

@test "keys with odd characters, by path and by virtual host" {
	cat >keys <<-'TEXT'
	plain
	with space
	 space first
	plus+and&and=and?and#and%and%20
	quote"and'and\and`and$HOME
	<xml>&amp;
	folder/../../etc/passwd
	./dot
	/slash/first
	double//slash
	end/
	a:b@c,d;e!f*g(h)i[j]k{l}m|n^o~p
	ünïcode/日本語/🙂
	--if-match
	TEXT
	LC_ALL=C sort keys >sorted
	host=$(value S3_HOST_BASE)
	for base in "$host" "http://%(bucket)s.localhost:${host##*:}"; do
		setting S3_HOST_BASE "$base"
		while IFS= read -r key; do
			printf '%s' "$key" |
				store put -- "$BUCKET" "$key" >etag
			[ "$(store get -- "$BUCKET" "$key")" = "$key" ]
			store head -- "$BUCKET" "$key" | cut -f 3 | cmp - etag
			[ "$(store list --json -- "$BUCKET" "$key" |
			    jq -r '.[0].key')" = "$key" ]
		done <keys
		store list --json "$BUCKET" | jq -r '.[].key' | cmp - sorted
		while IFS= read -r key; do
			store delete -- "$BUCKET" "$key"
		done <keys
		[ "$(store list "$BUCKET")" = "" ]
	done
}

@test "a list of more than one page" {
	# 1000 to a page; a key that must be encoded where the page ends
	for i in $(seq 1 1005); do
		printf '%s\n' "k&+ $(printf '%04d' "$i")"
	done >keys
	: >empty
	xargs -d '\n' -P 4 -I KEY adt-datastore put --build "$BUILD" \
	    "$BUCKET" KEY empty <keys >etags
	store list --json "$BUCKET" | jq -r '.[].key' | cmp - keys
}

@test "wrong keys: 77, with what to do, and no key in the words" {
	echo text >file
	store put "$BUCKET" key file
	right=$(value S3_SECRET_KEY)
	access=$(value S3_ACCESS_KEY)
	for command in "get $BUCKET key out" "head $BUCKET key" "list $BUCKET" \
	    "put $BUCKET key file" "delete $BUCKET key" \
	    "make-bucket $BUCKET" "probe $BUCKET"; do
		setting S3_SECRET_KEY wrongwrongwrong
		# shellcheck disable=SC2086 # words
		run --separate-stderr store $command
		echo "$command: $status $stderr"
		[ "$status" -eq 77 ] && [ "$output" = "" ]
		[[ $stderr == *403* && $stderr == *check* ]]
		[[ $stderr != *wrongwrong* ]]
		setting S3_SECRET_KEY "$right"
		setting S3_ACCESS_KEY unknownunknown
		# shellcheck disable=SC2086 # words
		run --separate-stderr store $command
		[ "$status" -eq 77 ] && [[ $stderr != *"$right"* ]]
		setting S3_ACCESS_KEY "$access"
	done
	[ "$(store get "$BUCKET" key)" = text ]
	[ ! -e out ]
}

@test "no key in the command line or environment of the process" {
	mkfifo pipe
	adt-datastore put --build "$BUILD" "$BUCKET" key <pipe &
	pid=$!
	exec 7>pipe
	# it has read its keys when it takes in its input
	until find "/proc/$pid/fd" -lname '*memfd:adt*' | grep -q .; do
		kill -0 "$pid"
		sleep 0.02
	done
	tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qx -e "$BUCKET"
	run ! grep -aqF -e "$(value S3_SECRET_KEY)" -e "$(value S3_ACCESS_KEY)" \
	    "/proc/$pid/cmdline" "/proc/$pid/environ"
	exec 7>&-
	wait "$pid"
}

@test "a condition that does not hold: 75, and nothing is written" {
	one=$(echo 1 | store put --if-none-match "$BUCKET" key)
	run --separate-stderr store put --if-none-match "$BUCKET" key \
	    <<<2
	[ "$status" -eq 75 ] && [[ $stderr == *'is there already'* ]]
	two=$(echo 2 | store put --if-match "$one" "$BUCKET" key)
	run --separate-stderr store put --if-match "$one" "$BUCKET" key <<<3
	[ "$status" -eq 75 ]
	[[ $stderr == *'was changed by another meanwhile'* ]]
	run --separate-stderr store put --if-match "$one" "$BUCKET" gone <<<3
	[ "$status" -eq 75 ]
	[ "$(store get "$BUCKET" key)" = 2 ]
	[ "$(store head "$BUCKET" key | cut -f 3)" = "$two" ]
	[ "$(store list "$BUCKET" | wc -l)" -eq 1 ]
}

@test "probe: finds out, notes it, removes what it made" {
	echo 'https://other.example.com none' >"$SETTINGS"
	run -0 --separate-stderr store probe --settings "$SETTINGS" "$BUCKET"
	[ "$output" = bare ] && [ "$stderr" = "" ]
	[ "$(cat "$SETTINGS")" = "$(printf '%s\n' \
	    'https://other.example.com none' "$URL bare")" ]
	[ "$(stat -c %a "$SETTINGS")" = 600 ]
	[ "$(store list "$BUCKET")" = "" ]
	# again: its line is replaced; a put looks there, or probes by itself
	echo "$URL none" >"$SETTINGS"
	store probe --settings "$SETTINGS" "$BUCKET"
	[ "$(cat "$SETTINGS")" = "$URL bare" ]
	rm "$SETTINGS"
	echo 1 | store put --settings "$SETTINGS" --if-none-match "$BUCKET" key
	[ "$(cat "$SETTINGS")" = "$URL bare" ]
	echo "$URL perhaps" >"$SETTINGS"
	run --separate-stderr store put --settings "$SETTINGS" \
	    --if-none-match "$BUCKET" key <<<1
	[ "$status" -eq 65 ] && [[ $stderr == *perhaps* ]]
}

@test "an object that is not what was put is refused, and no file written" {
	echo good >file
	store put "$BUCKET" key file
	# other bytes under the words that came with the first
	good=$(sha256sum <file | cut -d ' ' -f 1)
	curl -sf -X PUT --aws-sigv4 aws:amz:us-east-1:s3 \
	    -u "$(value S3_ACCESS_KEY):$(value S3_SECRET_KEY)" \
	    -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' \
	    -H "x-amz-meta-adt-sha256: $good" --data-binary evil \
	    "$URL/$BUCKET/key"
	[ "$(store head "$BUCKET" key | cut -f 2)" -eq 4 ]
	run --separate-stderr store get "$BUCKET" key back
	[ "$status" -eq 76 ] && [[ $stderr == *'SHA-256 differs'* ]]
	[ ! -e back ]
	run --separate-stderr store get "$BUCKET" key
	[ "$status" -eq 76 ] && [ "$output" = "" ]
}

@test "the second datastore is read where the first fails, and that is said" {
	echo text | store put "$BUCKET" key
	access=$(value S3_ACCESS_KEY)
	secret=$(value S3_SECRET_KEY)
	setting S3_ACCESS_KEY "$access|$access"
	setting S3_SECRET_KEY "$secret|$secret"
	setting S3_HOST_BASE "http://127.0.0.1:1|$URL"
	run -0 --separate-stderr store get "$BUCKET" key
	[ "$output" = text ]
	[[ $stderr == *'datastore 2 is read: '* ]]
	run --separate-stderr store get --store 1 "$BUCKET" key
	[ "$status" -eq 75 ] && [ "$output" = "" ]
	# writing does not wander
	run --separate-stderr store put "$BUCKET" key <<<other
	[ "$status" -eq 75 ]
	[ "$(store get --store 2 "$BUCKET" key)" = text ]
	run --separate-stderr store get "$BUCKET" none
	[ "$status" -eq 75 ]
}

# until_bytes PID - the unnamed file that it writes has bytes in it by now.
until_bytes() {
	local fd
	while kill -0 "$1"; do
		for fd in /proc/"$1"/fd/*; do
			[[ $(readlink "$fd") != *'(deleted)' ]] ||
				[ "$(stat -Lc %s "$fd")" -eq 0 ] || return 0
		done
	done
}

@test "a gateway killed in the middle of a put: the old object, or the new" {
	head -c 20000000 /dev/zero | tr '\0' a >old
	head -c 20000000 /dev/zero | tr '\0' b >new
	store put "$BUCKET" key old
	for again in yes no; do
		"$RGW" stop-gateway --folder "$RGW_FOLDER"
		adt-datastore put --build "$BUILD" "$BUCKET" key new \
		    >etag 2>words &
		put=$!
		# what the kernel takes is sent, and nobody answers
		sleep 0.5
		kill -0 "$put"
		"$RGW" kill-gateway --folder "$RGW_FOLDER"
		[ "$again" = no ] ||
			"$RGW" start-gateway --folder "$RGW_FOLDER"
		status=0
		wait "$put" || status=$?
		"$RGW" start-gateway --folder "$RGW_FOLDER"
		echo "$again: $status $(cat words)"
		store get "$BUCKET" key back
		# it is tried again, and comes through if the new one is quick
		case $again$status in
		yes0) cmp new back ;;
		yes75 | no75) cmp old back ;;
		*) false ;;
		esac
		store put "$BUCKET" key old
	done
}

@test "a get whose server dies leaves no file, and no half of one" {
	head -c 100000000 /dev/urandom >big
	store put "$BUCKET" key big
	echo old >back
	gateway=$(pgrep -f "^radosgw .*$RGW_FOLDER/ceph.conf")
	adt-datastore get --build "$BUILD" "$BUCKET" key back >etag 2>words &
	get=$!
	until_bytes "$get"
	kill -KILL "$gateway"
	status=0
	wait "$get" || status=$?
	"$RGW" start-gateway --folder "$RGW_FOLDER"
	echo "$status $(cat words)"
	[ "$status" -eq 75 ]
	[ "$(cat back)" = old ]
	[ ! -s etag ]
	[ "$(find . -name '.*.new')" = "" ]
	store get "$BUCKET" key back
	cmp big back
}
