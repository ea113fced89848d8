# snapshot_credentials.bats - SnapshotCredentials.sh: masked, in clear where that
# is asked for, and sealed anew under another key.
setup() {
	load scripts
	load standin
	fresh_home buildhome-lxd
	fresh_seal_key
	folder=$(snapshots_folder)
	seal_as lxd.example.test
}

# seal_as SITE - both files of credentials, in $folder.
seal_as() {
	printf '%s\n' USERNAME:XlabUser PASSWORD:server-Secret-1 |
		adt-seal seal --site "$1" --kind credentials - "$folder/credentials.dat"
	printf '%s\n' USERNAME:admin:::application PASSWORD:db-Secret-1 DBNAME:shop |
		adt-seal seal --site "$1" --kind db_credentials - \
		    "$folder/db_credentials.dat"
}

credentials() { helper SnapshotCredentials.sh "$@"; }

opens() {
	adt-seal open --site lxd.example.test --kind "$1" "$folder/$1.dat"
}

@test "show: names, and nothing that is secret" {
	shows() {
		run --separate-stderr credentials show
		echo "$status: $output: $stderr"
		[ "$status" -eq 0 ]
		[ "$output" = "credentials	USERNAME	XlabUser
credentials	PASSWORD	********
db_credentials	USERNAME	admin:::application
db_credentials	PASSWORD	********
db_credentials	DBNAME	shop" ]
		[[ $stderr != *Secret* ]]
	}
	each_shell shows
}

@test "show: the build keys by their names" {
	mkdir "$BATS_TEST_TMPDIR/keys"
	echo PRIVATE >"$BATS_TEST_TMPDIR/keys/id_BUILD_KEY"
	tar -czf - -C "$BATS_TEST_TMPDIR/keys" id_BUILD_KEY | adt-seal seal \
	    --site lxd.example.test --kind build_keys - "$folder/build_keys.dat"
	run --separate-stderr credentials show
	[ "$status" -eq 0 ]
	[ "${lines[5]}" = "build_keys	id_BUILD_KEY	********" ]
	credentials export build_keys "$BATS_TEST_TMPDIR/out.tar.gz" 2>/dev/null
	[ "$(tar -xzOf "$BATS_TEST_TMPDIR/out.tar.gz")" = PRIVATE ]
}

@test "export: in clear, to a closed file or a pipe" {
	exports() {
		file=$BATS_TEST_TMPDIR/clear
		rm -f "$file"
		run --separate-stderr credentials export db_credentials "$file"
		[ "$status" -eq 0 ]
		[ "$output" = "" ]
		[ "$(stat -c %a "$file")" = 600 ]
		[ "$(sed -n 2p "$file")" = PASSWORD:db-Secret-1 ]
		[ "$(credentials export db_credentials 2>/dev/null)" = "$(cat "$file")" ]
	}
	each_shell exports
}

@test "what is wrong has its own status, and writes nothing" {
	while IFS='|' read -r want args words; do
		# shellcheck disable=SC2086 # the table's words are arguments
		run --separate-stderr credentials $args
		echo "case: $args -> $status: $output: $stderr"
		[ "$status" -eq "$want" ]
		[ "$output" = "" ]
		[[ $stderr == *"$words"* ]]
	done <<-'TABLE'
	64||show, export or rotate is wanted
	64|show me|takes no argument
	64|export|export wants a kind
	64|export keys|no kind 'keys'
	64|show --yes|are for rotate
	64|rotate|say it with --yes
	1|export build_keys|no such file
	TABLE
	adt-seal keygen "$BATS_TEST_TMPDIR/other.key"
	ADT_SEAL_KEY=$BATS_TEST_TMPDIR/other.key
	run --separate-stderr credentials export credentials "$BATS_TEST_TMPDIR/no"
	[ "$status" -ne 0 ]
	[ ! -e "$BATS_TEST_TMPDIR/no" ]
	run --separate-stderr credentials show
	[ "$status" -ne 0 ]
	[ "$output" = "" ]
	rm -r "$folder"
	run --separate-stderr credentials show
	[ "$status" -eq 1 ]
}

@test "rotate: every file of every site, under a new key alone" {
	rotates() {
		rm -rf "$BATS_TEST_TMPDIR"/seal.key* "${folder:?}"
		fresh_seal_key
		snapshots_folder >/dev/null
		seal_as lxd.example.test
		record webserver w1 ws-local-demo-build-0-Xlab-init-1-20260101T000000Z
		other=$RT/wholemachinebackups/other.example.test/snapshots
		mkdir -p "$other"
		echo PASSWORD:x | adt-seal seal --site other.example.test \
		    --kind credentials - "$other/credentials.dat"
		cp "$ADT_SEAL_KEY" "$BATS_TEST_TMPDIR/before"
		run --separate-stderr credentials rotate --dry-run
		echo "$status: $output: $stderr"
		[ "$status" -eq 0 ]
		[ "$(sed "s|^$RT/wholemachinebackups/||; s|/snapshots/|: |" \
		    <<<"$output")" = "$(printf '%s\n' \
		    'lxd.example.test: generations/1'{.cms,/credentials.dat,/db_credentials.dat} \
		    'lxd.example.test: generations/2'{.cms,/credentials.dat,/db_credentials.dat} \
		    'other.example.test: credentials.dat')" ]
		cmp "$ADT_SEAL_KEY" "$BATS_TEST_TMPDIR/before"
		run --separate-stderr credentials rotate --yes
		echo "$status: $output: $stderr"
		[ "$status" -eq 0 ]
		! cmp -s "$ADT_SEAL_KEY" "$BATS_TEST_TMPDIR/before" || return 1
		[ "$(stat -c %a "$ADT_SEAL_KEY")" = 600 ]
		[ ! -e "$ADT_SEAL_KEY.new" ]
		opens db_credentials | grep -qx DBNAME:shop
		adt-seal open --site lxd.example.test --kind generation \
		    "$folder/generations/1.cms" >/dev/null
		adt-seal open --site other.example.test --kind credentials \
		    "$other/credentials.dat" | grep -qx PASSWORD:x
		run adt-seal open --key "$BATS_TEST_TMPDIR/before" \
		    --site lxd.example.test --kind generation \
		    "$folder/generations/1.cms"
		[ "$status" -ne 0 ]
		cmp "$ADT_SEAL_KEY".2* "$BATS_TEST_TMPDIR/before"
	}
	each_shell rotates
}

@test "rotate: cut short, it goes on with the same new key" {
	adt-seal keygen "$ADT_SEAL_KEY.new"
	cp "$ADT_SEAL_KEY.new" "$BATS_TEST_TMPDIR/next"
	adt-seal rewrap --key "$ADT_SEAL_KEY.new" --old-key "$ADT_SEAL_KEY" \
	    "$folder/credentials.dat"
	run --separate-stderr credentials rotate --yes
	[ "$status" -eq 0 ]
	[[ $stderr == *"is not finished"* ]]
	cmp "$ADT_SEAL_KEY" "$BATS_TEST_TMPDIR/next"
	opens credentials | grep -qx USERNAME:XlabUser
	opens db_credentials | grep -qx DBNAME:shop
}

@test "rotate: again within the second of one that was killed at its end" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	# a key's first date is of another time
	cat >"$BATS_TEST_TMPDIR/bin/date" <<-EOF
	#!/bin/sh
	case \$* in *%Y%m%dT*) echo >>'$BATS_TEST_TMPDIR/read' ;; esac
	[ "\$(cat '$BATS_TEST_TMPDIR/read' 2>/dev/null | wc -l)" -ne 1 ] ||
		set -- -d @0 "\$@"
	exec $(command -v date) "\$@"
	EOF
	chmod 755 "$BATS_TEST_TMPDIR/bin/date"
	cp "$ADT_SEAL_KEY" "$BATS_TEST_TMPDIR/before"
	adt-seal keygen "$BATS_TEST_TMPDIR/older"
	cp "$BATS_TEST_TMPDIR/older" "$ADT_SEAL_KEY.19700101T000000Z"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH run --separate-stderr credentials \
	    rotate --yes
	echo "$status: $output: $stderr"
	[ "$status" -eq 0 ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/read")" -eq 2 ]
	cmp "$ADT_SEAL_KEY.19700101T000000Z" "$BATS_TEST_TMPDIR/older"
	cmp "$ADT_SEAL_KEY".2* "$BATS_TEST_TMPDIR/before"
	[ ! -e "$ADT_SEAL_KEY.new" ]
	opens credentials | grep -qx USERNAME:XlabUser
}

