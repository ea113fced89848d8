# setup_suite.bash - one S3 server for all files of this folder, of its own: two
# runs beside each other do not meet.
setup_suite() {
	RGW=$BATS_TEST_DIRNAME/../rgw/rgw.sh
	RGW_FOLDER=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/build/rgw/suite.$$
	export RGW RGW_FOLDER
	"$RGW" up --folder "$RGW_FOLDER" >&2
}

teardown_suite() {
	"$RGW" down --folder "$RGW_FOLDER"
}
