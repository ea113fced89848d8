# failures.bats - a push or pull whose datastore fails in the middle, or that
# is killed itself; and the push after a capture.
setup() {
	load machines
	fresh_machines
}

teardown() {
	umount "$(snapshots two)" 2>/dev/null || :
	"$RGW" start-gateway --folder "$RGW_FOLDER"
	"$RGW" down --folder "$BATS_TEST_TMPDIR/second"
}

@test "two datastores: both are pushed to, the second is read for the first" {
	second=$BATS_TEST_TMPDIR/second
	"$RGW" up --folder "$second" >/dev/null
	for name in one two; do
		file=$name/runtimedata/lxd/demo-build/build_environment
		while IFS='=' read -r variable value; do
			sed -i "s#^$variable=.*#&|$value#" "$file"
		done <"$second/environment"
	done
	record one 11
	run -0 --separate-stderr sync one push
	[[ $stderr == *'datastore 1: generation 1'*'datastore 2: generation 1'* ]]
	"$RGW" kill-gateway --folder "$RGW_FOLDER"
	run -0 --separate-stderr sync two pull
	echo "$stderr"
	[ "$(named_by two)" = 11 ]
	[[ $stderr == *'from datastore 2'* ]]
	# a push to the one that is left is said to be half of it
	record two 22
	run --separate-stderr sync two push
	[ "$status" -eq 75 ]
	[[ $stderr == *'datastore 1: not pushed'* ]]
	[[ $stderr == *'datastore 2: generation 2'*'is current'* ]]
	"$RGW" start-gateway --folder "$RGW_FOLDER"
	[ "$(current_there)" != "$(id_of two)" ]
	sync two push
	[ "$(current_there)" = "$(id_of two)" ]
}

# at_call NUMBER ACTION - ADT_BIN gets an adt-datastore whose call of that
# NUMBER does ACTION first.
at_call() {
	rm -f calls
	# shellcheck disable=SC2016 # the wrapper's
	wrap_datastore "calls=$BATS_TEST_TMPDIR/calls" 'echo "$1" >>"$calls"' \
	    "[ \$(wc -l <\"\$calls\") -ne $1 ] || $2"
}

@test "a gateway killed in the middle of a push: kept, and pushed the next time" {
	for call in 3 4 8; do
		record one "1$call"
		record one "2$call"
		at_call "$call" "'$RGW' kill-gateway --folder '$RGW_FOLDER'"
		run --separate-stderr sync one push
		ADT_BIN=$OUT/bin
		"$RGW" start-gateway --folder "$RGW_FOLDER"
		echo "call $call, $(sed -n "${call}p" calls): $status $stderr"
		[ "$status" -eq 75 ]
		[ -s "$(snapshots one)/unpushed" ]
		[ "$(named_by one)" = "2$call" ]
		sync one push
		[ ! -e "$(snapshots one)/unpushed" ]
		[ "$(current_there)" = "$(id_of one)" ]
	done
	[ "$(there | wc -l)" -eq 6 ]
	sync two pull
	[ "$(named_by two)" = 28 ]
}

@test "a push killed anywhere is completed by the next one" {
	record one 1
	number=1
	for call in 1 2 3 4 5 6 7 8; do
		at_call "$call" 'kill -KILL 0'
		setsid -w env BUILD_HOME="$BATS_TEST_TMPDIR/one" "$TEST_SHELL" \
		    "$ROOT/helperscripts/SyncSnapshots.sh" push 2>words && break
		[ "$(wc -l <calls)" -eq "$call" ]
		number=$((number + 1))
		record one "$number"
	done
	[ "$number" -gt 4 ]
	ADT_BIN=$OUT/bin
	sync one push
	[ "$(there | wc -l)" -eq "$number" ]
	[ "$(current_there)" = "$(id_of one)" ]
	sync two pull
	[ "$(named_by two)" = "$number" ]
}

@test "a push with wrong keys: kept, and pushed when they are right" {
	record one 11
	file=one/runtimedata/lxd/demo-build/build_environment
	cp "$file" right
	sed -i 's/^S3_SECRET_KEY=.*/S3_SECRET_KEY=wrongwrongwrong/' "$file"
	run --separate-stderr sync one push
	echo "$status $stderr"
	[ "$status" -eq 77 ] && [[ $stderr == *'check the secret key'* ]]
	[[ $stderr != *wrongwrong* ]]
	[ -s "$(snapshots one)/unpushed" ]
	[ "$(named_by one)" = 11 ]
	cp right "$file"
	sync one push
	[ ! -e "$(snapshots one)/unpushed" ]
	[ "$(current_there)" = "$(id_of one)" ]
}

