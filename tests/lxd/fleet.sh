#!/bin/sh
# fleet.sh - a small fleet of real machines, each with proof of what it holds.
#
# A machine is told its role by user data; the token and the credentials travel
# in it, through stdin, never in a command line. It is ready when its first boot
# has come to its end: then /var/lib/lab/ready equals the seed LXD wrote for it,
# which no copy of the machine can claim.
# shellcheck source-path=SCRIPTDIR
here=$(dirname -- "$0")
# shellcheck source=lab.sh
. "$here/lab.sh"
umask 077

READY_WAIT_S=${READY_WAIT_S:-180}
FETCH_WAIT_S=${FETCH_WAIT_S:-60}

usage() {
	cat <<-EOF
	usage: $PROGRAM up NAME=ROLE...     ROLE: webserver, database, autoscaler
	       $PROGRAM fetch-page NAME     prints the machine's page, over http
	       $PROGRAM fetch-row NAME      prints the token in its database;
	                                    credentials on stdin
	       $PROGRAM address NAME        prints its IPv4 address
	       $PROGRAM change WEB DATABASE the token of TOKEN_FILE on page and row
	       $PROGRAM backup WEB DATABASE what a webserver and the database
	                                    machine of the toolkit put into the
	                                    datastore every hour
	  TOKEN_FILE       one line: what page and row must hold
	  DB_CREDENTIALS   three lines: USERNAME:.. PASSWORD:.. DBNAME:..
	  DB_HOST          where webservers find the database; not set: none
	  BUILD_HOME       the build whose server user and key the machines get
	  READY_WAIT_S     default 180;  FETCH_WAIT_S, default 60
	EOF
}

# field name - prints what follows "name:" in the lines on stdin.
field() { sed -n "s/^$1://p" | sed 1q; }

# need_credentials - checks the three lines on stdin, and prints them.
need_credentials() {
	credentials=$(cat)
	for name in USERNAME PASSWORD DBNAME; do
		[ -n "$(printf '%s\n' "$credentials" | field "$name")" ] ||
		    die 65 "credentials: no $name"
	done
	printf '%s\n' "$credentials"
}

read_token() {
	[ -r "${TOKEN_FILE:-}" ] || die 65 "TOKEN_FILE: no such file"
	token=$(sed 1q "$TOKEN_FILE")
	case $token in
	'' | *[!A-Za-z0-9._-]*) die 65 "$TOKEN_FILE: want one word, A-Z a-z 0-9 . _ -" ;;
	esac
	printf '%s\n' "$token"
}

# sql_text, sql_name - the line on stdin, quoted as a string, as an identifier.
sql_text() { sed "s/[\\\\']/\\\\&/g; s/.*/'&'/"; }
# shellcheck disable=SC2016 # backticks are SQL's
sql_name() { sed 's/`/``/g; s/.*/`&`/'; }

# database_sql token - the statements that make the database, on stdout.
database_sql() {
	credentials=$(need_credentials <"$DB_CREDENTIALS")
	user=$(printf '%s\n' "$credentials" | field USERNAME | sql_text)
	password=$(printf '%s\n' "$credentials" | field PASSWORD | sql_text)
	name=$(printf '%s\n' "$credentials" | field DBNAME | sql_name)
	cat <<-EOF
	CREATE DATABASE IF NOT EXISTS $name;
	CREATE OR REPLACE USER $user@'%' IDENTIFIED BY $password;
	GRANT ALL PRIVILEGES ON $name.* TO $user@'%';
	CREATE OR REPLACE TABLE $name.proof (token VARCHAR(255) NOT NULL)
	    ENGINE=InnoDB;
	INSERT INTO $name.proof VALUES ('$1');
	CREATE OR REPLACE TABLE $name.zzzz (a INT);
	EOF
}

