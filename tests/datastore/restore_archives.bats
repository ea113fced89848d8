# restore_archives.bats - web archives that may not get into a webroot, from a
# real S3 server.
setup() {
	load restore_site
	webserver_site
}

@test "no archive, no bucket, a wrong key" {
	refused "www-demo-test-hourly/applicationsourcecode.tar.gz: there is no"
	unchanged
	settings webserver "WEBROOT:$www" PERIOD:weekly
	refused "www-demo-test-weekly/applicationsourcecode.tar.gz: there is no"
	settings webserver "WEBROOT:$www" "S3_SECRET_KEY:wrong"
	refused "the datastore answers 403 SignatureDoesNotMatch"
	settings webserver "WEBROOT:$www" "S3_HOST_BASE:http://127.0.0.1:9" \
	    WAIT_S:1
	refused "the datastore: 000"
	unchanged
}

@test "a truncated archive, and one that is none" {
	head -c 300000 /dev/urandom >"$site/large"
	archive
	for cut in 0 5 100 250000; do
		head -c "$cut" "$archive" >"$archive.cut"
		s3 PUT www-demo-test-hourly/applicationsourcecode.tar.gz \
		    "$archive.cut"
		refused "the web archive: truncated or no archive"
		unchanged
	done
	head -c 1000 /dev/urandom | gzip >"$archive"
	put
	refused "the web archive: truncated or no archive"
	unchanged
}

@test "a foreign archive: it does not have the marker" {
	rm "$site/XXXXXX-DO_NOT_REMOVE"
	archive
	put
	refused "not this toolkit's"
	unchanged
}

@test "absolute paths, .., devices, setuid files" {
	archive -P --transform "s,^./sub,$BATS_TEST_TMPDIR/evil," .
	put
	refused "an absolute path"
	archive -P --transform 's,^./sub,./../evil,' .
	put
	refused "a path with .."
	[ ! -e "$BATS_TEST_TMPDIR/www/evil" ]
	mknod "$site/device" c 1 3
	archive
	put
	refused "a device"
	rm "$site/device"
	mkfifo "$site/fifo"
	archive
	put
	refused "a device or other special file"
	rm "$site/fifo"
	chmod u+s "$site/index.html"
	archive
	put
	refused "a setuid file"
	unchanged
	[ ! -e "$BATS_TEST_TMPDIR/evil" ]
}

@test "links to outside, and a file written through a link" {
	for target in /etc ../.. sub/../../..; do
		ln -s "$target" "$site/link"
		archive
		put
		refused refused
		rm "$site/link"
	done
	outside=$BATS_TEST_TMPDIR/outside
	mkdir "$outside"
	chmod 777 "$outside"
	ln -s "$outside" "$site/way"
	archive
	rm "$site/way"
	mkdir "$site/way"
	echo evil >"$site/way/file"
	gunzip "$archive"
	tar -C "$site" -rf "${archive%.gz}" ./way/file
	gzip "${archive%.gz}"
	put
	refused "a link to outside"
	[ -z "$(ls -A "$outside")" ]
	echo x >"$BATS_TEST_TMPDIR/hard"
	ln "$BATS_TEST_TMPDIR/hard" "$site/hard"
	archive -P . "$BATS_TEST_TMPDIR/hard"
	put
	refused refused
	unchanged
}

@test "a link that only becomes one to outside when it is unpacked" {
	# Each is harmless by its text: inner goes to sub, sub to outside.
	mkdir "$site/a"
	ln -s a "$site/b"
	archive
	put
	boot
	[ "$(readlink "$www/b")" = a ]
}

@test "names with a line end, bytes that are no text, and like an option" {
	odd=$(printf 'line\nend')
	echo 1 >"$site/$odd"
	bytes=$(printf 'caf\351 \377')
	echo 2 >"$site/$bytes"
	echo 3 >"$site/--help"
	echo 4 >"$site/-> .. x"
	archive
	put
	run boot
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(cat "$www/$odd" "$www/$bytes" "$www/--help" "$www/-> .. x" |
	    tr '\n' ' ')" = '1 2 3 4 ' ]
	# such a name does not hide what it leads to
	rm "$site/$odd"
	ln -s /etc "$site/$odd"
	archive
	put
	refused "a link to outside"
	[ -e "$www/--help" ]
}

# hard_link NAME TARGET - an archive's entry for one, on stdout: tar itself does
# not make such.
hard_link() {
	local entry=$BATS_TEST_TMPDIR/entry sum
	{
		printf '%s' "$1"
		head -c $((100 - ${#1})) /dev/zero
		printf '%s\000' 0000644 0000000 0000000 00000000000 00000000000
		printf '        1%s' "$2"
		head -c $((100 - ${#2})) /dev/zero
		printf 'ustar\00000'
		head -c 247 /dev/zero
	} >"$entry"
	sum=$(od -An -v -tu1 "$entry" |
		awk '{ for (i = 1; i <= NF; i++) sum += $i } END { printf "%06o", sum }')
	printf '%s\000 ' "$sum" |
		dd of="$entry" bs=1 seek=148 conv=notrunc status=none
	cat "$entry"
}

@test "hard links stay inside" {
	ln "$site/index.html" "$site/second"
	archive
	put
	boot
	[ "$(cat "$www/second")" = new ]
	[ "$(stat -c %h "$www/second")" -eq 2 ]
	echo secret >"$BATS_TEST_TMPDIR/secret"
	chmod 644 "$BATS_TEST_TMPDIR/secret"
	rm "$site/second"
	for target in ../../secret "$BATS_TEST_TMPDIR/secret"; do
		{ hard_link ./second "$target"; tar -C "$site" -cf - .; } |
			gzip >"$archive"
		put
		refused "refused: a "
	done
	[ "$(cat "$www/index.html")" = new ]
	[ "$(stat -c %h "$BATS_TEST_TMPDIR/secret")" -eq 1 ]
}

@test "a bomb: 1 GB of nothing, against a limit of 64 MB" {
	truncate -s 1G "$site/bomb"
	archive
	[ "$(stat -c %s "$archive")" -lt 10000000 ]
	put
	refused "larger than 64 MiB"
	unchanged
	rm "$site/bomb"
	# Sparse: small even unpacked by gzip, not by tar.
	truncate -s 1T "$site/bomb"
	archive -S .
	put
	refused "larger than 64 MiB"
	unchanged
}
