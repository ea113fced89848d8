#!/bin/sh
# UpdateSnapshotMachines.sh - brings the packages of running machines up to date
# at once, over ssh: a machine from an image has those of the day of its capture.
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
# shellcheck source=lib/ready.sh
. "$here/lib/ready.sh"

usage() {
	cat <<-EOF
	usage: $PROGRAM [option...]
	Upgrades the packages of this build's running machines, so many at the
	same time. On stdout, for each: name, type, how many packages were
	upgraded, and "restart" where the machine wants to be restarted.
	  --machine TYPE  only machines of that type; more than one may be given
	  --at-once N     default: 2, so that a site keeps being served
	  --dry-run       list the machines
	  --yes           do not ask
	  --help          this text
	Status: 0 all are up to date, 69 or 75 some are not.
	EOF
}

# What runs on a machine, as root; its last line is the answer. A file that was
# configured by hand stays as it is.
# shellcheck disable=SC2016 # it expands there
REMOTE='export DEBIAN_FRONTEND=noninteractive LC_ALL=C
	set -e
	apt-get -q -y -o DPkg::Lock::Timeout=300 update >&2
	apt-get -q -y -o DPkg::Lock::Timeout=300 --with-new-pkgs \
	    -o Dpkg::Options::=--force-confold upgrade </dev/null >/run/adt-upgrade
	cat /run/adt-upgrade >&2
	count=$(sed -n "s/^\([0-9]*\) upgraded,.*/\1/p" /run/adt-upgrade)
	[ ! -e /run/reboot-required ] || restart=restart
	echo "answer ${count:-0} ${restart:-}"'

# update_one name label address - its row on stdout.
update_one() (
	status=0
	said=$(put "$PASSWORD" | on_machine "$3" \
	    "sudo -k; sudo -S -p '' sh -c '$REMOTE'" 2>"$WORK/$1") || status=$?
	answer=$(put "$said" | sed -n 's/^answer //p')
	if [ "$status" -ne 0 ] || [ -z "$answer" ]; then
		sed "s/^/$1: /" "$WORK/$1" | tail -n 5 >&2
		say "$PROGRAM: $1: not updated"
		[ "$status" -eq 255 ] || exit 69
		exit 75
	fi
	put "$1	$2	$(put "$answer" | sed 's/ *$//' | tr ' ' '\t')"
)

# chosen - "label TAB name TAB address" of the running machines that are meant.
chosen() (
	machines=$(cloud machines --json) || exit
	via=$(planned BUILD_MACHINE_VPC) || exit
	rows=$(put "$machines" | jq -r --arg via "$via" "$ADDRESS_JQ"'
		.[] |
		select(.state == "running") |
		select(.name | test("\\A[A-Za-z0-9._-]+\\z")) | [.name,
		address($via)] | @tsv') ||
		die 76 "adt-cloud: not the list of machines it promises"
	rules=$(machine_rules) || exit
	put "$rows" | sed -nE "$rules" |
		awk -F '\t' -v types=" $TYPES " '
			types == "  " || index(types, " " $1 " ")' | sort
)

# update_all - so many at the same time; the worst status.
update_all() {
	WORST=0 JOBS='' RUNNING=0
	while IFS='	' read -r LABEL NAME ADDRESS; do
		update_one "$NAME" "$LABEL" "$ADDRESS" </dev/null &
		JOBS="$JOBS $!"
		RUNNING=$((RUNNING + 1))
		[ "$RUNNING" -lt "$AT_ONCE" ] || wait_for_jobs
	done <<-EOF
	$MACHINES
	EOF
	wait_for_jobs
}

wait_for_jobs() {
	for JOB in $JOBS; do
		STATUS=0
		wait "$JOB" || STATUS=$?
		[ "$STATUS" -le "$WORST" ] || WORST=$STATUS
	done
	JOBS='' RUNNING=0
}

main() {
	TYPES='' AT_ONCE=2 DRY_RUN='' YES=''
	while [ $# -gt 0 ]; do
		case $1 in
		--machine | --at-once)
			[ $# -ge 2 ] || usage_error "$1 wants a value" ;;
		esac
		case $1 in
		--machine)
			need_label "$2"
			TYPES=${TYPES:+$TYPES }$2
			shift
			;;
		--at-once)
			case $2 in
			'' | 0* | *[!0-9]* | ????*)
				usage_error "not a number of machines: '$2'" ;;
			esac
			AT_ONCE=$2
			shift
			;;
		--dry-run) DRY_RUN=yes ;;
		--yes) YES=yes ;;
		-h | --help) usage; exit 0 ;;
		*) usage_error "unknown argument $1" ;;
		esac
		shift
	done
	find_build
	need_program jq ssh adt-cloud adt-seal
	use_template
	pin_record
	MACHINES=$(chosen)
	[ -n "$MACHINES" ] || die 1 "no such machine of this build runs"
	if [ -n "$DRY_RUN" ]; then
		put "$MACHINES" | awk -F '\t' '{ print $2 "\t" $1 }'
		say "dry run: nothing was upgraded"
		exit 0
	fi
	if [ -z "$YES" ]; then
		put "$MACHINES" | cut -f 2 >&2
		confirm "Upgrade the packages of these machines?" ||
			die 1 "nothing was upgraded"
	fi
	open_ready
	[ -n "$SSH_KEY" ] || die 77 "without the build key no machine lets us in"
	PASSWORD=$(open_sealed credentials | sed -n 's/^PASSWORD://p')
	WORK=$(mktemp -d)
	trap 'rm -rf "$WORK"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	update_all
	exit "$WORST"
}
main "$@"