# in_file path mode - a command that writes what is on stdin there.
in_file() {
	printf "base64 -d >'%s' <<'EOT'\n" "$1"
	base64
	printf "EOT\nchmod %s '%s'\n" "$2" "$1"
}

# database_json - what restore-site.sh leaves on a webserver.
database_json() {
	credentials=$(need_credentials <"$DB_CREDENTIALS")
	printf '%s\n' "$credentials" | jq -Rn --arg host "$DB_HOST" '
		[inputs | capture("^(?<key>[A-Z]+):(?<value>.*)$")] |
		from_entries | {DB_TYPE: "Maria", DB_HOST: $host, DB_PORT: "3306",
		DB_NAME: .DBNAME, DB_USERNAME: .USERNAME, DB_PASSWORD: .PASSWORD}'
}

# build_folder - of the one build in BUILD_HOME.
build_folder() { echo "$BUILD_HOME"/runtimedata/lxd/*/; }

# server_user - commands that make the toolkit's user, whom sudo asks for the
# password and ssh for the build key.
server_user() {
	folder=$(build_folder)
	user=$(sed 1q "$folder/credentials/SERVERUSER")
	printf "id '%s' >/dev/null 2>&1 || useradd -m -s /bin/sh -G sudo '%s'\n" \
	    "$user" "$user"
	printf "chpasswd <<'EOT'\n%s:%s\nEOT\n" "$user" \
	    "$(sed 1q "$folder/credentials/SERVERUSERPASSWORD")"
	printf "install -d -o '%s' -m 700 '/home/%s/.ssh'\n" "$user" "$user"
	cat "$folder"/keys/*.pub | in_file "/home/$user/.ssh/authorized_keys" 600
	printf "chown '%s' '/home/%s/.ssh/authorized_keys'\n" "$user" "$user"
}

# user_data role - the script of the machine's first boot, on stdout.
user_data() {
	token=$(read_token)
	cat <<-'EOF'
	#!/bin/sh
	set -eu
	umask 077
	EOF
	[ -z "${BUILD_HOME:-}" ] || server_user
	case $1 in
	webserver)
		echo "rm -f /var/www/html/*"
		in_file /var/www/html/index.php 644 <"$here/index.php"
		printf '%s\n' "$token" | in_file /var/www/html/token.txt 644
		in_file /var/www/html/XXXXXX-DO_NOT_REMOVE 644 </dev/null
		echo Maria | in_file /var/www/html/dbe.dat 644
		if [ -n "${DB_HOST:-}" ]; then
			echo "install -d -m 755 /etc/adt-snapshots"
			database_json |
				in_file /etc/adt-snapshots/database.json 640
			echo "chgrp www-data /etc/adt-snapshots/database.json"
		fi
		cat <<-'EOF'
		for unit in nginx php8.2-fpm; do
			systemctl is-active -q "$unit" || systemctl start "$unit"
		done
		EOF
		;;
	database)
		sql=$(database_sql "$token" | base64)
		cat <<-EOF
		# A first start beside the rest of the boot can come too early.
		start() {
			for turn in 1 2 3 4; do
				! systemctl start mariadb || return 0
				sleep 3
				systemctl reset-failed mariadb
			done
			journalctl -u mariadb -n 20 --no-pager
			return 1
		}
		start
		# With a socket of systemd's it listens on no other.
		systemctl stop mariadb mariadb.socket
		systemctl mask -q mariadb.socket
		start
		base64 -d <<'SQL' | mariadb --protocol=socket -u root
		$sql
		SQL
		EOF
		;;
	autoscaler)
		printf "mkdir -p /var/lib/lab\n"
		printf "printf '%%s\\\\n' '%s' >/var/lib/lab/autoscaler\n" "$token"
		;;
	esac
	# Rename last, after all of it is on the disk: ready means durable.
	cat <<-'EOF'
	mkdir -p /var/lib/lab
	cp /var/lib/cloud/seed/nocloud-net/meta-data /var/lib/lab/making
	sync
	mv /var/lib/lab/making /var/lib/lab/ready
	sync /var/lib/lab
	EOF
}

# run_in name command... - inside the machine, never longer than 30 s.
run_in() (
	name=$1; shift
	timeout 30 "$CLIENT" exec -T "$name" -- "$@"
)

is_ready() {
	run_in "$1" cmp -s /var/lib/cloud/seed/nocloud-net/meta-data \
	    /var/lib/lab/ready </dev/null >/dev/null 2>&1
}

# settled name - its first boot is over, well or not.
settled() {
	is_ready "$1" || run_in "$1" test -e /run/cloud-init/result.json \
	    </dev/null >/dev/null 2>&1
}

wait_ready() {
	if ! wait_until "$READY_WAIT_S" settled "$1"; then
		say "$1: not ready after $READY_WAIT_S s"
		return 75
	fi
	is_ready "$1" && return 0
	say "$1: its first boot failed:"
	run_in "$1" tail -n 5 /var/log/cloud-init-output.log </dev/null >&2 || :
	return 69
}

# start_machine name role - a machine that has our user data already is kept;
# one left by another run is replaced; one that is not ours is refused.
start_machine() {
	data=$(user_data "$2")
	if client info "$1" >/dev/null 2>&1; then
		if [ "$(client config get "$1" user.user-data)" = "$data" ]; then
			client start "$1" >/dev/null 2>&1 || :
			return 0
		fi
		if [ "$(client config get "$1" user.lab)" != fleet ]; then
			say "$1: such a machine is here, and not of this fleet"
			return 69
		fi
		client delete --force "$1" </dev/null >&2 || return 71
	fi
	{
		printf 'config:\n  user.lab: fleet\n  user.user-data: |\n'
		printf '%s\n' "$data" | sed 's/^./    &/'
	} | client launch "$BASE" "$1" >/dev/null || return 71
}

up() {
	[ $# -gt 0 ] || usage_error "no machine wanted"
	for pair; do
		case ${pair%%=*} in
		'' | [!A-Za-z]* | *[!A-Za-z0-9-]* | *-)
			die 65 "not a machine name: '${pair%%=*}'" ;;
		esac
		case $pair in
		*=webserver | *=autoscaler) ;;
		*=database) [ -r "${DB_CREDENTIALS:-}" ] ||
			die 65 "DB_CREDENTIALS: no such file" ;;
		*) die 65 "$pair: want NAME=webserver, =database or =autoscaler" ;;
		esac
	done
	client image info "$BASE" >/dev/null 2>&1 ||
	    die 69 "no image $BASE: run tests/lxd/image.sh"
	read_token >/dev/null
	case " $*" in
	*=database*) need_credentials <"$DB_CREDENTIALS" >/dev/null ;;
	esac
	jobs=
	for pair; do
		(start_machine "${pair%%=*}" "${pair#*=}" &&
		    wait_ready "${pair%%=*}") &
		jobs="$jobs $!"
	done
	worst=0
	for job in $jobs; do
		wait "$job" || worst=$?
	done
	[ "$worst" -eq 0 ] || die "$worst" "the fleet is not up"
}

# address name - the machine's IPv4 address; 1 while it has none.
address() {
	found=$(client list "^$1\$" -c 4 --format csv | sed 's/ .*//; s/"//g' | sed 1q)
	[ -n "$found" ] && printf '%s\n' "$found"
}

