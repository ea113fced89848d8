# shellcheck shell=sh
# shellcheck disable=SC2154 # work and the like are restore-site.sh's
# restore-database.sh - loads a checked dump; sourced by restore-site.sh.
#
# A dump is text that a server runs. It is run by a client that is nobody here,
# in a place where a failure leaves the database as it was: MariaDB and MySQL in
# a second database, by a user who has no other, whose tables are then renamed;
# Postgres as the site's own user, in one transaction.

# sql_text, sql_name - the line on stdin as a string, as an identifier.
sql_text() {
	case $kind in
	mysql) sed "s/[\\\\']/\\\\&/g; s/.*/'&'/" ;;
	*) sed "s/'/''/g; s/.*/'&'/" ;;
	esac
}
# shellcheck disable=SC2016 # backticks are SQL's
sql_name() {
	case $kind in
	mysql) sed 's/`/``/g; s/.*/`&`/' ;;
	*) sed 's/"/""/g; s/.*/"&"/' ;;
	esac
}

# read_database - sets kind, and what statements call things.
read_database() {
	case $(setting DB_TYPE) in
	Maria | MariaDB | MySQL) kind=mysql suffix=sql ;;
	Postgres) kind=postgres suffix=psql ;;
	*) die "settings: DB_TYPE is not Maria, MySQL or Postgres" ;;
	esac
	name=$(setting DB_NAME)
	# A managed server's pair admin:::application: the second is the site's.
	user=$(setting DB_USERNAME | sed 's/.*::://')
	password=$(setting DB_PASSWORD | sed 's/.*::://')
	port=$(word DB_PORT 3306)
	for value in "$name" "$user" "$password"; do
		[ -n "$value" ] || die "settings: no database credentials"
	done
	mask=$(setting DB_USER_HOST %)
	socket=$(setting DB_SOCKET)
	sql_user=$(printf '%s\n' "$user" | sql_text)
	sql_mask=$(printf '%s\n' "$mask" | sql_text)
	sql_password=$(printf '%s\n' "$password" | sql_text)
	sql_database=$(printf '%s\n' "$name" | sql_name)
	text_name=$(printf '%s\n' "$name" | sql_text)
	sql_side=
}

# find_dump - is one in the archive, of this engine, with its last line?
find_dump() {
	read_database
	dump=$(member "applicationDB.$suffix")
	[ -n "$dump" ] ||
		die "the database archive: no applicationDB.$suffix in it"
	mkdir "$work/dump"
	unpack "$work/dump" "$dump"
	dump=$work/dump/$dump
	tail -n 50 "$dump" | grep -q zzzz ||
		die "the database archive: the dump is cut short: no table zzzz"
	! head -c 1000000 "$dump" | grep -Eiq '^(USE|CREATE DATABASE) ' ||
		die "the database archive: a dump of other databases"
}

# filled [loader] - the dump, with what stands for user and host mask replaced;
# what the user defines belongs to a loader, if there is one.
filled() {
	for_user=$(printf '%s\n' "$user" | sed 's/[\\/&]/\\&/g')
	for_mask=$(printf '%s\n' "$mask" | sed 's/[\\/&]/\\&/g')
	sed "s/\\(DEFINER *= *.\\)XXXXXXXXXX/\\1${1:-$for_user}/g
		s/XXXXXXXXXX/$for_user/g; s/YYYYYYYYYY/$for_mask/g" "$dump"
}

# options file user password - makes a file that lets a client of nobody's in.
options() {
	printf '[client]\nuser=%s\npassword=%s\n' \
	    "$(printf '%s\n' "$2" | quoted)" \
	    "$(printf '%s\n' "$3" | quoted)" >"$1"
	chown nobody "$1"
}

random_word() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# why_not - a client's words: its first error, which may be of many lines.
why_not() { grep -m 1 ERROR "$work/why" || tail -n 1 "$work/why"; }

