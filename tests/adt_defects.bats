# adt_defects.bats - what the toolkit's own scripts did wrong on this path, done
# on the emulator: of the defects whose end nothing else shows as directly. The
# numbers are those of the table in docs/manual/080-adt-defects.md.
setup() { load site; }
teardown() { stop_emulator; }

capture() { obtain --no-push --progress none "$@"; }

# exported KIND - what is recorded, in clear.
exported() { helper SnapshotCredentials.sh export "$1" "$BATS_TEST_TMPDIR/clear"; }

@test "2, 3: a first capture keeps the database's user whole, colons too" {
	start_site digitalocean
	environment DB_USERNAME 'admin:::user'
	environment DB_PASSWORD 'p:w:'
	environment DB_NAME ndemo
	[ ! -e "$SNAPSHOTS/db_credentials.dat" ]
	capture --machine database
	exported db_credentials
	[ "$(cat "$BATS_TEST_TMPDIR/clear")" = 'USERNAME:admin:::user
PASSWORD:p:w:
DBNAME:ndemo' ]
}

@test "4: a build whose name begins like ours is not captured, listed first or not" {
	start_site vultr
	capture --machine webserver --machine database
	[ "$(there '.images | map(.machine_name) | sort | join(" ")')" = \
	    "$(machine_of database) $(machine_of webserver)" ]
	# only look-alikes are left
	add_machines vultr "[{\"name\": \"news-$REGION-$BUILD-0-Xabc-init-1\",
	    \"region\": \"$REGION\"}]" >/dev/null
	cloud delete-machine "$(id_of "$(machine_of webserver)")"
	run --separate-stderr capture --machine webserver
	[ "$status" -ne 0 ]
	[[ $stderr == *"webserver: no running machine of build $BUILD"* ]]
	[ "$(there '.images | length')" -eq 2 ]
}

@test "5: of several, one that runs, and which one is said" {
	start_site vultr
	first=$(machine_of webserver)
	second=${first%-1}-2
	third=${first%-1}-3
	add_machines vultr "[{\"name\": \"$second\", \"region\": \"$REGION\"},
	    {\"name\": \"$third\", \"region\": \"$REGION\"}]" >/dev/null
	cloud power off "$(id_of "$first")"
	run --separate-stderr capture --machine webserver
	echo "$stderr"
	[ "$status" -eq 0 ]
	[[ $stderr == *"webserver: $second (first of 2 running)"* ]]
	[ "$(there '.images | map(.machine_name) | join(" ")')" = "$second" ]
	cloud power off "$(id_of "$second")" "$(id_of "$third")"
	run --separate-stderr capture --machine webserver
	[ "$status" -eq 1 ] || [ "$status" -eq 69 ]
	[[ $stderr == *"webserver: no running machine"* ]]
	[ "$(there '.images | length')" -eq 1 ]
}

@test "7: the keys of this build are kept, and nothing is left where one stands" {
	start_site vultr
	key=id_ed25519_AGILE_DEPLOYMENT_BUILD_KEY_$BUILD
	mkdir "$BATS_TEST_TMPDIR/stand"
	(cd "$BATS_TEST_TMPDIR/stand" && capture --machine webserver)
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/stand")" ]
	exported build_keys
	mkdir "$BATS_TEST_TMPDIR/unpacked"
	tar -xzf "$BATS_TEST_TMPDIR/clear" -C "$BATS_TEST_TMPDIR/unpacked"
	[ "$(cd "$BATS_TEST_TMPDIR/unpacked" && echo *)" = "$key $key.pub" ]
	cmp "$BATS_TEST_TMPDIR/unpacked/$key" "$BLD/keys/$key"
}

@test "10: an image that is being made is waited for, and then recorded" {
	for cloud in linode vultr; do
		echo "cloud: $cloud"
		start_site "$cloud"
		control POST settings '{"image_s": 400, "image_gb_s": 0}' >/dev/null
		capture --machine webserver >/dev/null 2>&1 3>&- &
		for times in $(seq 1 200); do
			[ "$(there '[.images[] | select(.state == "pending")] |
			    length')" -eq 0 ] || break
			sleep 0.05
		done
		echo "$times looks"
		[ "$(there '.images[0].state')" = pending ]
		[ ! -e "$SNAPSHOTS/snapshot_ids.dat" ]
		wait $!
		[ "$(there '.images[0].state')" = ready ]
		[ "$(there '.images[0].id')" = "$(adt-snapshot-ids get \
		    "$SNAPSHOTS/snapshot_ids.dat" webserver)" ]
		stop_emulator
	done
}

@test "18: whatever fails, the status is not 0, and says of which kind it is" {
	start_site vultr
	fails() {
		run --separate-stderr capture --machine webserver "${@:2}"
		echo "$* -> $status: $stderr"
		[ "$status" -eq "$1" ]
		[ "$output" = "" ]
		[ ! -e "$SNAPSHOTS/snapshot_ids.dat" ]
	}
	ADT_API_URL=http://127.0.0.1:1/vultr fails 75
	fault vultr list-machines status 1 '{"status": 401}'
	fails 77
	fault vultr image status -1 '{"status": 400, "message": "no"}'
	fails 69
	control DELETE faults >/dev/null
	chmod 644 "$ADT_SEAL_KEY"
	fails 77
	chmod 600 "$ADT_SEAL_KEY"
	rm "$BLD/credentials/SERVERUSER"
	fails 65
}

# noted PROGRAM... - these, found first, note how they are called in "called".
noted() {
	mkdir -p "$BATS_TEST_TMPDIR/noted"
	for program in "$@"; do
		real=$(PATH=$OUT/bin:$PATH command -v "$program")
		printf '#!/bin/sh\nprintf "%%s\\n" "%s $*" >>"%s"\nexec "%s" "$@"\n' \
		    "$program" "$BATS_TEST_TMPDIR/called" "$real" \
		    >"$BATS_TEST_TMPDIR/noted/$program"
		chmod +x "$BATS_TEST_TMPDIR/noted/$program"
	done
	ADT_BIN=$BATS_TEST_TMPDIR/noted:$ADT_BIN
	export ADT_BIN
}

@test "24: capture, build, scale up: no secret in any program's arguments" {
	start_site linode
	environment DB_PASSWORD secret-of-database
	environment S3_ACCESS_KEY ''
	echo secret-of-server-user >"$BLD/credentials/SERVERUSERPASSWORD"
	noted adt-cloud adt-seal adt-snapshot-ids adt-template adt-userdata awk \
	    base64 cat cp curl cut env find flock grep gzip jq mktemp od \
	    openssl printf sed sort ssh stat tar tee tr
	TMPL=$BATS_TEST_TMPDIR/home/one.tmpl
	while IFS='=' read -r name value; do
		printf 'export %s="%s"\n' "$name" "$value"
	done < <(grep '^[A-Z_]*=[^"$`\\]*$' "$BLD/build_environment" |
		grep -v '^BUILD_\(FROM_SNAPSHOT\|ARCHIVE_CHOICE\)=') >"$TMPL"
	printf 'export BUILD_FROM_SNAPSHOT="1"\nexport BUILD_ARCHIVE_CHOICE="hourly"\n' \
	    >>"$TMPL"
	echo "$TMPL" >"$RT/current_template_name"
	capture --all
	helper RetireServers.sh --yes
	helper BuildFromSnapshots.sh --yes --wait 0 --progress none
	helper ScaleWebservers.sh 2 --wait 0 --progress none
	password=$(adt-seal open --site www.example.test --kind root_password \
	    "$SNAPSHOTS/root_password.dat")
	grep -q '^adt-cloud provision .*--root-password -' "$BATS_TEST_TMPDIR/called"
	for secret in emulator-token secret-of-database secret-of-server-user \
	    "$password"; do
		[ "${#secret}" -gt 8 ]
		run ! grep -F -- "$secret" "$BATS_TEST_TMPDIR/called"
	done
}

@test "34: a create that is refused for now is asked for again" {
	start_site digitalocean
	capture --machine webserver
	fault digitalocean create status 2 '{"status": 503}'
	helper ScaleWebservers.sh 2 --wait 0 --progress none
	[ "$(there '[.machines[] | select(.name |
	    startswith("ws-lon1-demo-build-0-"))] | length')" -eq 2 ]
	# and one that is refused for good is a failure, without a machine
	fault digitalocean create status -1 '{"status": 422, "message": "no more"}'
	run --separate-stderr helper ScaleWebservers.sh 3 --wait 0 --progress none
	[ "$status" -eq 69 ]
	[[ $stderr == *"no more"* ]]
}

@test "36: of the toolkit's scripts none is called that may not be there" {
	run ! grep -rn ResetFirewall "$ROOT/templates" "$ROOT/helperscripts"
	# They are called by toolkit(), which looks first, and by nothing else.
	cd "$ROOT/templates/userdata"
	run ! grep -vE 'toolkit application/|^[[:space:]]*(die )?"|\\$' \
	    <(grep -hE '^[^#]*Install[A-Za-z]*[.]sh' ./*.sh ./*.yaml)
	sed -n '/^toolkit() {/,/^}/p' restore-site.sh | grep -q 'no such script'
}
