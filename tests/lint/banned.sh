#!/bin/sh
# banned.sh - what the style forbids and no compiler finds.
#
# usage: banned.sh [TREE]. Prints every place, with the rule it breaks.
set -eu
cd -- "${1:-$(dirname -- "$0")/../..}"

# found rule - every line of stdin is a place that breaks the rule.
found() { awk -v rule="$1" '{ print $0 "   <- " rule }'; }

# code file... - C less its comments, as "file:line:text".
code() {
	awk 'FNR == 1 { inside = 0 }
	{
		rest = $0
		text = ""
		while ((at = index(rest, inside ? "*/" : "/*")) > 0) {
			if (!inside)
				text = text substr(rest, 1, at - 1)
			rest = substr(rest, at + 2)
			inside = !inside
		}
		print FILENAME ":" FNR ":" text (inside ? "" : rest)
	}' "$@" /dev/null
}

# calls names - the lines of stdin that call one of the functions (a|b|c).
calls() { grep -E "(^|[^A-Za-z0-9_>.])($1)\\("; }

# without_comments file... - sh code, as "file:line:text".
without_comments() {
	grep -n '' "$@" /dev/null | grep -vE '^[^:]*:[0-9]+:[[:space:]]*#'
}

BANNED='v?sprintf|strcpy|strcat|strncpy|strncat|strtok|gets|ato[ilf]|system'
BANNED="$BANNED|popen|s?rand|alloca|tmpnam|mktemp"
BIN_ONLY='v?printf|puts|putchar|perror|_?exit|abort|errx?|report|warnx?'
BIN_ONLY="$BIN_ONLY|message_line"

c_files=$(find cutils tests -name '*.[ch]')
sh_files=$(find helperscripts -name '*.sh')
others=$(find tests .ci/run install.sh Makefile -name '*.bats' -o \
    -name '*.bash' -o -name '*.sh' -o -name run -o -name Makefile 2>/dev/null) || :
# Those of base/ that print are for bin/ alone; layers.sh sees to that.
below_bin=$(find cutils -name '*.c' ! -path 'cutils/bin/*' |
    grep -vE '^cutils/base/(message|command|output|progress)\.c$')

# shellcheck disable=SC2086 # lists of our own file names
places() {
	code $c_files | calls "$BANNED" | found 'banned function'
	code $below_bin | calls "$BIN_ONLY" |
		found 'below bin/ nothing prints and nothing exits'
	code $below_bin | grep -E 'std(out|err)[,)]' |
		found 'below bin/ nothing prints'
	without_comments $sh_files |
		grep -iE 'digitalocean|exoscale|linode|vultr|lxd|incus' |
		found 'a script knows no cloud'
	without_comments $sh_files |
		grep -E '(^|[^A-Za-z_-])(curl|wget|lxc|doctl|eval|source|local) ' |
		# A site's page is no API: it is asked for as a visitor would.
		grep -v '^helperscripts/lib/ready.sh:[0-9]*:.page=.(curl ' |
		# Nor is what a test machine serves.
		grep -vE '^helperscripts/lib/boot.sh:[0-9]*:.*curl -q -s ' |
		found 'not in a script'
	without_comments $sh_files | grep -E '(^|[^A-Za-z])\[\[ |`' |
		found 'not POSIX sh as we write it'
	for file in $c_files $sh_files $others; do
		lines=$(wc -l <"$file")
		[ "$lines" -le 400 ] || echo "$file:$lines lines"
	done | found 'over 400 lines: two modules'
	# A product does not know the machine it was written on.
	places="$c_files $sh_files Makefile install.sh *.md docs/*.md docs/*/*"
	grep -nE '/home/[a-z]|/root/[a-z.]|/tmp/[A-Za-z]' $places 2>/dev/null |
		grep -v '/home/\(buildhome\|homedir\).dat' | found 'path of one machine'
	grep -nF "$PWD/" $places 2>/dev/null | found 'path of this machine'
}

broken=$(places)
[ -z "$broken" ] || { printf '%s\n' "$broken"; exit 1; }
