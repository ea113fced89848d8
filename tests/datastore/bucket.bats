# bucket.bats - an earlier generation that somebody puts back in the bucket
# is told from a newer one; and generations go from it again.
setup() {
	load machines
	fresh_machines
}
teardown() { "$RGW" start-gateway --folder "$RGW_FOLDER"; }

serial_there() { store get "$BUCKET" current | jq -r .serial; }

@test "an earlier current that was put back is not taken unasked" {
	record one 11
	sync one push
	store get "$BUCKET" current first.json
	[ "$(serial_there)" -eq 1 ]
	record one 22
	sync one push
	[ "$(serial_there)" -eq 2 ]
	sync two pull
	newest=$(id_of two)
	store put "$BUCKET" current first.json
	before=$(tree two)
	run --separate-stderr sync two pull
	echo "$status $stderr"
	[ "$status" -eq 69 ]
	[[ $stderr == *"serial 1, but this build machine has seen $newest, serial 2"* ]]
	[[ $stderr == *'pull --allow-older'* ]]
	[ "$(tree two)" = "$before" ]
	# told so, it is taken; a push sets right what is there
	sync two pull --allow-older
	[ "$(named_by two)" = 11 ]
	run -0 --separate-stderr sync one push
	echo "$stderr"
	[[ $stderr == *'somebody'*'has put it back'* ]]
	[ "$(current_there)" = "$newest" ]
	sync two pull
	[ "$(named_by two)" = 22 ]
	# and going back is no such thing
	ln -sfn generations/1 "$(snapshots one)/current"
	sync one push
	[ "$(serial_there)" -eq 3 ]
	sync two pull
	[ "$(named_by two)" = 11 ]
}

@test "of two datastores the newest is pulled, and both come to agree" {
	second=$BATS_TEST_TMPDIR/second
	mkdir "$second"
	# the second is another bucket's worth: another user's, on one server
	"$RGW" user "t$BATS_TEST_NUMBER" --folder "$RGW_FOLDER" \
	    >"$second/environment"
	machine three
	for name in one two three; do
		file=$name/runtimedata/lxd/demo-build/build_environment
		while IFS='=' read -r variable value; do
			sed -i "s#^$variable=.*#&|$value#" "$file"
		done <"$second/environment"
	done
	cp one/runtimedata/lxd/demo-build/build_environment both
	record one 11
	sync one push
	sync two pull
	# the first datastore misses a push
	sed -i 's#^S3_HOST_BASE=[^|]*#S3_HOST_BASE=http://127.0.0.1:1#' \
	    one/runtimedata/lxd/demo-build/build_environment
	record one 22
	run --separate-stderr sync one push
	[ "$status" -eq 75 ]
	for name in two three; do
		sync "$name" pull
		[ "$(named_by "$name")" = 22 ]
	done
	cp both one/runtimedata/lxd/demo-build/build_environment
	sync one push
	[ "$(serial_there)" -eq 2 ]
	[ "$(current_there)" = "$(id_of one)" ]
}

# no_images [LINE...] - a cloud that has none left, so a generation is all that
# goes; the lines run before each call of adt-datastore.
no_images() {
	wrap_datastore "$@"
	rm bin/adt-cloud
	printf '#!/bin/sh\necho "[]"\n' >bin/adt-cloud
	chmod +x bin/adt-cloud
	export ADT_BIN
}

@test "what PruneSnapshots.sh removes goes from the datastore, now or later" {
	no_images
	for number in 11 22 33; do record one "$number"; done
	sync one push
	[ "$(there | wc -l)" -eq 3 ]
	on one PruneSnapshots.sh --keep 2 --yes
	[ "$(there | wc -l)" -eq 2 ]
	[ ! -e "$(snapshots one)/datastore_removed" ]
	# with no answer from there it is done by the next push
	"$RGW" kill-gateway --folder "$RGW_FOLDER"
	run -0 --separate-stderr on one PruneSnapshots.sh --keep 1 --yes
	echo "$stderr"
	[[ $stderr == *'the next push or pruning removes them'* ]]
	[ "$(wc -l <"$(snapshots one)/datastore_removed")" -eq 1 ]
	"$RGW" start-gateway --folder "$RGW_FOLDER"
	[ "$(there | wc -l)" -eq 2 ]
	sync one push
	[ "$(there)" = "generations/$(id_of one).cms" ]
	[ ! -e "$(snapshots one)/datastore_removed" ]
	sync two pull
	[ "$(named_by two)" = 33 ]
}

