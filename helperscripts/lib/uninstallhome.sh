# shellcheck shell=sh disable=SC2154 # here is install.sh's
# uninstallhome.sh - out of a build home again, by what installhome.sh wrote to
# the manifest; sourced after it.

# uninstall_home folder - out of it: the newest step first.
uninstall_home() {
	HOME_DIR=$1
	[ -z "$1" ] || [ -d "$1" ] || die 65 "$1: no such folder"
	find_home "$1"
	need_root
	[ -e "$MANIFEST" ] ||
		die 1 "$HOME_DIR: nothing of ours is installed there"
	ask "Take everything of ours out of $HOME_DIR and $PREFIX?"
	alone empty_home
}

empty_home() {
	if [ -z "$DRY_RUN" ] && [ -n "$LAYOUT" ] &&
	    [ -x "$SHARE/helperscripts/AdoptSnapshots.sh" ]; then
		installed AdoptSnapshots.sh --give-back ||
			die 71 "the snapshots' data is not given back, see above:" \
			    "nothing was removed"
	fi
	tac "$MANIFEST" | while IFS='	' read -r KIND FILE KEPT; do
		take_back "$KIND" "$FILE" "$KEPT"
	done
	[ -z "$DRY_RUN" ] || { told "removed $MANIFEST"; return 0; }
	rm -f -- "$MANIFEST"
	find "$HOME_DIR/$RUNTIME" -name build_environment.lock -exec rm -f {} + \
	    2>/dev/null || :
	set -- "$CONFIG"/manifest.*
	if [ ! -e "$1" ]; then
		make -C "$here" uninstall PREFIX="$PREFIX" >&2
		told "removed programs, scripts and manual pages below $PREFIX"
		remove_settings
	fi
	told "finished; the snapshots' own data stays, and Debian's packages"
}

# take_back kind file kept - undoes one line of the manifest.
take_back() {
	case $1 in
	old)
		if [ -e "$2" ] && ! is_ours "$2"; then
			told "left $2: it is not ours any more"
			[ -n "$DRY_RUN" ] || rm -f -- "$3"
		elif [ -e "$3" ] || [ -L "$3" ]; then
			[ -n "$DRY_RUN" ] || mv -f -- "$3" "$2"
			told "restored $2"
		fi
		;;
	new)
		[ -e "$2" ] || return 0
		case $2 in
		*.sh)
			is_ours "$2" || {
				told "left $2: it is not ours any more"
				return 0
			}
			;;
		*) told "left $2: yours now"; return 0 ;;
		esac
		[ -n "$DRY_RUN" ] || rm -f -- "$2"
		told "removed $2"
		;;
	made)
		[ -d "$2" ] || return 0
		[ -n "$DRY_RUN" ] || rmdir -- "$2" 2>/dev/null || {
			told "left $2: it is not empty"
			return 0
		}
		told "removed $2"
		;;
	esac
}

# remove_settings - and the key, unless there is something that it may open.
remove_settings() {
	rm -f -- "$CONFIG/lock"
	if find "$HOME_DIR" -path '*/wholemachinebackups/*' -type f |
	    grep -q .; then
		told "left $CONFIG: without its key the snapshots cannot be used"
	else
		rm -f -- "$CONFIG/settings" "$CONFIG/seal.key"
		rmdir -- "$CONFIG" 2>/dev/null || :
		told "removed $CONFIG"
	fi
}
