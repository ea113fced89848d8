# restore_postgres.bats - the newest dump, from a real S3 server, into a real
# Postgres, in one transaction; and dumps that may not get there.
setup_file() {
	load restore
	chmod a+x "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" \
	    "$(dirname "$BATS_FILE_TMPDIR")"
	postgres_up
}
teardown_file() {
	load restore
	end "$BATS_FILE_TMPDIR/postgres/data/postmaster.pid"
}

setup() {
	load restore
	open_folders
	bucket www-demo-test-db-hourly
	settings database DB_TYPE:Postgres DB_NAME:n1n DB_USERNAME:u1u \
	    "DB_PASSWORD:p'\"\\:|p" "DB_PORT:$DBPORT" "DB_SOCKET:$DBDIR"
	printf '%s\n' 'DROP DATABASE IF EXISTS n1n;' 'CREATE DATABASE n1n;' |
		root postgres
	printf '%s\n' 'CREATE TABLE proof (token TEXT);' \
	    "INSERT INTO proof VALUES ('old');" 'CREATE TABLE stale (a INT);' \
	    'CREATE SCHEMA more;' 'CREATE TABLE more.stale (a INT);' | root n1n
}

root() {
	as postgres psql -h "$DBDIR" -p "$DBPORT" -v ON_ERROR_STOP=1 -X -q -A \
	    -t "$1"
}
ask() { printf '%s\n' "$1" | root n1n; }
as_site() {
	printf '%s\n' '*:*:*:*:p'"'"'"\\\:|p' >"$BATS_TEST_TMPDIR/pgpass"
	chmod 600 "$BATS_TEST_TMPDIR/pgpass"
	PGPASSFILE=$BATS_TEST_TMPDIR/pgpass psql -w -X -q -A -t -h 127.0.0.1 \
	    -p "$DBPORT" -U u1u -c "$1" n1n
}

# dump WORD - of a database made for it, by pg_dump, as the toolkit stores it.
dump() {
	printf '%s\n' 'DROP DATABASE IF EXISTS d;' \
	    'DROP ROLE IF EXISTS "XXXXXXXXXX";' \
	    'CREATE ROLE "XXXXXXXXXX";' 'CREATE DATABASE d;' | root postgres
	root d <<-SQL
	CREATE TABLE proof (token TEXT, n SERIAL PRIMARY KEY);
	INSERT INTO proof (token) VALUES ('$1'), (E'two\\nlines\\\\.'), (NULL);
	CREATE VIEW seen AS SELECT token FROM proof;
	CREATE TABLE zzzz (a INT);
	ALTER TABLE proof OWNER TO "XXXXXXXXXX";
	ALTER VIEW seen OWNER TO "XXXXXXXXXX";
	ALTER TABLE zzzz OWNER TO "XXXXXXXXXX";
	SQL
	as postgres pg_dump -h "$DBDIR" -p "$DBPORT" d |
		sed 's/"XXXXXXXXXX"/XXXXXXXXXX/' \
		    >"$BATS_TEST_TMPDIR/applicationDB.psql"
	echo '-- zzzz' >>"$BATS_TEST_TMPDIR/applicationDB.psql"
}

put() {
	tar -C "$BATS_TEST_TMPDIR" -czf "$BATS_TEST_TMPDIR/archive" \
	    applicationDB.psql
	s3 PUT www-demo-test-db-hourly/demo-DB-backup.tar.gz \
	    "$BATS_TEST_TMPDIR/archive"
}

unchanged() {
	[ "$(ask 'SELECT token FROM proof')" = old ]
	[ "$(ask "SELECT count(*) FROM pg_tables WHERE tablename = 'stale'")" \
	    = 2 ]
}

@test "the dump replaces the database; the stored credentials open it" {
	dump new
	put
	run boot
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(status_of state)" = ready ]
	[ "$(as_site 'SELECT token FROM proof WHERE n = 1')" = new ]
	[ "$(as_site 'SELECT count(*) FROM seen')" = 3 ]
	[ "$(ask "SELECT count(*) FROM pg_tables WHERE tablename = 'stale'")" \
	    = 0 ]
	# and once more, over itself
	dump newest
	put
	boot
	[ "$(as_site 'SELECT token FROM proof WHERE n = 1')" = newest ]
}

@test "a database server that is new: role and database are made" {
	printf '%s\n' 'DROP DATABASE n1n;' 'DROP ROLE IF EXISTS u1u;' |
		root postgres
	dump new
	put
	boot
	[ "$(as_site 'SELECT token FROM proof WHERE n = 1')" = new ]
}

