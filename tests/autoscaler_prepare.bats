# autoscaler_prepare.bats - PrepareAutoscaler.sh: one command, and a machine
# without anything scales by itself. The cloud is the emulator; a stand-in for ssh
# runs what is sent as on another machine: other folders, sudo with a password.
setup() {
	load emulator
	load sshd
	fresh_seal_key
	FAR=$BATS_TEST_TMPDIR/far
	ADT_BIN=$BATS_TEST_TMPDIR/bin
	export FAR ADT_BIN
	start_hurried
	fresh_far
}
teardown() { stop_emulator; }

# fresh_far - the other machine: a folder, and what its programs are.
fresh_far() {
	rm -rf "$FAR"
	mkdir -p "$FAR/bin" "$ADT_BIN"
	ln -sf "$OUT"/bin/* "$ADT_BIN"
	cat >"$ADT_BIN/ssh" <<-'END'
	#!/bin/sh
	# The last argument is the code; how much of our stdin gets there is
	# in the file bytes, if there is one.
	printf '%s\n' "$@" >>"$FAR/argv"
	for code; do :; done
	if [ -e "$FAR/bytes" ]; then head -c "$(cat "$FAR/bytes")"; else cat; fi |
	env -i PATH="$FAR/bin:${FAR_PATH:-/usr/sbin:/usr/bin:/sbin:/bin}" \
	    FAR="$FAR" ADT_AUTOSCALER_DIR="$FAR/etc" ADT_PREFIX="$FAR/usr" \
	    ADT_AUTOSCALER_STATE="$FAR/state" ADT_CLOCK="$ADT_CLOCK" \
	    ADT_HOMEDIR_DAT="$FAR/homedir.dat" \
	    ADT_API_URL="${FAR_API_URL-$ADT_API_URL}" ADT_RUN_DIR="$FAR/run" sh -c "$code"
	END
	far_program id 'echo 1000'
	far_program sudo '[ "$1 $2 $3" = "-S -p " ] && shift 3 &&
		IFS= read -r word && [ "$word" = "$(cat "$FAR/password")" ] ||
		{ echo "sorry" >&2; exit 1; }
		exec "$@"'
	chmod 755 "$ADT_BIN/ssh"
	[ ! -e "${BLD:-/nonexistent}" ] ||
		cp "$BLD/credentials/SERVERUSERPASSWORD" "$FAR/password"
}

# far_program NAME CODE - first in the other machine's PATH.
far_program() {
	printf '#!/bin/sh\n%s\n' "$2" >"$FAR/bin/$1"
	chmod 755 "$FAR/bin/$1"
}

# start_build CLOUD - with an image of its webserver, and then a datastore.
start_build() {
	CLOUD=$1
	ADT_API_URL=$(emulator_url "$CLOUD")
	export CLOUD ADT_API_URL
	"$ROOT/tests/emulator/buildhome.sh" "$CLOUD" "$BUILD_HOME" \
	    >"$BATS_TEST_TMPDIR/machines"
	BLD=$BUILD_HOME/runtimedata/$CLOUD/demo-build
	first=$(sed -n 's/=webserver$//p' "$BATS_TEST_TMPDIR/machines")
	REGION=$(cat "$BLD/CURRENTREGION")
	add_machines "$CLOUD" "[{\"name\": \"$first\", \"region\": \"$REGION\"}]" \
	    >/dev/null
	helper ObtainWholeMachineSnapshot.sh --machine webserver
	TMPL=$(cat "$BUILD_HOME/runtimedata/current_template_name")
	adt-template set "$TMPL" S3_HOST_BASE s3.example.test \
	    S3_ACCESS_KEY store-key S3_SECRET_KEY store-secret
	IMAGE=$(adt-snapshot-ids get "$BUILD_HOME/runtimedata/wholemachinebackups/www.demo.test/snapshots/snapshot_ids.dat" webserver)
	cp "$BLD/credentials/SERVERUSERPASSWORD" "$FAR/password"
}

prepare() { helper PrepareAutoscaler.sh --address 192.0.2.7 "$@"; }

# on_far SCRIPT [argument...] - as its cron would.
on_far() {
	script=$1
	shift
	env -i PATH=/usr/bin:/bin ADT_AUTOSCALER_DIR="$FAR/etc" \
	    ADT_AUTOSCALER_STATE="$FAR/state" ADT_CLOCK="$ADT_CLOCK" \
	    ADT_API_URL="${FAR_API_URL-$ADT_API_URL}" ADT_RUN_DIR="$FAR/run" \
	    ADT_HOMEDIR_DAT="$FAR/homedir.dat" \
	    ADT_BUILDHOME_DAT=/nonexistent \
	    "$FAR/usr/share/adt-snapshots/helperscripts/$script" "$@"
}
webservers() {
	control GET "state?cloud=$CLOUD" | jq -r '.machines[] |
		select(.name | test("^ws-.*-demo-build-2-")) | .name'
}
# nothing_there - not a file of ours on the other machine.
nothing_there() {
	[ ! -e "$FAR/etc" ] && [ ! -e "$FAR/usr" ] &&
		[ ! -e "$FAR/state/prepare.new" ]
}
# all_there - every secret is root's alone, and in one place.
all_there() {
	[ "$(cd "$FAR" && stat -c '%a %n' etc/TOKEN etc/webserver.conf \
	    etc/autoscaler_configuration_settings.dat etc/keys etc/keys/*)" = \
	    "600 etc/TOKEN
600 etc/webserver.conf
600 etc/autoscaler_configuration_settings.dat
700 etc/keys
600 etc/keys/id_ed25519_AGILE_DEPLOYMENT_BUILD_KEY_demo-build" ] &&
		[ ! -e "$FAR/state/prepare.new" ] &&
		[ -z "$(find "$FAR" "$ADT_RUN_DIR" -name '*.adt-new' -o \
		    -name 'www.demo.test' -type d)" ] &&
		grep -qx "SNAPSHOTID:$IMAGE" \
		    "$FAR/etc/autoscaler_configuration_settings.dat"
}

@test "one command, and the machine scales by itself, to 3 and to 1" {
	start_build digitalocean
	run --separate-stderr prepare
	echo "$status: $stderr"
	[ "$status" -eq 0 ]
	[ "$output" = "192.0.2.7	$IMAGE" ]
	all_there
	[ "$(cat "$FAR/etc/TOKEN")" = TOKEN=emulator-token ]
	grep -qx 'S3_SECRET_KEY:store-secret' "$FAR/etc/webserver.conf"
	grep -qx 'DB_PASSWORD:.*' "$FAR/etc/webserver.conf"
	# Neither in a command line nor on the screen.
	[ -s "$FAR/argv" ]
	for secret in emulator-token store-secret "$(cat "$FAR/password")" \
	    "$(sed -n 's/^DB_PASSWORD://p' "$FAR/etc/webserver.conf")" \
	    "$(sed -n 2p "$BLD"/keys/id_*D_KEY_demo-build)"; do
		[ -n "$secret" ]
		! grep -qF -e "$secret" "$FAR/argv" || return 1
		[[ $stderr != *"$secret"* ]]
	done
	run --separate-stderr on_far ScaleWebservers.sh 3 --number 2 \
	    --health-command true
	echo "$status: $stderr"
	[ "$status" -eq 0 ]
	[ "$(webservers | wc -l)" -eq 3 ]
	control GET "state?cloud=$CLOUD" | jq -e --arg image "$IMAGE" \
	    'all(.machines[] | select(.name | test("demo-build-2-"));
	     .image == $image)'
	# They are told of the site what came from the build machine.
	control GET "state?cloud=$CLOUD" | jq -r 'first(.machines[] |
		select(.name | test("demo-build-2-"))).user_data' |
		sed -n '/restore[.]conf/,/content:/s/.*content: "*\([^"]*\).*/\1/p' |
		base64 -d | gunzip | grep -qx S3_SECRET_KEY:store-secret
	on_far ScaleWebservers.sh 1 --number 2 --health-command true --yes
	[ "$(webservers | wc -l)" -eq 1 ]
}

