# story_update.bats - UpdateSnapshotMachines.sh on a machine from an image: over
# ssh with the build key, by sudo with the sealed password, from a package
# repository.

setup_file() {
	load story
	story_rebuilt
}

setup() { load story; }

update() {
	run --separate-stderr helper UpdateSnapshotMachines.sh "$@"
	echo "$status: $output: $stderr"
}
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
	update --machine webserver --dry-run
	[ "$status" -eq 0 ]
	[ "$output" = "$web	webserver" ]
	[ "$(version)" = 1 ]
	update --machine webserver --yes
	[ "$status" -eq 0 ]
	[ "$output" = "$web	webserver	1" ]
	[ "$(version)" = 2 ]
	update --machine webserver --yes
	[ "$output" = "$web	webserver	0" ]
	secret=$(cat "$BLD/credentials/SERVERUSERPASSWORD")
	run ! grep -qF "$secret" <<<"$stderr"
}

@test "a machine that cannot upgrade: said, by name, and the status" {
	client exec -T "$web" -- rm /repository/Packages
	update --machine webserver --yes
	[ "$status" -eq 69 ]
	[[ $stderr == *"$web: not updated"* ]]
	update --machine reverseproxy --yes
	[ "$status" -eq 1 ]
}
