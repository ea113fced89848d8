# restore_web.bats - the newest web archive, from a real S3 server, into a
# webroot; and archives that may not get there.
setup() {
	load restore
	open_folders
	www=$BATS_TEST_TMPDIR/www/html
	mkdir -p "$www"
	echo old >"$www/index.html"
	bucket www-demo-test-hourly
	settings webserver "WEBROOT:$www" "HOOKS:$BATS_TEST_TMPDIR/hooks" \
	    "DATABASE_JSON:$BATS_TEST_TMPDIR/database.json" DB_TYPE:Maria \
	    DB_NAME:n1n DB_USERNAME:u1u 'DB_PASSWORD:p"\:|p' DB_PORT:3306
	site=$BATS_TEST_TMPDIR/site
	mkdir -p "$site/sub"
	echo new >"$site/index.html"
	echo deep >"$site/sub/a file"
	: >"$site/XXXXXX-DO_NOT_REMOVE"
	echo Maria >"$site/dbe.dat"
}

# archive [tar argument...] - of the site, to $archive.
archive() {
	archive=$BATS_TEST_TMPDIR/archive.tar.gz
	tar -C "$site" -czf "$archive" "${@:-.}"
}
put() { s3 PUT www-demo-test-hourly/applicationsourcecode.tar.gz "$archive"; }

unchanged() {
	[ "$(cat "$www/index.html")" = old ]
	[ "$(ls -A "$www")" = index.html ]
	[ "$(ls -A "$BATS_TEST_TMPDIR/www")" = html ]
}

@test "the archive becomes the webroot, and the database is made known" {
	mkdir "$BATS_TEST_TMPDIR/hooks"
	printf '#!/bin/sh\ncp "$1" "%s"\n' "$BATS_TEST_TMPDIR/hooked" \
	    >"$BATS_TEST_TMPDIR/hooks/10-config"
	chmod 755 "$BATS_TEST_TMPDIR/hooks/10-config"
	ln -s index.html "$site/link"
	chmod 2775 "$site/sub"
	archive
	put
	run boot
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(status_of state)" = ready ]
	[ "$(status_of image)" = image-1 ]
	[ "$(cat "$www/index.html")" = new ]
	[ "$(cat "$www/sub/a file")" = deep ]
	[ "$(readlink "$www/link")" = index.html ]
	[ "$(stat -c '%U %a' "$www/sub")" = "www-data 755" ]
	[ "$(stat -c '%U %a' "$www/sub/a file")" = "www-data 644" ]
	[ "$(ls -A "$BATS_TEST_TMPDIR/www")" = html ]
	[ "$(jq -r .DB_PASSWORD "$BATS_TEST_TMPDIR/database.json")" = 'p"\:|p' ]
	[ "$(stat -c '%U:%G %a' "$BATS_TEST_TMPDIR/database.json")" = \
	    "root:www-data 640" ]
	cmp "$BATS_TEST_TMPDIR/database.json" "$BATS_TEST_TMPDIR/hooked"
}

@test "a site below another folder in the archive is found by its marker" {
	mkdir -p "$BATS_TEST_TMPDIR/top/var/www"
	mv "$site" "$BATS_TEST_TMPDIR/top/var/www/html"
	site=$BATS_TEST_TMPDIR/top
	archive var
	put
	boot
	[ "$(cat "$www/index.html")" = new ]
}

@test "a newer archive is what the next boot brings" {
	archive
	put
	boot
	echo newest >"$site/index.html"
	archive
	put
	boot
	[ "$(cat "$www/index.html")" = newest ]
}

@test "a hook that fails: not ready, and its name is said" {
	mkdir "$BATS_TEST_TMPDIR/hooks"
	printf '#!/bin/sh\nexit 3\n' >"$BATS_TEST_TMPDIR/hooks/10-config"
	chmod 755 "$BATS_TEST_TMPDIR/hooks/10-config"
	archive
	put
	refused "10-config: failed with status 3"
}

