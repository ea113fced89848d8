# setup_suite.bash - one server for all files of this folder: started once, with the
# base image, and taken down at the end. What an earlier run left goes first.
setup_suite() {
	lab=$BATS_TEST_DIRNAME
	[ "${LAB_SERVER:-lxd}" != incus ] || "$lab/incus.sh"
	"$lab/check.sh"
	"$lab/down.sh" --images
	"$lab/up.sh" 3>&-
	"$lab/image.sh" 3>&-
}

teardown_suite() {
	build=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/build
	"$BATS_TEST_DIRNAME/../rgw/rgw.sh" down \
	    --folder "${LAB:-$build/${LAB_SERVER:-lxd}}/rgw"
	"$BATS_TEST_DIRNAME/down.sh" --images
}
