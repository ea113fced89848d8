# sizes.bats - the size of a machine is told by the name that a template has,
# on each cloud, so that a build of the same sizes has nothing to warn of.
setup() {
	load site
}

teardown() { stop_emulator; }

# captured CLOUD - its fleet; built_of SIZE - what a build of machines of this
# size has to say of sizes.
captured() {
	start_site "$1"
	rm -rf "$RT/wholemachinesnapshots"
	obtain --all --yes
	helper RetireServers.sh --yes
}
built_of() {
	for type in WS DB AS RP AUTH; do
		environment "${type}_SERVER_TYPE" "$1"
	done
	template
	helper SetBuildFromSnapshot.sh on
	run helper BuildFromSnapshots.sh --dry-run
	echo "$1: $status: $output"
}

@test "the size of an image is the name that the template has" {
	for each in digitalocean exoscale linode vultr; do
		captured "$each"
		built_of "$SIZE"
		[ "$status" -eq 0 ]
		[[ "$output" != *'must not be smaller'* ]]
		built_of "$LARGER"
		[[ "$output" == *"is $LARGER, the webserver image has $SIZE: its disk must not be smaller"* ]]
		stop_emulator
	done
}

@test "a size may be called with its family" {
	captured exoscale
	built_of "standard.$SIZE"
	[ "$status" -eq 0 ]
	[[ "$output" != *'must not be smaller'* ]]
}
