# boot.bats - VerifySnapshots.sh --boot on real machines: they come up, are what
# they should be, and go again.

setup_file() {
	load lxd
	lab_up
	STORY=$BATS_FILE_TMPDIR
	BUILD_HOME=$STORY/home
	ADT_SEAL_KEY=$STORY/seal.key
	TOKEN_FILE=$STORY/token
	DB_CREDENTIALS=$STORY/plain
	export STORY BUILD_HOME ADT_SEAL_KEY TOKEN_FILE DB_CREDENTIALS
	adt-seal keygen
	"$ROOT/tests/lxd/buildhome.sh" "$BUILD_HOME" test >"$STORY/machines"
	od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$TOKEN_FILE"
	sed -n 's/^DB_USERNAME=/USERNAME:/p; s/^DB_PASSWORD=/PASSWORD:/p
	    s/^DB_NAME=/DBNAME:/p' \
	    "$BUILD_HOME/runtimedata/lxd/test/build_environment" | sort -r \
	    >"$DB_CREDENTIALS"
	# shellcheck disable=SC2046 # words, one a machine
	"$ROOT/tests/lxd/fleet.sh" up $(cat "$STORY/machines")
	database=$(sed -n 's/=database$//p' "$STORY/machines")
	web=$(sed -n 's/=webserver$//p' "$STORY/machines")
	# The server user, and the toolkit's marker of what a machine is; the
	# database's is wrong.
	for pair in "$web=WEBSERVER" "$database=REVERSEPROXY"; do
		user_in "${pair%%=*}" "${pair#*=}"
	done
	"$ROOT/helperscripts/ObtainWholeMachineSnapshot.sh" --no-push \
	    --machine webserver --machine database --progress none
}

# user_in MACHINE MARKER - the server user, whom the build key lets in.
user_in() {
	bld=$BUILD_HOME/runtimedata/lxd/test
	user=$(cat "$bld/credentials/SERVERUSER")
	client exec -T "$1" -- sh -c "id $user >/dev/null 2>&1 ||
		useradd -m -s /bin/sh $user
		mkdir -p /home/$user/.ssh /home/$user/runtime
		: >/home/$user/runtime/$2_READY
		echo '$(cat "$bld"/keys/*.pub)' >/home/$user/.ssh/authorized_keys
		chown -R $user /home/$user
		sync"
}

teardown_file() {
	load lxd
	"$ROOT/tests/lxd/down.sh" --images
}

setup() {
	load lxd
	SNAPSHOTS=$BUILD_HOME/runtimedata/wholemachinebackups/www.test.test/snapshots
	before=$(cloud machines | cut -f 2 | sort)
}

teardown() {
	[ "$(cloud machines | cut -f 2 | sort)" = "$before" ]
	[ ! -e "$SNAPSHOTS/verify-journal" ]
}

boot() {
	run --separate-stderr "$ROOT/helperscripts/VerifySnapshots.sh" --boot \
	    --progress none "$@"
	echo "$status: $output: $stderr"
}

@test "with the build key: a machine that is another type is found out" {
	boot --boot-wait 60
	[ "$status" -eq 69 ]
	[[ $output == *"webserver	"*"boot ok: up, a webserver"* ]]
	[[ $output == *"database	"*"boot failed: it is a reverseproxy"* ]]
}

@test "without it: the page and the database answer" {
	mv "$BUILD_HOME/runtimedata/lxd/test/keys" "$STORY/keys"
	boot --boot-wait 60
	[ "$status" -eq 0 ]
	[[ $output == *"webserver	"*"boot ok: http 200"* ]]
	[[ $output == *"database	"*"boot ok: a database answers"* ]]
}
