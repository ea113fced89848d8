# scripts_capture.bats - ObtainWholeMachineSnapshot.sh up to where a cloud is
# needed: the dialogue, and what is refused before anything is created.
setup() {
	load scripts
	fresh_home buildhome-lxd
	fresh_seal_key
	# Nobody listens there, whatever runs on this machine.
	ADT_API_URL=http://127.0.0.1:9
	export ADT_API_URL
}

obtain() { helper ObtainWholeMachineSnapshot.sh "$@"; }

# unchanged command... - it fails, and leaves the build home as it was.
unchanged() {
	before=$(cd "$RT" && find . -type f ! -name '*.lock' \
	    -exec sha256sum {} + | sort)
	run --separate-stderr "$@"
	echo "$status: $output: $stderr"
	after=$(cd "$RT" && find . -type f ! -name '*.lock' \
	    -exec sha256sum {} + | sort)
	[ "$before" = "$after" ] && [ "$status" -ne 0 ]
}

@test "the dialogue: two lines, then wrong answers are told and asked again" {
	dialogue() {
		run --separate-stderr obtain <<<$'.\n\n3 4\n6\n44\n04\n4x\n*\n 4'
		[ "$status" -eq 64 ] || return 1
		[ "${#lines[@]}" -eq 11 ] || return 1
		[[ ${lines[0]} == *"1) authenticator "*"2) reverse proxy "* ]] &&
			[[ ${lines[0]} == *"3) autoscaler "*"4) webserver "* ]] &&
			[[ ${lines[0]} == *"5) database" ]] &&
			[[ ${lines[1]} == *"between 1 and 5" ]] &&
			[[ ${lines[2]} == *"invalid, please try again"* ]] &&
			[[ ${lines[10]} == *"invalid, please try again"* ]] &&
			[[ $stderr == *"no machine type was chosen" ]]
	}
	each_shell dialogue
}

@test "the dialogue: end of input ends it, with 64" {
	ends() {
		run --separate-stderr obtain </dev/null
		[ "$status" -eq 64 ] && [ "${#lines[@]}" -eq 2 ] || return 1
		# The last line counts without its line feed.
		run --separate-stderr obtain < <(printf 9)
		[ "$status" -eq 64 ] && [ "${#lines[@]}" -eq 3 ]
	}
	each_shell ends
}

@test "the dialogue: a right answer goes on, whatever else is in stdin" {
	goes_on() {
		for answer in $'4\n2\n' 4 $'x\n5\n'; do
			run --separate-stderr obtain < <(printf '%s' "$answer")
			echo "$status: $stderr"
			[[ $stderr != *"no machine type was chosen"* ]] &&
				[ "$status" -ne 0 ] && [ "$status" -ne 64 ] || return 1
		done
	}
	each_shell goes_on
}

@test "a cloud that does not answer: its status, and no file is changed" {
	each_shell unchanged obtain --machine webserver
	[ "$status" -ne 64 ]
	[ "$output" = "" ]
}

@test "credentials are checked before anything else" {
	while IFS='|' read -r change words; do
		fresh_home buildhome-lxd
		eval "$change"
		in_turn unchanged obtain --machine webserver
		[ "$status" -eq 65 ]
		[[ $stderr == *"$words"* ]]
	done <<-'TABLE'
	rm "$BLD/credentials/SERVERUSER"|SERVERUSER: no such file
	: >"$BLD/credentials/SERVERUSERPASSWORD"|SERVERUSERPASSWORD: empty
	environment DB_PASSWORD ''|no DB_PASSWORD
	sed -i /^DB_USERNAME=/d "$BLD/build_environment"|no DB_USERNAME
	TABLE
}

@test "a missing seal key is told with its remedy" {
	rm "$ADT_SEAL_KEY"
	remedy() {
		unchanged obtain --machine webserver &&
			[[ $stderr == *"adt-seal keygen $ADT_SEAL_KEY"* ]]
	}
	each_shell remedy
}

@test "malformed records are refused before anything is created" {
	folder=$(snapshots_folder)
	while IFS='|' read -r file text; do
		rm -f "$folder"/*.dat "$folder"/*.json
		printf '%b' "$text" >"$folder/$file"
		in_turn unchanged obtain --machine webserver
		echo "$file $text"
		[ "$status" -eq 65 ]
		[[ $stderr == *"$file"* ]]
	done <<-'TABLE'
	snapshots.json|{
	snapshots.json|[]
	snapshots.json|{"version":2,"website_url":"lxd.example.test","images":{}}
	snapshots.json|{"version":1,"website_url":"lxd.example.test","images":[]}
	snapshots.json|{"version":1,"website_url":"lxd.example.test","images":{"webserver":{}}}
	snapshot_ids.dat|webserver:1\nthis is no line of it\n
	TABLE
}

@test "images of another fleet are not mixed with this one's" {
	folder=$(snapshots_folder)
	while IFS='|' read -r cloud region build machine; do
		printf '{"version":1,"website_url":"lxd.example.test","images":{
			"database":{"cloud":"%s","region":"%s","id":"7",
			"name":"n","machine":"%s","build_identifier":"%s"}}}' \
		    "$cloud" "$region" "$machine" "$build" >"$folder/snapshots.json"
		in_turn unchanged obtain --machine webserver
		[ "$status" -eq 69 ]
		[[ $stderr == *"already recorded: database, an image of $machine"* ]]
		# Captured anew they are in nobody's way.
		in_turn unchanged obtain --machine database --machine webserver
		[[ $stderr != *"already recorded"* ]]
	done <<-'TABLE'
	linode|local|demo-build|db-local-demo-build-Xlab
	lxd|ams3|demo-build|db-local-demo-build-Xlab
	lxd|local|demo-2|db-local-demo-build-Xlab
	lxd|local|demo-build|db-local-demo-build-Xyz1
	TABLE
}

@test "--from wants machines of this build, one of a type" {
	while IFS='|' read -r want names words; do
		# shellcheck disable=SC2046,SC2086 # words
		each_shell unchanged obtain $(printf -- '--from %s ' $names)
		[ "$status" -eq "$want" ]
		[[ $stderr == *"$words"* ]]
	done <<-'TABLE'
	65|ws-local-demo-build2-0-Xlab-init-1|not the name of a machine of build
	65|news-local-demo-build-0-Xlab-init-1|not the name of a machine of build
	64|db-local-demo-build-Xlab db-local-demo-build-Xabc|two machines of type
	TABLE
}

@test "a held lock is 75" {
	folder=$(snapshots_folder)
	held() {
		exec 7>"$folder/snapshots.json.lock"
		flock 7
		ADT_LOCK_WAIT_S=0 unchanged obtain --machine webserver
		exec 7>&-
		[ "$status" -eq 75 ]
	}
	each_shell held
}

@test "a dry run makes not even the folder" {
	each_shell unchanged obtain --machine webserver --dry-run
	[ ! -e "$RT/wholemachinebackups" ]
}

@test "no secret is in an argument of any process" {
	# The kernel keeps the arguments of what bats cannot see; exec is traced
	# by the shell itself here.
	sh -x "$ROOT/helperscripts/ObtainWholeMachineSnapshot.sh" \
	    --machine webserver >/dev/null 2>"$BATS_TEST_TMPDIR/trace" || :
	grep -q adt-seal "$BATS_TEST_TMPDIR/trace"
	run ! grep -e labPassLabPass0001 -e plab:pw "$BATS_TEST_TMPDIR/trace"
}
