# tls.bats - a datastore with a certificate of one's own authority, on a real S3
# server: refused unless it is named, on the build machine and on a machine.
# shellcheck disable=SC2153 # from datastore.bash
setup() {
	load datastore
	fresh_bucket
	setting S3_HOST_BASE "$(cat "$RGW_FOLDER/tls-url")"
	CA=$RGW_FOLDER/ca.pem
	cd "$BATS_TEST_TMPDIR" || return
}

@test "a certificate that nobody here trusts: 77 at once, with the remedy" {
	start=$SECONDS
	run --separate-stderr store list "$BUCKET"
	echo "$status $stderr"
	[ "$status" -eq 77 ] && [ "$output" = "" ]
	[[ $stderr == *certificate*'--ca-file'* ]]
	[ $((SECONDS - start)) -lt 300 ]
	# of another authority
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj /CN=other -keyout other.key -out other.pem 2>openssl.log
	run --separate-stderr store list --ca-file other.pem "$BUCKET"
	[ "$status" -eq 77 ]
	# a file that is not there, or no certificate, is no lying server
	run --separate-stderr store list --ca-file gone.pem "$BUCKET"
	echo "$status $stderr"
	[ "$status" -eq 71 ] && [[ $stderr == *'gone.pem: cannot read'* ]]
}

@test "its authority is named: for all datastores, or for each" {
	echo text | store put --ca-file "$CA" "$BUCKET" key
	[ "$(store get --ca-file "$CA" "$BUCKET" key)" = text ]
	port=$(value S3_HOST_BASE)
	port=${port##*:}
	setting S3_HOST_BASE "https://%(bucket)s.localhost:$port"
	store make-bucket --ca-file "$CA" tls-bucket
	echo other | store put --ca-file "$CA" tls-bucket key
	[ "$(store get --ca-file "$CA" tls-bucket key)" = other ]
	for name in S3_ACCESS_KEY S3_SECRET_KEY S3_LOCATION; do
		setting "$name" "$(value "$name")|$(value "$name")"
	done
	setting S3_HOST_BASE "$URL|https://127.0.0.1:$port"
	[ "$(store get --store 1 --ca-file "|$CA" "$BUCKET" key)" = text ]
	[ "$(store get --store 2 --ca-file "|$CA" "$BUCKET" key)" = text ]
	run --separate-stderr store get --store 2 --ca-file "$CA|" "$BUCKET" key
	[ "$status" -eq 77 ]
}

@test "a build's settings name it: push, pull, and a machine's restore" {
	load machines
	fresh_machines
	for name in one two; do
		sed -i "s#^S3_HOST_BASE=.*#S3_HOST_BASE=$(cat \
		    "$RGW_FOLDER/tls-url")#" \
		    "$name/runtimedata/lxd/demo-build/build_environment"
	done
	record one 11
	run --separate-stderr sync one push
	echo "$status $stderr"
	[ "$status" -eq 77 ]
	[[ $stderr == *DATASTORE_CA_FILE* ]]
	echo "DATASTORE_CA_FILE=$CA" >"$ADT_CONFIG_DIR/settings"
	sync one push
	sync two pull
	[ "$(named_by two)" = 11 ]
	# what a machine is told
	conf=$BATS_TEST_TMPDIR/restore.conf
	BUILD_HOME=$BATS_TEST_TMPDIR/one sh -c '
		for part in prelude build snapshots generations userdata; do
			. "$ROOT/helperscripts/lib/$part.sh"
		done
		find_build
		TEMPLATE=
		has_database() { echo no; }
		machine_settings() { put "TYPE:$1"; site_settings; }
		machine_settings webserver' "$ROOT/helperscripts/Test.sh" >"$conf"
	grep -q '^S3_CA:MII' "$conf"
	site=$(echo "$SITE" | tr . -)
	period=$(sed -n 's/^PERIOD://p' "$conf")
	printf '%s\n' "WEBROOT:$BATS_TEST_TMPDIR/www/html" HOOKS:/nonexistent \
	    "DATABASE_JSON:$BATS_TEST_TMPDIR/database.json" WAIT_S:1 \
	    "STATE:$BATS_TEST_TMPDIR/state" HOMEDIR_DAT:/nonexistent |
		cat - "$conf" >"$conf.whole"
	mkdir -p www/html made
	: >made/XXXXXX-DO_NOT_REMOVE
	echo new >made/index.html
	tar -C made -czf archive .
	bucket=$(echo "$site-$period" | tr '[:upper:]' '[:lower:]')
	sed -i "s/^WEBSITE_URL:.*/WEBSITE_URL:${SITE,,}/" "$conf.whole"
	store make-bucket "$bucket"
	store put "$bucket" applicationsourcecode.tar.gz archive
	chmod a+x "$BATS_RUN_TMPDIR" "$(dirname "$BATS_TEST_TMPDIR")" \
	    "$BATS_TEST_TMPDIR"
	sh "$ROOT/templates/userdata/first-boot.sh" "$conf.whole"
	[ "$(cat www/html/index.html)" = new ]
	sed -i '/^S3_CA:/d' "$conf.whole"
	run sh "$ROOT/templates/userdata/first-boot.sh" "$conf.whole"
	echo "$output"
	[ "$status" -eq 69 ] && [[ $output == *certificate* ]]
}
