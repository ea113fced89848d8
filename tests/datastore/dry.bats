# dry.bats - SyncSnapshots.sh --dry-run: it says what a push or a pull would do,
# and changes nothing, here or there.
setup() {
	load machines
	fresh_machines
}

# kept MACHINE - what is there, and in the bucket, if there is one yet.
kept() {
	tree "$1"
	store list "$BUCKET" 2>&1 || :
}

# dry MACHINE ARGUMENT... - there, with what is said in stderr.
dry() {
	local kept
	kept=$(kept "$1")
	run --separate-stderr sync "$1" "${@:2}" --dry-run
	echo "$*: $status: $stderr"
	[ "$status" -eq 0 ]
	[[ $stderr == *'dry run: nothing was changed' ]]
	diff <(printf '%s\n' "$kept") <(kept "$1")
}

@test "push and pull: told, and nothing is changed" {
	dry two pull
	[[ $stderr == *'datastore 1: nothing was pushed there'* ]]
	record one 11
	dry one push
	[[ $stderr == *"generation 1 ($(id_of one)) would be put"* ]]
	[[ $stderr == *'would be current, in place of nothing'* ]]
	sync one push
	dry one push
	[[ $stderr == *'datastore 1: generation 1 is current'* ]]
	[[ $stderr != *'would be'* ]]
	dry two pull
	[[ $stderr == *"$(id_of one) would become current here, in place of nothing"* ]]
	sync two pull
	dry two pull
	[[ $stderr == *'is current here already'* ]]
	# somebody was first
	record one 12
	record two 22
	sync one push
	dry two push
	[[ $stderr == *'another build machine was there first'* ]]
	dry two push --force
	[[ $stderr == *"would be current, in place of $(id_of one)"* ]]
}

@test "a datastore that does not answer is its status" {
	record one 11
	"$RGW" kill-gateway --folder "$RGW_FOLDER"
	run --separate-stderr sync one push --dry-run
	"$RGW" start-gateway --folder "$RGW_FOLDER"
	echo "$stderr"
	[ "$status" -eq 75 ]
}
