# scripts_template.bats - VerifySnapshots, RetireServers, SetBuildFromSnapshot
# and BuildFromSnapshots up to where a cloud is needed: what they refuse.
setup() {
	load scripts
	fresh_home buildhome-lxd
	fresh_seal_key
	# Nobody listens there, whatever runs on this machine.
	ADT_API_URL=http://127.0.0.1:9
	export ADT_API_URL
}

# metadata JSON - what snapshots.json says of webserver, database, autoscaler.
metadata() {
	for label in webserver database autoscaler; do
		jq -nc --arg type "$label" '{key: $type, value: {cloud: "lxd",
			region: "local", id: "id-\($type)", name: "n-\($type)",
			machine: "m-Xlab", build_identifier: "demo-build",
			algorithm: "ed25519", ssh_port: "22", db_port: "3306",
			os: "debian", os_version: "12", webserver_choice: "NGINX",
			database_type: "Maria"}}'
	done | jq -s '{version: 1, website_url: "lxd.example.test",
		images: from_entries}' >"$1/snapshots.json"
}

# seal KIND FOLDER - stdin sealed there.
seal() {
	adt-seal seal --site "${SITE:-lxd.example.test}" --kind "$1" \
	    >"$2/$1.dat"
}

# records - what a capture leaves, but for the images; sets folder.
records() {
	folder=$(snapshots_folder)
	metadata "$folder"
	printf 'USERNAME:XlabUserLabUser0001X\nPASSWORD:p\n' |
		seal credentials "$folder"
	printf 'USERNAME:u\nPASSWORD:p\nDBNAME:n\n' |
		seal db_credentials "$folder"
	adt-snapshot-ids set "$folder/snapshot_ids.dat" webserver id-webserver \
	    database id-database autoscaler id-autoscaler
}

template() { adt-template set "$TMPL" "$1" "$2"; }

# refuses STATUS WORDS SCRIPT [argument...] - and leaves the template alone.
refuses() {
	before=$(sha256sum "$TMPL")
	run --separate-stderr helper "${@:3}"
	echo "want $1 '$2', got $status: $output: $stderr"
	[ "$status" -eq "$1" ] && [ "$output" = "" ] &&
		[[ $stderr == *"$2"* ]] && [ "$before" = "$(sha256sum "$TMPL")" ]
}

@test "nothing recorded: Verify is 1, and it asks no cloud" {
	each_shell refuses 1 'no snapshot is recorded' VerifySnapshots.sh
	json() {
		run --separate-stderr helper VerifySnapshots.sh --json
		[ "$status" -eq 1 ] && [ "$(jq -c . <<<"$output")" = '[]' ]
	}
	each_shell json
}

@test "malformed ids or metadata: Verify is 65" {
	records
	echo '{' >"$folder/snapshots.json"
	each_shell refuses 65 'snapshots.json: malformed' VerifySnapshots.sh
	metadata "$folder"
	echo 'webserver' >"$folder/snapshot_ids.dat"
	each_shell refuses 65 'snapshot_ids.dat' VerifySnapshots.sh
}

# judged JSON... - the verdicts for ids, metadata and images, one a line.
judged() {
	for text in "$1" "$2" "$3"; do printf '%s\n' "$text"; done |
		in_build 'verdicts' | jq -r '.[] | "\(.label) \(.status) \(.words)"'
}