@test "rotate: a file that does not open is named, and the key stays" {
	cp "$ADT_SEAL_KEY" "$BATS_TEST_TMPDIR/before"
	adt-seal keygen "$BATS_TEST_TMPDIR/other.key"
	ADT_SEAL_KEY=$BATS_TEST_TMPDIR/other.key seal_as lxd.example.test
	run --separate-stderr credentials rotate --yes
	[ "$status" -ne 0 ]
	[[ $stderr == *"credentials.dat: mend or remove it"* ]]
	cmp "$ADT_SEAL_KEY" "$BATS_TEST_TMPDIR/before"
}

# reader NAME... - key pairs whose certificates ESCROW names.
reader() {
	ADT_CONFIG_DIR=$BATS_TEST_TMPDIR/etc
	export ADT_CONFIG_DIR
	mkdir -p "$ADT_CONFIG_DIR"
	for name; do
		[ -e "$ADT_CONFIG_DIR/$name.pem" ] || openssl req -x509 -nodes \
		    -newkey rsa:2048 -keyout "$BATS_TEST_TMPDIR/$name.key" \
		    -out "$ADT_CONFIG_DIR/$name.pem" -subj "/CN=$name" -days 2 \
		    2>/dev/null
	done
	printf '%s\n' "ESCROW=$(printf "$ADT_CONFIG_DIR/%s.pem " "$@")" \
	    >"$ADT_CONFIG_DIR/settings"
}