teardown() {
	load restore
	"$RGW" down --folder "$BATS_TEST_TMPDIR/second"
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

@test "the second datastore is asked when the first has nothing" {
	archive
	put
	settings webserver "WEBROOT:$www" HOOKS:/nonexistent \
	    "DATABASE_JSON:$BATS_TEST_TMPDIR/database.json" \
	    "S3_HOST_BASE:http://127.0.0.1:9|$URL" "S3_ACCESS_KEY:none|$KEY" \
	    "S3_SECRET_KEY:none|$SECRET" "S3_LOCATION:US|US"
	run boot
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(cat "$www/index.html")" = new ]
}

@test "of two datastores the one with the newer archive" {
	second=$BATS_TEST_TMPDIR/second
	"$RGW" up --folder "$second" >/dev/null 3>&-
	there() { sed -n "s/^$1=//p" "$second/environment"; }
	URLS="$URL|$(there S3_HOST_BASE)"
	settings webserver "WEBROOT:$www" HOOKS:/nonexistent \
	    "DATABASE_JSON:$BATS_TEST_TMPDIR/database.json" \
	    "S3_HOST_BASE:$URLS" "S3_ACCESS_KEY:$KEY|$(there S3_ACCESS_KEY)" \
	    "S3_SECRET_KEY:$SECRET|$(there S3_SECRET_KEY)"
	archive
	put
	sleep 1.1 # dates are of whole seconds
	echo newer >"$site/index.html"
	archive
	(
		URL=$(there S3_HOST_BASE) KEY=$(there S3_ACCESS_KEY)
		SECRET=$(there S3_SECRET_KEY)
		bucket www-demo-test-hourly
		put
	)
	boot
	[ "$(cat "$www/index.html")" = newer ]
	sleep 1.1
	echo newest >"$site/index.html"
	archive
	put
	boot
	[ "$(cat "$www/index.html")" = newest ]
	# and each reason, where none gives it
	"$RGW" down --folder "$second"
	s3 DELETE www-demo-test-hourly/applicationsourcecode.tar.gz
	sed -i 's/^WAIT_S:.*/WAIT_S:1/' "$CONF"
	refused "of datastore 1: there is no such backup; of datastore 2: the"
	[ "$(cat "$www/index.html")" = newest ]
}

@test "a datastore that is addressed by virtual host" {
	archive
	put
	settings webserver "WEBROOT:$www" HOOKS:/nonexistent \
	    "DATABASE_JSON:$BATS_TEST_TMPDIR/database.json" \
	    "S3_HOST_BASE:http://%(bucket)s.localhost:${URL##*:}/"
	run boot
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(cat "$www/index.html")" = new ]
}

@test "a clock that is wrong is said, and waited for" {
	archive
	put
	sed -i 's/^WAIT_S:.*/WAIT_S:1/' "$CONF"
	boot() { faketime -f +2h sh "$SCRIPTS/first-boot.sh" "$CONF"; }
	refused "the datastore finds this machine's clock wrong"
	unchanged
}

@test "killed between the two renames: the next run has the site again" {
	mv "$www" "$www.before"
	refused "there is no such backup"
	archive
	put
	boot
	[ "$(cat "$www/index.html")" = new ]
	[ ! -e "$www.before" ]
}

@test "a webserver is not ready while its database does not answer" {
	archive
	put
	settings webserver "WEBROOT:$www" HOOKS:/nonexistent \
	    "DATABASE_JSON:$BATS_TEST_TMPDIR/database.json" DB_TYPE:Maria \
	    DB_NAME:n1n DB_USERNAME:u1u DB_PASSWORD:p DB_HOST:127.0.0.1 \
	    DB_PORT:9 WAIT_S:2
	refused "the database at 127.0.0.1"
}

# toolkit_web CODE - a home as on the toolkit's own machines, whose script, after
# it has emptied the webroot of files, is this code.
toolkit_web() {
	local home=$BATS_TEST_TMPDIR/user
	mkdir -p "$home/runtime" "$home/application/configuration"
	echo "$home" >"$BATS_TEST_TMPDIR/homedir.dat"
	sed -i "1i HOMEDIR_DAT:$BATS_TEST_TMPDIR/homedir.dat" "$CONF"
	cat >"$home/application/InstallApplication.sh" <<-SCRIPT
	find "$www" -type f -delete
	cd "$www"
	mkdir -p .git && touch .git/config
	$1
	SCRIPT
	# shellcheck disable=SC2016 # code of the script
	echo 'echo "$HOME $#" >"$HOME/configured"' \
	    >"$home/application/configuration/$2"
}

@test "by the toolkit's scripts, of both layouts; an empty webroot is none" {
	archive
	put
	mkdir "$www/folder"
	toolkit_web : InitialiseConfigurationByApplication.sh
	refused "InstallApplication.sh left $www empty"
	[ ! -e "$BATS_TEST_TMPDIR/user/configured" ]
	for name in InitialiseConfigurationByApplication.sh \
	    InitialiseApplicationConfiguration.sh; do
		rm -rf "$BATS_TEST_TMPDIR/user"
		toolkit_web "tar -xzf $archive" "$name"
		run boot
		echo "$output"
		[ "$status" -eq 0 ]
		[ "$(cat "$www/index.html")" = new ]
		[ "$(cat "$BATS_TEST_TMPDIR/user/configured")" = \
		    "$BATS_TEST_TMPDIR/user 0" ]
		[ -e "$BATS_TEST_TMPDIR/user/runtime/WEBSERVER_READY" ]
	done
}
