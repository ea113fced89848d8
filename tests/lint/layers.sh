#!/bin/sh
# layers.sh - the floors: an include runs only downwards, never to a neighbour.
#
# usage: layers.sh [TREE]. Prints every include that does not.
set -eu
cd -- "${1:-$(dirname -- "$0")/../..}"

bad=0

# A folder that is not named here has no floor, and is no part of the house.
grep -Ho '^#include "[^"]*"' cutils/*/*.[ch] | awk -F'[/"]' '
	BEGIN {
		rank["base"] = 0
		rank["wire"] = rank["files"] = 1
		rank["cloud"] = rank["store"] = 2
		rank["bin"] = 3
	}
	# cutils FOLDER file.c:#include INCLUDED file.h
	!($2 in rank) { print $0 ": no such floor: " $2; bad = 1; next }
	NF != 6 || !($4 in rank) { print $0 ": say folder/file.h"; bad = 1; next }
	$2 != $4 && rank[$4] >= rank[$2] { print $0 ": not downwards"; bad = 1 }
	END { exit bad }' || bad=1

# Bytes travel on one floor only.
grep -Hn '^#include <curl/' cutils/*/*.[ch] | grep -v '^cutils/wire/' && bad=1
# What prints is for programs.
grep -HnE '^#include "base/(message|command|output|progress)\.h"' \
    cutils/*/*.[ch] | grep -vE '^cutils/(bin|base)/' && bad=1
exit "$bad"
