# story_restore.bats - restore and scaling on real machines, from a real datastore:
# every machine its own, the newest backup on each; and what may not get there.
# A bad archive is put into the datastore, the machine restores once more as it
# did when it booted, and the operator asks.

setup_file() {
	load story
	story_rebuilt
	# A limit that a bomb passes within a second.
	limit "$web"
	limit "$database"
}

# limit MACHINE - what it unpacks at most, 64 MiB.
limit() {
	client exec -T "$1" -- sed -i '1i MAX_MIB:64' \
	    /etc/adt-snapshots/restore.conf
}

setup() {
	load story
	work=$BATS_TEST_TMPDIR
}

# webservers - their names, one a line.
webservers() { cloud machines | cut -f 2 | grep '^ws-' | sort; }

# identity MACHINE - its name and what only it may have.
identity() {
	client exec -T "$1" -- sh -c 'hostname; cat /etc/machine-id
	    cut -d " " -f 2 /etc/ssh/ssh_host_*_key.pub'
}

# asked SCRIPT ARGUMENT... - the operator asks how things are;
# sets status, output and stderr.
asked() {
	run --separate-stderr helper "$@" --progress none
	echo "${*}: $status: $output: $stderr"
}

# stored OBJECT FILE - the newest backup: applicationsourcecode or a dump.
stored() {
	case $1 in
	web) set -- www-test-test-hourly applicationsourcecode.tar.gz "$2" ;;
	*) set -- www-test-test-db-hourly test-DB-backup.tar.gz "$2" ;;
	esac
	adt-datastore put --build "$BLD" "$@" >/dev/null
}

fetched() {
	case $1 in
	web) set -- www-test-test-hourly applicationsourcecode.tar.gz "$2" ;;
	*) set -- www-test-test-db-hourly test-DB-backup.tar.gz "$2" ;;
	esac
	adt-datastore get --build "$BLD" "$@" >/dev/null
}

# boots MACHINE - it restores as at its first boot. Sets status.
boots() {
	run client exec -T "$1" -- \
	    sh /usr/local/lib/adt-snapshots/first-boot.sh
	echo "$1 boots: $status: ${output##*$'\n'}"
}

# told MACHINE - its own status file.
told() { client exec -T "$1" -- cat /var/lib/adt-snapshots/status; }

# webroot MACHINE - every file of it, its owner, mode and content, and what lies
# beside it.
webroot() {
	client exec -T "$1" -- sh -c 'cd /var/www && find . -printf \
	    "%p %u %m %l\n" | sort && find html -type f -exec sha256sum {} + |
	    sort; ls -A /var/lib/adt-snapshots /tmp'
}

# refused MACHINE WORDS - not ready, for that reason, which its file says.
refused() {
	boots "$1"
	[ "$status" -eq 69 ]
	told "$1"
	told "$1" | grep -qx 'state:failed'
	told "$1" | grep '^reason:' | grep -qF "$2"
}

# archive FOLDER [tar argument...] - of it, to $work/archive.
archive() {
	local folder=$1
	shift
	tar -C "$folder" -czPf "$work/archive" "${@:-.}"
}

# bad_archive KIND FOLDER FILE - of the folder, in which FILE is what counts.
bad_archive() {
	case $1 in
	truncated)
		archive "$2"
		truncate -s -20 "$work/archive"
		;;
	no-archive) head -c 3000 /dev/urandom >"$work/archive" ;;
	absolute) archive "$2" --transform "s,^\./$3,/tmp/evil," . ;;
	dots) archive "$2" --transform "s,^\./$3,./../../../tmp/evil," . ;;
	link)
		ln -s /tmp "$2/way"
		archive "$2"
		;;
	through)
		# The link first, then a file by way of it.
		ln -s ../../../tmp "$2/way"
		tar -C "$2" -cf "$work/tar" .
		rm "$2/way"
		mkdir "$2/way"
		echo evil >"$2/way/evil"
		tar -C "$2" -rf "$work/tar" ./way/evil
		gzip -c "$work/tar" >"$work/archive"
		;;
	device)
		mknod "$2/device" b 8 0
		archive "$2"
		;;
	setuid)
		install -m 4755 /bin/true "$2/setuid"
		archive "$2"
		;;
	bomb)
		# A file of 1 GiB, nothing but zeros, packed 16 MiB at a time.
		truncate -s 1G "$2/bomb"
		tar -C "$2" -cf - bomb 2>/dev/null | head -c 512 | gzip \
		    >"$work/archive"
		head -c 16M /dev/zero | gzip >"$work/zeros"
		for _ in {1..64}; do cat "$work/zeros"; done >>"$work/archive"
		[ "$(stat -c %s "$work/archive")" -lt 2000000 ]
		;;
	esac
}

@test "to 3, to 5: each its own machine, all serve the newest row" {
	asked ScaleWebservers.sh 3 --health-word "row $(cat "$TOKEN_FILE")"
	[ "$status" -eq 0 ]
	three=$(webservers)
	asked ScaleWebservers.sh 5
	[ "$status" -eq 69 ]
	[[ $stderr == *"MAX_WEBSERVERS is 4"* ]]
	helper SetTemplateVariable.sh MAX_WEBSERVERS 5
	asked ScaleWebservers.sh 5 --health-word "row $(cat "$TOKEN_FILE")"
	[ "$status" -eq 0 ]
	[ "$(wc -l <<<"$output")" -eq 2 ]
	[ "$(webservers | wc -l)" -eq 5 ]
	for name in $(webservers); do
		serves "$name"
	done
	for name in $(webservers) "$database"; do
		identity "$name" >"$work/identity"
		[ "$(sed 1q "$work/identity")" = "$name" ]
		sed 1d "$work/identity" >>"$work/all"
	done
	# of each a machine-id and three host keys
	[ "$(wc -l <"$work/all")" -eq 24 ]
	[ "$(sort -u "$work/all" | wc -l)" -eq 24 ]

	# Down: those started last go first, and what was there stays.
	asked ScaleWebservers.sh 3 --yes
	[ "$status" -eq 0 ]
	[ "$(webservers)" = "$three" ]
	asked ScaleWebservers.sh 1 --yes
	[ "$status" -eq 0 ]
	[ "$(webservers)" = "$web" ]
	serves "$web"
}

