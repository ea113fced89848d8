#!/bin/sh
# restore-site.sh - brings the newest backup of the site onto this machine: the
# dump into the database, or the archive into the webroot.
#
# A machine gets it in its user data; it needs curl, GNU tar, gzip, and where
# there is a database its client. Whatever comes out of the datastore may be
# forged: it is checked whole before anything is changed, unpacked and loaded
# without rights, and put in place at the end. On failure the site is as it was
# and the last line on stderr says why.
set -eu
umask 077
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH
export LC_ALL PATH
CONF=${1:-/etc/adt-snapshots/restore.conf}

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 69; }

# setting name [default] - what follows the first "name:" of the settings.
setting() {
	value=$(sed -n "/^$1:/{s/^$1://;p;q;}" "$CONF")
	printf '%s\n' "${value:-${2:-}}"
}

# word name [default] - the same; it must be able to stand in a name or address.
word() {
	value=$(setting "$@")
	case $value in
	'' | -* | *[!A-Za-z0-9.:_/-]*) die "settings: $1 is not usable" ;;
	esac
	printf '%s\n' "$value"
}

# unprivileged command... - as nobody, who can gain no right again.
unprivileged() {
	setpriv --reuid=nobody --regid=nogroup --clear-groups \
	    --no-new-privs --inh-caps=-all --bounding-set=-all "$@"
}

# untarred argument... - tar, which reads what may be forged: nobody, and with
# an end to its memory.
untarred() (
	umask 022
	gzip -dc <"$work/archive" |
		unprivileged prlimit --as=1073741824 tar "$@"
)

# wait_for what command... - until it succeeds, for WAIT_S seconds at most.
wait_for() {
	what=$1
	shift
	until_s=$(($(date +%s) + wait_s))
	until "$@" >/dev/null 2>"$work/why"; do
		[ "$(date +%s)" -lt "$until_s" ] ||
			die "$what: $(tail -n 1 "$work/why")"
		sleep 1
	done
}

# ---- the datastore ----
# part text number - what stands between the bars.
part() { printf '%s\n' "$1" | cut -d '|' -f "$2"; }
# quoted - the line on stdin for a curl configuration file.
quoted() { sed 's/[\\"]/\\&/g; s/.*/"&"/'; }

# get store bucket object file [option] - asks one datastore once; prints the
# status and the date of the object.
get() (
	base=$(part "$(setting S3_HOST_BASE)" "$1")
	case $base in http://* | https://*) ;; *) base=https://$base ;; esac
	base=${base%/}
	case $base in
	*'://%(bucket)s.'*) url=${base%%://*}://$2.${base#*'%(bucket)s.'}/$3 ;;
	*) url=$base/$2/$3 ;;
	esac
	place=$(part "$(setting S3_LOCATION)" "$1" | tr '[:upper:]' '[:lower:]')
	case $place in
	'' | us) place=us-east-1 ;;
	eu) place=eu-west-1 ;;
	esac
	key=$(part "$(setting S3_ACCESS_KEY)" "$1")
	secret=$(part "$(setting S3_SECRET_KEY)" "$1")
	part "$(setting S3_CA)" "$1" | tr , '\n' | while IFS= read -r ca; do
		[ -z "$ca" ] || printf '%s\n' "-----BEGIN CERTIFICATE-----" \
		    "$(printf '%s\n' "$ca" | fold -w 64)" \
		    "-----END CERTIFICATE-----"
	done >"$work/ca"
	{
		[ ! -s "$work/ca" ] || printf 'cacert = "%s"\n' "$work/ca"
		printf 'url = %s\n' "$(printf '%s\n' "$url" | quoted)"
		printf 'user = %s\n' "$(printf '%s\n' "$key:$secret" | quoted)"
		printf 'aws-sigv4 = "aws:amz:%s:s3"\n' "$place"
		printf 'header = "x-amz-content-sha256: %s"\n' \
		    "$(sha256sum </dev/null | cut -d ' ' -f 1)"
	} | curl -q --config - --silent --show-error --output "$4" ${5:+"$5"} \
	    --connect-timeout 10 --max-time 3600 --max-filesize "$most_mib"M \
	    --proto =http,https --write-out '%{http_code} %header{last-modified}' \
	    2>"$work/why"
)

# newest_first bucket object - the numbers of the datastores: that with the
# newest one first, those that do not tell last.
newest_first() {
	[ "$stores" -gt 1 ] || { echo 1; return; }
	store=1
	while [ "$store" -le "$stores" ]; do
		date=$(get "$store" "$1" "$2" /dev/null --head) || date=
		case $date in
		'200 '?*) date=$(date -d "${date#* }" +%s 2>/dev/null) || date=0 ;;
		*) date=0 ;;
		esac
		printf '%s %s\n' "$date" "$store"
		store=$((store + 1))
	done | sort -s -n -r -k 1,1 | cut -d ' ' -f 2
}

