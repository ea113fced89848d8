# shellcheck shell=sh disable=SC2034,SC2154 # what story.sh sets and reads
# stage-lxd.sh - the story on real machines: what they are, and that they hold
# what they held; sourced by story.sh.

stage_words="real machines"
LAB=${LAB:-$root/build/lxd}
work=$LAB/story
unset ADT_API_URL INCUS_DIR
export LAB

stage_check() { "$root/tests/lxd/check.sh"; }

stage_clear() {
	[ ! -e "$work" ] || stage_end
}

rgw() { "$root/tests/rgw/rgw.sh" "$@" --folder "$LAB/rgw"; }

stage_begin() {
	timed "LXD, started" "$root/tests/lxd/up.sh"
	LXD_DIR=$("$root/tests/lxd/up.sh" --where)
	export LXD_DIR
	timed "the base image, made once" "$root/tests/lxd/image.sh"
	timed "the datastore (Ceph RGW), started" start_store
}

# start_store - where the machines reach it: on the host's end of the bridge.
start_store() {
	network=$(lxc network list --format csv </dev/null |
	    sed -n 's/^\(adt[0-9]*\),bridge,YES,.*/\1/p')
	bridge=$(lxc network get "$network" ipv4.address </dev/null)
	rgw up --address "${bridge%/*}" >/dev/null
}

stage_buildhome() {
	S3_ENVIRONMENT=$LAB/rgw/environment "$root/tests/lxd/buildhome.sh" \
	    "$BUILD_HOME"
}

fleet() { "$root/tests/lxd/fleet.sh" "$@"; }

# stage_fleet - the machines of the build, with the token on page and row, and
# a backup of that.
stage_fleet() {
	web=$(sed -n 's/=webserver$//p' "$work/machines")
	database=$(sed -n 's/=database$//p' "$work/machines")
	timed "the fleet, built the long way" build_fleet
	timed "a backup to the datastore" fleet backup "$web" "$database"
	cp "$DB_CREDENTIALS" "$work/site_credentials"
}

# build_fleet - webservers are told where the database is, so it comes first.
build_fleet() {
	# shellcheck disable=SC2046 # words, one a machine
	fleet up $(grep -v '=webserver$' "$work/machines")
	DB_HOST=$(fleet address "$database") fleet up "$web=webserver"
}

# stage_newer - the site goes on after the capture: another token, in a newer
# backup. It is what the story must end with.
stage_newer() {
	older=$token
	token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	echo "$token" >"$TOKEN_FILE"
	DB_CREDENTIALS=$work/site_credentials fleet change "$web" "$database"
	DB_CREDENTIALS=$work/site_credentials timed \
	    "a newer backup, after the capture" fleet backup "$web" "$database"
	rm "$work/site_credentials"
	say
	say "after the capture the site went on: token $token, backed up; the" \
	    "images hold $older"
}

# stage_prove whose - page and row hold the token; database credentials on
# stdin.
stage_prove() {
	row=$(fleet fetch-row "$database")
	serves_token "$web" || die "$1: the page does not hold $token: $page"
	[ "$row" = "$token" ] || die "$1: the row holds '$row', not $token"
	say "$1: page and row hold the token $token"
}

# serves_token machine - its page has it, of its webroot and of the database.
serves_token() {
	page=$(fleet fetch-page "$1" </dev/null)
	case $page in
	*"page $token row $token "*) ;;
	*) return 1 ;;
	esac
}

# stage_scale - three webservers, and what each serves.
stage_scale() {
	operator ScaleWebservers.sh 3 --health-word "row $token"
	names=$(lxc list --format csv -c n '^ws-' </dev/null)
	[ "$(printf '%s\n' "$names" | grep -c .)" -eq 3 ] ||
		die "not three webservers: $names"
	for name in $names; do
		serves_token "$name" || die "$name: $page"
		say "$name serves page and row with the token"
	done
	ids=$(for name in $names; do
		lxc exec -T "$name" -- cat /etc/machine-id </dev/null
		lxc exec -T "$name" -- cat /etc/ssh/ssh_host_ed25519_key.pub \
		    </dev/null
	done | sort -u | grep -c .)
	[ "$ids" -eq 6 ] || die "machines share a machine-id or a host key"
	say "each has a machine-id and host keys of its own"
}