@test "again: nothing is placed; a newer image alone; no datastore any more" {
	start_build digitalocean
	prepare
	run --separate-stderr prepare
	[ "$status" -eq 0 ]
	[[ $stderr != *placed* ]]
	adt-template set "$TMPL" S3_ACCESS_KEY "" MAX_WEBSERVERS 7
	run --separate-stderr prepare
	echo "$status: $stderr"
	[ "$status" -eq 0 ]
	[ "$(grep -c '^placed' <<<"$stderr")" -eq 1 ]
	[[ $stderr == *"removed $FAR/etc/webserver.conf"* ]]
	grep -qx MAXWEBSERVERS:7 "$FAR/etc/autoscaler_configuration_settings.dat"
}

@test "a cloud whose credentials are a pair; the same in other shells" {
	start_build exoscale
	for TEST_SHELL in dash 'busybox sh' mksh yash bash; do
		fresh_far
		far_program sh "exec $TEST_SHELL \"\$@\""
		run --separate-stderr prepare
		echo "$TEST_SHELL: $status: $stderr"
		[ "$status" -eq 0 ]
		all_there
	done
	[ "$(cat "$FAR/etc/TOKEN")" = "ACCESS_KEY=EXOemulator
SECRET_KEY=emulator-secret" ]
	run --separate-stderr on_far ScaleWebservers.sh 2 --number 2 --dry-run
	echo "$status: $stderr"
	[ "$status" -eq 0 ]
	[[ $stderr == *"0 webservers: starting 2 more"* ]]
}

@test "a cloud of one's own: its address, and the certificate to trust" {
	stop_emulator
	test_ca "$BATS_TEST_TMPDIR/ca"
	start_emulator --speed 100 --limit-scale 100 --tls \
	    "$BATS_TEST_TMPDIR/ca/good.pem" "$BATS_TEST_TMPDIR/ca/good.key"
	export ADT_CA_FILE=$BATS_TEST_TMPDIR/ca/ca.pem FAR_API_URL=
	start_build digitalocean
	run --separate-stderr prepare
	echo "$status: $stderr"
	[ "$status" -eq 0 ]
	all_there
	grep -qxF "APIURL:$ADT_API_URL" \
	    "$FAR/etc/autoscaler_configuration_settings.dat"
	run --separate-stderr on_far ScaleWebservers.sh 2 --number 2 --dry-run
	echo "$status: $stderr"
	[ "$status" -eq 0 ]
	[[ $stderr == *"0 webservers: starting 2 more"* ]]
	cp "$BATS_TEST_TMPDIR/ca/other-ca.pem" "$FAR/etc/ca.crt"
	run --separate-stderr on_far ScaleWebservers.sh 2 --number 2 --dry-run
	[ "$status" -ne 0 ]
}

@test "a stream that is cut changes nothing" {
	start_build digitalocean
	for bytes in 0 40 600 20000 300000; do
		echo "$bytes" >"$FAR/bytes"
		run --separate-stderr prepare
		echo "$bytes: $status: $stderr"
		[ "$status" -ne 0 ] && [ "$output" = "" ]
		nothing_there
	done
	rm "$FAR/bytes"
	prepare
	all_there
}

@test "killed: every file whole, and the next run completes it" {
	start_build digitalocean
	# Each file that is placed is first written out.
	far_program sync 'echo . >>"$FAR/calls"
		[ "$(wc -l <"$FAR/calls")" -ne "$(cat "$FAR/step")" ] ||
			kill -KILL "$PPID"
		exec /usr/bin/sync "$@"'
	echo 0 >"$FAR/step"
	prepare
	steps=$(wc -l <"$FAR/calls")
	[ "$steps" -gt 20 ]
	for step in 1 2 $((steps / 2)) $(seq $((steps - 5)) "$steps"); do
		rm -rf "${FAR:?}/etc" "${FAR:?}/usr" "$FAR/calls"
		echo "$step" >"$FAR/step"
		run --separate-stderr prepare
		echo "step $step of $steps: $status"
		[ "$status" -ne 0 ] && [ "$output" = "" ]
		# It is no autoscaler before it has all.
		[ ! -e "$FAR/etc/autoscaler_configuration_settings.dat" ] ||
			all_but_leftovers
		find "$FAR/usr/bin" -type f ! -name '*.adt-new' | while read -r file; do
			cmp "$file" "$OUT/bin/${file##*/}"
		done
	done
	echo 0 >"$FAR/step"
	rm -rf "${FAR:?}/etc" "${FAR:?}/usr" "$FAR/calls"
	echo $((steps / 2)) >"$FAR/step"
	run prepare
	[ "$status" -ne 0 ]
	rm "$FAR/bin/sync"
	prepare
	all_there
}
all_but_leftovers() {
	[ -e "$FAR/etc/TOKEN" ] && [ -e "$FAR/etc/webserver.conf" ] &&
		[ -x "$FAR/usr/share/adt-snapshots/helperscripts/ScaleWebservers.sh" ]
}

@test "what is missing there is told, or installed" {
	start_build digitalocean
	# The machine has all that is here, but jq.
	mkdir "$FAR/all"
	for folder in /bin /sbin /usr/bin /usr/sbin; do
		find "$folder/" -maxdepth 1 ! -type d ! -name jq ! -name apt-get \
		    -exec ln -sf -t "$FAR/all" {} + 2>/dev/null
	done
	FAR_PATH=$FAR/all
	export FAR_PATH
	run --separate-stderr prepare --no-packages
	echo "$status: $stderr"
	[ "$status" -eq 69 ]
	[[ $stderr == *"missing here, and to be installed first: jq "* ]]
	nothing_there
	far_program apt-get 'echo "apt-get $*" >>"$FAR/apt"; exit 100'
	run --separate-stderr prepare
	[ "$status" -eq 75 ]
	[[ $stderr == *"apt-get could not install here: jq "* ]]
	nothing_there
	far_program apt-get 'echo "apt-get $*" >>"$FAR/apt"
		case $* in *" install "*) ln -s /usr/bin/jq "$FAR/all/jq" ;; esac'
	run --separate-stderr prepare
	echo "$status: $stderr"
	[ "$status" -eq 0 ]
	grep -q 'install --no-install-recommends --no-remove jq$' "$FAR/apt"
	all_there
}

