# dropin.bash - what the tests of an existing build machine share: records as a
# capture leaves them, a cloud that knows their images, and readers written as
# the toolkit's own scripts read.
load scripts

# fresh_machine FIXTURE - a build home with settings, key and views of its own.
fresh_machine() {
	fresh_home "$1"
	SITE=$(sed -n 's/^WEBSITE_URL=//p' "$BLD/build_environment")
	FOLDER=$RT/wholemachinebackups/$SITE/snapshots
	VIEW=$RT/wholemachinesnapshots/$SITE/snapshots
	ADT_CONFIG_DIR=$BATS_TEST_TMPDIR/etc
	ADT_END_FLAGS=$BATS_TEST_TMPDIR/flags
	rm -rf "$ADT_CONFIG_DIR" "$ADT_END_FLAGS"
	mkdir -p "$ADT_CONFIG_DIR" "$ADT_END_FLAGS"
	chmod 700 "$ADT_CONFIG_DIR"
	echo "VIEW_FOLDER=$BATS_TEST_TMPDIR/views" >"$ADT_CONFIG_DIR/settings"
	unset ADT_SEAL_KEY
	adt-seal keygen "$ADT_CONFIG_DIR/seal.key"
	export ADT_CONFIG_DIR ADT_END_FLAGS
	fake_cloud
}

# fake_cloud - adt-cloud answers from files; the other programs are the real
# ones. What is asked is noted.
fake_cloud() {
	FAKE=$BATS_TEST_TMPDIR/fake
	mkdir -p "$FAKE"
	ln -sf "$OUT"/bin/* "$FAKE"
	rm "$FAKE/adt-cloud"
	cat >"$FAKE/adt-cloud" <<-'END'
	#!/bin/sh
	echo "$*" >>"${0%/*}/asked"
	[ -e "${0%/*}/$1.json" ] || { echo "no $1 here" >&2; exit 75; }
	cat "${0%/*}/$1.json"
	END
	chmod 755 "$FAKE/adt-cloud"
	ADT_BIN=$FAKE
	export ADT_BIN
}

# record LABEL... - what a capture of these leaves in FOLDER, with images that
# the cloud has. Ids are those of the active cloud's form.
record() {
	rm -rf "$FOLDER"
	mkdir -p "$FOLDER"
	chmod 700 "$FOLDER"
	images='[]' number=0
	for label; do
		number=$((number + 1))
		case $CLOUD in
		linode) id=private/$number ;;
		digitalocean) id=10000000$number ;;
		*) id=0000000$number-1111-2222-3333-444444444444 ;;
		esac
		adt-snapshot-ids set "$FOLDER/snapshot_ids.dat" "$label" "$id"
		images=$(jq -c --arg type "$label" --arg id "$id" \
		    '. + [{label: $type, id: $id, name: "image-\($type)",
			state: "ready", region: ""}]' <<<"$images")
	done
	chmod 600 "$FOLDER/snapshot_ids.dat"
	printf '%s\n' "$images" >"$FAKE/images.json"
	value() { sed -n "s/^$1=//p;T;q" "$BLD/build_environment"; }
	jq --arg cloud "$CLOUD" --arg region "$(value REGION)" \
	    --arg site "$SITE" --arg ssh "$(value SSH_PORT)" \
	    --arg algorithm "$(value ALGORITHM)" '
	{version: 1, website_url: $site, images: (map({key: .label, value: {
		cloud: $cloud, region: $region, id, name,
		machine: "m-Xdem", build_identifier: "demo-build",
		algorithm: $algorithm, ssh_port: $ssh}}) | from_entries)}' \
	    <<<"$images" >"$FOLDER/snapshots.json"
	printf 'USERNAME:%s\nPASSWORD:%s\n' "$(cat "$BLD/credentials/SERVERUSER")" \
	    "$(cat "$BLD/credentials/SERVERUSERPASSWORD")" | seal credentials
	seal db_credentials <"${DB_FILE:-$ROOT/tests/fixtures/db_credentials/selfmanaged.dat}"
	KEY=id_$(value ALGORITHM)_AGILE_DEPLOYMENT_BUILD_KEY_demo-build
	tar -czf - -C "$BLD/keys" "$KEY" "$KEY.pub" | seal build_keys
	chmod 600 "$FOLDER"/*
}

seal() {
	adt-seal seal --key "$ADT_CONFIG_DIR/seal.key" --site "$SITE" \
	    --kind "$1" - "$FOLDER/$1.dat"
}

# As the toolkit's scripts read: any line with the word, the last field.
reads_id() { grep "$1" "$VIEW/snapshot_ids.dat" | awk -F: '{print $NF}'; }
reads() { grep "$2" "$VIEW/$1" | awk -F: '{print $NF}'; }

# tree FOLDER - every path in it with its mode, link and bytes.
tree() {
	(cd "$1" && find . -printf '%p %M %l\n' | sort &&
		find . -type f -exec sha256sum {} + | sort)
}
