# restore_site.bash - what the tests of web archives share: a site, its archive in
# a bucket, and a webroot with an older one.
load restore

# webserver_site - the settings of a webserver here, and the site.
webserver_site() {
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
