# shellcheck shell=sh
# prelude.sh - how every helper script begins; sourced first, never run.
#
# Gives: PROGRAM PROJECT BUILD_HOME PATH CONFIG, put say warn die usage_error
# need_name need_program need_minutes need_progress confirm setting replace_file
# new_beside clear_killed. Wants: a
# function `usage`. Data goes to stdout, words to stderr; the status is one of
# adt(7): 0 done, 1 there is none, 64 usage, 65 data, 69 refused, 71 system, 75
# try later, 76 protocol, 77 denied.
set -eu
umask 077

# What a caller's environment must not be able to change.
unset CDPATH IFS ENV BASH_ENV GREP_OPTIONS GREP_COLOR GREP_COLORS \
	JQ_COLORS POSIXLY_CORRECT
LC_ALL=C
export LC_ALL
# Else bash forgets -e inside $(...).
# shellcheck disable=SC3040 # only bash gets here
[ -z "${BASH_VERSION:-}" ] || set -o posix

PROGRAM=${0##*/}

# find_build_home above - prints the build home, an absolute path: the folder
# above the script if a build is active in it, else what the toolkit noted, else
# the folder above. ADT_BUILDHOME_DAT names another note (tests).
find_build_home() (
	noted=
	dat=${ADT_BUILDHOME_DAT:-/home/buildhome.dat}
	if [ ! -e "$1/runtimedata/ACTIVE_CLOUDHOST" ] &&
	    [ ! -e "$1/runtime/ACTIVE_CLOUDHOST" ] && [ -r "$dat" ]; then
		IFS= read -r noted <"$dat" || [ -n "$noted" ] || :
	fi
	printf '%s\n' "${noted:-$1}"
)

# Where the script's own tree begins; the programs it was built with are there.
PROJECT=$(cd -P -- "$(dirname -- "$0")/.." && pwd -P)
BUILD_HOME=${BUILD_HOME:-$(find_build_home "$PROJECT")}
PATH=${ADT_BIN:+$ADT_BIN:}$PROJECT/build/release/bin:$PROJECT/cutils/bin:$PATH
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export BUILD_HOME PATH

# Where settings and the sealing key are; ADT_CONFIG_DIR names another folder.
CONFIG=${ADT_CONFIG_DIR:-/etc/adt-snapshots}
if [ -n "${ADT_CONFIG_DIR:-}" ]; then
	ADT_SEAL_KEY=${ADT_SEAL_KEY:-$CONFIG/seal.key}
	export ADT_SEAL_KEY
fi

# put text - prints it and a line feed, by the shell itself: the arguments of
# another process have a size limit, and everybody can read them.
if [ -n "${KSH_VERSION:-}" ]; then
	put() { print -r -- "$1"; }
else
	put() { printf '%s\n' "$1"; }
fi

say() { put "$*" >&2; }
warn() { say "$PROGRAM: warning: $*"; }

# die status words... - says why and ends; in a subshell it ends that one.
die() {
	DIE_STATUS=$1
	shift
	say "$PROGRAM: $*"
	exit "$DIE_STATUS"
}

usage_error() {
	say "$PROGRAM: $*"
	usage >&2
	exit 64
}

# need_name word what - dies unless word can be one path component.
need_name() {
	case $1 in
	'' | .* | *[!A-Za-z0-9._-]*) die 65 "not a $2: '$1'" ;;
	esac
}

# need_program name... - dies unless each can be run.
need_program() {
	for NEEDED in "$@"; do
		command -v "$NEEDED" >/dev/null 2>&1 ||
			die 71 "$NEEDED is not installed (see ./install.sh)"
	done
}

# need_minutes word, need_progress word - check what an option was given.
need_minutes() {
	case $1 in
	'' | *[!0-9]* | ??????*) usage_error "not a number of minutes: '$1'" ;;
	esac
}

need_progress() {
	case $1 in
	auto | json | none) ;;
	*) usage_error "--progress is auto, json or none, not '$1'" ;;
	esac
}

# confirm question - 0 when the person at the terminal says yes, 1 when not.
# Without a terminal nobody can be asked: that is wrong use, and dies.
confirm() {
	[ -t 0 ] || die 64 "$1 Nobody to ask here: say it with --yes"
	printf '%s [y/N] ' "$1" >&2
	IFS= read -r ANSWER || ANSWER=
	case $ANSWER in
	y | Y | yes | Yes | YES) return 0 ;;
	*) return 1 ;;
	esac
}

# new_beside path [-d] - makes an empty file, or a folder, that is named after
# path and after this run, and prints its name. Those of killed runs go first.
new_beside() {
	clear_killed "$1"
	mktemp ${2:+"$2"} "$1.new.$$.XXXXXX"
}

# running pid - 0 while that process runs. One that ended and was not waited for
# yet does not: its number is still taken, and kill -0 would find it.
running() {
	{ read -r PROCESS <"/proc/$1/stat"; } 2>/dev/null || return 1
	case ${PROCESS##*") "} in [ZX]*) return 1 ;; esac
}

# clear_killed path - removes what new_beside made for runs that were killed.
clear_killed() (
	for old in "$1".new.*.??????; do
		run=${old#"$1".new.}
		run=${run%.*}
		case $run in '' | *[!0-9]*) continue ;; esac
		running "$run" || rm -rf -- "$old"
	done
)

# replace_file path [mode] - stdin becomes the file, whole or not at all, mode
# 0600 or the one given. Give it what is complete: it cannot know that what fed
# it failed.
replace_file() (
	[ ! -d "$1" ] || die 71 "$1: a folder is in the way"
	temp=$(new_beside "$1") || exit 71
	trap 'rm -f -- "$temp"' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	{ cat >"$temp" && chmod "${2:-600}" "$temp" && sync "$temp" &&
	    mv -f -- "$temp" "$1"; } || die 71 "$1: cannot write it: no room?"
	trap - EXIT
	sync "$(dirname -- "$1")" || die 71 "$1: may not outlive a power cut"
)

# setting name default - the operator's choice on this machine: the value of
# the line NAME=value in the settings file, which is read and never run.
setting() (
	value=
	[ ! -r "$CONFIG/settings" ] ||
		value=$(sed -n "/^$1=/{s/^$1=//;s/[[:space:]]*\$//;p;q;}" \
		    "$CONFIG/settings")
	put "${value:-$2}"
)

case $BUILD_HOME in
/*) ;;
*) die 65 "the build home is not an absolute path: '$BUILD_HOME'" ;;
esac
