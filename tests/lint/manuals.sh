#!/bin/sh
# manuals.sh - mandoc finds no fault with any manual page, and the pages that
# ours refer to are there.
#
# usage: manuals.sh [TREE].
set -eu
cd -- "${1:-$(dirname -- "$0")/../..}"
set -- docs/man/*.[157]
[ -e "$1" ] || exit 0

# Pages of other packages need not be on this machine.
mandoc -T lint -W style "$@" 2>&1 | awk '
	/^mandoc: outdated mandoc.db / { next }
	/ referenced manual not found: Xr / {
		sub(/ \([0-9]+ times\)$/, "")
		if ($(NF - 1) !~ /^adt/)
			next
		page = "docs/man/" $(NF - 1) "." $NF
		if ((getline line <page) >= 0) {
			close(page)
			next
		}
	}
	{ print; bad = 1 }
	END { exit bad }'
