#!/bin/sh
# SetVariableValue.sh - gives a variable of the active build a value, in its
# build_environment; the toolkit's own scripts call it, many at a time.
#
# NAME is matched exactly and the value may hold anything but a line feed. The
# file is replaced whole, under a lock.
# shellcheck source-path=SCRIPTDIR
here=$(dirname -- "$0")
# shellcheck source=lib/prelude.sh
. "$here/lib/prelude.sh"
# shellcheck source=lib/build.sh
. "$here/lib/build.sh"

usage() {
	cat <<-EOF
	usage: $PROGRAM NAME=VALUE
	       $PROGRAM --stdin
	Sets NAME in the build_environment of the active build, or adds it.
	  --stdin   NAME=VALUE is standard input, one line: for secrets, which
	            others could read in an argument
	  --help    this text
	EOF
}

main() {
	[ $# -eq 1 ] || usage_error "one NAME=VALUE is wanted"
	case $1 in
	-h | --help) usage; exit 0 ;;
	--stdin) LINE=$(cat) ;;
	*) LINE=$1 ;;
	esac
	case $LINE in
	*=*) ;;
	*) usage_error "no NAME=VALUE" ;;
	esac
	case ${LINE%%=*} in
	'' | [0-9]* | *[!A-Za-z0-9_]*)
		die 65 "not the name of a variable: '${LINE%%=*}'" ;;
	esac
	case $LINE in
	*'
'*) die 65 "${LINE%%=*}: a line feed in the value: build_environment has a" \
	    "line for each" ;;
	esac
	find_active
	[ -d "$BLD" ] || die 65 "$BLD: no such folder: build once first"
	need_program flock
	put "$LINE" | set_build_variables
}
main "$@"
