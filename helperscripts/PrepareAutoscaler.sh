#!/bin/sh
# PrepareAutoscaler.sh - makes the running autoscalers able to scale alone: all
# that ScaleWebservers.sh wants goes there, over ssh with the build key.
#
# One stream takes it, on ssh's standard input, so that no secret is in a command
# line or in a file on the way. What arrives is unpacked beside, looked at there by
# receive.sh, and only then takes its place; cut short anywhere, the next run
# completes it.
# shellcheck source-path=SCRIPTDIR
here=$(dirname -- "$0")
# shellcheck source=lib/prelude.sh
. "$here/lib/prelude.sh"
# shellcheck source=lib/build.sh
. "$here/lib/build.sh"
# shellcheck source=lib/snapshots.sh
. "$here/lib/snapshots.sh"
# shellcheck source=lib/generations.sh
. "$here/lib/generations.sh"
# shellcheck source=lib/userdata.sh
. "$here/lib/userdata.sh"
# shellcheck source=lib/reach.sh
. "$here/lib/reach.sh"

usage() {
	cat <<-EOF
	usage: $PROGRAM [option...]
	Makes the running autoscalers of this build able to scale alone: brings
	there programs and scripts for ScaleWebservers.sh, the settings, the
	cloud's credentials, what webservers are told of the site, and the build
	key. Debian packages that are missing there are installed. Run it again
	after a capture, or when any of that changed.
	  --address ADDRESS   of an autoscaler (repeatable); default: all that
	                      the cloud lists as running
	  --credentials FILE  the cloud's, for the autoscalers alone, with fewer
	                      rights; default: those of the build
	  --no-packages       say what is missing there, and install nothing
	  --no-programs       they are there: install.sh --autoscaler made them
	  --dry-run           say what would go where, change nothing
	  --help              this text
	On stdout, for each autoscaler: address, and the image that it starts
	webservers from. Status: 0 all are prepared; else as the worst failed.
	EOF
}

# What ScaleWebservers.sh asks of a build, by the names that a build has.
SETTING_NAMES='CLOUDHOST REGION BUILD_IDENTIFIER WEBSITE_URL SERVER_USER
	ALGORITHM SSH_PORT WS_SERVER_TYPE MAX_WEBSERVERS VPC_NAME
	ACTIVE_FIREWALLS DATABASE_INSTALLATION_TYPE DB_IDENTIFIER
	BUILD_FROM_SNAPSHOT SNAPSHOT_ID'

# setting_value name - what this build has for it.
setting_value() {
	case $1 in
	CLOUDHOST) put "$CLOUD" ;;
	REGION) put "$REGION" ;;
	BUILD_IDENTIFIER) put "$BUILD" ;;
	WEBSITE_URL) put "$WEBSITE_URL" ;;
	SERVER_USER) put "$SERVER_USER" ;;
	DB_IDENTIFIER) build_variable DB_IDENTIFIER ;;
	BUILD_FROM_SNAPSHOT) put 1 ;;
	SNAPSHOT_ID) put "$IMAGE" ;;
	*) planned "$1" ;;
	esac
}

# autoscaler_lines - its settings: "KEY:value", the key without underscores.
autoscaler_lines() (
	for name in $SETTING_NAMES; do
		value=$(setting_value "$name") || exit
		case $value in
		*'
'*) die 65 "$name: more than one line" ;;
		esac
		put "$(put "$name" | tr -d _):$value"
	done
	# A cloud of one's own, where the build machine was told of it.
	case ${ADT_API_URL:-} in
	https://*) put "APIURL:$ADT_API_URL" ;;
	esac
)

# usable_image - the webserver's, if the cloud has it and it is the recorded.
usable_image() (
	judge_snapshots
	put "$VERDICTS" | jq -er 'first(.[] |
		select(.label == "webserver" and .status == 0).id)' ||
		die 69 "no usable image of a webserver is recorded: see" \
		    "VerifySnapshots.sh"
)

# collect - all that goes there, in STAGE, a folder of root's on a tmpfs; what a
# killed run left in it goes.
collect() {
	rm -rf -- "$STAGE"
	mkdir "$STAGE" "$STAGE/etc" "$STAGE/etc/keys"
	trap 'rm -rf -- "$STAGE"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap 'exit 129' HUP
	put "machine:$(uname -m)
cloud:$CLOUD
region:$REGION
packages:${PACKAGES:-no}" >"$STAGE/about"
	autoscaler_lines >"$STAGE/etc/autoscaler_configuration_settings.dat"
	STATUS=0
	cloud credentials ${CREDENTIALS:+--credentials "$CREDENTIALS"} \
	    >"$STAGE/etc/TOKEN" 2>"$STAGE/why" || STATUS=$?
	case $STATUS in
	0) ;;
	1) rm -f "$STAGE/etc/TOKEN" ;; # a cloud that wants none
	*) cat "$STAGE/why" >&2; exit "$STATUS" ;;
	esac
	rm -f "$STAGE/why"
	STATUS=0
	SITE_SETTINGS=$(site_settings) || STATUS=$?
	case $STATUS in
	0) put "$SITE_SETTINGS" >"$STAGE/etc/webserver.conf" ;;
	1) warn "no datastore is configured (S3_ACCESS_KEY): the site of new" \
	    "webservers will be as old as the image" ;;
	*) exit "$STATUS" ;;
	esac
	cp "$KEY_FILE" "$STAGE/etc/keys/"
	[ -z "${ADT_CA_FILE:-}" ] || cp "$ADT_CA_FILE" "$STAGE/etc/ca.crt"
	cp "$PROJECT/templates/autoscaler/receive.sh" "$STAGE"
	[ -z "$PROGRAMS" ] || collect_programs
}