@test "verdicts: ids, metadata and the cloud compared" {
	meta() {
		jq -nc --argjson more "$1" '{version: 1,
			website_url: "lxd.example.test", images: {webserver: ({
			cloud: "lxd", region: "local", id: "a", name: "n",
			build_identifier: "demo-build"} + $more)}}'
	}
	verdict() {
		got=$(judged "$1" "$2" "$3")
		[ "$got" = "$4" ] || {
			echo "got: $got"
			return 1
		}
	}
	ids='[{"label":"webserver","id":"a"}]'
	while IFS='|' read -r more image want; do
		in_turn verdict "$ids" "$(meta "$more")" "[$image]" "$want"
	done <<-'TABLE'
	{}|{"id":"a","name":"n","state":"ready","region":"local"}|webserver 0 ok
	{}|{"id":"a","name":"n","state":"ready","region":""}|webserver 0 ok
	{}|{"id":"a","name":"n","state":"ready"}|webserver 0 ok
	{}||webserver 69 no such image at lxd
	{}|{"id":"b","name":"n","state":"ready"}|webserver 69 no such image at lxd
	{}|{"id":"a","name":"n","state":"pending"}|webserver 69 the image is pending
	{}|{"id":"a","name":"n","state":"ready","region":"r2"}|webserver 69 the image is in r2, not in local
	{}|{"id":"a","name":"m\u001b","state":"ready"}|webserver 65 the image is called m?
	{"id":"z"}|{"id":"a","name":"n","state":"ready"}|webserver 65 snapshots.json says z
	{"cloud":"do"}|{"id":"a","name":"n","state":"ready"}|webserver 65 made at do local for build demo-build
	{"region":"r"}|{"id":"a","name":"n","state":"ready"}|webserver 65 made at lxd r for build demo-build
	{"build_identifier":"d2"}|{"id":"a","name":"n","state":"ready"}|webserver 65 made at lxd local for build d2
	TABLE
	image='[{"id":"a","name":"n","state":"ready"}]'
	each_shell verdict "$ids" '{"images":{}}' "$image" \
	    'webserver 65 snapshots.json does not have it'
	each_shell verdict '[]' "$(meta '{}')" "$image" \
	    'webserver 65 snapshot_ids.dat does not have it'
	each_shell verdict '[]' '{"images":{}}' '[]' ''
}

@test "on lists all that is wrong here, and changes nothing" {
	template BUILD_ARCHIVE_CHOICE baseline
	each_shell refuses 69 "BUILD_ARCHIVE_CHOICE is 'baseline'" \
	    SetBuildFromSnapshot.sh on
	[[ $stderr == *"/credentials.dat: no such file"* ]]
	[[ $stderr == *"/db_credentials.dat: no such file"* ]]
	for label in webserver database autoscaler; do
		[[ $stderr == *"no snapshot of the $label is recorded"* ]]
	done
	[[ $stderr != *"snapshot of the reverseproxy"* ]]
}

@test "on: only a temporal archive" {
	records
	finding() {
		got=$(in_build 'need_template ""; file_findings') || return 1
		[ "$got" = "$1" ] || {
			echo "got: $got"
			return 1
		}
	}
	for choice in hourly daily weekly monthly bimonthly; do
		template BUILD_ARCHIVE_CHOICE "$choice"
		in_turn finding ''
	done
	for choice in virgin baseline HOURLY 'hourly daily' ''; do
		template BUILD_ARCHIVE_CHOICE "$choice"
		in_turn finding "69 BUILD_ARCHIVE_CHOICE is '$choice': a temporal\
 one is wanted: hourly daily weekly monthly bimonthly"
	done
}

@test "on: the template must be of the build the images were made of" {
	while IFS='|' read -r name value is; do
		fresh_home buildhome-lxd
		records
		template "$name" "$value"
		# Told, but no reason not to build.
		[ "$name" != BUILDOS_VERSION ] && want=69 || want=0
		finds() {
			got=$(in_build 'need_template ""; file_findings') || return 1
			echo "$got"
			[[ $got == "$want $name is $value, the "*"$is"* ]]
		}
		in_turn finds
	done <<-'TABLE'
	CLOUDHOST|vultr|webserver image has lxd
	REGION|lhr|webserver image has local
	BUILD_IDENTIFIER|demo|database image has demo-build
	WEBSITE_URL|www.example.test|snapshots are of lxd.example.test
	ALGORITHM|rsa|webserver image has ed25519
	SSH_PORT|1035|webserver image has 22
	DB_PORT|2035|webserver image has 3306
	BUILDOS|ubuntu|webserver image has debian
	BUILDOS_VERSION|13|webserver image has 12
	WEBSERVER_CHOICE|APACHE|webserver image has NGINX
	DATABASE_INSTALLATION_TYPE|MySQL|webserver image has Maria
	TABLE
}

