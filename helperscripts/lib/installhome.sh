# shellcheck shell=sh disable=SC2154 # here is install.sh's
# installhome.sh - into a build home; sourced by install.sh, whose say, die and
# install_packages it uses.
#
# What is done to the build home is first written to a manifest, a line each:
#	made PATH            a folder
#	new PATH             a file of ours where none was
#	old PATH KEPT        a file of ours in place of the one that is kept
# So a run that was interrupted is completed by the next one, and --uninstall
# knows what to take back, whatever was reached. Our own files say that they are
# ours in a line that begins with $MARK.
MARK='# adt-snapshots: '
KEPT_AS=adt-original

# These four exist to install somewhere else than on this machine itself.
CONFIG=${ADT_CONFIG_DIR:-/etc/adt-snapshots}
PREFIX=${PREFIX:-/usr/local}
NOTE=${ADT_BUILDHOME_DAT:-/home/buildhome.dat}
SHARE=$PREFIX/share/adt-snapshots

# told words... - what was done, on stdout; in a dry run what would be done.
told() { printf '%s\n' "${DRY_RUN:+would have }$*"; }

# find_home [folder] - sets HOME_DIR and the places in it, by its layout.
find_home() {
	WHY=
	if [ -n "$1" ]; then
		HOME_DIR=$1
	elif [ -r "$NOTE" ]; then
		HOME_DIR=$(sed -n '1{s/[[:space:]]*$//;p;q;}' "$NOTE")
		WHY="$NOTE names it, but "
	else
		HOME_DIR=$here
	fi
	case $HOME_DIR in
	/*) ;;
	*) HOME_DIR=$PWD/$HOME_DIR ;;
	esac
	HOME_DIR=${HOME_DIR%/}
	# They are written into scripts.
	printf '%s' "$HOME_DIR$PREFIX$CONFIG" | tr -d '\140$"\\\047\t\n' |
		{ IFS= read -r CLEAN || :
		[ "$CLEAN" = "$HOME_DIR$PREFIX$CONFIG" ]; } || die 65 "a quote," \
	    "dollar, backslash, tab or line feed in $HOME_DIR, $PREFIX or $CONFIG"
	find_layout
	MANIFEST=$CONFIG/manifest.$(printf '%s' "$HOME_DIR" | cksum |
		cut -d ' ' -f 1)
}

# find_layout - by the one script that both layouts have, in different places.
find_layout() {
	LAYOUT=
	[ ! -e "$HOME_DIR/helperscripts/GetVariableValue.sh" ] || LAYOUT=old
	[ ! -e "$HOME_DIR/helpers/services/GetVariableValue.sh" ] ||
		LAYOUT=${LAYOUT:+both }new
	if [ "$LAYOUT" = 'both new' ]; then
		LAYOUT=$(choose_layout)
		say "$HOME_DIR has both layouts: the $LAYOUT one is taken"
	fi
	case $LAYOUT in
	old)
		SCRIPTS=helperscripts SERVICES=helperscripts
		INIT=initscripts RUNTIME=runtimedata
		;;
	new)
		SCRIPTS=helpers/snapshots SERVICES=helpers/services
		INIT=initialisation RUNTIME=runtime
		;;
	*)
		SCRIPTS=helperscripts SERVICES=helperscripts
		INIT=helperscripts RUNTIME=runtimedata
		[ "$HOME_DIR" = "$here" ] || need_no_home
		;;
	esac
}

# choose_layout - the one that holds an active build, or else the newer one.
choose_layout() (
	old=$HOME_DIR/runtimedata/ACTIVE_CLOUDHOST
	new=$HOME_DIR/runtime/ACTIVE_CLOUDHOST
	if [ -r "$old" ] && [ ! -r "$new" ]; then
		echo old
	elif [ -r "$new" ] && [ ! -r "$old" ]; then
		echo new
	elif find "$HOME_DIR/helperscripts/GetVariableValue.sh" -newer \
	    "$HOME_DIR/helpers/services/GetVariableValue.sh" | grep -q .; then
		echo old
	else
		echo new
	fi
)

# need_no_home - a folder that is empty, or was made a build home by us, can be
# one; anything else must not be filled by mistake.
need_no_home() {
	[ -d "$HOME_DIR" ] || [ ! -e "$HOME_DIR" ] ||
		die 65 "$HOME_DIR: not a folder"
	[ -n "$WHY" ] || [ ! -d "$HOME_DIR" ] ||
		[ -z "$(find "$HOME_DIR" -mindepth 1 -maxdepth 1 | sed 1q)" ] ||
		is_ours "$HOME_DIR/helperscripts/VerifySnapshots.sh" ||
		WHY="the folder is not empty, and "
	[ -z "$WHY" ] || die 65 "$HOME_DIR: $WHY it has neither" \
	    "helperscripts/GetVariableValue.sh nor" \
	    "helpers/services/GetVariableValue.sh: no build home"
}

# ---- what every change goes through ----

# record word... - a line of the manifest, once, on disk before the deed.
record() {
	[ -z "$DRY_RUN" ] || return 0
	LINE=$(IFS='	' && printf '%s' "$*")
	! grep -qxF -e "$LINE" "$MANIFEST" 2>/dev/null || return 0
	printf '%s\n' "$LINE" >>"$MANIFEST"
	sync "$MANIFEST"
}

is_ours() { [ -f "$1" ] && grep -q "^$MARK" "$1"; }

# make_folder path - with those above it.
make_folder() {
	[ ! -d "$1" ] || return 0
	make_folder "$(dirname -- "$1")"
	record made "$1"
	[ -n "$DRY_RUN" ] || mkdir -- "$1"
	told "made $1"
}

# replace path mode - stdin becomes that file, whole or not at all.
replace() {
	cat >"$1.adt-new" && chmod "$2" "$1.adt-new" && sync "$1.adt-new" &&
		mv -f -- "$1.adt-new" "$1"
}

# place path mode text - a file of ours; what was there is kept beside it. One
# that the toolkit put over ours since is its newest original.
place() {
	if [ -f "$1" ] && [ ! -L "$1" ] && [ "$(cat -- "$1")" = "$3" ]; then
		told "left $1 as it is"
		return 0
	fi
	WORD=placed
	if is_ours "$1"; then
		WORD=renewed
	elif [ -e "$1" ] || [ -L "$1" ]; then
		WORD="replaced (kept as ${1##*/}.$KEPT_AS)"
		record old "$1" "$1.$KEPT_AS"
		[ -n "$DRY_RUN" ] || {
			cp -pP -- "$1" "$1.adt-new" && sync "$1.adt-new" &&
			    mv -f -- "$1.adt-new" "$1.$KEPT_AS"
		} || die 71 "$1: cannot keep it"
	else
		make_folder "$(dirname -- "$1")"
		record new "$1"
	fi
	if [ -z "$DRY_RUN" ]; then
		printf '%s\n' "$3" | replace "$1" "$2" ||
			die 71 "$1: cannot write it"
	fi
	told "$WORD $1"
}

