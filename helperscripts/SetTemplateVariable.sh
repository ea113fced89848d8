#!/bin/sh
# SetTemplateVariable.sh - changes or adds one variable of a build template.
# shellcheck source-path=SCRIPTDIR
here=$(dirname -- "$0")
# shellcheck source=lib/prelude.sh
. "$here/lib/prelude.sh"
# shellcheck source=lib/build.sh
. "$here/lib/build.sh"

usage() {
	cat <<-EOF
	usage: $PROGRAM [--template FILE] [--dry-run] NAME VALUE
	       $PROGRAM [--cloud CLOUD] [--dry-run] TEMPLATE NAME VALUE
	       $PROGRAM --stdin ... NAME
	Gives the variable NAME that value: in the template in use, in FILE, or
	in the template called TEMPLATE among the cloud's. VALUE may hold any
	character; every other byte of the template stays.
	  --stdin           the value is standard input, every byte of it: for
	                    secrets, which others could read in an argument
	  --template FILE   another template than the one in use
	  --cloud CLOUD     another cloud than the active one
	  --dry-run         say whether it would change, and not the values;
	                    change nothing
	  --help            this text
	EOF
}

# tell_change name [value] - says what set would do to FILE, and ends. Done on
# a copy, so that what is refused is refused here, too.
tell_change() {
	[ -r "$FILE" ] || die 65 "$FILE: no such template"
	WORK=$(mktemp -d) || exit 71
	trap 'rm -rf -- "$WORK"' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	cp -- "$FILE" "$WORK/template" || exit 71
	adt-template set ${STDIN:+--stdin} -- "$WORK/template" "$@"
	if cmp -s -- "$FILE" "$WORK/template"; then
		say "dry run: $FILE: $1 has that value already"
	else
		say "dry run: $FILE: $1 would change"
	fi
	exit 0
}

main() {
	FILE='' OTHER_CLOUD='' STDIN='' DRY_RUN=''
	while [ $# -gt 0 ]; do
		case $1 in
		--template | --cloud)
			[ $# -ge 2 ] || usage_error "$1 wants a value"
			[ -n "$2" ] || usage_error "$1 wants a value"
			case $1 in
			--template) FILE=$2 ;;
			--cloud) OTHER_CLOUD=$2 ;;
			esac
			shift
			;;
		--stdin) STDIN=yes ;;
		--dry-run) DRY_RUN=yes ;;
		-h | --help) usage; exit 0 ;;
		--) shift; break ;;
		-*) usage_error "unknown option $1" ;;
		*) break ;;
		esac
		shift
	done
	[ -z "$FILE" ] || [ -z "$OTHER_CLOUD" ] ||
		usage_error "--template or --cloud, not both"
	case ${STDIN:+stdin}${FILE:+file}${OTHER_CLOUD:+cloud}$# in
	2 | file2 | stdin1 | stdinfile1)
		need_program adt-template
		[ -n "$FILE" ] || { find_build; FILE=$(template_path); }
		;;
	3 | cloud3 | stdin2 | stdincloud2)
		need_program adt-template
		[ -n "$OTHER_CLOUD" ] || { find_build; OTHER_CLOUD=$CLOUD; }
		FILE=$(named_template "$OTHER_CLOUD" "$1")
		shift
		;;
	*) usage_error "NAME and VALUE are wanted, or NAME and --stdin" ;;
	esac
	[ -z "$DRY_RUN" ] || tell_change "$@"
	exec adt-template set ${STDIN:+--stdin} -- "$FILE" "$@"
}
main "$@"