restore_database() {
	if [ "$kind" = mysql ]; then
		restore_mysql
	else
		restore_postgres
	fi
	say "database $name: restored"
}

# ---- MariaDB, MySQL ----
find_client() {
	client=$(command -v mariadb || command -v mysql) ||
		die "there is no client of the database here"
}

# admin - the statements on stdin; rows on stdout.
admin() {
	"$client" --no-defaults --protocol=socket \
	    ${socket:+"--socket=$socket"} --user=root --batch \
	    --skip-column-names
}
# one statement - the same for a single one.
one() { printf '%s;\n' "$1" | admin; }

# load_mysql database options-file [loader] - nothing but statements is obeyed:
# no client commands.
load_mysql() {
	filled "${3:-}" | unprivileged "$client" \
	    --defaults-file="$2" --protocol=socket \
	    ${socket:+"--socket=$socket"} --binary-mode --local-infile=0 \
	    --database="$1" >/dev/null 2>"$work/why"
}

restore_mysql() {
	find_client
	wait_for "the database server" one 'SELECT 1'
	side=$(printf '%.50s_restore\n' "$name")
	sql_side=$(printf '%s\n' "$side" | sql_name)
	text_side=$(printf '%s\n' "$side" | sql_text)
	account=$sql_user@$sql_mask
	loader=adt_restore
	loader_password=$(random_word)
	options "$work/client" "$user" "$password"
	options "$work/loader" "$loader" "$loader_password"
	admin >/dev/null 2>"$work/why" <<-SQL || die "$(tail -n 1 "$work/why")"
	DROP USER IF EXISTS $loader@$sql_mask;
	CREATE USER $loader@$sql_mask IDENTIFIED BY '$loader_password';
	CREATE USER IF NOT EXISTS $account IDENTIFIED BY $sql_password;
	ALTER USER $account IDENTIFIED BY $sql_password;
	CREATE DATABASE IF NOT EXISTS $sql_database;
	DROP DATABASE IF EXISTS $sql_side;
	CREATE DATABASE $sql_side;
	GRANT ALL PRIVILEGES ON $(printf '%s\n' "$sql_side" |
	    sed 's/[_%]/\\&/g').* TO $loader@$sql_mask;
	GRANT ALL PRIVILEGES ON $(printf '%s\n' "$sql_database" |
	    sed 's/[_%]/\\&/g').* TO $account;
	SQL
	if ! load_mysql "$side" "$work/loader" "$loader"; then
		one "DROP DATABASE $sql_side; DROP USER $loader@$sql_mask"
		die "the dump cannot be loaded: $(why_not)"
	fi
	one "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME
	    FROM information_schema.SCHEMATA
	    WHERE SCHEMA_NAME = $text_name" >"$work/charset"
	read -r charset collation <"$work/charset"
	others=$(one "SELECT (SELECT COUNT(*) FROM information_schema.TABLES
	    WHERE TABLE_SCHEMA = $text_side AND TABLE_TYPE <> 'BASE TABLE') +
	    (SELECT COUNT(*) FROM information_schema.TRIGGERS
	    WHERE TRIGGER_SCHEMA = $text_side) +
	    (SELECT COUNT(*) FROM information_schema.ROUTINES
	    WHERE ROUTINE_SCHEMA = $text_side) +
	    (SELECT COUNT(*) FROM information_schema.EVENTS
	    WHERE EVENT_SCHEMA = $text_side)")
	one "SELECT TABLE_NAME FROM information_schema.TABLES
	    WHERE TABLE_SCHEMA = $text_side" |
		while IFS= read -r table; do
			table=$(printf '%s\n' "$table" | sql_name)
			printf 'RENAME TABLE %s.%s TO %s.%s;\n' "$sql_side" \
			    "$table" "$sql_database" "$table"
		done >"$work/rename"
	# Until here nothing of the site was touched.
	one "DROP DATABASE $sql_database; CREATE DATABASE $sql_database
	    CHARACTER SET $charset COLLATE $collation"
	if [ "$others" -eq 0 ]; then
		{ echo 'SET foreign_key_checks = 0;'; cat "$work/rename"; } |
			admin >/dev/null
	else
		# Views, triggers and routines cannot be renamed; the dump is
		# known to load.
		load_mysql "$name" "$work/client" ||
			die "the dump: $(why_not)"
	fi
	one "DROP DATABASE $sql_side; DROP USER $loader@$sql_mask"
}

