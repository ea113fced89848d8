# scale.bats - ScaleWebservers.sh static: the number that the toolkit's
# AdjustScaling leaves in a real S3 store, read on an autoscaler.
setup() {
	load datastore
	TEST_SHELL=${TEST_SHELL:-sh}
	BUILD=$RGW_FOLDER
	cp "$BUILD/environment" "$BUILD/build_environment"
	SITE=S$BATS_TEST_NUMBER-$$.Example.test
	BUCKET=s$BATS_TEST_NUMBER-$$-example-test-scaling-vultr-lhr
	ADT_AUTOSCALER_DIR=$BATS_TEST_TMPDIR/etc
	ADT_AUTOSCALER_STATE=$BATS_TEST_TMPDIR/state
	ADT_RUN_DIR=$BATS_TEST_TMPDIR/run
	BUILD_HOME=$BATS_TEST_TMPDIR/none
	ADT_BIN=$BATS_TEST_TMPDIR/bin
	export TEST_SHELL ADT_AUTOSCALER_DIR ADT_AUTOSCALER_STATE ADT_RUN_DIR \
	    BUILD_HOME ADT_BIN
	mkdir "$ADT_AUTOSCALER_DIR" "$ADT_BIN"
	printf '%s\n' CLOUDHOST:vultr REGION:lhr BUILDIDENTIFIER:demo \
	    "WEBSITEURL:$SITE" SERVERUSER:Xabc BUILDFROMSNAPSHOT:1 SNAPSHOTID:1 \
	    MAXWEBSERVERS:6 \
	    >"$ADT_AUTOSCALER_DIR/autoscaler_configuration_settings.dat"
	sed 's/=/:/' "$RGW_FOLDER/environment" \
	    >"$ADT_AUTOSCALER_DIR/webserver.conf"
	# A cloud without machines.
	ln -s "$OUT"/bin/* "$ADT_BIN"
	rm "$ADT_BIN/adt-cloud"
	printf '#!/bin/sh\necho "[]"\n' >"$ADT_BIN/adt-cloud"
	chmod 755 "$ADT_BIN/adt-cloud"
}

scale() {
	# shellcheck disable=SC2086 # "busybox sh" is two words
	run --separate-stderr $TEST_SHELL \
	    "$ROOT/helperscripts/ScaleWebservers.sh" static --dry-run "$@"
	echo "$status: $output: $stderr"
}
# wanted OBJECT - what AdjustScaling does.
wanted() { store put "$BUCKET" "$1" </dev/null >/dev/null; }

@test "the number of this autoscaler, and the newer of two" {
	scale --number 2
	[ "$status" -eq 1 ]
	store make-bucket "$BUCKET"
	wanted autoscaler-1/STATIC_SCALE:5
	scale --number 2
	[ "$status" -eq 1 ]
	[[ $stderr == *"$BUCKET: there is no autoscaler-2/STATIC_SCALE:"* ]]
	wanted autoscaler-2/STATIC_SCALE:4
	for TEST_SHELL in dash 'busybox sh' mksh yash bash; do
		scale --number 2
		[ "$status" -eq 0 ]
		[[ $stderr == *"0 webservers: starting 4 more"* ]]
	done
	sleep 1.1 # dates are in seconds in some stores
	wanted autoscaler-2/STATIC_SCALE:3
	scale --number 2
	[[ $stderr == *"0 webservers: starting 3 more"* ]]
	store delete "$BUCKET" autoscaler-2/STATIC_SCALE:3
	scale --number 2
	[[ $stderr == *"0 webservers: starting 4 more"* ]]
	scale --number 1
	[[ $stderr == *"0 webservers: starting 5 more"* ]]
	[ -z "$(find "$ADT_RUN_DIR" -type f)" ]
}

@test "too many, none, no number, no datastore" {
	store make-bucket "$BUCKET"
	while IFS='|' read -r object want words; do
		wanted "autoscaler-1/STATIC_SCALE:$object"
		scale --number 1
		[ "$status" -eq "$want" ]
		[[ $stderr == *"$words"* ]]
		store delete "$BUCKET" "autoscaler-1/STATIC_SCALE:$object"
	done <<-'TABLE'
	7|69|MAX_WEBSERVERS is 6
	0|69|STATIC_SCALE is 0: that takes --force
	many|65|not a number
	-1|65|not a number
	TABLE
	scale
	[ "$status" -eq 64 ]
	[[ $stderr == *"--number"* ]]
	rm "$ADT_AUTOSCALER_DIR/webserver.conf"
	scale --number 1
	[ "$status" -eq 69 ]
	[[ $stderr == *"no datastore is configured"* ]]
}
