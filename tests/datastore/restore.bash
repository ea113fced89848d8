# restore.bash - what the tests of a machine's restore share: a real S3 server,
# settings as a machine has them, and archives, good and bad.
bats_require_minimum_version 1.5.0
ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
SCRIPTS=$ROOT/templates/userdata
export ROOT SCRIPTS
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

URL=$(sed -n 's/^S3_HOST_BASE=//p' "$RGW_FOLDER/environment")
KEY=$(sed -n 's/^S3_ACCESS_KEY=//p' "$RGW_FOLDER/environment")
SECRET=$(sed -n 's/^S3_SECRET_KEY=//p' "$RGW_FOLDER/environment")
export URL KEY SECRET

# s3 METHOD PATH [FILE] - one signed request; fails unless it is a success.
s3() {
	local hash
	hash=$(sha256sum "${3:-/dev/null}")
	printf 'user = "%s:%s"\nurl = "%s/%s"\n' "$KEY" "$SECRET" "$URL" "$2" |
		curl -q -sf --noproxy '*' --config - -X "$1" -o /dev/null \
		    --aws-sigv4 aws:amz:us-east-1:s3 \
		    -H "x-amz-content-sha256: ${hash%% *}" \
		    ${3:+-H 'Content-Type: application/octet-stream'} \
		    ${3:+--upload-file "$3"}
}

# bucket NAME - an empty one.
bucket() {
	s3 DELETE "$1/applicationsourcecode.tar.gz" || :
	s3 DELETE "$1/demo-DB-backup.tar.gz" || :
	s3 PUT "$1"
}

# settings TYPE [LINE...] - a machine's settings, for this test alone.
settings() {
	CONF=$BATS_TEST_TMPDIR/restore.conf
	cat >"$CONF" <<-CONF
	IMAGE:image-1
	TYPE:$1
	WEBSITE_URL:www.demo.test
	WEBSITE_NAME:demo
	PERIOD:hourly
	S3_HOST_BASE:$URL
	S3_LOCATION:US
	S3_ACCESS_KEY:$KEY
	S3_SECRET_KEY:$SECRET
	STATE:$BATS_TEST_TMPDIR/state
	HOMEDIR_DAT:/nonexistent
	WAIT_S:5
	MAX_MIB:64
	CONF
	shift
	# What comes first counts.
	[ $# -eq 0 ] || {
		printf '%s\n' "$@" | cat - "$CONF" >"$CONF.new"
		mv "$CONF.new" "$CONF"
	}
	export CONF
}

# boot - what the machine does; its status file says how it went.
boot() { sh "$SCRIPTS/first-boot.sh" "$CONF"; }
status_of() { sed -n "s/^$1://p" "$BATS_TEST_TMPDIR/state/status"; }

# refused WORDS - the machine is not ready, says why, and left nothing behind.
refused() {
	run boot
	echo "$output"
	echo "status: $(status_of state): $(status_of reason)"
	[ "$status" -eq 69 ]
	[ "$(status_of state)" = failed ]
	[[ $(status_of reason) == *"$1"* ]]
	[ -z "$(find "$BATS_TEST_TMPDIR" -name 'restore.*' -type d)" ]
	run ! grep -rqF "$SECRET" "$BATS_TEST_TMPDIR/state"
}

# open_folders - the test's folder lets passers-by in, as a machine's do.
open_folders() {
	local folder=$BATS_TEST_TMPDIR
	while [ "$folder" != / ]; do
		chmod a+x "$folder"
		folder=$(dirname "$folder")
		[ "$folder" != /tmp ] || break
	done
}