# ---- Postgres ----
# postgres_admin database - the statements on stdin, as the server's owner.
postgres_admin() {
	setpriv --reuid=postgres --regid=postgres --init-groups psql -X -q -A -t \
	    -v ON_ERROR_STOP=1 ${socket:+-h "$socket"} -p "$port" -d "$1"
}
postgres_one() { printf '%s;\n' "$2" | postgres_admin "$1"; }

# postgres_text - the dump between what empties the database and what proves
# that all of it came. Newer clients obey no command of their own in restricted
# mode; older ones are nobody. A COMMIT in the dump breaks the promise of a
# table that is kept only at the end, so all is undone; after a ROLLBACK
# nothing can be written.
postgres_text() {
	cat <<-'SQL'
	SET TRANSACTION READ WRITE;
	CREATE TEMPORARY TABLE adt_whole (n integer
	    UNIQUE DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP;
	INSERT INTO adt_whole VALUES (1), (1);
	DO $empty$ DECLARE s name; BEGIN
	FOR s IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'
	    AND nspname <> 'information_schema' LOOP
		EXECUTE format('DROP SCHEMA %I CASCADE', s);
	END LOOP; END $empty$;
	CREATE SCHEMA public;
	SQL
	if unprivileged psql --help=commands 2>&1 | grep -q '\\restrict'; then
		printf '\\restrict %s\n' "$(random_word)"
	fi
	filled | sed -E '/^\\(un)?restrict [A-Za-z0-9]+$/d'
	cat <<-'SQL'
	DO $all$ BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_tables
	    WHERE tablename = 'zzzz') THEN
	RAISE EXCEPTION 'the dump ended before the table zzzz'; END IF; END $all$;
	DELETE FROM pg_temp.adt_whole;
	SQL
}

# as_site file argument... - psql as the site's user, over TCP.
as_site() {
	passes=$1
	shift
	unprivileged env PGPASSFILE="$passes" PGUSER="$user" \
	    PGCONNECT_TIMEOUT=10 psql -X -q -w -v ON_ERROR_STOP=1 -p "$port" "$@"
}

# passfile host - made for as_site: host:port:database:user:password.
passfile() {
	printf '*:*:*:*:%s\n' "$(printf '%s\n' "$password" |
	    sed 's/[\\:]/\\&/g')" >"$work/passes"
	chown nobody "$work/passes"
}

restore_postgres() {
	port=$(word DB_PORT 5432)
	command -v psql >/dev/null || die "there is no psql here"
	wait_for "the database server" postgres_one postgres 'SELECT 1'
	role=$(printf '%s\n' "$user" | sql_name)
	there=$(postgres_one postgres \
	    "SELECT 1 FROM pg_roles WHERE rolname = $sql_user")
	[ -n "$there" ] || postgres_one postgres "CREATE ROLE $role"
	postgres_one postgres "ALTER ROLE $role LOGIN PASSWORD $sql_password"
	there=$(postgres_one postgres \
	    "SELECT 1 FROM pg_database WHERE datname = $text_name")
	[ -n "$there" ] ||
		postgres_one postgres "CREATE DATABASE $sql_database"
	postgres_one postgres "ALTER DATABASE $sql_database OWNER TO $role"
	# Who is to empty a schema must own it.
	postgres_admin "$name" <<-SQL
	SELECT format('ALTER SCHEMA %I OWNER TO %I', nspname, $sql_user)
	FROM pg_namespace WHERE nspname !~ '^pg_'
	AND nspname <> 'information_schema' \\gexec
	SQL
	passfile
	postgres_text | PGOPTIONS='-c default_transaction_read_only=on' \
	    as_site "$work/passes" -1 -f - \
	    -h "$(word DB_LISTEN 127.0.0.1)" -d "$name" \
	    >/dev/null 2>"$work/why" ||
		die "the dump cannot be loaded: $(why_not)"
}