@test "programs that cannot run there; programs that are there" {
	start_build digitalocean
	far_program uname 'echo riscv64'
	run --separate-stderr prepare
	[ "$status" -eq 69 ]
	[[ $stderr == *"this is riscv64: install.sh --autoscaler builds them"* ]]
	run --separate-stderr prepare --no-programs
	[ "$status" -eq 69 ]
	nothing_there
	rm "$FAR/bin/uname"
	prepare
	rm -r "${FAR:?}/etc"
	far_program uname 'echo riscv64'
	run --separate-stderr prepare --no-programs
	echo "$status: $stderr"
	[ "$status" -eq 0 ]
	[[ $stderr != *"$FAR/usr"* ]]
	all_there
}

@test "credentials of its own; wrong ones change nothing" {
	start_build digitalocean
	printf 'emulator-token\n' >"$BATS_TEST_TMPDIR/own"
	run --separate-stderr prepare --credentials "$BATS_TEST_TMPDIR/own"
	[ "$status" -eq 77 ]
	[[ $stderr == *chmod* ]]
	chmod 600 "$BATS_TEST_TMPDIR/own"
	prepare --credentials "$BATS_TEST_TMPDIR/own"
	all_there
	fresh_far
	echo wrong >"$BATS_TEST_TMPDIR/own"
	run --separate-stderr prepare --credentials "$BATS_TEST_TMPDIR/own"
	echo "$status: $stderr"
	[ "$status" -eq 77 ]
	[[ $stderr == *"the cloud does not answer to this machine"* ]]
	nothing_there
	far_program jq 'exit 1' # asked for the image among those it lists
	run --separate-stderr prepare
	[ "$status" -eq 69 ]
	[[ $stderr == *"does not show this machine the image $IMAGE"* ]]
	nothing_there
	fresh_far
	echo other >"$FAR/password"
	run --separate-stderr prepare
	[ "$status" -ne 0 ] && [ "$output" = "" ]
	nothing_there
}