# ---- the parts ----

# entry script folder - what stands in the build home for a script of ours: it
# finds the build home from its own place, so that the tree can be moved.
entry() {
	cat <<-EOF
	#!/bin/sh
	$MARK$1 of this build home
	BUILD_HOME=\$(CDPATH='' cd -- "\$(dirname -- "\$0")/$2" && pwd)
	export BUILD_HOME
	EOF
	[ -z "${ADT_CONFIG_DIR:-}" ] || cat <<-EOF
	ADT_CONFIG_DIR=\${ADT_CONFIG_DIR:-'$CONFIG'}
	export ADT_CONFIG_DIR
	EOF
	echo "exec '$SHARE/helperscripts/$1' \"\$@\""
}

# up folder - the way from there to the build home.
up() { printf '%s\n' "$1" | sed 's:[^/][^/]*:..:g'; }

place_scripts() {
	for SOURCE in "$here"/helperscripts/*.sh; do
		NAME=${SOURCE##*/}
		case $NAME in
		InitialiseSnapshots.sh) FOLDER=$INIT ;;
		SetVariableValue.sh) FOLDER=$SERVICES ;;
		*) FOLDER=$SCRIPTS ;;
		esac
		place "$HOME_DIR/$FOLDER/$NAME" 755 \
		    "$(entry "$NAME" "$(up "$FOLDER")")"
	done
}

# mend path words program - a script of the toolkit that stays, less a defect;
# left alone where the lines in question are not in it.
mend() {
	[ -f "$1" ] && ! is_ours "$1" || return 0
	MENDED=$(awk "$3" "$1")
	[ "$MENDED" != "$(cat -- "$1")" ] || {
		say "$1: not as expected, left alone ($2)"
		return 0
	}
	place "$1" "$(stat -c %a "$1")" "$MENDED
$MARK$2"
}

# mend_readers - values are read after the first colon, not after the last: a
# managed database has users of the form administrator:::application.
mend_readers() {
	for NAME in InitialiseDatabaseService.sh \
	    InitialiseServerUserCredentials.sh; do
		# shellcheck disable=SC2016 # a program for awk
		mend "$HOME_DIR/$INIT/$NAME" \
		    'credentials are read after the first colon' '
		/credentials\.dat/ {
			gsub(/(\/usr\/bin\/|\/bin\/)?awk +-F *["\047]?:["\047]? *\047[{] *print +[$]NF *[}]\047/,
			    "/usr/bin/cut -d: -f2-")
		}
		{ print }'
	done
}

