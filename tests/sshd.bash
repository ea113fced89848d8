# sshd.bash - a machine to reach over ssh: a real sshd on 127.0.0.1, whose sessions
# have a home of this test's own. The user is whoever runs the tests.

# start_sshd PUBLIC-KEY NAME=VALUE... - lets that key in, with these in the
# environment; sets SSHD_PORT and SSHD_PID.
start_sshd() {
	cp "$1" "$BATS_TEST_TMPDIR/authorized"
	shift
	[ -e "$BATS_TEST_TMPDIR/host_key" ] ||
		ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/host_key"
	mkdir -p /run/sshd
	for SSHD_PORT in $(shuf -i 20000-29999 -n 20); do
		cat >"$BATS_TEST_TMPDIR/sshd_config" <<-END
		ListenAddress 127.0.0.1:$SSHD_PORT
		HostKey $BATS_TEST_TMPDIR/host_key
		AuthorizedKeysFile $BATS_TEST_TMPDIR/authorized
		StrictModes no
		UsePAM no
		PasswordAuthentication no
		PermitRootLogin prohibit-password
		PidFile none
		SetEnv $*
		END
		/usr/sbin/sshd -D -e -f "$BATS_TEST_TMPDIR/sshd_config" \
		    2>"$BATS_TEST_TMPDIR/sshd.log" 3>&- &
		SSHD_PID=$!
		for _ in {1..50}; do
			! grep -q 'Server listening' "$BATS_TEST_TMPDIR/sshd.log" ||
				break 2
			kill -0 "$SSHD_PID" 2>/dev/null || break
			sleep 0.1
		done
	done
}

# stop_sshd - no-op where none runs.
stop_sshd() { [ -z "${SSHD_PID:-}" ] || kill "$SSHD_PID" || :; }

# store_config_value HOME - the toolkit's script for its settings, there.
store_config_value() {
	mkdir -p "$1/utilities/config"
	cat >"$1/utilities/config/StoreConfigValue.sh" <<-'END'
	#!/bin/sh
	settings=$HOME/runtime/autoscaler_configuration_settings.dat
	/bin/sed -i "/^$1:/d;/:/!d" "$settings"
	/bin/echo "$1:$2" >>"$settings"
	END
}