@test "what is current there stays, until it is not any more" {
	no_images
	record one 11
	sync one push
	first=$(id_of one)
	record one 22
	run -0 --separate-stderr on one PruneSnapshots.sh --keep 1 --yes
	echo "$stderr"
	[[ $stderr == *"generation $first stays: it is current there"* ]]
	[ "$(there)" = "generations/$first.cms" ]
	sync two pull
	[ "$(named_by two)" = 11 ]
	sync one push
	[ "$(there)" = "generations/$(id_of one).cms" ]
}

@test "another build machine makes it current at that moment: it is put back" {
	no_images
	record one 11
	sync one push
	first=$(id_of one)
	sync two pull
	record one 22
	sync one push
	again=$BATS_TEST_TMPDIR/again
	no_images "if [ \$1 = delete ] && [ ! -e '$again' ]; then : >'$again'" \
	    "ADT_BIN='$OUT/bin' BUILD_HOME='$BATS_TEST_TMPDIR/two' \\" \
	    "sh '$ROOT/helperscripts/SyncSnapshots.sh' push --force >&2" 'fi'
	run -0 --separate-stderr on one PruneSnapshots.sh --keep 1 --yes
	echo "$stderr"
	[ -e "$again" ]
	[[ $stderr == *"generation $first is put back: it is current there by now"* ]]
	[ "$(current_there)" = "$first" ]
	there | grep -qF "$first"
	machine three
	sync three pull
	[ "$(named_by three)" = 11 ]
}

@test "what is current cannot be read afterwards: it is put back, and goes later" {
	no_images
	record one 11
	sync one push
	first=$(id_of one)
	record one 22
	sync one push
	gone=$BATS_TEST_TMPDIR/gone
	no_images "if [ \$1 = delete ]; then : >'$gone'" \
	    "elif [ \$1 = head ] && [ -e '$gone' ]; then exit 75" 'fi'
	run -0 --separate-stderr on one PruneSnapshots.sh --keep 1 --yes
	echo "$stderr"
	[ -e "$gone" ]
	[[ $stderr == *"generation $first is put back"* ]]
	[[ $stderr == *'the next push or pruning removes them'* ]]
	there | grep -qF "$first"
	[ "$(find "$(snapshots one)" -name '.kept*')" = "" ]
	no_images
	sync one push
	[ "$(there)" = "generations/$(id_of one).cms" ]
}

@test "a generation that is not known here may use the images: pull first" {
	no_images
	record one 11
	record one 22
	sync one push
	record two 33
	sync two push --force
	before=$(tree one)
	run --separate-stderr on one PruneSnapshots.sh --keep 1 --yes
	echo "$status $stderr"
	[ "$status" -eq 69 ] && [[ $stderr == *'SyncSnapshots.sh pull first'* ]]
	[ "$(tree one)" = "$before" ]
	[ "$(there | wc -l)" -eq 3 ]
	sync one pull
	on one PruneSnapshots.sh --keep 1 --yes
	[ "$(named_by one)" = 33 ]
	[ "$(there)" = "generations/$(id_of two).cms" ]
}

@test "SyncSnapshots.sh prune: those of others, neither new nor current" {
	for number in 11 22 33; do record two "$number"; done
	sync two push
	sync one pull
	record one 44
	sync one push
	sleep 1.1
	run -0 --separate-stderr sync one prune --keep 1 --yes
	[ "$output" = "" ] && [[ $stderr == *'nothing is to be removed'* ]]
	run -0 --separate-stderr sync one prune --keep 1 --older-than 0 --dry-run
	echo "$output"
	[ "$(wc -l <<<"$output")" -eq 2 ]
	[ "$(there | wc -l)" -eq 4 ]
	run --separate-stderr sync one prune --keep 1 --older-than 0
	[ "$status" -eq 64 ] && [[ $stderr == *'--yes'* ]]
	run -0 --separate-stderr sync one prune --keep 1 --older-than 0 --yes
	# that of two which is recorded here, too, and ours
	[ "$(there | wc -l)" -eq 2 ]
	there | grep -qF "$(id_of two)"
	there | grep -qF "$(id_of one)"
}
