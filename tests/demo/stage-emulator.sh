# shellcheck shell=sh disable=SC2034,SC2154 # what story.sh sets and reads
# stage-emulator.sh - the story on the emulator of a cloud: five machines whose
# disks hold a token; sourced by story.sh.

speed=100
stage_words="the emulator of $CLOUD, where time runs $speed times as fast"
work=$root/build/demo/$CLOUD
emulator=$OUT/emulator/emulator
# User data is rendered where no disk is; here nothing in it is secret.
ADT_RUN_DIR=$work/run
export ADT_RUN_DIR

stage_check() {
	[ -x "$emulator" ] || { echo "$emulator is not built"; return 1; }
}

stage_clear() {
	[ ! -s "$work/emulator.pid" ] ||
		kill "$(cat "$work/emulator.pid")" 2>/dev/null || :
}

stage_begin() {
	ADT_CLOCK=$speed@$(date +%s)
	"$emulator" --port 0 --port-file "$work/emulator.port" \
	    --pid-file "$work/emulator.pid" --speed "$speed" \
	    --limit-scale "$speed" &
	waits=0
	until [ -s "$work/emulator.port" ]; do
		waits=$((waits + 1))
		[ "$waits" -lt 100 ] || die "the emulator does not start"
		sleep 0.1
	done
	base=http://127.0.0.1:$(cat "$work/emulator.port")
	ADT_API_URL=$base/$CLOUD
	EMULATOR_CONTROL=$base/control
	export ADT_API_URL ADT_CLOCK EMULATOR_CONTROL
}

# control path [curl option...] - asks the emulator's own address.
control() {
	control_path=$1
	shift
	curl -q -s --fail-with-body -m 20 --noproxy '*' "$@" "$EMULATOR_CONTROL/$control_path"
}

stage_buildhome() {
	"$root/tests/emulator/buildhome.sh" "$CLOUD" "$BUILD_HOME"
}

# stage_fleet - the machines of the build, the token on each disk; and others
# that look alike, which nobody may touch.
stage_fleet() {
	region=$(cat "$BUILD_HOME/runtimedata/$CLOUD/demo-build/CURRENTREGION")
	{
		sed 's/=.*//' "$work/machines"
		sed 's/=.*//; s/demo-build/demo-build2/' "$work/machines"
	} | jq -Rn --arg cloud "$CLOUD" --arg region "$region" \
	    --arg token "$token" '{cloud: $cloud, machines: [inputs | {
		name: ., region: $region, content: $token}]}' |
		control machines --data-binary @- >/dev/null
	control 'requests' -X DELETE >/dev/null
}

fleet_state() { control "state?cloud=$CLOUD"; }

# stage_prove whose - each machine of the build is there, runs, and holds the
# token. The database credentials on stdin are for real machines.
stage_prove() {
	cat >/dev/null
	fleet_state >"$work/state"
	while IFS='=' read -r name _; do
		found=$(jq -r --arg name "$name" '.machines[] |
			select(.name == $name) | "\(.state) \(.content)"' \
		    "$work/state")
		[ "$found" = "running $token" ] ||
			die "$1: $name: '$found', not 'running $token'"
	done <"$work/machines"
	[ "$(jq '[.machines[] | select(.name | contains("demo-build2"))] |
	    length' "$work/state")" -eq 5 ] ||
		die "$1: machines of another build are gone"
	say "$1: five machines run, and hold the token $token"
}

# stage_image_of machine - the image that it was created from.
stage_image_of() {
	fleet_state | jq -r --arg name "$1" \
	    '.machines[] | select(.name == $name) | .image'
}

# stage_build - the fleet from its images. No ssh answers at these addresses:
# the emulator is asked whether a machine runs and was told who it is.
stage_build() {
	operator BuildFromSnapshots.sh --yes --health-command \
	    "tests/emulator/ready.sh \"\$1\""
}

# stage_newer - no site runs on these machines that could go on.
stage_newer() { :; }

# stage_scale - three webservers.
stage_scale() {
	operator ScaleWebservers.sh 3 --health-command \
	    "tests/emulator/ready.sh \"\$1\""
	[ "$(fleet_state | jq '[.machines[] | select(.name |
	    test("^ws-.*-demo-build-"))] | length')" -eq 3 ] ||
		die "not three webservers"
}

# stage_long_way - nothing is built from packages there.
stage_long_way() { :; }

stage_ratio() { die "STORY=ratio is for CLOUD=lxd"; }

# stage_tell - what it took, as the cloud saw it.
stage_tell() {
	control requests | jq -e '[.requests[] | select(.token_in_path or
	    .token_in_query or .token_in_body)] == []' >/dev/null ||
		die "a secret was sent where it does not belong"
	control "stats?cloud=$CLOUD" | jq -r '
		"\(.requests) requests, \(.throttled) refused for their number:",
		(.operations | to_entries[] |
		 "\([.value[]] | add | tostring | (" " * (6 - length)) + .)  \(
		 .key)")'
}

stage_end() { stage_clear; }
