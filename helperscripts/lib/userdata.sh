# shellcheck shell=sh
# userdata.sh - what a machine from an image is told at its first boot; sourced
# after build.sh.
#
# Rendered texts hold the keys that the machine needs, so they are kept where no
# disk is: USERDATA, a folder of root's on a tmpfs. They stay until the run is
# over, since a run that was killed sends them again.

# name_userdata run - sets USERDATA: for machines of this site that a run of
# that kind starts, "build" or "scale"; the two may go on at the same time.
name_userdata() {
	USERDATA=${ADT_RUN_DIR:-/run/adt-snapshots}/userdata/$WEBSITE_URL/$1
}

# open_userdata run - makes it.
open_userdata() {
	name_userdata "$1"
	USERDATA_FROM=$PROJECT/templates/userdata
	[ -r "$USERDATA_FROM/first-boot.sh" ] ||
		die 71 "$USERDATA_FROM: the templates are not there"
	{ mkdir -p "$USERDATA" && chmod 700 "${USERDATA%/*}" "$USERDATA"; } ||
		die 71 "$USERDATA: cannot make it (ADT_RUN_DIR names another)"
	# Without their comments, for a cloud takes no more than 16 KiB.
	for part in first-boot restore-site restore-database metadata-guard; do
		{ sed '1!{/^[[:space:]]*#/d;}' "$USERDATA_FROM/$part.sh" \
		    >"$USERDATA/$part.sh" && gzip -9nc "$USERDATA/$part.sh" \
		    >"$USERDATA/$part.gz"; } ||
			die 71 "$USERDATA: cannot write there"
	done
}

close_userdata() {
	rm -rf -- "$USERDATA"
	rmdir -- "${USERDATA%/*}" 2>/dev/null || :
}

# site_settings - what a machine that restores the site must know of it, the
# same for all of them: "NAME:value" lines for restore-site.sh. Status 1 and no
# line where no datastore is configured: then an image's site is as it is.
site_settings() (
	keys=$(planned S3_ACCESS_KEY) || exit
	[ -n "$keys" ] || exit 1
	period=$(planned BUILD_ARCHIVE_CHOICE) || exit
	several=$(planned MULTI_REGION) || exit
	primary=$(planned PRIMARY_REGION) || exit
	[ "$several" != 1 ] || [ "$primary" = 1 ] || period=$period-$CLOUD
	engine=$(planned DATABASE_INSTALLATION_TYPE) || exit
	# Of a managed server Postgres:DBAAS:... the first word is the engine.
	managed=
	if [ "$engine" = DBaaS ]; then
		engine=$(planned DATABASE_DBaaS_INSTALLATION_TYPE) || exit
		engine=${engine%%:*}
		managed=yes
	fi
	credentials=
	database=$(has_database) || exit
	if [ "$database" = yes ]; then
		credentials=$(open_sealed db_credentials) || exit
	fi
	put "WEBSITE_URL:$WEBSITE_URL"
	put "PERIOD:$period"
	[ "$database" = no ] || put "DB_TYPE:$engine"
	[ -z "$managed" ] || put "DB_MANAGED:yes"
	for name in WEBSITE_NAME S3_ACCESS_KEY S3_SECRET_KEY S3_HOST_BASE \
	    S3_LOCATION DB_PORT; do
		value=$(planned "$name") || exit
		put "$name:$value"
	done
	files=$(setting DATASTORE_CA_FILE '')
	if [ -n "$files" ]; then
		certificates=$(store_certificates "$files") || exit
		put "S3_CA:$certificates"
	fi
	put "$credentials" | sed -n 's/^USERNAME:/DB_USERNAME:/p
		s/^PASSWORD:/DB_PASSWORD:/p; s/^DBNAME:/DB_NAME:/p'
)

# store_certificates files - what DATASTORE_CA_FILE names, for one line: base64,
# certificates parted by commas, files by bars as they are there.
store_certificates() (
	rest=$1 bar=
	while :; do
		file=${rest%%"|"*}
		[ -z "$file" ] || [ -r "$file" ] ||
			die 71 "$file (DATASTORE_CA_FILE): cannot read it"
		printf '%s' "$bar"
		[ -z "$file" ] || tr -d '\r' <"$file" | awk '
			/^-----BEGIN CERT/ { inside = 1; printf "%s", comma; next }
			/^-----END CERT/ { inside = 0; comma = "," }
			inside { printf "%s", $0 }'
		case $rest in *'|'*) ;; *) break ;; esac
		rest=${rest#*"|"}
		bar='|'
	done
	put ""
)