@test "a full disk: a push and a pull change nothing, and are made up for" {
	record one 11
	sync one push
	record one 22
	folder=$(snapshots two)
	mkdir -p "$folder"
	mount -t tmpfs -o size=400k none "$folder"
	sync two pull
	head -c 1000000 /dev/zero >"$folder/filler" || :
	before=$(tree two)
	current=$(current_there)
	sync one push
	run --separate-stderr sync two pull
	echo "$status $stderr"
	[ "$status" -eq 71 ]
	[ "$(tree two)" = "$before" ]
	rm "$folder/filler"
	sync two pull
	[ "$(named_by two)" = 22 ]
	# current moves on before anything is noted here
	record two 33
	head -c 1000000 /dev/zero >"$folder/filler" || :
	run --separate-stderr sync two push
	echo "$status $stderr"
	[ "$status" -ne 0 ]
	[[ $stderr == *'No space left'* ]]
	rm "$folder/filler"
	[ "$(named_by two)" = 33 ]
	sync two push
	[ "$(current_there)" = "$(id_of two)" ]
	[ "$current" != "$(id_of two)" ]
	sync one pull
	[ "$(named_by one)" = 33 ]
}

@test "a clock that is wrong is told as that" {
	record one 11
	run --separate-stderr env BUILD_HOME="$BATS_TEST_TMPDIR/one" \
	    faketime -f +2h sh "$ROOT/helperscripts/SyncSnapshots.sh" push
	echo "$status $stderr"
	[ "$status" -eq 77 ]
	[[ $stderr == *RequestTimeTooSkewed* ]]
	[[ $stderr == *"is this machine's clock right?"* ]]
}

# fake_cloud - a cloud with one webserver; all other programs are the real ones.
fake_cloud() {
	mkdir bin
	ln -s "$OUT"/bin/* bin/
	rm bin/adt-cloud
	cat >bin/adt-cloud <<-'CLOUD'
	#!/bin/sh
	case $1 in
	machines) echo '[{"name":"ws-local-demo-build-0-Xdem-init-1","id":"m1",
	    "state":"running"}]' ;;
	capture) echo '[{"label":"webserver","id":"i1","name":"n1",
	    "machine":"ws-local-demo-build-0-Xdem-init-1","machine_id":"m1",
	    "size":"","disk_gb":1,"size_bytes":1,"created":"now"}]' ;;
	esac
	CLOUD
	chmod +x bin/adt-cloud
	ADT_BIN=$BATS_TEST_TMPDIR/bin
	export ADT_BIN
}

@test "a capture pushes by itself; a push that fails does not undo it" {
	fake_cloud
	echo XdemoUser >one/runtimedata/lxd/demo-build/credentials/SERVERUSER
	run -0 --separate-stderr on one ObtainWholeMachineSnapshot.sh \
	    --machine webserver
	echo "$stderr"
	[[ $output == *'webserver:i1'* ]]
	[ "$(current_there)" = "$(id_of one)" ]
	# no datastore answers
	"$RGW" kill-gateway --folder "$RGW_FOLDER"
	sed -i s/i1/i2/ bin/adt-cloud
	run -0 --separate-stderr on one ObtainWholeMachineSnapshot.sh \
	    --machine webserver
	"$RGW" start-gateway --folder "$RGW_FOLDER"
	echo "$stderr"
	[[ $output == *'webserver:i2'* ]]
	[[ $stderr == *'not pushed to every datastore'* ]]
	grep -qx webserver:i2 "$(snapshots one)/snapshot_ids.dat"
	[ -s "$(snapshots one)/unpushed" ]
	[ "$(current_there)" != "$(id_of one)" ]
	sync one push
	[ "$(current_there)" = "$(id_of one)" ]
	# and one that is told to keep it here does so
	sed -i s/i2/i3/ bin/adt-cloud
	on one ObtainWholeMachineSnapshot.sh --machine webserver --no-push
	[ "$(there | wc -l)" -eq 2 ]
	echo DATASTORE_PUSH=no >"$ADT_CONFIG_DIR/settings"
	sed -i s/i3/i4/ bin/adt-cloud
	on one ObtainWholeMachineSnapshot.sh --machine webserver
	[ "$(there | wc -l)" -eq 2 ]
}