collect_programs() {
	mkdir -p "$STAGE/bin" "$STAGE/share/helperscripts/lib" \
	    "$STAGE/share/templates/userdata"
	for NAME in adt-cloud adt-datastore adt-userdata; do
		cp -L "$(command -v "$NAME")" "$STAGE/bin/"
	done
	cp "$PROJECT/helperscripts/ScaleWebservers.sh" \
	    "$STAGE/share/helperscripts/"
	cp "$PROJECT"/helperscripts/lib/*.tsv "$STAGE/share/helperscripts/lib/"
	# The libraries that it reads, by its own lines.
	sed -n 's:^[.] ".here/lib/\(.*\)"$:\1:p' \
	    "$STAGE/share/helperscripts/ScaleWebservers.sh" |
		while IFS= read -r NAME; do
			cp "$PROJECT/helperscripts/lib/$NAME" \
			    "$STAGE/share/helperscripts/lib/" || exit
		done
	cp "$PROJECT/templates/userdata/webserver-by-snapshot.yaml" \
	    "$PROJECT"/templates/userdata/*.sh \
	    "$STAGE/share/templates/userdata/"
}

# Runs there: what came before the mark is a password that sudo did not ask for.
# receive.sh is the stream's last, so a cut stream has none. No scaling begins
# meanwhile.
# shellcheck disable=SC2016 # it expands there
UNPACK='set -eu
	umask 077
	line=
	while [ "$line" != adt-parts ]; do IFS= read -r line; done
	state=${ADT_AUTOSCALER_STATE:-/var/lib/adt-snapshots/scaling}
	mkdir -p "$state"
	{
		flock -w 60 9 ||
			{ echo "it is scaling just now: try later" >&2; exit 75; }
		new=$state/prepare.new
		rm -rf "$new"
		mkdir "$new"
		trap "rm -rf \"$new\"" EXIT
		trap "exit 143" HUP INT TERM
		tar -C "$new" --no-same-owner -xf -
		sh "$new/receive.sh"
	} 9>>"$state/scale.lock"'

# send address - all of it; the image that is set there on stdout.
send() (
	status=0
	said=$({
		open_sealed credentials | sed -n 's/^PASSWORD://p'
		put adt-parts
		tar -C "$STAGE" --owner=0 --group=0 -cf - about etc \
		    ${PROGRAMS:+bin share} receive.sh
	} | as_root "$UNPACK" "$1" 900) || status=$?
	case $status in
	0) ;;
	124 | 255) say "$PROGRAM: $1: not reached, or not in time"; exit 75 ;;
	*) say "$PROGRAM: $1: not prepared, see above"; exit "$status" ;;
	esac
	has=$(put "$said" | sed -n 's/^image://p')
	[ "$has" = "$IMAGE" ] || {
		say "$PROGRAM: $1: its settings say '$has' afterwards"
		exit 75
	}
	put "$1	$has"
)

# tell_plan - what would go.
tell_plan() {
	for ADDRESS in $ADDRESSES; do
		say "dry run: $ADDRESS would get"
		(cd "$STAGE" && find etc ${PROGRAMS:+bin share} -type f | sort |
			sed 's/^/  /') >&2
	done
}

# prepare - all of ADDRESSES. STAGE is locked.
prepare() {
	collect
	if [ -n "$DRY_RUN" ]; then
		tell_plan
		exit 0
	fi
	WORST=0
	for ADDRESS in $ADDRESSES; do
		STATUS=0
		send "$ADDRESS" || STATUS=$?
		[ "$STATUS" -le "$WORST" ] || WORST=$STATUS
	done
	exit "$WORST"
}

main() {
	ADDRESSES='' CREDENTIALS='' PACKAGES=yes PROGRAMS=yes DRY_RUN=''
	while [ $# -gt 0 ]; do
		case $1 in
		--address)
			need_address "${2:-}"
			ADDRESSES="$ADDRESSES $2"
			shift
			;;
		--credentials)
			[ -n "${2:-}" ] || usage_error "$1 wants a file"
			CREDENTIALS=$2
			shift
			;;
		--no-packages) PACKAGES='' ;;
		--no-programs) PROGRAMS='' ;;
		--dry-run) DRY_RUN=yes ;;
		-h | --help) usage; exit 0 ;;
		*) usage_error "unknown argument $1" ;;
		esac
		shift
	done
	find_build
	need_program ssh tar timeout jq adt-cloud adt-seal adt-snapshot-ids \
	    adt-datastore adt-template adt-userdata
	use_template
	pin_record
	IMAGE=$(usable_image)
	find_reached
	STAGE=${ADT_RUN_DIR:-/run/adt-snapshots}/autoscaler/$WEBSITE_URL
	{ mkdir -p "${STAGE%/*}" && chmod 700 "${STAGE%/*}"; } ||
		die 71 "${STAGE%/*}: cannot make it (ADT_RUN_DIR names another)"
	with_lock "$STAGE" prepare
}

main "$@"