@test "bad web archives: each refused, the site as it was, the reason seen" {
	fetched web "$work/good"
	before=$(webroot "$web")
	while IFS='|' read -r kind words; do
		folder=$work/$kind
		mkdir "$folder"
		tar -C "$folder" -xzf "$work/good"
		echo evil >"$folder/token.txt"
		case $kind in
		foreign) rm "$folder/XXXXXX-DO_NOT_REMOVE"; archive "$folder" ;;
		*) bad_archive "$kind" "$folder" token.txt ;;
		esac
		stored web "$work/archive"
		began=$SECONDS
		refused "$web" "$words"
		[ "$(webroot "$web")" = "$before" ]
		asked ScaleWebservers.sh 1 --dry-run
		[[ $stderr == *"$web is not ready: the web archive: "*"$words"* ]]
		echo "# $kind: refused, $((SECONDS - began)) s" >&3
	done <<-'TABLE'
	truncated|truncated or no archive
	no-archive|truncated or no archive
	absolute|an absolute path: /tmp/evil
	dots|a path with ..: ./../../../tmp/evil
	link|a link to outside: ./way -> /tmp
	through|a path with ..: ./way -> ../../../tmp
	device|a device or other special file: ./device
	setuid|a setuid file: ./setuid
	bomb|larger than 64 MiB
	foreign|not this toolkit's: no XXXXXX-DO_NOT_REMOVE
	TABLE
	serves "$web"

	# A new machine with the last of them is never ready, and goes.
	asked ScaleWebservers.sh 2
	[ "$status" -eq 69 ]
	[[ $stderr == *"is not ready: the web archive: not this toolkit's"* ]]
	[ "$(webservers)" = "$web" ]

	stored web "$work/good"
	boots "$web"
	[ "$status" -eq 0 ]
	told "$web" | grep -qx 'state:ready'
	asked ScaleWebservers.sh 1 --health-word "row $(cat "$TOKEN_FILE")"
	[ "$status" -eq 0 ]
}

# row - what the database has, by the stored credentials.
row() {
	adt-seal open --site www.test.test --kind db_credentials \
	    "$SNAPSHOTS/db_credentials.dat" |
		"$ROOT/tests/lxd/fleet.sh" fetch-row "$database"
}

@test "bad dumps: the build is not over, the row as it was, the reason seen" {
	fetched database "$work/good"
	head -c 500 "$work/good" >"$work/cut"
	helper RetireServers.sh --yes
	stored database "$work/cut"
	asked BuildFromSnapshots.sh --yes
	[ "$status" -eq 69 ]
	[[ $stderr == *"$database is not ready: the database archive: truncated"* ]]
	[ -e "$SNAPSHOTS/build-journal" ]
	limit "$database"
	before=$(row)
	[ "$before" != "$(cat "$TOKEN_FILE")" ]
	dump=applicationDB.sql
	while IFS='|' read -r kind words; do
		folder=$work/$kind
		mkdir "$folder"
		tar -C "$folder" -xzf "$work/good"
		sed -i "s/('[0-9a-f]*')/('evil')/" "$folder/$dump"
		grep -q "'evil'" "$folder/$dump"
		case $kind in
		unfinished) sed -i '/zzzz/,$d' "$folder/$dump" ;;
		other) sed -i '1i USE mysql;' "$folder/$dump" ;;
		engine) mv "$folder/$dump" "$folder/applicationDB.psql" ;;
		rights) sed -i '1i DROP DATABASE mysql;' "$folder/$dump" ;;
		client) sed -i '1i \\! touch /tmp/evil' "$folder/$dump" ;;
		esac
		case $kind in
		unfinished | other | engine | rights | client) archive "$folder" ;;
		*) bad_archive "$kind" "$folder" "$dump" ;;
		esac
		stored database "$work/archive"
		began=$SECONDS
		refused "$database" "$words"
		[ "$(row)" = "$before" ]
		run ! client exec -T "$database" -- test -e /tmp/evil
		echo "# $kind: refused, $((SECONDS - began)) s" >&3
	done <<-'TABLE'
	absolute|an absolute path: /tmp/evil
	dots|a path with ..: ./../../../tmp/evil
	link|a link to outside: ./way -> /tmp
	bomb|larger than 64 MiB
	unfinished|the dump is cut short: no table zzzz
	other|a dump of other databases
	engine|no applicationDB.sql in it
	rights|the dump cannot be loaded: ERROR 1044
	client|the dump cannot be loaded: ERROR 1064
	TABLE
	asked BuildFromSnapshots.sh --yes
	[ "$status" -eq 69 ]
	[[ $stderr == *"$database is not ready: the dump cannot be loaded: ERROR"* ]]

	# Mended: the machine restores, and the same build comes to its end.
	stored database "$work/good"
	boots "$database"
	[ "$status" -eq 0 ]
	asked BuildFromSnapshots.sh --yes
	[ "$status" -eq 0 ]
	[ ! -e "$SNAPSHOTS/build-journal" ]
	serves "$web"
}