@test "on: sizes are compared, and what differs is told" {
	records
	folder=$(snapshots_folder)
	jq '.images.webserver.size = "c1-m1" | .images.database.size = "c2-m2"' \
	    "$folder/snapshots.json" >"$BATS_TEST_TMPDIR/json"
	cp "$BATS_TEST_TMPDIR/json" "$folder/snapshots.json"
	template WS_SERVER_TYPE c1-m1
	template DB_SERVER_TYPE c1-m1
	sizes() {
		got=$(in_build 'need_template ""; file_findings')
		echo "$got"
		[ "$got" = "0 the size of the database is c1-m1, the database image \
has c2-m2: its disk must not be smaller" ]
	}
	each_shell sizes
}

@test "on: credentials that do not open, or are another file's, are told" {
	records
	found() {
		got=$(in_build 'need_template ""; file_findings') || return 1
		echo "$got"
		[[ $got == *"$1"* ]]
	}
	each_shell found ''
	cp "$folder/credentials.dat" "$folder/db_credentials.dat"
	each_shell found 'db_credentials.dat: '
	records
	printf 'USERNAME:u\n' | SITE=other.example.test seal credentials "$folder"
	each_shell found ' credentials.dat: '
	records
	mv "$ADT_SEAL_KEY" "$ADT_SEAL_KEY.away"
	each_shell found ' credentials.dat: '
}

@test "on: a build by user data, and an unfinished capture, are refused" {
	ADT_FLAGS_DIR=$BATS_TEST_TMPDIR
	: >"$ADT_FLAGS_DIR/HARDCORE"
	records
	: >"$folder/journal"
	run --separate-stderr helper SetBuildFromSnapshot.sh on
	[ "$status" -ne 0 ]
	[[ $stderr == *"HARDCORE: a build by user data"* ]]
	[[ $stderr == *"journal: a capture is not finished"* ]]
	: >"$ADT_FLAGS_DIR/PARAMETER"
	run --separate-stderr helper SetBuildFromSnapshot.sh on
	[ "$status" -ne 0 ]
	[[ $stderr != *HARDCORE* ]]
}

@test "off needs no cloud, keeps every other byte, and may be repeated" {
	template BUILD_FROM_SNAPSHOT 1
	off() {
		sed 's/BUILD_FROM_SNAPSHOT="1"/BUILD_FROM_SNAPSHOT="0"/' "$TMPL" \
		    >"$BATS_TEST_TMPDIR/want"
		run --separate-stderr helper SetBuildFromSnapshot.sh off
		echo "$stderr"
		[ "$status" -eq 0 ] && [ "$output" = "" ] &&
			cmp "$TMPL" "$BATS_TEST_TMPDIR/want" || return 1
		run --separate-stderr helper SetBuildFromSnapshot.sh off
		[ "$status" -eq 0 ] && [[ $stderr == *'is "0" already'* ]] &&
			cmp "$TMPL" "$BATS_TEST_TMPDIR/want" || return 1
		template BUILD_FROM_SNAPSHOT 1
	}
	each_shell off
	other=$BATS_TEST_TMPDIR/other.tmpl
	cp "$TMPL" "$other"
	helper SetBuildFromSnapshot.sh off --template "$other" --dry-run
	cmp "$TMPL" "$other"
	helper SetBuildFromSnapshot.sh off --template "$other"
	[ "$(adt-template get "$other" BUILD_FROM_SNAPSHOT)" = 0 ]
	[ "$(adt-template get "$TMPL" BUILD_FROM_SNAPSHOT)" = 1 ]
}

@test "Build refuses a template that does not ask for it" {
	each_shell refuses 69 "BUILD_FROM_SNAPSHOT is '0'" BuildFromSnapshots.sh
	template BUILD_FROM_SNAPSHOT 1
	each_shell refuses 69 'no snapshot of the webserver is recorded' \
	    BuildFromSnapshots.sh --dry-run
}

@test "a template of another build is not asked how many machines there are" {
	asks() {
		got=$(in_build 'use_template; machine_count webserver' 2>/dev/null)
		[ "$got" = "$1" ] || {
			echo "got $got"
			return 1
		}
	}
	template NO_WEBSERVERS 3
	each_shell asks 3
	template BUILD_IDENTIFIER demo
	each_shell asks 1
	template BUILD_IDENTIFIER demo-build
	rm "$RT/current_template_name"
	each_shell asks 1
}
