# clouds.bash - what the tests of the four clouds share: a fleet of the toolkit's
# machines among look-alikes, and adt-cloud pointed at the emulator.
load emulator

# How many times as fast as real time the emulator and the programs live.
SPEED=${SPEED:-100}
BUILD=demo-build

# use_cloud CLOUD - CLOUD, and what differs: REGION, OTHER_REGION; SIZE, a
# LARGER one with more disk where sizes have disks; VPC; API, the path.
# shellcheck disable=SC2034 # the tests use them
use_cloud() {
	CLOUD=$1
	VPC=adt-vpc
	case $CLOUD in
	digitalocean)
		REGION=lon1 OTHER_REGION=ams3
		SIZE=s-1vcpu-1gb LARGER=s-1vcpu-2gb
		;;
	exoscale)
		REGION=ch-gva-2 OTHER_REGION=de-fra-1
		SIZE=tiny LARGER=standard.medium
		;;
	linode)
		REGION=gb-lon OTHER_REGION=us-east
		SIZE=g6-nanode-1 LARGER=g6-standard-1
		;;
	vultr)
		REGION=lhr OTHER_REGION=ams
		SIZE=vc2-1c-1gb LARGER=vc2-1c-2gb
		;;
	esac
	CREDENTIALS=$BATS_TEST_TMPDIR/credentials.$CLOUD
	(
		umask 077
		case $CLOUD in
		exoscale) printf '%s\n' 'ACCESS_KEY=EXOemulator' \
		    'SECRET_KEY=emulator-secret' ;;
		*) echo emulator-token ;;
		esac >"$CREDENTIALS"
		echo 'R00t-password-of-nobody' >"$BATS_TEST_TMPDIR/root-password"
	)
	JOURNAL=$BATS_TEST_TMPDIR/journal
	API=
}

# start_cloud CLOUD [EMULATOR-OPTION...] - both clocks run SPEED times as fast.
start_cloud() {
	use_cloud "$1"
	shift
	ADT_CLOCK="$SPEED@$(date +%s)"
	export ADT_CLOCK
	start_emulator --speed "$SPEED" --limit-scale "$SPEED" "$@"
	API=$(emulator_url "$CLOUD")
}

# cloud COMMAND [WORD...] - adt-cloud, there.
cloud() {
	adt-cloud "$@" --cloud "$CLOUD" --region "$REGION" --api-url "$API" \
	    --credentials "$CREDENTIALS"
}

# machine_of TYPE [REGION [BUILD]] - its name, as the toolkit gives it.
machine_of() {
	set -- "$1" "${2:-$REGION}-${3:-$BUILD}"
	case $1 in
	webserver) echo "ws-$2-0-Xabc-init-1" ;;
	database) echo "db-$2-Xabc" ;;
	autoscaler) echo "NO-1-as-$2-Xabc" ;;
	reverseproxy) echo "NO-1-rp-$2-Xabc" ;;
	authenticator) echo "NO-1-auth-$2-Xabc" ;;
	esac
}

TYPES='authenticator reverseproxy autoscaler webserver database'

# rows_of REGION BUILD - the machines of a build, as the control address has it.
rows_of() {
	for type in $TYPES; do
		machine_of "$type" "$1" "$2"
	done | jq -R --arg region "$1" '{name: ., region: $region}' | jq -s .
}

# add_fleet [MORE] - the five machines of the build, and in front of them those
# of other builds and regions, and MORE that have nothing to do with it.
add_fleet() {
	add_machines "$CLOUD" "$(
		{
			seq 1 "${1:-0}" | jq --arg region "$REGION" \
			    '{name: "other-\(.)", region: $region}' | jq -s .
			rows_of "$REGION" "${BUILD}2"
			rows_of "$REGION" "x-$BUILD"
			rows_of "$OTHER_REGION" "$BUILD"
			rows_of "$REGION" "$BUILD"
		} | jq -s add
	)" >/dev/null
}

# capture [WORD...] - the five machines, all at once.
capture_all() {
	set -- "$@" --journal "$JOURNAL"
	for type in $TYPES; do
		set -- "$@" "$type=$(machine_of "$type")"
	done
	cloud capture "$@"
}

# field COLUMN - of lines with tabs.
field() { cut -f "$1"; }

# id_of NAME - the machine's id, as the cloud lists it.
id_of() {
	cloud machines | awk -F '\t' -v name="$1" '$2 == name { print $1 }'
}

# there FILTER - jq's answer about the emulator's state.
there() { emulator_state "$CLOUD" | jq -r "$1"; }

# provision_all [WORD...] - the five machines again, each from its image of the
# file captured, with all that the toolkit gives them.
provision_all() {
	set -- "$@" --journal "$JOURNAL" --size "$LARGER" --vpc "$VPC" \
	    --ssh-key "AGILE_TOOLKIT_PUBLIC_KEY-$BUILD" --tag "$BUILD" \
	    --user-data "$BATS_TEST_TMPDIR/user-data"
	printf '#cloud-config\n# of this test\n' >"$BATS_TEST_TMPDIR/user-data"
	[ "$CLOUD" != linode ] ||
		set -- "$@" --root-password "$BATS_TEST_TMPDIR/root-password"
	while IFS=$'\t' read -r label image _ machine _; do
		set -- "$@" --firewall "adt-$label-$BUILD" "$machine=$image"
	done <"$BATS_TEST_TMPDIR/captured"
	cloud provision "$@"
}