# ---- the database where the toolkit's script loads the dump ----
# It holds the table zzzz for proof that all was loaded, which the image's has
# too, and a dump of Postgres drops nothing. So a database of Postgres gets
# another name and makes room for an empty one; MariaDB's and MySQL's lose that
# table. A managed server is not the image's: its database stays as it is.
set_aside() {
	[ "$(setting DB_MANAGED)" != yes ] || return 0
	if [ "$kind" = mysql ]; then
		find_client
		options "$work/client" "$user" "$password"
		drop="DROP TABLE IF EXISTS $sql_database.zzzz"
		one "$drop" 2>"$work/why" || printf '%s;\n' "$drop" |
			"$client" --defaults-file="$work/client" --batch \
			    ${socket:+"--socket=$socket"} 2>"$work/why" ||
			die "the database: $(tail -n 1 "$work/why")"
		return
	fi
	port=$(word DB_PORT 5432)
	side=$(printf '%.50s_before\n' "$name")
	sql_side=$(printf '%s\n' "$side" | sql_name)
	text_side=$(printf '%s\n' "$side" | sql_text)
	wait_for "the database server" postgres_one postgres 'SELECT 1'
	put_back
	wait_for "the database $name" rename_aside
	postgres_admin postgres <<-SQL
	SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0 '
	    'ENCODING %L LC_COLLATE %L LC_CTYPE %L',
	    $text_name, pg_get_userbyid(datdba),
	    pg_encoding_to_char(encoding), datcollate, datctype)
	FROM pg_database WHERE datname = $text_side \\gexec
	SQL
}

# rename_aside - if there is one; whoever is in it must go first.
rename_aside() {
	postgres_admin postgres <<-SQL
	SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	WHERE datname = $text_name;
	SELECT format('ALTER DATABASE %I RENAME TO %I', datname, $text_side)
	FROM pg_database WHERE datname = $text_name \\gexec
	SQL
}

# aside statement... - in their order, if the database was set aside.
aside() {
	[ "$kind" = postgres ] && [ -n "$sql_side" ] || return 0
	there=$(postgres_one postgres \
	    "SELECT 1 FROM pg_database WHERE datname = $text_side")
	[ -n "$there" ] || return 0
	for statement; do postgres_one postgres "$statement"; done
}
# put_back - as it was; also what a run that was killed had set aside.
put_back() {
	aside "DROP DATABASE IF EXISTS $sql_database WITH (FORCE)" \
	    "ALTER DATABASE $sql_side RENAME TO $sql_database"
}
drop_aside() { aside "DROP DATABASE $sql_side"; }

# ---- a webserver's view ----
# await_database - a site without its database is not ready. Asked only where
# the machine has the client.
await_database() {
	[ -n "$(setting DB_HOST)" ] || return 0
	read_database
	host=$(word DB_HOST)
	if [ "$kind" = postgres ] && command -v psql >/dev/null; then
		port=$(word DB_PORT 5432)
		passfile
		wait_for "the database at $host" as_site "$work/passes" \
		    -h "$host" -d "$name" -c 'SELECT 1'
	elif [ "$kind" = mysql ] &&
	    { command -v mariadb || command -v mysql; } >/dev/null; then
		find_client
		options "$work/client" "$user" "$password"
		wait_for "the database at $host" "$client" \
		    --defaults-file="$work/client" --protocol=tcp \
		    --host="$host" --port="$port" --connect-timeout=10 \
		    --database="$name" --execute='SELECT 1'
	fi
}
