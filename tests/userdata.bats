# userdata.bats - what machines from images are told, for every type and cloud:
# well-formed, small, and no secret that the machine need not have.
setup() {
	load scripts
	fresh_home buildhome-old
	fresh_seal_key
	ADT_RUN_DIR=$BATS_TEST_TMPDIR/run
	export ADT_RUN_DIR
	environment S3_ACCESS_KEY FAKE-S3-ACCESS-0001
	environment S3_SECRET_KEY FAKE-S3-SECRET-0001
	SNAPSHOTS=$(snapshots_folder)
	printf 'USERNAME:uXu\nPASSWORD:p"\\:|&p\nDBNAME:n1n\n' |
		adt-seal seal --site www.example.test --kind db_credentials \
		    >"$SNAPSHOTS/db_credentials.dat"
}

# render LABEL NAME IMAGE HOST - the text, rendered as BuildFromSnapshots does.
render() {
	in_build '. "$ROOT/helperscripts/lib/userdata.sh"
		[ -z "$5" ] || CLOUD=$5
		open_userdata build
		SITE_SETTINGS=$(site_settings) || [ $? -eq 1 ]
		WEBSERVER_IMAGE=ws-image
		render_userdata "$1" "$2" "$3" "$4"
		cat "$USERDATA/$2.yaml"' "$1" "$2" "$3" "$4" "${5:-}"
}

# part PATH - the content that the rendered text on stdin writes there.
part() {
	awk -v path="$1" '$1 == "-" && $2 == "path:" { here = $3 == path }
		here && $1 == "content:" { print $2 }' | base64 -d | gunzip
}

@test "every type, every cloud: cloud-init accepts it, below 16384 bytes" {
	# as long as a value may become
	environment S3_ACCESS_KEY "$(printf '%40s|%40s' A B | tr ' ' a)"
	environment S3_SECRET_KEY "$(printf '%60s|%60s' A B | tr ' ' b)"
	environment WEBSITE_NAME "$(printf '%60s' w | tr ' ' w)"
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$BATS_TEST_TMPDIR/key" \
	    -subj '/O=Example Organisation/CN=Example Authority' \
	    -out "$BATS_TEST_TMPDIR/ca.pem" 2>"$BATS_TEST_TMPDIR/words"
	ADT_CONFIG_DIR=$BATS_TEST_TMPDIR/etc
	mkdir "$ADT_CONFIG_DIR"
	echo "DATASTORE_CA_FILE=$BATS_TEST_TMPDIR/ca.pem" \
	    >"$ADT_CONFIG_DIR/settings"
	seen=0
	while IFS='|' read -r cloud image; do
		for label in webserver database autoscaler reverseproxy \
		    authenticator; do
			name=$label-us-southeast-twelve-chars-X1aX
			render "$label" "$name" "$image" 10.0.0.5 "$cloud" \
			    >"$BATS_TEST_TMPDIR/u.yaml"
			size=$(stat -c %s "$BATS_TEST_TMPDIR/u.yaml")
			echo "$cloud $label: $size bytes"
			[ "$size" -gt 1000 ] && [ "$size" -le 16384 ]
			run cloud-init schema \
			    --config-file "$BATS_TEST_TMPDIR/u.yaml"
			echo "$output"
			[ "$status" -eq 0 ]
			[[ $output == *"Valid"* ]]
			[[ $output != *"Invalid"* ]]
			seen=$((seen + 1))
		done
	done <<-'TABLE'
	digitalocean|123456789
	exoscale|00000000-0000-4000-8000-000000000011
	linode|private/90000001
	vultr|00000000-0000-4000-8000-000000000012
	lxd|5a0aa1ce3f1c47f188f8c20063e66ec723c09ebc3e82f654a1b00c64536d5508
	TABLE
	[ "$seen" -eq 25 ]
}

