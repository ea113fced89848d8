# view.bats - the folder that the toolkit's scripts read: right while it is
# open, and not there when no build is under way.
setup() {
	load dropin
	fresh_machine buildhome-old
	rm -rf "$RT/wholemachinesnapshots"
	mkdir "$RT/wholemachinesnapshots"
	record webserver autoscaler database
}

switch() { helper SetBuildFromSnapshot.sh "$@"; }

@test "on opens it, off closes it, and it is closed to others" {
	opens() {
		run switch on
		[ "$status" -eq 0 ] || { echo "$output"; return 1; }
		[ "$(stat -L -c %a "$VIEW")" = 700 ] &&
			[ "$(stat -L -c %a "$VIEW/credentials.dat")" = 600 ] &&
			[ "$(stat -L -c %a "$VIEW/db_credentials.dat")" = 600 ] || return 1
		[ "$(reads_id webserver)" = 100000001 ] &&
			[ "$(reads_id database)" = 100000003 ] &&
			[ "$(reads credentials.dat USERNAME)" = XdemoUserDemoUser01X ] &&
			[ "$(reads credentials.dat PASSWORD)" = demoPassDemoPass01 ] &&
			[ "$(reads db_credentials.dat USERNAME)" = udemous01u ] &&
			[ "$(reads db_credentials.dat PASSWORD)" = pdemopw01p ] &&
			[ "$(reads db_credentials.dat DBNAME)" = ndemodb01n ] || return 1
		run switch off
		[ "$status" -eq 0 ] && [ ! -e "$VIEW" ] && [ -L "$VIEW" ] &&
			[ -z "$(ls "$BATS_TEST_TMPDIR/views")" ]
	}
	each_shell opens
}

@test "both folders show the same ids, also after a change" {
	switch on
	cmp "$VIEW/snapshot_ids.dat" "$FOLDER/snapshot_ids.dat"
	adt-snapshot-ids set "$FOLDER/snapshot_ids.dat" webserver 42
	cmp "$VIEW/snapshot_ids.dat" "$FOLDER/snapshot_ids.dat"
	[ "$(reads_id webserver)" = 42 ]
}

@test "nothing in it is on disk: without a setting it is in memory" {
	rm "$ADT_CONFIG_DIR/settings"
	place=$(in_build '. "$ROOT/helperscripts/lib/generations.sh"
		. "$ROOT/helperscripts/lib/view.sh"; views_root') || {
		# A machine without any is told how to name one.
		! stat -f -c %T /run /dev/shm | grep -q tmpfs
		return
	}
	[[ $(stat -f -c %T "${place%/*}") == @(tmpfs|ramfs) ]]
}

@test "what a reboot does: the link leads nowhere" {
	switch on
	rm -rf "$BATS_TEST_TMPDIR/views"
	[ ! -e "$VIEW/credentials.dat" ]
	switch on
	[ "$(reads credentials.dat USERNAME)" = XdemoUserDemoUser01X ]
}

@test "a refused on opens nothing" {
	rm "$FOLDER/credentials.dat"
	refused() {
		run switch on
		[ "$status" -ne 0 ] && [ ! -e "$VIEW" ]
	}
	each_shell refused
}

@test "a dry run opens nothing, and closes nothing" {
	switch on --dry-run
	[ ! -e "$VIEW" ]
	switch on
	switch off --dry-run
	[ -e "$VIEW/credentials.dat" ]
}

@test "a folder of somebody else is no place for it" {
	mkdir -m 755 "$BATS_TEST_TMPDIR/views"
	run switch on
	[ "$status" -eq 77 ]
	[[ $output == *"open to others"* ]]
	[ ! -e "$VIEW" ]
}

@test "a folder of its own in the way is told, and stays" {
	mkdir -p "$VIEW"
	echo webserver:7 >"$VIEW/snapshot_ids.dat"
	run switch on
	[ "$status" -eq 69 ]
	[[ $output == *AdoptSnapshots.sh* ]]
	[ "$(cat "$VIEW/snapshot_ids.dat")" = webserver:7 ]
}

@test "without an ADT there is no view" {
	rmdir "$RT/wholemachinesnapshots"
	switch on
	[ ! -e "$RT/wholemachinesnapshots" ] && [ ! -e "$BATS_TEST_TMPDIR/views" ]
}

candidate() { printf 'USERNAME:%s\nPASSWORD:%s\nDBNAME:%s\n' "$@"; }
taken() {
	adt-seal open --key "$ADT_CONFIG_DIR/seal.key" --site "$SITE" \
	    --kind db_credentials "$FOLDER/db_credentials.dat.candidate"
}

@test "what a build writes into it is taken over, sealed" {
	takes() {
		rm -f "$FOLDER/db_credentials.dat.candidate"
		switch on && candidate unew pnew nnew \
		    >"$VIEW/db_credentials.dat.candidate" && switch off &&
			[ "$(taken)" = "$(candidate unew pnew nnew)" ] &&
			! grep -q unew "$FOLDER/db_credentials.dat.candidate"
	}
	each_shell takes
}

@test "a value cut at its last colon is no news, an incomplete one is left out" {
	DB_FILE=$ROOT/tests/fixtures/db_credentials/dbaas.dat
	record webserver autoscaler database
	while IFS='|' read -r user password name; do
		switch on
		candidate "$user" "$password" "$name" \
		    >"$VIEW/db_credentials.dat.candidate"
		switch off
		[ ! -e "$FOLDER/db_credentials.dat.candidate" ]
	done <<-'TABLE'
	udemous01u|pdemopw01p|ndemodb01n
	demoadmin:::udemous01u|demoAdminPw:::pdemopw01p|ndemodb01n
	other||ndemodb01n
	TABLE
}

@test "colons, also three in a row, come back whole" {
	for file in dbaas colon-in-password; do
		DB_FILE=$ROOT/tests/fixtures/db_credentials/$file.dat
		record webserver autoscaler database
		switch on
		cmp "$VIEW/db_credentials.dat" "$DB_FILE"
	done
}

@test "CREDENTIALS=plain: the documented files are in clear, and still 0600" {
	echo CREDENTIALS=plain >>"$ADT_CONFIG_DIR/settings"
	plain() {
		text=$(in_build 'printf "USERNAME:u\nPASSWORD:p\n" |
			seal_text credentials') || return 1
		[ "$text" = $'USERNAME:u\nPASSWORD:p' ] || return 1
		printf '%s\n' "$text" >"$FOLDER/credentials.dat"
		switch on && [ "$(reads credentials.dat USERNAME)" = u ] &&
			switch off
	}
	each_shell plain
	# Sealed again, what is in clear is not taken for sealed.
	echo "VIEW_FOLDER=$BATS_TEST_TMPDIR/views" >"$ADT_CONFIG_DIR/settings"
	run switch on
	[ "$status" -eq 65 ]
}

@test "an open view follows what is recorded: a rollback" {
	switch on
	for user in Xone Xtwo; do
		in_build '. "$ROOT/helperscripts/lib/generations.sh"
			stage_generation 2>/dev/null
			printf "USERNAME:%s\nPASSWORD:p\n" "$1" |
				seal_text credentials >"$STAGE/credentials.dat"
			commit_generation' "$user"
	done
	follows() {
		helper RollbackSnapshots.sh 2 &&
			[ "$(reads credentials.dat USERNAME)" = Xone ] &&
			helper RollbackSnapshots.sh 3 &&
			[ "$(reads credentials.dat USERNAME)" = Xtwo ]
	}
	each_shell follows
}
