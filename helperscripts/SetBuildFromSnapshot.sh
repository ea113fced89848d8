#!/bin/sh
# SetBuildFromSnapshot.sh - switches a template to building from snapshots, or
# back. Switches it on only if such a build can succeed.
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
# shellcheck source=lib/view.sh
. "$here/lib/view.sh"

usage() {
	cat <<-EOF
	usage: $PROGRAM on|off [--template FILE] [--dry-run]
	Sets BUILD_FROM_SNAPSHOT in the template in use to 1 or 0. Before "on"
	it checks that the archive is a temporal one, that the template is of
	the build the images were made of, that there is a usable image of
	every machine type it asks for, and that the stored credentials open;
	all that is wrong is listed, and then nothing is changed. On a build
	machine of the toolkit it opens the view that its scripts read, and
	"off" closes it.
	  --template FILE   another template than the one in use
	  --dry-run         check only
	  --help            this text
	EOF
}

main() {
	VERB='' FILE='' DRY_RUN=''
	while [ $# -gt 0 ]; do
		case $1 in
		on | off)
			[ -z "$VERB" ] || usage_error "on or off, once"
			VERB=$1
			;;
		--template)
			[ $# -ge 2 ] || usage_error "$1 wants a file"
			[ -n "$2" ] || usage_error "$1 wants a file"
			FILE=$2
			shift
			;;
		--dry-run) DRY_RUN=yes ;;
		-h | --help) usage; exit 0 ;;
		*) usage_error "unknown argument $1" ;;
		esac
		shift
	done
	[ -n "$VERB" ] || usage_error "on or off is wanted"
	find_build
	need_program jq adt-cloud adt-seal adt-snapshot-ids adt-template
	need_template "$FILE"
	VALUE=0
	if [ "$VERB" = on ]; then
		pin_record
		need_preflight
		VALUE=1
		say "every snapshot that $TEMPLATE asks for is there and usable"
	fi
	if [ -z "$DRY_RUN" ]; then
		case $VERB in
		on) open_view ;;
		off) close_view ;;
		esac
	fi
	IS=$(template_value BUILD_FROM_SNAPSHOT)
	if [ "$IS" = "$VALUE" ]; then
		say "$TEMPLATE: BUILD_FROM_SNAPSHOT is \"$VALUE\" already"
	elif [ -n "$DRY_RUN" ]; then
		say "dry run: BUILD_FROM_SNAPSHOT stays \"$IS\" in $TEMPLATE"
	else
		adt-template set "$TEMPLATE" BUILD_FROM_SNAPSHOT "$VALUE"
		say "$TEMPLATE: BUILD_FROM_SNAPSHOT is \"$VALUE\" now"
	fi
}
main "$@"
