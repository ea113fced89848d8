# autoscaler.bats - a real machine becomes an autoscaler by one command, and then
# starts webservers by itself: over ssh and sudo, with packages from a
# repository, and with the LXD that a device of the machine brings there.
setup_file() {
	load lxd
	lab_up
	STORY=$BATS_FILE_TMPDIR
	BUILD_HOME=$STORY/home
	ADT_SEAL_KEY=$STORY/seal.key
	TOKEN_FILE=$STORY/token
	export STORY BUILD_HOME ADT_SEAL_KEY TOKEN_FILE
	adt-seal keygen
	"$ROOT/tests/lxd/buildhome.sh" "$BUILD_HOME" test >"$STORY/machines"
	od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$TOKEN_FILE"
	web=$(sed -n 's/=webserver$//p' "$STORY/machines")
	scaler=$(sed -n 's/=autoscaler$//p' "$STORY/machines")
	"$ROOT/tests/lxd/fleet.sh" up "$web=webserver" "$scaler=autoscaler"
	"$ROOT/helperscripts/ObtainWholeMachineSnapshot.sh" --no-push \
	    --machine webserver --progress none
	serve_packages
	# What an https address is elsewhere: the way to the cloud.
	client exec -T "$scaler" -- mkdir -p /var/lib/lxd
	client config device add "$scaler" cloud proxy bind=instance \
	    listen=unix:/var/lib/lxd/unix.socket mode=0600 \
	    connect="unix:$LXD_DIR/unix.socket" >/dev/null
}

# serve_packages - the repository that the base image left, on the bridge.
serve_packages() {
	bridge=$(client network list --format json |
		jq -r '.[] | select(.managed) | .config["ipv4.address"]')
	busybox httpd -f -p "${bridge%/*}:8097" \
	    -h "$("$ROOT/tests/lxd/image.sh" --where)/repository" 3>&- &
	echo $! >"$STORY/httpd"
	echo "deb [trusted=yes] http://${bridge%/*}:8097 ./" |
		lxc exec -T "$scaler" -- sh -c 'cat >/etc/apt/sources.list'
}

teardown_file() {
	load lxd
	[ ! -e "$BATS_FILE_TMPDIR/httpd" ] || kill "$(cat "$BATS_FILE_TMPDIR/httpd")" || :
	lab_clear
}

setup() {
	load lxd
	scaler=$(sed -n 's/=autoscaler$//p' "$STORY/machines")
	token=$(cat "$TOKEN_FILE")
}

prepare() { "$ROOT/helperscripts/PrepareAutoscaler.sh" "$@"; }
on_scaler() { client exec -T "$scaler" -- "$@"; }
# Those of this autoscaler's number, by name.
webservers() { cloud machines | cut -f 2 | grep '^ws-local-test-1-' | sort; }
scale() {
	on_scaler /usr/local/share/adt-snapshots/helperscripts/ScaleWebservers.sh \
	    "$@" --health-word "$token" --progress none
}
serves() { "$ROOT/tests/lxd/fleet.sh" fetch-page "$1" | grep -q "page $token"; }

@test "one command brings all of it there, packages as well" {
	run -1 on_scaler sh -c 'command -v jq || exit 1'
	run --separate-stderr prepare --no-packages
	[ "$status" -eq 69 ]
	[[ $stderr == *"missing here, and to be installed first:"*jq* ]]
	run on_scaler test -e /etc/adt-snapshots/autoscaler_configuration_settings.dat
	[ "$status" -ne 0 ]
	run --separate-stderr prepare
	echo "$status: $output: $stderr"
	[ "$status" -eq 0 ]
	[ "$(wc -l <<<"$output")" -eq 1 ]
	[[ $stderr == *"installing here: "*jq* ]]
	run on_scaler sh -c 'cd /etc/adt-snapshots && stat -c "%a %U %n" keys/* *.dat'
	[ "$output" = "600 root keys/id_ed25519_AGILE_DEPLOYMENT_BUILD_KEY_test
600 root autoscaler_configuration_settings.dat" ]
	run --separate-stderr prepare
	echo "$status: $output: $stderr"
	[ "$status" -eq 0 ]
	[[ $stderr != *placed* ]]
}

@test "it starts two webservers by itself, and they serve the site" {
	run --separate-stderr scale 2
	echo "$status: $output: $stderr"
	[ "$status" -eq 0 ]
	[ "$(webservers | wc -l)" -eq 2 ]
	[ "$(cut -f 1 <<<"$output" | sort)" = "$(webservers)" ]
	for name in $(webservers); do serves "$name"; done
}

@test "one that dies is made up for; scaled down, the newest go" {
	died=$(webservers | head -n 1)
	client delete --force "$died"
	run --separate-stderr scale 2
	echo "$status: $output: $stderr"
	[ "$status" -eq 0 ]
	[ "$(webservers | wc -l)" -eq 2 ]
	[[ $output != *"$died"* ]]
	serves "${output%%	*}"
	scale 1 --yes
	[ "$(webservers | wc -l)" -eq 1 ]
}

@test "a newer image gets there by UpdateAutoscalerSnapshot.sh too" {
	on_scaler sed -i 's/^SNAPSHOTID:.*/SNAPSHOTID:old/' \
	    /etc/adt-snapshots/autoscaler_configuration_settings.dat
	run --separate-stderr "$ROOT/helperscripts/UpdateAutoscalerSnapshot.sh"
	echo "$status: $output: $stderr"
	[ "$status" -eq 0 ]
	[ "$(on_scaler sed -n 's/^SNAPSHOTID://p' \
	    /etc/adt-snapshots/autoscaler_configuration_settings.dat)" = \
	    "${output#*	}" ]
}