# fetch bucket object - to $work/archive, the newest that a datastore gives.
fetch() {
	stores=$(setting S3_ACCESS_KEY | awk -F '|' '{ print NF }')
	[ "${stores:-0}" -gt 0 ] || die "settings: no datastore is known"
	until_s=$(($(date +%s) + wait_s))
	while :; do
		again='' whys=''
		for store in $(newest_first "$1" "$2"); do
			code=$(get "$store" "$1" "$2" "$work/archive") ||
				code=000
			code=${code%% *}
			fault=$(head -c 4000 "$work/archive" 2>/dev/null |
				sed -n 's/.*<Code>\([A-Za-z]*\)<.*/\1/p')
			case $code/$fault in
			200/*) say "$1/$2: fetched from datastore $store"
				[ -z "$whys" ] || say "passed over: $whys"
				return ;;
			404/*) why="there is no such backup" ;;
			*/RequestTimeTooSkewed) again=yes
				why="the datastore finds this machine's clock wrong" ;;
			408/* | 429/*) again=yes
				why="the datastore answers $code" ;;
			4??/*) why="the datastore answers $code $fault" ;;
			*) again=yes
				why="the datastore: $code $(sed 1q "$work/why")" ;;
			esac
			[ "$stores" -eq 1 ] || why="of datastore $store: $why"
			whys=${whys:+$whys; }$why
		done
		if [ -z "$again" ] || [ "$(date +%s)" -ge "$until_s" ]; then
			die "$1/$2: $whys"
		fi
		sleep 2
	done
}

# ---- archives ----
# check_archive - is $work/archive whole and harmless? Its listing is left in
# $work/list: mode, size, name.
check_archive() {
	bytes=$({ unprivileged gzip -dc <"$work/archive" 2>"$work/why" ||
		: >"$work/broken"; } | head -c "$((most_mib + 1))M" | wc -c)
	awk -v is="$bytes" -v most="$most_mib" 'BEGIN {
		exit is > most * 1048576 }' </dev/null ||
		die "$1: unpacked it is larger than $most_mib MiB"
	[ ! -e "$work/broken" ] || die "$1: truncated or no archive:" \
	    "$(tail -n 1 "$work/why")"
	untarred -tvPf - --numeric-owner --quoting-style=escape \
	    >"$work/list" 2>"$work/why" ||
		die "$1: truncated or no archive: $(tail -n 1 "$work/why")"
	bad=$(awk -v most="$most_mib" '
		function bad(why) { print why; found = 1; exit }
		{ type = substr($1, 1, 1); size += $3; name = $0
		  sub(/^[^ ]+ +[^ ]+ +[^ ]+ [^ ]+ [^ ]+ /, "", name)
		  shown = substr(name, 1, 100) }
		type !~ /[-dlh]/ { bad("a device or other special file: " shown) }
		type != "d" && $1 ~ /[sS]/ { bad("a setuid file: " shown) }
		name ~ /^\// { bad("an absolute path: " shown) }
		(type == "l" && name ~ /(-> |link to )\//) ||
		(type == "h" && name ~ / link to \//) {
			bad("a link to outside: " shown) }
		("/" name "/") ~ /[\/ ]\.\.\// { bad("a path with ..: " shown) }
		NR > 1000000 { bad("more than a million files") }
		size > most * 1048576 { bad("larger than " most " MiB") }
		' "$work/list")
	[ -z "$bad" ] || die "$1: refused: $bad"
}

# member name - where a regular file of that name is in the archive.
member() {
	awk -v want="$1" '{ name = $0
		sub(/^[^ ]+ +[^ ]+ +[^ ]+ [^ ]+ [^ ]+ /, "", name)
		last = name; sub(/.*\//, "", last) }
		/^-/ && last == want && (!best || length(name) < length(best)) {
			best = name }
		END { if (best) print best }' "$work/list"
}

# unpack folder [member] - without rights; then looks at what is there.
unpack() {
	need_kib=$(awk '{ size += $3 } END { printf "%d", size / 1024 + 1024 }' \
	    "$work/list")
	free_kib=$(df -Pk "$1" | awk 'NR == 2 { print $4 }')
	awk -v need="$need_kib" -v free="$free_kib" \
	    'BEGIN { exit need > free }' </dev/null ||
		die "$1: no room: $need_kib KiB needed, $free_kib KiB free"
	chown nobody:nogroup "$1"
	untarred -xf - -C "$1" --no-same-owner --no-same-permissions \
	    --delay-directory-restore -- ${2:+"$2"} 2>"$work/why" ||
		die "cannot unpack it: $(sed 1q "$work/why")"
	odd=$(find "$1" \( ! -type f ! -type d ! -type l \) -o \
	    \( -type f -perm /6000 \))
	[ -z "$odd" ] || die "refused: $odd"
	find "$1" -type l -exec sh -c 'for link; do
		case $(realpath -m -- "$link")/ in "$0"/*) ;;
		*) printf "%s\n" "$link" ;; esac; done' "$(realpath "$1")" {} + \
	    >"$work/why"
	[ ! -s "$work/why" ] || die "refused: a link to outside:" \
	    "$(sed 1q "$work/why")"
}

# ---- the webserver ----
restore_webroot() {
	root=$(word WEBROOT /var/www/html)
	# An earlier run was killed between the two renames.
	[ -e "$root" ] || [ ! -e "$root.before" ] || mv "$root.before" "$root"
	rm -rf "$root".new.*
	place=$(mktemp -d "$root.new.XXXXXX")
	unpack "$place"
	from=$place
	[ "${marker%/*}" = "$marker" ] || [ "${marker%/*}" = . ] ||
		from=$place/${marker%/*}
	user=$(word WEB_USER www-data)
	chown -hR "$user:$(id -gn "$user")" "$from"
	find "$from" -type d -exec chmod u+rwx,a+rx,u-s,g-s,o-t {} +
	sync
	rm -rf "$root.before"
	[ ! -e "$root" ] || mv "$root" "$root.before" ||
		die "$root: cannot be replaced (a mount point?)"
	mv "$from" "$root" || {
		mv "$root.before" "$root"
		die "$root: cannot be replaced"
	}
	rm -rf "$root.before" "$place"
	say "$root: restored"
}

# point_at_database - says in a JSON file where the database is; a hook of the
# image's, if there is one, turns it into what its application reads.
point_at_database() {
	file=$(word DATABASE_JSON /etc/adt-snapshots/database.json)
	tab=$(printf '\t')
	for name in DB_TYPE DB_HOST DB_PORT DB_NAME DB_USERNAME DB_PASSWORD; do
		printf '"%s": %s\n' "$name" \
		    "$(setting "$name" | quoted | sed "s/$tab/\\\\t/g")"
	done | sed '1s/^/{/; $!s/$/,/; $s/$/}/' >"$file.new"
	chown "root:$(id -gn "$(word WEB_USER www-data)")" "$file.new"
	chmod 640 "$file.new"
	mv "$file.new" "$file"
	for hook in "$(word HOOKS /etc/adt-snapshots/restored.d)"/*; do
		[ -x "$hook" ] || continue
		"$hook" "$file" >&2 || die "$hook: failed with status $?"
	done
}

# ---- the toolkit's own machines ----
# toolkit script - one of the machine's own, by its own rules.
toolkit() {
	[ -x "$toolkit_home/$1" ] || [ -r "$toolkit_home/$1" ] ||
		die "$toolkit_home/$1: there is no such script"
	(cd "$toolkit_home" && HOME=$toolkit_home sh "$toolkit_home/$1" \
	    </dev/null >&2) || say "$1: status $?"
}

toolkit_database() {
	[ -e "$toolkit_home/runtime/DB_INITIALISED" ] ||
		die "$toolkit_home/runtime/DB_INITIALISED: not there, so" \
		    "InstallApplicationDB.sh would do nothing"
	rm -f "$toolkit_home/runtime/DB_APPLICATION_INSTALLED"
	set_aside
	toolkit application/db/InstallApplicationDB.sh
	[ -e "$toolkit_home/runtime/DB_APPLICATION_INSTALLED" ] || {
		put_back
		die "InstallApplicationDB.sh did not install the database"
	}
	drop_aside
}

toolkit_webroot() {
	toolkit application/InstallApplication.sh
	root=$(word WEBROOT /var/www/html)
	# It empties the webroot of files first, and leaves folders.
	[ -n "$(find "$root" -name .git -prune -o -type f -print -quit)" ] ||
		die "InstallApplication.sh left $root empty"
	for script in InitialiseConfigurationByApplication \
	    InitialiseApplicationConfiguration; do
		script=application/configuration/$script.sh
		[ ! -r "$toolkit_home/$script" ] || toolkit "$script"
	done
}

main() {
	[ -r "$CONF" ] || die "$CONF: no such file"
	here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
	state=$(word STATE /var/lib/adt-snapshots)
	most_mib=$(word MAX_MIB 20480)
	wait_s=$(word WAIT_S 600)
	marker_name=XXXXXX-DO_NOT_REMOVE
	toolkit_home=
	dat=$(word HOMEDIR_DAT /home/homedir.dat)
	[ ! -r "$dat" ] || toolkit_home=$(sed 1q "$dat")
	mkdir -p "$state"
	rm -rf "$state"/restore.*
	work=$(mktemp -d "$state/restore.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 143' TERM INT HUP
	chmod 755 "$state"
	chmod 711 "$work"
	# shellcheck source=restore-database.sh
	. "$here/restore-database.sh"

	site=$(word WEBSITE_URL | tr . -)
	period=$(word PERIOD)
	type=$(word TYPE)
	case $type in
	database)
		fetch "$site-db-$period" "$(word WEBSITE_NAME)-DB-backup.tar.gz"
		check_archive "the database archive"
		find_dump
		if [ -n "$toolkit_home" ]; then
			toolkit_database
		else
			restore_database
		fi
		;;
	webserver)
		fetch "$site-$period" applicationsourcecode.tar.gz
		check_archive "the web archive"
		marker=$(member "$marker_name")
		[ -n "$marker" ] ||
			die "the web archive: not this toolkit's: no $marker_name"
		if [ -n "$toolkit_home" ]; then
			toolkit_webroot
		else
			await_database
			restore_webroot
			point_at_database
		fi
		;;
	*) die "settings: TYPE is neither webserver nor database" ;;
	esac
}
main
