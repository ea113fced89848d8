# lxd.bash - what the tests on real machines share: the lab's server, its client,
# and questions about what is there. LAB_SERVER is lxd, or incus (lab.sh).
bats_require_minimum_version 1.5.0
ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
OUT=${OUT:-$ROOT/build/${FLAVOUR:-release}}
LAB_SERVER=${LAB_SERVER:-lxd}
LAB=${LAB:-$ROOT/build/$LAB_SERVER}
ADT_BIN=$OUT/bin
PATH=$ADT_BIN:$PATH
export ROOT OUT LAB LAB_SERVER ADT_BIN PATH
unset ADT_API_URL ADT_CA_FILE LXD_DIR LXD_CONF INCUS_DIR INCUS_CONF
case $LAB_SERVER in
incus)
	CLIENT=incus
	PATH=$PATH:$LAB/root/usr/bin
	INCUS_DIR=$("$ROOT/tests/lxd/up.sh" --where)
	INCUS_CONF=$LAB/client
	export INCUS_DIR INCUS_CONF
	;;
*)
	CLIENT=lxc
	LXD_DIR=$("$ROOT/tests/lxd/up.sh" --where)
	LXD_CONF=$LAB/client
	export LXD_DIR LXD_CONF
	;;
esac

# lab_up - the lab's server with the base image, nothing else in it.
lab_up() {
	unset ADT_SEAL_KEY BUILD_HOME
	"$ROOT/tests/lxd/up.sh" 3>&-
	"$ROOT/tests/lxd/image.sh" 3>&-
	lab_clear
}

# lab_clear - nothing but the base image in the lab's server, which runs.
lab_clear() {
	local name base
	rm -f "$BATS_RUN_TMPDIR/story/rebuilt"
	for name in $(client list --format csv -c n); do
		client delete --force "$name"
	done
	base=$(for name in adt-base adt-bare; do
		client image info "$name" 2>/dev/null || :
	done | sed -n 's/^Fingerprint: //p')
	for name in $(client image list --format csv -c F); do
		[[ $base == *"$name"* ]] || client image delete "$name"
	done
}

# lxc or incus without the test runner's standard input, which it would read.
client() { "$CLIENT" "$@" </dev/null; }

# start NAME... - plain running machines.
start() {
	for name; do client launch adt-base "$name" >/dev/null 2>&1; done
}

# slim NAME [PATH...] - takes away a database server and what else only takes time
# to pack: PHP, or these paths.
slim() {
	local name=$1
	shift
	[ $# -gt 0 ] || set -- '/usr/sbin/php*' /usr/lib/php '/usr/bin/mariadb*' \
	    '/usr/bin/mysql*'
	client exec -T "$name" -- sh -c "systemctl -q stop mariadb
	    rm -rf /var/lib/mysql /usr/sbin/mariadbd /usr/bin/mariabackup \
		/usr/bin/mbstream /usr/bin/aria* /usr/bin/myisam* $*
	    sync" 2>/dev/null
}

# start_small NAME... - plain running machines, which hold little.
start_small() {
	start "$@"
	for name; do
		slim "$name" '/usr/bin/maria*' '/usr/bin/my*' '/usr/sbin/php*' \
		    /usr/lib/php '/usr/share/*'
	done
}

cloud() {
	command=$1
	shift
	adt-cloud "$command" --cloud lxd "$@"
}

# images_of MACHINE - how many images were made of it.
images_of() {
	cloud images --json | jq --arg of "$1-" \
	    '[.[] | select(.name | startswith($of))] | length'
}

snapshots_of() { client query "/1.0/instances/$1/snapshots" | jq length; }

state_of() {
	cloud machines --json | jq -r --arg name "$1" \
	    '.[] | select(.name == $name) | .state'
}

# wait_for SECONDS command... - until it succeeds; fails when time is up.
wait_for() {
	local left=$(($1 * 10))
	shift
	until "$@"; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || return 1
		sleep 0.1
	done
}

# Is the server making an image just now?
publishing() {
	client query "/1.0/operations?recursion=1" |
	    jq -e '[.running[]? | select(.description == "Downloading image")
		    | select(.metadata != null)] | length > 0' >/dev/null
}
