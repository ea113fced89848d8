#!/bin/sh
# buildhome.sh - makes a build home for a fleet on the emulator, as the toolkit
# leaves one after a build on that cloud: all five machine types, credentials
# made of random letters. Prints the names of its machines as NAME=TYPE lines.
set -eu
umask 077
PROGRAM=${0##*/}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)

usage() {
	cat <<-EOF
	usage: $PROGRAM CLOUD FOLDER
	CLOUD is digitalocean, exoscale, linode or vultr; FOLDER must not exist.
	EOF
}

# place cloud - "region size" there.
place() {
	case $1 in
	digitalocean) echo lon1 s-1vcpu-1gb ;;
	exoscale) echo ch-gva-2 tiny ;;
	linode) echo gb-lon g6-nanode-1 ;;
	vultr) echo lhr vc2-1c-1gb ;;
	*) usage >&2; exit 64 ;;
	esac
}

# random_word length - small letters and digits.
random_word() {
	LC_ALL=C tr -dc 'a-z0-9' </dev/urandom | dd bs=1 count="$1" 2>/dev/null
}

# credential - what the emulator lets in, as the template has it.
credential() {
	case $cloud in
	exoscale)
		echo ACCESS_KEY EXOemulator SECRET_KEY emulator-secret
		;;
	*) echo TOKEN emulator-token ;;
	esac
}

main() {
	case ${1:-} in
	-h | --help) usage; exit 0 ;;
	esac
	[ $# -eq 2 ] || { usage >&2; exit 64; }
	cloud=$1
	home=$2
	where=$(place "$cloud")
	region=${where% *}
	size=${where#* }
	build=demo-build
	user=X$(random_word 18)X
	password=$(random_word 18)
	rnd=$(printf '%.4s' "$user")
	bld=$home/runtimedata/$cloud/$build
	template=$home/templatedconfigurations/templates/$cloud/${cloud}3.tmpl

	mkdir "$home"
	mkdir -p "$bld/credentials" "$bld/keys" "${template%/*}"
	cp "$root/tests/fixtures/templates/digitalocean3.tmpl" "$template"
	# shellcheck disable=SC2046 # names and words
	adt-template set "$template" CLOUDHOST "$cloud" REGION "$region" \
	    BUILD_IDENTIFIER "$build" WEBSITE_URL www.demo.test \
	    DNS_CHOICE "$cloud" BUILD_FROM_SNAPSHOT 0 \
	    S3_HOST_BASE "" S3_ACCESS_KEY "" S3_SECRET_KEY "" S3_LOCATION "" \
	    BUILD_ARCHIVE_CHOICE hourly PRODUCTION 1 NO_WEBSERVERS 1 \
	    NO_AUTOSCALERS 1 NO_REVERSE_PROXY 1 NO_AUTHENTICATORS 1 \
	    AS_SERVER_TYPE "$size" AUTH_SERVER_TYPE "$size" \
	    DB_SERVER_TYPE "$size" RP_SERVER_TYPE "$size" \
	    WS_SERVER_TYPE "$size" $(credential)
	echo "$cloud" >"$home/runtimedata/ACTIVE_CLOUDHOST"
	echo "$build" >"$home/runtimedata/ACTIVE_BUILD_IDENTIFIER"
	echo "$template" >"$home/runtimedata/current_template_name"
	echo "$region" >"$bld/CURRENTREGION"
	echo "$user" >"$bld/credentials/SERVERUSER"
	echo "$password" >"$bld/credentials/SERVERUSERPASSWORD"
	ssh_key=$bld/keys/id_ed25519_AGILE_DEPLOYMENT_BUILD_KEY_$build
	openssl genpkey -algorithm ed25519 -out "$ssh_key" 2>/dev/null
	echo "ssh-ed25519 AAAA demo" >"$ssh_key.pub"
	{
		# what the toolkit's env(1) would print after sourcing it
		sed -n 's/^export \([A-Za-z_0-9]*\)="\([^"]*\)".*/\1=\2/p' \
		    "$template"
		echo "SERVER_USER=$user"
		echo "SERVER_USER_PASSWORD=$password"
		echo "DB_NAME=n$(random_word 8)n"
		echo "DB_USERNAME=u$(random_word 8)u"
		echo "DB_PASSWORD=p$(random_word 8):$(random_word 4)p"
	} >"$bld/build_environment"
	echo "NO-1-auth-$region-$build-$rnd=authenticator"
	echo "NO-1-rp-$region-$build-$rnd=reverseproxy"
	echo "NO-1-as-$region-$build-$rnd=autoscaler"
	echo "ws-$region-$build-0-$rnd-init-1=webserver"
	echo "db-$region-$build-$rnd=database"
}
main "$@"
