# restore_mariadb.bats - the newest dump, from a real S3 server, into a real
# MariaDB; and dumps that may not get there.
setup_file() {
	load restore
	chmod a+x "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" \
	    "$(dirname "$BATS_FILE_TMPDIR")"
	mariadb_up
}
teardown_file() {
	load restore
	end "$BATS_FILE_TMPDIR/mariadb/pid"
}

setup() {
	load restore
	open_folders
	bucket www-demo-test-db-hourly
	settings database DB_TYPE:Maria DB_NAME:n1_n DB_USERNAME:u1u \
	    "DB_PASSWORD:p'\"\\:|p" "DB_PORT:$DBPORT" "DB_SOCKET:$DBDIR/socket"
	root "DROP DATABASE IF EXISTS n1_n; CREATE DATABASE n1_n
	    CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
	    CREATE TABLE n1_n.proof (token VARCHAR(99));
	    INSERT INTO n1_n.proof VALUES ('old');
	    CREATE TABLE n1_n.stale (a INT); DROP USER IF EXISTS u1u"
	cat >"$BATS_TEST_TMPDIR/applicationDB.sql" <<-'SQL'
	DROP TABLE IF EXISTS `proof`;
	CREATE TABLE `proof` (token VARCHAR(99), n INT PRIMARY KEY) ENGINE=InnoDB;
	INSERT INTO `proof` VALUES ('new',1),('of XXXXXXXXXX',2);
	DROP TABLE IF EXISTS `child`;
	CREATE TABLE `child` (n INT, FOREIGN KEY (n) REFERENCES `proof` (n));
	INSERT INTO `child` VALUES (1);
	CREATE TABLE `zzzz` (a INT);
	SQL
}

root() { mariadb --no-defaults --socket="$DBDIR/socket" -N -e "$1"; }
as_site() {
	printf '[client]\nuser=u1u\npassword="%s"\n' "p'\\\"\\\\:|p" |
		mariadb --defaults-file=/dev/stdin --protocol=tcp \
		    --host=127.0.0.1 --port="$DBPORT" -N -e "$1" n1_n
}

# put [tar argument...] - the dump, as the newest archive.
put() {
	tar -C "$BATS_TEST_TMPDIR" -czf "$BATS_TEST_TMPDIR/archive" \
	    "${@:-applicationDB.sql}"
	s3 PUT www-demo-test-db-hourly/demo-DB-backup.tar.gz \
	    "$BATS_TEST_TMPDIR/archive"
}

