# story.bash - what the files of the story share: one site, on real machines with
# a real datastore, which each file takes over as the one before left it.
#
# story.bats takes it from a fleet built the long way to the same fleet from its
# images. The files after it begin there; one that runs alone, or after a story
# that failed, gets there by itself first.
. "$BATS_TEST_DIRNAME/lxd.bash"

STORY=$BATS_RUN_TMPDIR/story
BUILD_HOME=$STORY/home
BLD=$BUILD_HOME/runtimedata/lxd/test
SNAPSHOTS=$BUILD_HOME/runtimedata/wholemachinebackups/www.test.test/snapshots
ADT_SEAL_KEY=$STORY/seal.key
TOKEN_FILE=$STORY/token
DB_CREDENTIALS=$STORY/plain
export STORY BUILD_HOME SNAPSHOTS ADT_SEAL_KEY TOKEN_FILE DB_CREDENTIALS
web=$(sed -n 's/=webserver$//p' "$STORY/machines" 2>/dev/null) || :
database=$(sed -n 's/=database$//p' "$STORY/machines" 2>/dev/null) || :

helper() {
	local script=$1
	shift
	"$ROOT/helperscripts/$script" "$@"
}

fleet() { "$ROOT/tests/lxd/fleet.sh" "$@" </dev/null; }

# new_token - another word for page and row.
new_token() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$TOKEN_FILE"; }

# serves MACHINE [TOKEN] - its page has it, from its webroot and its database.
serves() {
	local token=${2:-$(cat "$TOKEN_FILE")}
	page=$(fleet fetch-page "$1") || return
	echo "$1: $page"
	[[ $page == *"page $token row $token on $1"* ]]
}

# mark MACHINE TYPE - the toolkit's marker of what a machine is.
mark() {
	local user
	user=$(cat "$BLD/credentials/SERVERUSER")
	client exec -T "$1" -- sh -c "mkdir -p /home/$user/runtime
		: >/home/$user/runtime/$2_READY
		chown -R $user /home/$user/runtime
		sync"
}

# story_begin - the build home, and its fleet as a build leaves it, backed up.
# The database machine bears another's marker.
story_begin() {
	local network address
	(lab_up)
	rm -rf "$STORY"
	mkdir "$STORY"
	network=$(client network list --format csv |
	    sed -n 's/^\(adt[0-9]*\),bridge,YES,.*/\1/p')
	address=$(client network get "$network" ipv4.address)
	"$ROOT/tests/rgw/rgw.sh" up --folder "$LAB/rgw" \
	    --address "${address%/*}" >/dev/null 3>&-
	adt-seal keygen
	S3_ENVIRONMENT=$LAB/rgw/environment "$ROOT/tests/lxd/buildhome.sh" \
	    "$BUILD_HOME" test >"$STORY/machines"
	new_token
	sed -n 's/^DB_USERNAME=/USERNAME:/p; s/^DB_PASSWORD=/PASSWORD:/p
	    s/^DB_NAME=/DBNAME:/p' "$BLD/build_environment" | sort -r \
	    >"$DB_CREDENTIALS"
	web=$(sed -n 's/=webserver$//p' "$STORY/machines")
	database=$(sed -n 's/=database$//p' "$STORY/machines")
	# shellcheck disable=SC2046 # words, one a machine
	fleet up $(grep -v '=webserver$' "$STORY/machines")
	DB_HOST=$(fleet address "$database") fleet up "$web=webserver"
	slim "$(sed -n 's/=autoscaler$//p' "$STORY/machines")"
	slim "$web" /usr/share/mysql
	mark "$web" WEBSERVER
	mark "$database" REVERSEPROXY
	fleet backup "$web" "$database"
}

# site_goes_on - another token on page and row, and a backup of that.
site_goes_on() {
	new_token
	fleet change "$web" "$database"
	fleet backup "$web" "$database"
}

# story_rebuilt - the fleet from its images, with the newest backup.
story_rebuilt() {
	if [ ! -e "$STORY/rebuilt" ]; then
		story_begin
		helper ObtainWholeMachineSnapshot.sh --all --progress none
		site_goes_on
		helper RetireServers.sh --yes
		helper SetBuildFromSnapshot.sh on
		helper BuildFromSnapshots.sh --yes --progress none
		: >"$STORY/rebuilt"
	fi >&2 3>&-
}