page_once() {
	ip=$(address "$1") || return 1
	page=$(curl -sf --noproxy '*' --max-time 5 "http://$ip/")
}

# row_once name - the row by the mariadb client inside the machine,
# whose options, credentials among them, come through its stdin. The cat gives
# it a pipe of its own: ours belongs to nobody there and cannot be opened.
row_once() {
	row=$(printf '%s\n' "$options" | run_in "$1" sh -c '
		cat | mariadb --defaults-file=/dev/stdin --batch \
		    --skip-column-names --connect-timeout=5 \
		    -e "SELECT token FROM proof"' 2>&1)
}

# option_value - the line on stdin, quoted for an option file.
option_value() { sed 's/[\\"]/\\&/g; s/.*/"&"/'; }

fetch_page() {
	wait_until "$FETCH_WAIT_S" page_once "$1" ||
	    die 75 "$1: no page after $FETCH_WAIT_S s"
	printf '%s\n' "$page"
}

fetch_row() {
	credentials=$(need_credentials)
	options=$(
		printf '[client]\nprotocol=socket\n'
		for pair in user=USERNAME password=PASSWORD database=DBNAME; do
			printf '%s=%s\n' "${pair%%=*}" "$(printf '%s\n' \
			    "$credentials" | field "${pair#*=}" | option_value)"
		done
	)
	wait_until "$FETCH_WAIT_S" row_once "$1" ||
	    die 75 "$1: no row after $FETCH_WAIT_S s: $row"
	printf '%s\n' "$row"
}

# change web database - as the site's users would.
change() {
	token=$(read_token)
	printf '%s\n' "$token" | timeout 30 "$CLIENT" exec -T "$1" -- \
	    sh -c 'cat >/var/www/html/token.txt' || die 71 "$1: no change"
	name=$(field DBNAME <"$DB_CREDENTIALS" | sql_name)
	printf "UPDATE %s.proof SET token = '%s';\n" "$name" "$token" |
		timeout 30 "$CLIENT" exec -T "$2" -- mariadb --protocol=socket ||
		die 71 "$2: no change"
}

# backup web database
backup() {
	folder=$(build_folder)
	folder=${folder%/}
	site=$(sed -n 's/^WEBSITE_URL=//p' "$folder/build_environment" | tr . -)
	word=$(sed -n 's/^WEBSITE_NAME=//p' "$folder/build_environment")
	base=$(field DBNAME <"$DB_CREDENTIALS")
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	timeout 60 "$CLIENT" exec -T "$1" -- tar -C /var/www/html -czf - . \
	    </dev/null >"$work/web" || die 71 "$1: no archive"
	timeout 60 "$CLIENT" exec -T "$2" -- mariadb-dump --protocol=socket "$base" \
	    </dev/null >"$work/applicationDB.sql" || die 71 "$2: no dump"
	tar -C "$work" -czf "$work/database" applicationDB.sql
	for bucket in "$site-hourly" "$site-db-hourly"; do
		adt-datastore make-bucket --build "$folder" "$bucket"
	done >/dev/null
	adt-datastore put --build "$folder" "$site-hourly" \
	    applicationsourcecode.tar.gz "$work/web" >/dev/null
	adt-datastore put --build "$folder" "$site-db-hourly" \
	    "$word-DB-backup.tar.gz" "$work/database" >/dev/null
	rm -rf "$work"
	trap - EXIT
}

main() {
	[ $# -gt 0 ] || usage_error "a verb is wanted"
	verb=$1; shift
	case $verb in
	-h | --help) usage; exit 0 ;;
	up) ;;
	change | backup)
		[ $# -eq 2 ] || usage_error "$verb wants a webserver and a database"
		[ -r "${DB_CREDENTIALS:-}" ] ||
			die 65 "DB_CREDENTIALS: no such file"
		;;
	fetch-page | fetch-row | address)
		[ $# -eq 1 ] || usage_error "$verb wants one name" ;;
	*) usage_error "unknown verb $verb" ;;
	esac
	need_programs "$CLIENT" curl timeout base64
	enter_lab
	need_server
	case $verb in
	up) up "$@" ;;
	change) change "$@" ;;
	backup) backup "$@" ;;
	fetch-page) fetch_page "$1" ;;
	fetch-row) fetch_row "$1" ;;
	address) address "$1" || die 1 "$1: no address" ;;
	esac
}
main "$@"