# mend_main - the second dump of the environment drops the server user; it is
# put back right after it.
mend_main() {
	# shellcheck disable=SC2016 # a program for awk
	mend "$HOME_DIR/ExpeditedAgileDeploymentToolkit.sh" \
	    'the server user outlives the second dump of the environment' '
	/InitialiseSnapshots\.sh/ { called = 1 }
	{ print }
	called && /env *>.*build_environment/ {
		match($0, /^[ \t]*/)
		print substr($0, 1, RLENGTH) \
		    "\"'"$HOME_DIR/$INIT"'/InitialiseSnapshots.sh\" --after-dump"
		called = 0
	}'
}

place_settings() {
	[ ! -e "$CONFIG/settings" ] || {
		told "left $CONFIG/settings as it is"
		return 0
	}
	[ -n "$DRY_RUN" ] || replace "$CONFIG/settings" 600 <<-EOF
	${MARK}settings, a line NAME=value each
	# sealed, or plain: credentials and keys of the snapshots in clear
	CREDENTIALS=sealed
	# Where a build's scripts find them in clear while it runs; must be in
	# memory. Without it: below /run, or else /dev/shm.
	#VIEW_FOLDER=/run/adt-snapshots
	# Certificates (PEM) whose holders can open what is sealed, too:
	#ESCROW=/etc/adt-snapshots/auditor.pem /etc/adt-snapshots/owner.pem
	# A capture pushes to the datastores by itself, unless:
	#DATASTORE_PUSH=no
	EOF
	told "placed $CONFIG/settings"
}

place_key() {
	[ ! -e "$CONFIG/seal.key" ] || {
		told "left $CONFIG/seal.key as it is"
		return 0
	}
	[ -n "$DRY_RUN" ] || "$PREFIX/bin/adt-seal" keygen "$CONFIG/seal.key"
	told "made $CONFIG/seal.key: keep a copy of it off this machine"
}

# place_templates - a build home that was none before has templates to copy.
place_templates() {
	[ -z "$LAYOUT" ] || return 0
	for SOURCE in "$here"/templates/*/*.tmpl; do
		[ -e "$SOURCE" ] || continue
		TO=templatedconfigurations/templates/${SOURCE#"$here/templates/"}
		[ -e "$HOME_DIR/$TO" ] || place "$HOME_DIR/$TO" 600 \
		    "$(cat -- "$SOURCE")"
	done
}

# installed script argument... - one of ours, on this build home.
installed() (
	script=$SHARE/helperscripts/$1
	shift
	BUILD_HOME=$HOME_DIR
	export BUILD_HOME
	"$script" "$@"
)

adopt() {
	[ -n "$LAYOUT" ] || return 0
	make_folder "$HOME_DIR/$RUNTIME/wholemachinesnapshots"
	if [ -n "$DRY_RUN" ]; then
		told "taken over what is in $HOME_DIR/$RUNTIME/wholemachinesnapshots"
	elif [ ! -r "$HOME_DIR/$RUNTIME/ACTIVE_CLOUDHOST" ]; then
		say "no active build: nothing to take over"
	else
		installed AdoptSnapshots.sh || say "not everything was taken" \
		    "over, see above; AdoptSnapshots.sh tries it again"
	fi
}

# ---- the command ----

ask() {
	[ -z "$YES$DRY_RUN" ] || return 0
	[ -t 0 ] || die 64 "$1 Nobody to ask here: say it with --yes"
	printf '%s [y/N] ' "$1" >&2
	IFS= read -r ANSWER || ANSWER=
	case $ANSWER in
	y | Y | yes | Yes | YES) ;;
	*) die 1 "nothing was done" ;;
	esac
}

need_root() {
	[ -n "$DRY_RUN" ] || [ "$(id -u)" -eq 0 ] ||
		die 77 "must run as root to change $HOME_DIR and $CONFIG"
}

# alone command - one installation at a time.
alone() {
	[ -n "$DRY_RUN" ] || mkdir -p "$CONFIG"
	if [ -n "$DRY_RUN" ]; then
		"$@"
	else
		{
			flock -w 30 9 || die 75 "$CONFIG: another run holds it"
			"$@"
		} 9>>"$CONFIG/lock"
	fi
}

# install_home folder - into it.
install_home() {
	find_home "$1"
	need_root
	ask "Install into $HOME_DIR (${LAYOUT:-no} ADT layout) and $PREFIX?"
	echo "build home $HOME_DIR: ${LAYOUT:-no} ADT layout"
	if [ -z "$DRY_RUN" ]; then
		install_packages build
		make -C "$here" -j "$(nproc)" install PREFIX="$PREFIX" >&2
	fi
	told "placed programs, scripts and manual pages below $PREFIX"
	alone fill_home
}

fill_home() {
	[ -n "$DRY_RUN" ] || : >>"$MANIFEST"
	place_settings
	place_key
	make_folder "$HOME_DIR/$RUNTIME"
	if [ "$HOME_DIR" != "$here" ]; then
		place_scripts
		place_templates
		mend_readers
		mend_main
	fi
	adopt
	told "finished: $HOME_DIR"
}