@test "the autoscaler of another build is left alone" {
	start_build digitalocean
	mkdir "$FAR/etc"
	echo BUILDIDENTIFIER:other \
	    >"$FAR/etc/autoscaler_configuration_settings.dat"
	run --separate-stderr prepare
	echo "$status: $stderr"
	[ "$status" -eq 69 ]
	[[ $stderr == *"BUILDIDENTIFIER is 'other', and not 'demo-build'"* ]]
	[ "$(ls "$FAR/etc")" = autoscaler_configuration_settings.dat ]
	[ ! -e "$FAR/usr" ]
}

@test "on a machine of the toolkit its settings are filled up, its way" {
	start_build digitalocean
	mkdir -p "$FAR/toolkit/runtime"
	echo "$FAR/toolkit" >"$FAR/homedir.dat"
	settings=$FAR/toolkit/runtime/autoscaler_configuration_settings.dat
	printf '%s\n' BUILDIDENTIFIER:demo-build MAXWEBSERVERS:3 SNAPSHOTID:old \
	    BUILDFROMSNAPSHOT:0 THEIRS:1 >"$settings"
	run --separate-stderr prepare
	[ "$status" -eq 69 ]
	[[ $stderr == *"no StoreConfigValue.sh below"* ]]
	store_config_value "$FAR/toolkit"
	far_program crontab "echo '*/2 * * * * sh PerformScaling.sh'"
	run --separate-stderr prepare
	echo "$status: $stderr"
	[ "$status" -eq 0 ]
	[[ $stderr == *PerformScaling*"only one should scale"* ]]
	for line in MAXWEBSERVERS:3 THEIRS:1 "SNAPSHOTID:$IMAGE" \
	    BUILDFROMSNAPSHOT:1 "REGION:$REGION" CLOUDHOST:digitalocean; do
		[ "$(grep -cx "$line" "$settings")" -eq 1 ]
	done
	[ ! -e "$FAR/etc/autoscaler_configuration_settings.dat" ]
	run --separate-stderr on_far ScaleWebservers.sh 2 --number 2 --dry-run
	[ "$status" -eq 0 ]
	[[ $stderr == *"0 webservers: starting 2 more"* ]]
}

@test "a dry run sends nothing; nobody to send to; nothing to start from" {
	start_build digitalocean
	run --separate-stderr prepare --dry-run
	[ "$status" -eq 0 ] && [ "$output" = "" ]
	[[ $stderr == *"192.0.2.7 would get"*bin/adt-cloud*etc/TOKEN* ]]
	[ ! -e "$FAR/argv" ]
	[ ! -e "$ADT_RUN_DIR/autoscaler/www.demo.test" ]
	run --separate-stderr helper PrepareAutoscaler.sh
	[ "$status" -eq 1 ]
	[[ $stderr == *"no autoscaler of build demo-build is running"* ]]
	add_machines "$CLOUD" "[{\"name\": \"$(sed -n 's/=autoscaler$//p' \
	    "$BATS_TEST_TMPDIR/machines")\", \"region\": \"$REGION\"}]" >/dev/null
	run --separate-stderr helper PrepareAutoscaler.sh
	[ "$status" -eq 0 ]
	[[ $output == *"	$IMAGE" ]]
	adt-cloud delete-image --cloud "$CLOUD" --build "$BLD" "$IMAGE"
	run --separate-stderr prepare
	[ "$status" -eq 69 ]
	[[ $stderr == *"no usable image of a webserver"* ]]
}