# free_port FIRST - the first from there on that nobody listens on.
free_port() {
	local port=$1
	while (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
		port=$((port + 1))
	done
	printf '%s\n' "$port"
}

# wait_until SECONDS command...
wait_until() {
	local left=$(($1 * 10))
	shift
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || return 1
		sleep 0.1
	done
}

# as USER command... - a server does not run as root.
as() { setpriv --reuid="$1" --regid="$1" --init-groups "${@:2}"; }

# end PID-FILE - ends the server whose first line is its pid.
end() {
	local pid
	[ -e "$1" ] || return 0
	pid=$(sed 1q "$1")
	kill "$pid" 2>/dev/null || return 0
	wait_until 20 gone "$pid" || kill -KILL "$pid"
}
gone() { [ ! -e "/proc/$1" ]; }

# Servers of this file's own: data in a folder, a socket in it, a free port.
mariadb_up() {
	DBDIR=$BATS_FILE_TMPDIR/mariadb
	DBPORT=$(free_port 23306)
	export DBDIR DBPORT
	mkdir "$DBDIR"
	chown mysql "$DBDIR"
	chmod 755 "$DBDIR"
	mariadb-install-db --no-defaults --user=mysql --datadir="$DBDIR/data" \
	    --skip-test-db >/dev/null
	/usr/sbin/mariadbd --no-defaults --user=mysql --datadir="$DBDIR/data" \
	    --socket="$DBDIR/socket" --pid-file="$DBDIR/pid" \
	    --bind-address=127.0.0.1 --port="$DBPORT" --skip-name-resolve \
	    --innodb-flush-log-at-trx-commit=0 \
	    </dev/null >"$DBDIR/log" 2>&1 3>&- &
	wait_until 30 mariadb --no-defaults --socket="$DBDIR/socket" -e 'SELECT 1'
}

postgres_up() {
	local bin
	DBDIR=$BATS_FILE_TMPDIR/postgres
	DBPORT=$(free_port 25432)
	export DBDIR DBPORT
	bin=$(echo /usr/lib/postgresql/*/bin)
	mkdir "$DBDIR"
	chown postgres "$DBDIR"
	chmod 755 "$DBDIR"
	as postgres "$bin/initdb" --auth-local=peer --auth-host=scram-sha-256 \
	    -N -D "$DBDIR/data" >/dev/null
	as postgres "$bin/postgres" -D "$DBDIR/data" -p "$DBPORT" -F \
	    -c unix_socket_directories="$DBDIR" -c listen_addresses=127.0.0.1 \
	    </dev/null >"$BATS_FILE_TMPDIR/postgres.log" 2>&1 3>&- &
	wait_until 30 as postgres psql -h "$DBDIR" -p "$DBPORT" -c 'SELECT 1' \
	    postgres
}

# toolkit_home LOAD ASK - a home as on the toolkit's own machines, to be restored
# by a stand-in for its script, which keeps its rules: it does nothing without
# DB_INITIALISED or after it was done; a client reads the dump and goes on after
# errors; that the table zzzz is there says that all went well. LOAD is that
# client, ASK prints t if there is that table.
toolkit_home() {
	HOME_DIR=$BATS_TEST_TMPDIR/user
	mkdir -p "$HOME_DIR/runtime" "$HOME_DIR/application/db"
	echo "$HOME_DIR" >"$BATS_TEST_TMPDIR/homedir.dat"
	touch "$HOME_DIR/runtime/DB_INITIALISED" \
	    "$HOME_DIR/runtime/DB_APPLICATION_INSTALLED" \
	    "$HOME_DIR/runtime/DATABASE_READY"
	cat >"$HOME_DIR/application/db/InstallApplicationDB.sh" <<-SCRIPT
	[ \$# -eq 0 ] && [ "\$HOME" = "$HOME_DIR" ] || exit
	[ ! -e "\$HOME/runtime/DB_APPLICATION_INSTALLED" ] &&
		[ -e "\$HOME/runtime/DB_INITIALISED" ] || exit
	cd "$BATS_TEST_TMPDIR"
	$1 <"\$(echo applicationDB.*)"
	[ "\$($2)" != t ] || touch "\$HOME/runtime/DB_APPLICATION_INSTALLED"
	SCRIPT
	sed -i "1i HOMEDIR_DAT:$BATS_TEST_TMPDIR/homedir.dat" "$CONF"
}