unchanged() {
	[ "$(root 'SELECT token FROM n1_n.proof')" = old ]
	[ "$(root 'SHOW TABLES FROM n1_n')" = "proof
stale" ]
	nothing_left
}

nothing_left() {
	[ -z "$(root "SHOW DATABASES LIKE '%restore'")" ]
	[ -z "$(root "SELECT 1 FROM mysql.global_priv WHERE User LIKE 'adt%'")" ]
}

@test "the dump replaces the database; the stored credentials open it" {
	put
	run boot
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(status_of state)" = ready ]
	[ "$(as_site 'SELECT token FROM proof JOIN child USING (n)')" = new ]
	[ "$(as_site 'SELECT token FROM proof WHERE n = 2')" = 'of u1u' ]
	[ "$(root 'SHOW TABLES FROM n1_n' | tr '\n' ' ')" = "child proof zzzz " ]
	nothing_left
	[ "$(root "SELECT DEFAULT_COLLATION_NAME FROM
	    information_schema.SCHEMATA WHERE SCHEMA_NAME = 'n1_n'")" = \
	    utf8mb4_bin ]
	# and once more, over itself
	sed -i "s/'new'/'newest'/" "$BATS_TEST_TMPDIR/applicationDB.sql"
	put
	boot
	[ "$(as_site 'SELECT token FROM proof WHERE n = 1')" = newest ]
	run ! as_site 'INSERT INTO child VALUES (7)'
}

@test "views, triggers and routines come too, owned by the site's user" {
	cat >>"$BATS_TEST_TMPDIR/applicationDB.sql" <<-'SQL'
	CREATE DEFINER=`XXXXXXXXXX`@`YYYYYYYYYY` VIEW `seen` AS
	    SELECT token FROM proof WHERE n = 1;
	DELIMITER ;;
	CREATE DEFINER=`XXXXXXXXXX`@`YYYYYYYYYY` TRIGGER `count` BEFORE INSERT
	    ON `zzzz` FOR EACH ROW BEGIN SET NEW.a = NEW.a + 1; END ;;
	DELIMITER ;
	SQL
	put
	run boot
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(as_site 'SELECT token FROM seen')" = new ]
	[ "$(as_site 'INSERT INTO zzzz VALUES (1); SELECT a FROM zzzz')" = 2 ]
	[ "$(as_site 'SELECT token FROM proof WHERE n = 2')" = 'of u1u' ]
	nothing_left
}

@test "a database server that is new: user and database are made" {
	root 'DROP DATABASE n1_n'
	put
	boot
	[ "$(as_site 'SELECT token FROM proof WHERE n = 1')" = new ]
}

@test "no archive; a truncated one; one of another engine" {
	refused "demo-DB-backup.tar.gz: there is no such backup"
	put
	head -c 200 "$BATS_TEST_TMPDIR/archive" >"$BATS_TEST_TMPDIR/cut"
	s3 PUT www-demo-test-db-hourly/demo-DB-backup.tar.gz \
	    "$BATS_TEST_TMPDIR/cut"
	refused "the database archive: truncated"
	mv "$BATS_TEST_TMPDIR/applicationDB.sql" \
	    "$BATS_TEST_TMPDIR/applicationDB.psql"
	put applicationDB.psql
	refused "no applicationDB.sql in it"
	unchanged
}

@test "a dump that is cut short, fails, or is of other databases" {
	sed -i '/zzzz/d' "$BATS_TEST_TMPDIR/applicationDB.sql"
	put
	refused "the dump is cut short"
	unchanged
	echo 'INSERT INTO nothing VALUES (1); -- zzzz' \
	    >>"$BATS_TEST_TMPDIR/applicationDB.sql"
	put
	refused "the dump cannot be loaded: ERROR 1146"
	unchanged
	sed -i '1i USE mysql;' "$BATS_TEST_TMPDIR/applicationDB.sql"
	put
	refused "a dump of other databases"
	unchanged
}

@test "a dump cannot reach beyond its database, nor this machine" {
	for line in "INSERT INTO mysql.global_priv VALUES ('%','evil','{}');" \
	    "\\! touch $BATS_TEST_TMPDIR/evil" \
	    "system touch $BATS_TEST_TMPDIR/evil" \
	    "SELECT 1 INTO OUTFILE '$BATS_TEST_TMPDIR/evil';" \
	    "source /etc/passwd" \
	    "DELETE FROM n1_n.proof;" \
	    "SELECT 1; USE n1_n; DROP TABLE stale;" \
	    "GRANT ALL ON *.* TO 'u1u'@'%';" \
	    "SET GLOBAL general_log = 1;" \
	    "CREATE DEFINER=root@localhost VIEW v AS SELECT 1;" \
	    "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE zzzz;"; do
		cp "$BATS_TEST_TMPDIR/applicationDB.sql" \
		    "$BATS_TEST_TMPDIR/kept"
		printf '%s\n-- zzzz\n' "$line" \
		    >>"$BATS_TEST_TMPDIR/applicationDB.sql"
		put
		refused "the dump cannot be loaded"
		unchanged
		[ ! -e "$BATS_TEST_TMPDIR/evil" ]
		mv "$BATS_TEST_TMPDIR/kept" \
		    "$BATS_TEST_TMPDIR/applicationDB.sql"
	done
	[ -z "$(root "SELECT 1 FROM mysql.global_priv WHERE User = 'evil'")" ]
}

@test "a bomb, a link in the place of the dump, a path with .." {
	truncate -s 1G "$BATS_TEST_TMPDIR/bomb"
	put applicationDB.sql bomb
	refused "larger than 64 MiB"
	rm "$BATS_TEST_TMPDIR/applicationDB.sql"
	ln -s /etc/passwd "$BATS_TEST_TMPDIR/applicationDB.sql"
	put
	refused refused
	rm "$BATS_TEST_TMPDIR/applicationDB.sql"
	ln -s bomb "$BATS_TEST_TMPDIR/applicationDB.sql"
	put
	refused "no applicationDB.sql in it"
	rm "$BATS_TEST_TMPDIR/applicationDB.sql"
	echo zzzz >"$BATS_TEST_TMPDIR/applicationDB.sql"
	# a name that would be an option of tar
	put --transform 's,^,--to-command=touch evil; cat/,' applicationDB.sql
	(cd "$BATS_TEST_TMPDIR" && chmod 777 . && refused "the dump cannot be loaded")
	[ ! -e "$BATS_TEST_TMPDIR/evil" ]
	put -P --transform 's,^,../,' applicationDB.sql
	refused "a path with .."
	unchanged
}

@test "no password in any argument while a dump is loaded" {
	for n in $(seq 1 3000); do
		echo "INSERT INTO zzzz VALUES ($n);"
	done >>"$BATS_TEST_TMPDIR/applicationDB.sql"
	echo '-- zzzz' >>"$BATS_TEST_TMPDIR/applicationDB.sql"
	put
	boot >/dev/null 3>&- &
	local boot=$! looks=0
	while kill -0 "$boot" 2>/dev/null; do
		seen=$(cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ \
		    2>/dev/null | tr '\0' '\n' |
		    grep -v "^SECRET=\|^KEY=") || :
		[[ $seen != *"$SECRET"* ]]
		[[ $seen != *"p'\""* ]]
		looks=$((looks + 1))
	done
	wait "$boot"
	[ "$looks" -gt 2 ]
}

@test "by the toolkit's script: the image's zzzz does not count" {
	local client="mariadb --no-defaults --socket=$DBDIR/socket -N n1_n"
	put
	toolkit_home "$client" "echo \"SELECT 't' FROM information_schema.TABLES
	    WHERE TABLE_NAME = 'zzzz'\" | $client"
	root 'CREATE TABLE n1_n.zzzz (a INT)'
	mv "$BATS_TEST_TMPDIR/applicationDB.sql" "$BATS_TEST_TMPDIR/whole"
	echo 'SELECT nothing;' >"$BATS_TEST_TMPDIR/applicationDB.sql"
	refused "InstallApplicationDB.sh did not install the database"
	[ ! -e "$HOME_DIR/runtime/DATABASE_READY" ]
	unchanged
	mv "$BATS_TEST_TMPDIR/whole" "$BATS_TEST_TMPDIR/applicationDB.sql"
	run boot
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(root 'SELECT token FROM n1_n.proof WHERE n = 1')" = new ]
	[ -e "$HOME_DIR/runtime/DATABASE_READY" ]
}