@test "no archive; a truncated one; one of another engine" {
	refused "demo-DB-backup.tar.gz: there is no such backup"
	dump new
	put
	head -c 200 "$BATS_TEST_TMPDIR/archive" >"$BATS_TEST_TMPDIR/cut"
	s3 PUT www-demo-test-db-hourly/demo-DB-backup.tar.gz \
	    "$BATS_TEST_TMPDIR/cut"
	refused "the database archive: truncated"
	tar -C "$BATS_TEST_TMPDIR" -czf "$BATS_TEST_TMPDIR/archive" \
	    --transform s/psql/sql/ applicationDB.psql
	s3 PUT www-demo-test-db-hourly/demo-DB-backup.tar.gz \
	    "$BATS_TEST_TMPDIR/archive"
	refused "no applicationDB.psql in it"
	unchanged
}

@test "a dump that fails at its end has changed nothing" {
	dump new
	printf '%s\n' 'INSERT INTO nothing VALUES (1); -- zzzz' \
	    >>"$BATS_TEST_TMPDIR/applicationDB.psql"
	put
	refused 'ERROR:  relation "nothing" does not exist'
	unchanged
	dump new
	sed -i '/^COPY public.proof/q' "$BATS_TEST_TMPDIR/applicationDB.psql"
	echo 'zzzz' >>"$BATS_TEST_TMPDIR/applicationDB.psql"
	put
	refused "the dump cannot be loaded"
	unchanged
}

@test "a dump that ends the transaction itself has changed nothing" {
	for line in 'COMMIT;' 'COMMIT; INSERT INTO nothing VALUES (1);' \
	    'ROLLBACK; CREATE TABLE public.evil (a INT);' \
	    'ROLLBACK; BEGIN; DROP TABLE more.stale; COMMIT;'; do
		dump new
		printf '%s\n-- zzzz\n' "$line" \
		    >>"$BATS_TEST_TMPDIR/applicationDB.psql"
		put
		refused "the dump cannot be loaded"
		unchanged
	done
}

@test "a dump cannot reach beyond its database, nor this machine" {
	for line in '\! touch EVIL' 'SELECT 1; \! touch EVIL' \
	    '\o EVIL' '\copy zzzz FROM /etc/passwd' '\i /etc/passwd' \
	    "COPY zzzz FROM PROGRAM 'touch EVIL';" \
	    "COPY zzzz TO 'EVIL';" 'CREATE ROLE evil SUPERUSER;' \
	    'ALTER ROLE u1u SUPERUSER;' '\connect postgres'; do
		dump new
		printf '%s\n-- zzzz\n' "${line/EVIL/$BATS_TEST_TMPDIR/evil}" \
		    >>"$BATS_TEST_TMPDIR/applicationDB.psql"
		put
		refused "the dump cannot be loaded"
		unchanged
		[ ! -e "$BATS_TEST_TMPDIR/evil" ]
	done
	[ "$(ask "SELECT rolsuper FROM pg_roles WHERE rolname = 'u1u'")" = f ]
}

@test "by the toolkit's script: into an empty database, or as it was" {
	local client="psql -h $DBDIR -p $DBPORT -X -q -A -t n1n"
	client="setpriv --reuid=postgres --regid=postgres --init-groups $client"
	dump new
	put
	sed -i 's/XXXXXXXXXX/postgres/' "$BATS_TEST_TMPDIR/applicationDB.psql"
	toolkit_home "$client" \
	    "echo \"SELECT true FROM pg_tables WHERE tablename = 'zzzz'\" | $client"
	rm "$HOME_DIR/runtime/DB_INITIALISED"
	refused "DB_INITIALISED: not there"
	touch "$HOME_DIR/runtime/DB_INITIALISED"
	unchanged

	# The image's own zzzz is no proof that this dump was loaded.
	ask 'CREATE TABLE zzzz (a INT)'
	mv "$BATS_TEST_TMPDIR/applicationDB.psql" "$BATS_TEST_TMPDIR/whole"
	echo 'SELECT nothing;' >"$BATS_TEST_TMPDIR/applicationDB.psql"
	refused "InstallApplicationDB.sh did not install the database"
	unchanged
	[ ! -e "$HOME_DIR/runtime/DATABASE_READY" ]

	# A run that was killed had set the database aside.
	mv "$BATS_TEST_TMPDIR/whole" "$BATS_TEST_TMPDIR/applicationDB.psql"
	echo 'ALTER DATABASE n1n RENAME TO n1n_before;' | root postgres
	run boot
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(ask 'SELECT token FROM proof WHERE n = 1')" = new ]
	[ "$(ask "SELECT count(*) FROM pg_tables WHERE tablename = 'stale'")" \
	    = 0 ]
	[ -e "$HOME_DIR/runtime/DATABASE_READY" ]
	[ "$(echo "SELECT count(*) FROM pg_database WHERE datname ~ 'before'" |
	    root postgres)" = 0 ]
}