# reads NAME FILE - what the holder of that key gets, by OpenSSL alone.
reads() {
	openssl cms -decrypt -inform PEM -inkey "$BATS_TEST_TMPDIR/$1.key" \
	    -in "$2"
}

@test "ESCROW: its readers open what scripts seal, and after rotate the rest" {
	reader owner auditor
	escrowed() {
		rm -rf "$BATS_TEST_TMPDIR"/seal.key* "${folder:?}"
		fresh_seal_key
		snapshots_folder >/dev/null
		seal_as lxd.example.test
		reader owner auditor
		record webserver w1 ws-local-demo-build-0-Xlab-init-1-20260101T000000Z
		for name in owner auditor; do
			reads "$name" "$folder/credentials.dat" |
				grep -qx USERNAME:w1
			reads "$name" "$folder/generations/2.cms" | sed 1d |
				jq -r '.files["db_credentials.dat"]' | base64 -d |
				grep -qx PASSWORD:db-Secret-1
		done
		run reads owner "$folder/db_credentials.dat"
		[ "$status" -ne 0 ] # from before the setting
		reader owner
		run --separate-stderr credentials rotate --yes
		echo "$status: $output: $stderr"
		[ "$status" -eq 0 ]
		reads owner "$folder/db_credentials.dat" |
			grep -qx PASSWORD:db-Secret-1
		reads owner "$folder/generations/2.cms" | grep -q '"files"'
		run reads auditor "$folder/generations/2.cms"
		[ "$status" -ne 0 ]
		opens db_credentials | grep -qx DBNAME:shop
	}
	each_shell escrowed
}

@test "ESCROW that names no certificate: said, and nothing is changed" {
	mkdir -p "$BATS_TEST_TMPDIR/etc"
	export ADT_CONFIG_DIR=$BATS_TEST_TMPDIR/etc
	echo nonsense >"$ADT_CONFIG_DIR/bad.pem"
	cp -R "$folder" "$BATS_TEST_TMPDIR/before"
	while IFS='|' read -r escrow words; do
		echo "ESCROW=$escrow" >"$ADT_CONFIG_DIR/settings"
		run --separate-stderr credentials rotate --yes
		echo "$escrow -> $status: $stderr"
		[ "$status" -eq 65 ]
		[[ $stderr == *"$words"* ]]
		[ ! -e "$ADT_SEAL_KEY.new" ]
		# shellcheck disable=SC2016 # the other shell expands it
		run --separate-stderr in_build 'put x | seal_text credentials'
		[ "$status" -eq 65 ]
		[ "$output" = "" ]
		[[ $stderr == *"$words"* ]]
		cmp "$folder/credentials.dat" "$BATS_TEST_TMPDIR/before/credentials.dat"
	done <<-TABLE
	owner.pem|ESCROW: not an absolute path: 'owner.pem'
	$ADT_CONFIG_DIR/none.pem|none.pem: no such certificate
	$ADT_CONFIG_DIR/bad.pem|bad.pem
	TABLE
}