@test "a webserver is told the site, its keys, its database, and no more" {
	render webserver ws-1 image-1 10.0.0.5 >"$BATS_TEST_TMPDIR/u.yaml"
	part /etc/adt-snapshots/restore.conf <"$BATS_TEST_TMPDIR/u.yaml" \
	    >"$BATS_TEST_TMPDIR/conf"
	cat "$BATS_TEST_TMPDIR/conf"
	[ "$(cat "$BATS_TEST_TMPDIR/conf")" = 'IMAGE:image-1
TYPE:webserver
WEBSITE_URL:www.example.test
PERIOD:hourly
DB_TYPE:MySQL
WEBSITE_NAME:example
S3_ACCESS_KEY:FAKE-S3-ACCESS-0001
S3_SECRET_KEY:FAKE-S3-SECRET-0001
S3_HOST_BASE:ams3.digitaloceanspaces.com
S3_LOCATION:US
DB_PORT:2035
DB_USERNAME:uXu
DB_PASSWORD:p"\:|&p
DB_NAME:n1n
DB_HOST:10.0.0.5' ]
	grep -A1 'path: /etc/adt-snapshots/restore.conf' \
	    "$BATS_TEST_TMPDIR/u.yaml" | grep -q 'permissions: "0600"'
	# the scripts as they are, but for lines of comment
	for file in first-boot restore-site restore-database; do
		part "/usr/local/lib/adt-snapshots/$file.sh" \
		    <"$BATS_TEST_TMPDIR/u.yaml" \
		    >"$BATS_TEST_TMPDIR/$file.sh"
		diff "$ROOT/templates/userdata/$file.sh" \
		    "$BATS_TEST_TMPDIR/$file.sh" |
			grep '^[<>]' | grep -v '^<[[:space:]]*#' && false
		sh -n "$BATS_TEST_TMPDIR/$file.sh"
		head -n 1 "$BATS_TEST_TMPDIR/first-boot.sh" | grep -qx '#!/bin/sh'
	done
}

@test "types that restore nothing are given no key and no password" {
	for label in autoscaler reverseproxy authenticator; do
		render "$label" m-1 image-1 10.0.0.5 >"$BATS_TEST_TMPDIR/u.yaml"
		part /etc/adt-snapshots/restore.conf \
		    <"$BATS_TEST_TMPDIR/u.yaml" >"$BATS_TEST_TMPDIR/conf"
		run ! grep -q 'FAKE\|uXu\|S3_\|DB_' "$BATS_TEST_TMPDIR/conf"
		[ "$label" != autoscaler ] ||
			grep -qx 'store:SNAPSHOTID:ws-image' \
			    "$BATS_TEST_TMPDIR/conf"
	done
}

@test "another region's archives; a managed database; no datastore" {
	environment MULTI_REGION 1
	environment PRIMARY_REGION 0
	environment DATABASE_INSTALLATION_TYPE DBaaS
	environment DATABASE_DBaaS_INSTALLATION_TYPE Postgres:DBAAS:pg:x
	render webserver ws-1 image-1 '' |
		part /etc/adt-snapshots/restore.conf >"$BATS_TEST_TMPDIR/conf"
	grep -qx PERIOD:hourly-digitalocean "$BATS_TEST_TMPDIR/conf"
	grep -qx DB_TYPE:Postgres "$BATS_TEST_TMPDIR/conf"
	grep -qx DB_MANAGED:yes "$BATS_TEST_TMPDIR/conf"
	run ! grep -q DB_HOST "$BATS_TEST_TMPDIR/conf"
	environment S3_ACCESS_KEY ''
	[ "$(render webserver ws-1 image-1 '' |
	    part /etc/adt-snapshots/restore.conf)" = 'IMAGE:image-1
TYPE:webserver
RESTORE:no' ]
}

@test "the rendered texts are root's alone, on the folder given" {
	render webserver ws-1 image-1 '' >/dev/null
	site=$ADT_RUN_DIR/userdata/www.example.test
	[ "$(stat -c %a "$site")" = 700 ]
	[ "$(stat -c %a "$site/build")" = 700 ]
	[ "$(stat -c %a "$site/build/ws-1.yaml")" = 600 ]
}

@test "under every shell the same text comes out" {
	all() {
		[ "$(render webserver ws-1 image-1 10.0.0.5 |
		    part /etc/adt-snapshots/restore.conf | cksum)" = "$want" ]
	}
	want=$(render webserver ws-1 image-1 10.0.0.5 |
	    part /etc/adt-snapshots/restore.conf | cksum)
	each_shell all
}

# first_boot LINE... - the script over a machine's folders made here.
first_boot() {
	printf '%s\n' "$@" "STATE:$BATS_TEST_TMPDIR/state" \
	    "HOMEDIR_DAT:$BATS_TEST_TMPDIR/homedir.dat" \
	    "AUTOSCALER_SETTINGS:$BATS_TEST_TMPDIR/settings" \
	    >"$BATS_TEST_TMPDIR/conf"
	sh "$ROOT/templates/userdata/first-boot.sh" "$BATS_TEST_TMPDIR/conf"
}
status_of() { sed -n "s/^$1://p" "$BATS_TEST_TMPDIR/state/status"; }

@test "first boot: a status of this image, for everybody; markers renewed" {
	mkdir -p "$BATS_TEST_TMPDIR/user/runtime" "$BATS_TEST_TMPDIR/state"
	echo "$BATS_TEST_TMPDIR/user" >"$BATS_TEST_TMPDIR/homedir.dat"
	printf 'image:old\nstate:ready\n' >"$BATS_TEST_TMPDIR/state/status"
	runtime=$BATS_TEST_TMPDIR/user/runtime
	touch "$runtime/AUTHORISED_TO_SCALE" "$runtime/REVERSEPROXY_READY" \
	    "$runtime/INSTALLED_SUCCESSFULLY" "$runtime/other"
	first_boot IMAGE:new TYPE:authenticator
	[ "$(status_of image)" = new ]
	[ "$(status_of state)" = ready ]
	[ "$(stat -c %a "$BATS_TEST_TMPDIR/state/status")" = 644 ]
	[ "$(cd "$runtime" && echo *)" = \
	    "AUTHENTICATOR_READY INSTALLED_SUCCESSFULLY other" ]
}

@test "first boot of an autoscaler: two settings change, the others stay" {
	printf 'CLOUDHOST:lxd\nSNAPSHOTID:old\nSNAPSHOTIDS:x\n' \
	    >"$BATS_TEST_TMPDIR/settings"
	chmod 640 "$BATS_TEST_TMPDIR/settings"
	first_boot IMAGE:i TYPE:autoscaler store:BUILDFROMSNAPSHOT:1 \
	    store:SNAPSHOTID:private/12
	[ "$(cat "$BATS_TEST_TMPDIR/settings")" = 'CLOUDHOST:lxd
SNAPSHOTIDS:x
BUILDFROMSNAPSHOT:1
SNAPSHOTID:private/12' ]
	[ "$(stat -c %a "$BATS_TEST_TMPDIR/settings")" = 640 ]
}

@test "on the toolkit's machines its own scripts restore, after our checks" {
	home=$BATS_TEST_TMPDIR/user
	mkdir -p "$home/runtime" "$home/application/db" \
	    "$home/application/configuration"
	echo "$home" >"$BATS_TEST_TMPDIR/homedir.dat"
	touch "$home/runtime/DATABASE_READY" "$home/runtime/DB_INITIALISED" \
	    "$home/runtime/DB_APPLICATION_INSTALLED"
	# No datastore answers: the toolkit's script must not even begin.
	printf 'touch "$HOME/runtime/DB_APPLICATION_INSTALLED"\n' \
	    >"$home/application/db/InstallApplicationDB.sh"
	run first_boot IMAGE:i TYPE:database WEBSITE_URL:www.demo.test \
	    WEBSITE_NAME:demo PERIOD:hourly S3_HOST_BASE:http://127.0.0.1:9 \
	    S3_ACCESS_KEY:a S3_SECRET_KEY:b WAIT_S:0 DB_TYPE:Maria DB_NAME:n \
	    DB_USERNAME:u DB_PASSWORD:p
	[ "$status" -eq 69 ]
	[ "$(status_of state)" = failed ]
	[[ $(status_of reason) == "www-demo-test-db-hourly/demo-DB-backup.tar.gz: the datastore: 000"* ]]
	[ "$(ls -A "$home/runtime")" = DB_INITIALISED ]
}

@test "a root password is made once and kept, also where all is in clear" {
	kept() {
		for credentials in sealed plain; do
			ADT_CONFIG_DIR=$BATS_TEST_TMPDIR/config.$credentials
			mkdir -p "$ADT_CONFIG_DIR"
			echo "CREDENTIALS=$credentials" >"$ADT_CONFIG_DIR/settings"
			rm -f "$SNAPSHOTS/root_password.dat"
			first=$(in_build '. "$ROOT/helperscripts/lib/userdata.sh"
				root_password')
			[ "${#first}" -ge 16 ]
			[ "$(in_build '. "$ROOT/helperscripts/lib/userdata.sh"
				root_password')" = "$first" ]
		done
	}
	each_shell kept
}
