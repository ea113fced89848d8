# metadata_guard.bats - who may ask a cloud's metadata service: real rules in a
# real kernel, in a network of this test's own with servers at the addresses of
# the service.
bats_require_minimum_version 1.5.0

setup() {
	ROOT=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
	GUARD=$ROOT/templates/userdata/metadata-guard.sh
	export ROOT GUARD
	[ "$(id -u)" -eq 0 ] || skip "only root can make a network of its own"
	cd "$BATS_TEST_TMPDIR" || return
	mkdir www
	echo keys >www/user-data
	chmod -R a+rX .
	cat >inside <<-'SH'
	set -eu
	unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
	ip link set lo up
	ip address add 169.254.169.254/32 dev lo
	ip address add fd00:a9fe:a9fe::1/128 dev lo nodad
	for address in 0.0.0.0:80 '[::]:8080' 0.0.0.0:8775; do
		busybox httpd -f -p "$address" -h www \
		    >/dev/null 2>&1 3>&- &
		servers="${servers:-} $!"
	done
	trap 'kill $servers' EXIT
	# ask NAME COMMAND... - who gets the text from which address
	ask() {
		for url in 169.254.169.254 169.254.169.254:8775 \
		    '[fd00:a9fe:a9fe::1]:8080' 127.0.0.1; do
			got=$("$@" curl -sg --max-time 5 \
			    "http://$url/user-data") || got=refused
			echo "$url $got"
		done
	}
	nobody() { setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; }
	until curl -s -o user-data http://127.0.0.1/user-data &&
	    curl -sg -o user-data 'http://[::1]:8080/user-data' &&
	    curl -s -o user-data http://127.0.0.1:8775/user-data; do
		sleep 0.05
	done
	SH
}

# in_network SH... - runs the text there.
in_network() {
	printf '%s\n' "$@" | cat inside - >script
	timeout 60 unshare --net --mount sh script
}

all_but() {
	printf '%s\n' "169.254.169.254 $1" "169.254.169.254:8775 $1" \
	    "[fd00:a9fe:a9fe::1]:8080 $1" '127.0.0.1 keys'
}

@test "without the guard everybody is told" {
	run -0 in_network 'ask nobody'
	[ "$output" = "$(all_but keys)" ]
}

@test "nft: root alone is told, at every boot again" {
	run -0 in_network 'sh "$GUARD"' 'sh "$GUARD"' 'ask nobody' 'ask env' \
	    'nft list table inet adt_snapshots >rules'
	echo "$output"
	[ "$output" = "$(all_but refused; all_but keys)" ]
	# the second boot's rules are not added to the first's
	[ "$(grep -c 169.254.169.254 rules)" -eq 2 ]
	# other rules stay; a flushed ruleset is guarded again by the next boot
	run -0 in_network 'nft add table inet others' 'sh "$GUARD"' \
	    'nft list tables' 'nft flush ruleset' 'ask nobody' 'sh "$GUARD"' \
	    'ask nobody'
	echo "$output"
	[ "$output" = "$(printf '%s\n' 'table inet others' \
	    'table inet adt_snapshots'; all_but keys; all_but refused)" ]
}

@test "without nft by iptables; without both it is said" {
	mkdir bin
	for program in sh iptables ip6tables; do
		ln -s "$(command -v "$program")" bin/
	done
	run -0 in_network 'PATH=$PWD/bin sh "$GUARD"' \
	    'PATH=$PWD/bin sh "$GUARD"' 'ask nobody' 'ask env' \
	    'iptables -S OUTPUT >rules'
	echo "$output"
	[ "$output" = "$(all_but refused; all_but keys)" ]
	[ "$(grep -c 169.254.169.254 rules)" -eq 1 ]
	rm bin/iptables bin/ip6tables
	run -0 in_network 'PATH=$PWD/bin sh "$GUARD"' 'ask nobody'
	echo "$output"
	[[ $output == *'not guarded'*"$(all_but keys)" ]]
}
