# autoscaler_snapshot.bats - UpdateAutoscalerSnapshot.sh over a real sshd on
# 127.0.0.1, on a machine whose settings change as the toolkit's do.
setup() {
	load dropin
	load sshd
	fresh_machine buildhome-old
	rm -rf "$RT/wholemachinesnapshots"
	# The user that sshd lets in is whoever runs the tests.
	id -un >"$BLD/credentials/SERVERUSER"
	record webserver autoscaler database
	start_machine
}

teardown() { stop_sshd; }

# start_machine - with the toolkit's settings and script, in a home of its own.
start_machine() {
	there=$BATS_TEST_TMPDIR/there
	mkdir -p "$there/utilities/config" "$there/runtime"
	printf 'BUILDIDENTIFIER:demo-build\nBUILDFROMSNAPSHOT:1\nSNAPSHOTID:old\n' \
	    >"$there/runtime/autoscaler_configuration_settings.dat"
	store_config_value "$there"
	key=$BLD/keys/id_ed25519_AGILE_DEPLOYMENT_BUILD_KEY_demo-build
	rm -f "$key" "$key.pub"
	ssh-keygen -q -t ed25519 -N '' -f "$key"
	start_sshd "$key.pub" "HOME=$there" \
	    "ADT_AUTOSCALER_DIR=$BATS_TEST_TMPDIR/scaler"
	environment SSH_PORT "$SSHD_PORT"
}

settings() { cat "$there/runtime/autoscaler_configuration_settings.dat"; }
updates() { helper UpdateAutoscalerSnapshot.sh "$@"; }

@test "a newer id, also one with a slash, is set and read back" {
	sets() {
		for id in 100000001 private/42; do
			adt-snapshot-ids set "$FOLDER/snapshot_ids.dat" webserver "$id"
			run --separate-stderr updates --address 127.0.0.1
			echo "$status: $output: $stderr"
			[ "$status" -eq 0 ] && [ "$output" = "127.0.0.1	$id" ] &&
				[ "$(settings | grep '^SNAPSHOTID:')" = "SNAPSHOTID:$id" ] &&
				settings | grep -qx BUILDFROMSNAPSHOT:1 &&
				grep -qx "SNAPSHOT_ID=$id" "$BLD/build_environment" || return 1
		done
	}
	each_shell sets
}

@test "without addresses the cloud is asked, and only for this build's" {
	printf '[{"name": "NO-1-as-lon1-demo-build-Xdem", "state": "running",
		"public_ipv4": "127.0.0.1"},
		{"name": "NO-1-as-lon1-demo-build2-Xdem", "state": "running",
		"public_ipv4": "192.0.2.1"},
		{"name": "NO-2-as-lon1-demo-build-Xdem", "state": "stopped",
		"public_ipv4": "192.0.2.2"}]' >"$FAKE/machines.json"
	run --separate-stderr updates
	[ "$status" -eq 0 ]
	[ "$output" = "127.0.0.1	100000001" ]
}

@test "what cannot be set is told, and is not 0" {
	rm "$there/utilities/config/StoreConfigValue.sh"
	run updates --address 127.0.0.1
	[ "$status" -eq 75 ]
	[[ $output == *"no StoreConfigValue.sh"*"not set"* ]]
	settings | grep -qx SNAPSHOTID:old
	echo >"$BATS_TEST_TMPDIR/authorized"
	run updates --address 127.0.0.1
	[ "$status" -eq 75 ]
}

@test "without the toolkit, in the settings that PrepareAutoscaler.sh made" {
	rm -r "$there/runtime"
	run updates --address 127.0.0.1
	[ "$status" -eq 75 ]
	[[ $output == *"no settings of an autoscaler: see PrepareAutoscaler.sh"* ]]
	mkdir "$BATS_TEST_TMPDIR/scaler"
	made=$BATS_TEST_TMPDIR/scaler/autoscaler_configuration_settings.dat
	printf 'SNAPSHOTID:old\nREGION:lon1\n' >"$made"
	run --separate-stderr updates --address 127.0.0.1
	[ "$status" -eq 0 ]
	[ "$output" = "127.0.0.1	100000001" ]
	[ "$(sort "$made")" = "REGION:lon1
SNAPSHOTID:100000001" ]
	[ "$(stat -c %a "$made")" = 600 ]
}

@test "a machine with another host key than before is not trusted" {
	updates --address 127.0.0.1
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/other"
	printf '[127.0.0.1]:%s %s\n' "$SSHD_PORT" "$(cut -d ' ' -f 1,2 \
	    "$BATS_TEST_TMPDIR/other.pub")" >"$BLD/keys/autoscaler_127.0.0.1keys"
	run updates --address 127.0.0.1
	[ "$status" -eq 75 ]
}

@test "a dry run, and wrong use" {
	cp "$BLD/build_environment" "$BATS_TEST_TMPDIR/before"
	run updates --address 127.0.0.1 --dry-run
	[ "$status" -eq 0 ]
	settings | grep -qx SNAPSHOTID:old
	cmp "$BATS_TEST_TMPDIR/before" "$BLD/build_environment"
	run updates --address '-oProxyCommand=x'
	[ "$status" -eq 64 ]
	rm "$FOLDER/snapshot_ids.dat"
	run updates --address 127.0.0.1
	[ "$status" -eq 69 ]
}
