# killed.bats - what a killed run left is completed or removed by the next one:
# half-written files, a folder half taken over or given back.
setup() {
	load dropin
	fresh_machine buildhome-old
	PARENT=$RT/wholemachinesnapshots/$SITE
	old=$BATS_TEST_TMPDIR/old
}

adopt() { helper AdoptSnapshots.sh "$@"; }

# dead - the number of a process that is over.
dead() { sh -c 'echo $$'; }

@test "half-written files of killed runs go, those of running ones stay" {
	clears() {
		rm -rf "$BATS_TEST_TMPDIR/it"*
		running=$BATS_TEST_TMPDIR/it.new.$$.abcdef
		touch "$BATS_TEST_TMPDIR/it.new.$(dead).abcdef" "$running" \
		    "$BATS_TEST_TMPDIR/it.new.backup"
		mkdir "$BATS_TEST_TMPDIR/it.new.$(dead).ABCDEF"
		echo text | in_build 'replace_file "$1"' "$BATS_TEST_TMPDIR/it"
		[ "$(cd "$BATS_TEST_TMPDIR" && echo it*)" = \
		    "it it.new.$$.abcdef it.new.backup" ] || return 1
		[ "$(cat "$BATS_TEST_TMPDIR/it")" = text ]
	}
	each_shell clears
}

@test "a run that is over but not waited for is not running" {
	# sleep has no child that it knows of
	sh -c 'sh -c "echo \$\$ >\"\$1\"" sh "$1" & exec sleep 60' sh \
	    "$BATS_TEST_TMPDIR/number" 3>&- &
	parent=$!
	is_zombie() {
		read -r zombie <"$BATS_TEST_TMPDIR/number" &&
			grep -q '^State:.Z' "/proc/$zombie/status"
	} 2>/dev/null
	comes_true is_zombie
	over() {
		left=$BATS_TEST_TMPDIR/it.new.$zombie.abcdef
		touch "$left"
		echo text | in_build 'replace_file "$1"' "$BATS_TEST_TMPDIR/it"
		[ ! -e "$left" ]
	}
	each_shell over
	kill "$parent"
}

@test "a build_environment half-written by a killed run is not kept" {
	echo SECRET=1 >"$BLD/build_environment.new.$(dead).abcdef"
	in_build 'put "A=1" | set_build_variables'
	[ "$(cd "$BLD" && echo build_environment*)" = \
	    'build_environment build_environment.lock' ]
	grep -qx A=1 "$BLD/build_environment"
}

@test "a folder half removed after it was taken over is no newer one" {
	cp -a "$PARENT/snapshots" "$old"
	for left in snapshots.taken both none; do
		echo "left: $left"
		adopt
		# killed: after the folder was renamed, after the link was made
		rm "$PARENT/snapshots"
		case $left in
		snapshots.taken | both) mkdir "$PARENT/snapshots.taken" ;;
		esac
		[ "$left" = snapshots.taken ] || ln -s /nowhere "$PARENT/snapshots"
		adopt
		[ "$(ls "$PARENT")" = snapshots ]
		[ -L "$PARENT/snapshots" ]
		[ "$(cd "$FOLDER" && echo adopted.*)" = adopted.1.cms ]
		adopt --give-back
		diff -r "$old" "$PARENT/snapshots"
	done
}

@test "a folder half given back is given back by the next run" {
	cp -a "$PARENT/snapshots" "$old"
	adopt
	# killed while it was made: the link is there yet
	mkdir -p "$PARENT/snapshots.back/snapshots"
	echo half >"$PARENT/snapshots.back/snapshots/credentials.dat"
	adopt --give-back
	diff -r "$old" "$PARENT/snapshots"
	[ "$(ls "$PARENT")" = snapshots ]
	# killed before it had its name
	mkdir "$PARENT/snapshots.back"
	mv "$PARENT/snapshots" "$PARENT/snapshots.back/snapshots"
	adopt --give-back
	diff -r "$old" "$PARENT/snapshots"
	[ "$(ls "$PARENT")" = snapshots ]
	# the same, but then it is to be taken over again
	mkdir "$PARENT/snapshots.back"
	mv "$PARENT/snapshots" "$PARENT/snapshots.back/snapshots"
	adopt
	[ -L "$PARENT/snapshots" ]
	[ "$(ls "$PARENT")" = snapshots ]
	adopt --give-back
	diff -r "$old" "$PARENT/snapshots"
}
