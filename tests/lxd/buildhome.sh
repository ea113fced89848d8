#!/bin/sh
# buildhome.sh - makes a build home for the lab's fleet, as the toolkit leaves
# one after a build: a template, a build environment, a build key, credentials
# made of random letters. Prints the names of its machines as NAME=ROLE words for
# fleet.sh.
# shellcheck source-path=SCRIPTDIR
here=$(dirname -- "$0")
# shellcheck source=lab.sh
. "$here/lab.sh"
umask 077
root=$ROOT

usage() {
	cat <<-EOF
	usage: $PROGRAM FOLDER [BUILD_IDENTIFIER]
	The folder must not exist. BUILD_IDENTIFIER is "demo" if not given.
	  S3_ENVIRONMENT   a file of S3_...= lines: the datastore; none if not set
	EOF
}

# random_word length - small letters and digits.
random_word() {
	LC_ALL=C tr -dc 'a-z0-9' </dev/urandom | dd bs=1 count="$1" 2>/dev/null
}

main() {
	case ${1:-} in
	-h | --help) usage; exit 0 ;;
	'') usage >&2; exit 64 ;;
	esac
	home=$1
	build=${2:-demo}
	site=www.$build.test
	user=X$(random_word 18)X
	password=$(random_word 18)
	rnd=$(printf '%.4s' "$user")
	bld=$home/runtimedata/lxd/$build
	template=$home/templatedconfigurations/templates/lxd/lxd3.tmpl

	enter_lab
	mkdir "$home"
	mkdir -p "$bld/credentials" "$bld/keys" "${template%/*}"
	cp "$root/templates/lxd/lxd3.tmpl" "$template"
	adt-template set "$template" BUILD_IDENTIFIER "$build" CLOUDHOST lxd \
	    REGION local WEBSITE_URL "$site" BUILD_FROM_SNAPSHOT 0 \
	    BUILD_ARCHIVE_CHOICE hourly PRODUCTION 1 NO_WEBSERVERS 1 \
	    NO_AUTOSCALERS 1 NO_REVERSE_PROXY 0 NO_AUTHENTICATORS 0 \
	    VPC_NAME "$BRIDGE" SSH_PORT 22 DB_PORT 3306 WEBSITE_NAME "$build" \
	    S3_ACCESS_KEY "" S3_SECRET_KEY ""
	if [ -n "${S3_ENVIRONMENT:-}" ]; then
		while IFS='=' read -r name value; do
			printf '%s' "$value" |
				adt-template set --stdin "$template" "$name"
		done <"$S3_ENVIRONMENT"
	fi
	ssh-keygen -q -t ed25519 -N '' -C "" -f \
	    "$bld/keys/id_ed25519_AGILE_DEPLOYMENT_BUILD_KEY_$build"
	echo lxd >"$home/runtimedata/ACTIVE_CLOUDHOST"
	echo "$build" >"$home/runtimedata/ACTIVE_BUILD_IDENTIFIER"
	echo "$template" >"$home/runtimedata/current_template_name"
	echo "$user" >"$bld/credentials/SERVERUSER"
	echo "$password" >"$bld/credentials/SERVERUSERPASSWORD"
	{
		# what the toolkit's env(1) would print after sourcing it
		sed -n 's/^export \([A-Za-z0-9_]*\)="\([^"]*\)".*/\1=\2/p' "$template"
		echo "SERVER_USER=$user"
		echo "SERVER_USER_PASSWORD=$password"
		echo "DB_NAME=n$(random_word 8)n"
		echo "DB_USERNAME=u$(random_word 8)u"
		echo "DB_PASSWORD=p$(random_word 8):$(random_word 4)p"
	} >"$bld/build_environment"
	echo "ws-local-$build-0-$rnd-init-1=webserver"
	echo "db-local-$build-$rnd=database"
	echo "NO-1-as-local-$build-$rnd=autoscaler"
}
main "$@"