# long_way_data name - user data that builds a webserver from packages, then
# does what one from an image does, on stdout.
long_way_data() {
	sh -c '. "$1/helperscripts/lib/prelude.sh"
		for lib in build snapshots generations userdata; do
			. "$1/helperscripts/lib/$lib.sh"
		done
		find_build && use_template && pin_record && open_userdata build
		SITE_SETTINGS=$(site_settings)
		HOST=$(database_host)
		render_userdata webserver "$2" long-way "$HOST"
		cat "$USERDATA/$2.yaml"
		close_userdata' "$root/helperscripts/Long.sh" "$root" "$1" |
		awk -v repository="$repository" -v nginx="$(base64 -w 0 \
		    "$root/tests/lxd/nginx-site")" '
		/^package_update:/ {
			print "package_update: true"
			print "packages: [nginx-light, php-fpm, php-mysql," \
			    " mariadb-client]"
			next
		}
		{ print }
		/^bootcmd:/ {
			print "  - echo \"deb [trusted=yes] " repository \
			    " ./\" >/etc/apt/sources.list"
		}
		/^write_files:/ {
			print "  - path: /run/nginx-site\n    encoding: b64"
			print "    content: " nginx
		}
		/^runcmd:/ {
			print "  - cp /run/nginx-site" \
			    " /etc/nginx/sites-available/default"
			print "  - systemctl restart nginx"
		}'
}

# stage_long_way number - one more webserver from the image, that makes number;
# and the same one from bare Debian and packages, which are served on the bridge.
# Of both the image was used before: LXD unpacks it the first time.
stage_long_way() {
	"$root/tests/lxd/image.sh" --bare
	lxc init adt-bare unpacked </dev/null >/dev/null 2>&1
	lxc delete unpacked </dev/null
	repository=http://${bridge%/*}:8099
	busybox httpd -f -p "${bridge%/*}:8099" \
	    -h "$("$root/tests/lxd/image.sh" --where)/repository" &
	httpd=$!
	began_ms=$(date +%s%3N)
	operator ScaleWebservers.sh "$1" --health-word "row $token"
	from_image_ms=$(($(date +%s%3N) - began_ms))
	data=$(long_way_data long-way)
	began_ms=$(date +%s%3N)
	timed "a webserver from packages" from_packages
	from_packages_ms=$(($(date +%s%3N) - began_ms))
	kill "$httpd"
	httpd=
	lxc delete --force long-way </dev/null
	awk -v packages="$from_packages_ms" -v image="$from_image_ms" 'BEGIN {
	    printf "a webserver that serves the newest row, from its image: " \
	        "%.1f s; from packages of a repository on the bridge: " \
	        "%.1f s; ratio 1 : %.1f\n", image / 1000, packages / 1000,
	        packages / image }' >"$work/ratio"
}

# from_packages - the machine long-way, until it serves what the others do.
from_packages() {
	{
		printf 'config:\n  user.user-data: |\n'
		printf '%s\n' "$data" | sed 's/^./    &/'
	} | lxc launch adt-bare long-way >/dev/null
	until_s=$(($(date +%s) + 600))
	until serves_token long-way 2>/dev/null; do
		[ "$(date +%s)" -lt "$until_s" ] || die "long-way: $page"
		sleep 0.2
	done
}

# stage_ratio - only what it needs: the webserver's image, used once.
stage_ratio() {
	operator ObtainWholeMachineSnapshot.sh --machine webserver
	operator ScaleWebservers.sh 2 --health-word "row $token"
	stage_long_way 3
}

# stage_image_of machine - the image that it was started from.
stage_image_of() { lxc config get "$1" volatile.base_image </dev/null; }

stage_end() {
	[ -z "${httpd:-}" ] || kill "$httpd" || :
	rgw down || :
	"$root/tests/lxd/down.sh" --images
}

stage_build() { operator BuildFromSnapshots.sh --yes; }

# stage_tell - nothing more to tell here.
stage_tell() { :; }