# database_host - where webservers find the database: the managed server, or
# the address of this build's database machine, the private one if it has one.
database_host() (
	engine=$(planned DATABASE_INSTALLATION_TYPE) || exit
	if [ "$engine" = DBaaS ]; then
		build_variable DB_IDENTIFIER
		exit
	fi
	machines=$(cloud machines --json) || exit
	rows=$(put "$machines" | jq -r "$ADDRESS_JQ"'.[] |
		select(.name | test("\\A[A-Za-z0-9._-]+\\z")) |
		[.name, address("1")] | @tsv') ||
		die 76 "adt-cloud: not the list of machines it promises"
	rules=$(machine_rules) || exit
	put "$rows" | sed -nE "$rules" |
		awk -F '\t' '$1 == "database" && $3 != "-" { print $3; exit }'
)

# machine_settings label image host - all that one machine is told.
machine_settings() (
	put "IMAGE:$2"
	put "TYPE:$1"
	case $1 in
	webserver | database)
		if [ -n "$SITE_SETTINGS" ]; then
			put "$SITE_SETTINGS"
			[ "$1/$3" = "$1/" ] || put "DB_HOST:$3"
		else
			put "RESTORE:no"
		fi
		;;
	autoscaler)
		put "store:BUILDFROMSNAPSHOT:1"
		put "store:SNAPSHOTID:$WEBSERVER_IMAGE"
		;;
	esac
)

# render_userdata label name image host - to $USERDATA/name.yaml. Wants
# SITE_SETTINGS, "" for none, and WEBSERVER_IMAGE for an autoscaler.
render_userdata() {
	case $1 in
	webserver | database)
		set -- "$@" \
		    GUARD@"$USERDATA/metadata-guard.sh" \
		    RESTORE_SITE@"$USERDATA/restore-site.gz" \
		    RESTORE_DATABASE@"$USERDATA/restore-database.gz"
		;;
	esac
	RENDER_LABEL=$1 RENDER_NAME=$2
	RENDERED=$(machine_settings "$1" "$3" "$4" | gzip -9n | {
		shift 4
		adt-userdata render \
		    "$USERDATA_FROM/$RENDER_LABEL-by-snapshot.yaml" \
		    HOSTNAME="$RENDER_NAME" \
		    IDENTITY@"$USERDATA_FROM/identity.sh" SETTINGS@- \
		    FIRST_BOOT@"$USERDATA/first-boot.gz" "$@"
	})
	put "$RENDERED" | replace_file "$USERDATA/$RENDER_NAME.yaml"
	RENDERED=
}

# root_password - some clouds want one for a new machine. One of random bytes is
# kept sealed for whoever needs the console one day; an autoscaler cannot open
# it, and has the build's in a file, or makes one that nobody keeps.
root_password() {
	if [ -z "${SETTINGS:-}" ]; then
		[ -e "$SNAPSHOTS/root_password.dat" ] || {
			SEALED=$(random_password | seal_text root_password)
			put "$SEALED" |
				replace_file "$SNAPSHOTS/root_password.dat"
		}
		open_file root_password "$SNAPSHOTS/root_password.dat"
	elif [ -r "${SETTINGS%/runtime/*}/.ssh/EMERGENCY_PASSWORD" ]; then
		first_line "${SETTINGS%/runtime/*}/.ssh/EMERGENCY_PASSWORD"
	else
		random_password
	fi
}

random_password() {
	od -An -N24 -tx1 /dev/urandom | tr -d ' \n' | sed 's/^/Aa1-/'
}

# provision_by journal target... - one run for all of them; its results on
# stdout. Wants DEADLINE and PROGRESS, "" for the defaults.
provision_by() {
	PROVISION_JOURNAL=$1
	shift
	PASSWORD=$(root_password)
	put "$PASSWORD" | cloud provision --journal "$PROVISION_JOURNAL" \
	    --json --root-password - ${DEADLINE:+--deadline "$DEADLINE"} \
	    ${PROGRESS:+--progress "$PROGRESS"} "$@"
}
