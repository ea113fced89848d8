# shellcheck shell=sh
# shellcheck disable=SC2034 # the libraries and scripts read what is set here
# autoscaler.sh - on an autoscaler, what a build machine has in its build home;
# sourced after build.sh, ready.sh and userdata.sh.
#
# An autoscaler has settings: "KEY:value" lines, where a key is the name of the
# build's variable without its underscores. In /etc/adt-snapshots are besides,
# brought by PrepareAutoscaler.sh: TOKEN, the cloud's credentials; ca.crt, whom to
# trust at a cloud of one's own; keys, the build key; webserver.conf, what its
# webservers must be told of the site.

# autoscaler_settings - prints where they are; 1 where this is no autoscaler.
autoscaler_settings() (
	folder=${ADT_AUTOSCALER_DIR:-/etc/adt-snapshots}
	name=autoscaler_configuration_settings.dat
	note=${ADT_HOMEDIR_DAT:-/home/homedir.dat}
	if [ -r "$note" ]; then
		toolkit=$(first_line "$note")
		[ ! -r "$toolkit/runtime/$name" ] || {
			put "$toolkit/runtime/$name"
			exit 0
		}
	fi
	[ -r "$folder/$name" ] || exit 1
	put "$folder/$name"
)

# find_autoscaler settings - does what find_build does, from the settings, and
# lets the libraries read them in place of build_environment.
find_autoscaler() {
	SETTINGS=$1
	TEMPLATE=
	BLD=${ADT_AUTOSCALER_DIR:-/etc/adt-snapshots}
	build_variable() (
		key=$(put "$1" | tr -d _)
		sed -n "/^$key:/{s/^$key://;p;q;}" "$SETTINGS"
	)
	# One file, whatever form the cloud has; else the vendor client's is
	# looked for.
	[ ! -e "$BLD/TOKEN" ] || CLOUD_TOKEN=$BLD/TOKEN
	API_URL=$(build_variable API_URL)
	[ -z "$API_URL" ] || ADT_API_URL=${ADT_API_URL:-$API_URL}
	[ ! -e "$BLD/ca.crt" ] || ADT_CA_FILE=${ADT_CA_FILE:-$BLD/ca.crt}
	[ -z "${ADT_API_URL:-}" ] || export ADT_API_URL
	[ -z "${ADT_CA_FILE:-}" ] || export ADT_CA_FILE
	CLOUD=$(build_variable CLOUDHOST)
	need_name "$CLOUD" cloud
	BUILD=$(build_variable BUILD_IDENTIFIER)
	need_name "$BUILD" "build identifier"
	REGION=$(build_variable REGION)
	need_name "$REGION" REGION
	WEBSITE_URL=$(build_variable WEBSITE_URL)
	need_name "$WEBSITE_URL" WEBSITE_URL
	SNAPSHOTS=${ADT_AUTOSCALER_STATE:-/var/lib/adt-snapshots/scaling}
	need_folder
	say "autoscaler of: cloud $CLOUD, build $BUILD"
	FLAG=$(build_variable BUILD_FROM_SNAPSHOT)
	[ "$FLAG" = 1 ] || die 69 "$SETTINGS: BUILDFROMSNAPSHOT is '$FLAG'," \
	    "not 1: webservers are not to be started from an image"
	IMAGE=$(build_variable SNAPSHOT_ID)
	case $IMAGE in
	'' | *[!A-Za-z0-9/_.-]*)
		die 65 "$SETTINGS: SNAPSHOTID is not one image: '$IMAGE'" ;;
	esac
	SERVER_USER=$(build_variable SERVER_USER)
	SITE_SETTINGS=
	if [ -r "$BLD/webserver.conf" ]; then
		SITE_SETTINGS=$(cat "$BLD/webserver.conf")
	else
		warn "$BLD/webserver.conf: missing: the site of new" \
		    "webservers will be as old as the image; where there is a" \
		    "datastore PrepareAutoscaler.sh brings that file"
	fi
	[ -n "$NUMBER" ] ||
		NUMBER=$(uname -n | sed -n 's/^NO-\([1-9][0-9]*\)-as-.*/\1/p')
}

# static_scale - how many webservers the toolkit's AdjustScaling wants of the
# autoscaler NUMBER: it puts an object of that name into the datastore. Wants
# SITE_SETTINGS and USERDATA. Dies where there is none.
static_scale() (
	[ -n "$NUMBER" ] ||
		die 64 "of which autoscaler? Its number is wanted: --number"
	[ -n "$SITE_SETTINGS" ] || die 69 "no datastore is configured:" \
	    "nothing says how many webservers are wanted"
	bucket=$(put "$WEBSITE_URL-scaling-$CLOUD-$REGION" |
		tr '.ABCDEFGHIJKLMNOPQRSTUVWXYZ' '-abcdefghijklmnopqrstuvwxyz')
	object=autoscaler-$NUMBER/STATIC_SCALE:
	mkdir -p "$USERDATA/store"
	put "$SITE_SETTINGS" | sed -n 's/^\(S3_[A-Z_]*\):/\1=/p' |
		replace_file "$USERDATA/store/build_environment"
	rows=$(adt-datastore list --build "$USERDATA/store" "$bucket" "$object") ||
		exit
	# A change leaves two for a moment: the newer counts.
	count=$(put "$rows" | sort -t '	' -k 4,4 | tail -n 1 | cut -f 1)
	case ${count#"$object"} in
	'') die 1 "$bucket: there is no $object..." ;;
	*[!0-9]* | ????*) die 65 "$bucket: not a number: '$count'" ;;
	esac
	say "$bucket: $count"
	put "${count#"$object"}" | sed 's/^0*\(.\)/\1/'
)
