# restore_web.bats - the newest web archive, from a real S3 server, into a
# webroot, whatever happens on the way.
setup() {
	load restore_site
	webserver_site
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
