# datastore.bash - what the tests on the S3 server share.
bats_require_minimum_version 1.5.0

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
OUT=${OUT:-$ROOT/build/${FLAVOUR:-release}}
PATH=$OUT/bin:$OUT/tools:$PATH
export ROOT OUT PATH
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY

# fresh_bucket - a bucket of this test's own, named in BUCKET; the folder BUILD
# has a build_environment that leads to it.
fresh_bucket() {
	BUILD=$BATS_TEST_TMPDIR/build
	SETTINGS=$BATS_TEST_TMPDIR/conditions
	mkdir "$BUILD"
	cp "$RGW_FOLDER/environment" "$BUILD/build_environment"
	BUCKET=$(basename "$BATS_TEST_FILENAME" .bats)-$BATS_TEST_NUMBER-$$
	URL=$(sed -n 's/^S3_HOST_BASE=//p' "$BUILD/build_environment")
	export BUILD SETTINGS BUCKET URL
	store make-bucket "$BUCKET"
}

# setting NAME VALUE - one variable of build_environment.
setting() {
	sed -i "s#^$1=.*#$1=$2#" "$BUILD/build_environment"
}

# value NAME - of build_environment.
value() { sed -n "s/^$1=//p" "$BUILD/build_environment"; }

# store COMMAND ARGUMENT... - adt-datastore on this build's datastores.
store() {
	local command=$1
	shift
	adt-datastore "$command" --build "$BUILD" "$@"
}
