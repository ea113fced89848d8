# update.bats - UpdateSnapshotMachines.sh on a real machine: over ssh with the
# build key, by sudo with the sealed password, from a package repository.
setup_file() {
	load lxd
	lab_up
	BUILD_HOME=$BATS_FILE_TMPDIR/home
	ADT_SEAL_KEY=$BATS_FILE_TMPDIR/seal.key
	TOKEN_FILE=$BATS_FILE_TMPDIR/token
	export BUILD_HOME ADT_SEAL_KEY TOKEN_FILE
	adt-seal keygen
	echo word >"$TOKEN_FILE"
	"$ROOT/tests/lxd/buildhome.sh" "$BUILD_HOME" test \
	    >"$BATS_FILE_TMPDIR/machines"
	web=$(sed -n 's/=webserver$//p' "$BATS_FILE_TMPDIR/machines")
	"$ROOT/tests/lxd/fleet.sh" up "$web=webserver"
	snapshots=$BUILD_HOME/runtimedata/wholemachinebackups/www.test.test/snapshots
	mkdir -p "$snapshots"
	bld=$BUILD_HOME/runtimedata/lxd/test
	printf 'USERNAME:%s\nPASSWORD:%s\n' \
	    "$(cat "$bld/credentials/SERVERUSER")" \
	    "$(cat "$bld/credentials/SERVERUSERPASSWORD")" |
		adt-seal seal --site www.test.test --kind credentials \
		    >"$snapshots/credentials.dat"
}

teardown_file() {
	load lxd
	"$ROOT/tests/lxd/down.sh" --images
}

setup() {
	load lxd
	web=$(sed -n 's/=webserver$//p' "$BATS_FILE_TMPDIR/machines")
}

update() { "$ROOT/helperscripts/UpdateSnapshotMachines.sh" "$@"; }
version() { client exec -T "$web" -- dpkg-query -W -f '${Version}' word; }

@test "an older package is upgraded, and the password is nobody's to see" {
	client exec -T "$web" -- sh -euc '
		for version in 1 2; do
			mkdir -p /tmp/word/DEBIAN /repository
			printf "Package: word\nVersion: %s\nArchitecture: all\nMaintainer: lab\nDescription: a word\n" \
			    "$version" >/tmp/word/DEBIAN/control
			dpkg-deb -b /tmp/word "/repository/word_$version.deb"
		done
		dpkg -i /repository/word_1.deb
		{ dpkg-deb -f /repository/word_2.deb
		printf "Filename: ./word_2.deb\nSize: %s\nSHA256: %s\n" \
		    "$(stat -c %s /repository/word_2.deb)" \
		    "$(sha256sum </repository/word_2.deb | cut -d " " -f 1)"
		} >/repository/Packages
		echo "deb [trusted=yes] file:/repository ./" \
		    >/etc/apt/sources.list
		chmod 755 /repository' >/dev/null
	[ "$(version)" = 1 ]
	run --separate-stderr update --dry-run
	[ "$status" -eq 0 ]
	[ "$output" = "$web	webserver" ]
	[ "$(version)" = 1 ]
	run --separate-stderr update --yes
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$output" = "$web	webserver	1" ]
	[ "$(version)" = 2 ]
	run --separate-stderr update --yes
	[ "$output" = "$web	webserver	0" ]
	secret=$(cat "$BUILD_HOME/runtimedata/lxd/test/credentials/SERVERUSERPASSWORD")
	run ! grep -qF "$secret" <<<"$stderr"
}

@test "a machine that cannot upgrade: said, by name, and the status" {
	client exec -T "$web" -- rm /repository/Packages
	run --separate-stderr update --machine webserver --yes
	echo "$status $stderr"
	[ "$status" -eq 69 ]
	[[ $stderr == *"$web: not updated"* ]]
	run --separate-stderr update --machine database --yes
	[ "$status" -eq 1 ]
}
