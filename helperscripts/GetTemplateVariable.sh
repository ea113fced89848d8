#!/bin/sh
# GetTemplateVariable.sh - prints one variable of a build template.
# shellcheck source-path=SCRIPTDIR
here=$(dirname -- "$0")
# shellcheck source=lib/prelude.sh
. "$here/lib/prelude.sh"
# shellcheck source=lib/build.sh
. "$here/lib/build.sh"

usage() {
	cat <<-EOF
	usage: $PROGRAM [--template FILE] NAME
	       $PROGRAM [--cloud CLOUD] TEMPLATE NAME
	Prints the value of the variable NAME, as sh would have it: of the
	template in use, of FILE, or of the template called TEMPLATE among the
	cloud's. Status 1: there is no such variable.
	  --template FILE   another template than the one in use
	  --cloud CLOUD     another cloud than the active one
	  --help            this text
	EOF
}

main() {
	FILE='' OTHER_CLOUD=''
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
		-h | --help) usage; exit 0 ;;
		--) shift; break ;;
		-*) usage_error "unknown option $1" ;;
		*) break ;;
		esac
		shift
	done
	[ -z "$FILE" ] || [ -z "$OTHER_CLOUD" ] ||
		usage_error "--template or --cloud, not both"
	case ${FILE:+file}${OTHER_CLOUD:+cloud}$# in
	1 | file1)
		need_program adt-template
		[ -n "$FILE" ] || { find_build; FILE=$(template_path); }
		;;
	2 | cloud2)
		need_program adt-template
		[ -n "$OTHER_CLOUD" ] || { find_build; OTHER_CLOUD=$CLOUD; }
		FILE=$(named_template "$OTHER_CLOUD" "$1")
		shift
		;;
	*) usage_error "NAME is wanted, or TEMPLATE NAME" ;;
	esac
	exec adt-template get -- "$FILE" "$1"
}
main "$@"
