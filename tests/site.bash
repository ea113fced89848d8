# site.bash - the helper scripts against the emulator: a build home of a cloud,
# whose fleet the emulator has.
load scripts
load clouds

# start_site CLOUD [EMULATOR-OPTION...] - the emulator with the build's five
# machines among look-alikes, and BUILD_HOME as the toolkit leaves one there.
start_site() {
	fresh_home buildhome-old
	start_cloud "$@"
	ADT_API_URL=$API
	export ADT_API_URL
	add_fleet
	mv "$BLD" "$RT/build"
	rm -rf "${RT:?}/$CLOUD"
	mkdir -p "$RT/$CLOUD"
	BLD=$RT/$CLOUD/demo-build
	export BLD
	mv "$RT/build" "$BLD"
	echo "$CLOUD" >"$RT/ACTIVE_CLOUDHOST"
	rm -f "$BLD/TOKEN" "$RT/current_template_name"
	echo XabcUserDemoUser001X >"$BLD/credentials/SERVERUSER"
	sed -i '/^TOKEN=/d' "$BLD/build_environment"
	while read -r name value; do
		environment "$name" "$value"
	done <<-TABLE
	CLOUDHOST $CLOUD
	REGION $REGION
	TOKEN emulator-token
	ACCESS_KEY EXOemulator
	SECRET_KEY emulator-secret
	PRODUCTION 1
	NO_WEBSERVERS 1
	NO_AUTOSCALERS 1
	NO_REVERSE_PROXY 1
	NO_AUTHENTICATORS 1
	WS_SERVER_TYPE $LARGER
	DB_SERVER_TYPE $LARGER
	AS_SERVER_TYPE $LARGER
	RP_SERVER_TYPE $LARGER
	AUTH_SERVER_TYPE $LARGER
	TABLE
	rm -f "$BATS_TEST_TMPDIR/seal.key"
	fresh_seal_key
	# shellcheck disable=SC2034 # the tests use it
	SNAPSHOTS=$RT/wholemachinebackups/www.example.test/snapshots
}

# template - the one in use: what build_environment says, as a template does.
template() {
	TMPL=$BUILD_HOME/templatedconfigurations/templates/mine.tmpl
	sed -n 's/^\([A-Z][A-Za-z0-9_]*\)=\([A-Za-z0-9_.:/-]*\)$/export \1="\2"/p' \
	    "$BLD/build_environment" | sort -u -t = -k 1,1 >"$TMPL"
	echo "$TMPL" >"$RT/current_template_name"
}

obtain() { helper ObtainWholeMachineSnapshot.sh "$@"; }

# only_reads COMMAND... - it sends nothing but GET, and changes no file.
only_reads() {
	control DELETE requests >/dev/null
	reads_before=$(files_below "$BUILD_HOME")
	run --separate-stderr "$@"
	echo "$status: $output: $stderr"
	[ "$(emulator_requests | jq 'map(select(.method != "GET")) | length')" -eq 0 ]
	[ "$(files_below "$BUILD_HOME")" = "$reads_before" ]
}

# files_below FOLDER - every file and link, with what is in it.
files_below() {
	(cd "$1" && find . ! -type d ! -name '*.lock' -printf '%p %l\n' \
	    \( ! -type f -o -exec sha256sum {} + \) | sort)
}
