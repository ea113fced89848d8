# scripts_build.bats - finding the build, reading its variables, and telling
# its machines from look-alikes.
setup() {
	load scripts
	fresh_home buildhome-old
}

prints() { # want code [argument...]
	got=$(in_build "${@:2}") || got="$got (status $?)"
	[ "$got" = "$1" ] || {
		echo "want: $1"
		echo "got:  $got"
		return 1
	}
}

@test "a build home: from the environment, the folder above, the note" {
	note=$BATS_TEST_TMPDIR/buildhome.dat
	printf '%s' "$BUILD_HOME" >"$note"
	where() {
		# shellcheck disable=SC2086 # "busybox sh" is two words
		got=$($TEST_SHELL -c '. "$ROOT/helperscripts/lib/prelude.sh"
			echo "$BUILD_HOME"' "$1/helperscripts/T.sh")
		[ "$got" = "$2" ] || {
			echo "want $2, got $got"
			return 1
		}
	}
	mkdir -p "$BATS_TEST_TMPDIR/bare/helperscripts" "$BUILD_HOME/helperscripts"
	home=$BUILD_HOME bare=$BATS_TEST_TMPDIR/bare
	each_shell where "$bare" "$home"
	unset BUILD_HOME
	each_shell where "$home" "$home"
	each_shell where "$bare" "$bare"
	export ADT_BUILDHOME_DAT=$note
	each_shell where "$bare" "$home"
	mkdir -p "$bare/runtimedata"
	each_shell where "$bare" "$home"
	: >"$bare/runtimedata/ACTIVE_CLOUDHOST"
	each_shell where "$bare" "$bare"
}

@test "build_variable: the traps of build_environment" {
	environment S3_LOCATION '"US"'
	environment APPLICATION_NAME '"a"b"'
	environment PHP_VERSION '$(touch /tmp/never) `id` \1 & /'
	while IFS='|' read -r name want; do
		each_shell prints "$want" 'build_variable "$1"' "$name"
	done <<-'TABLE'
	GIT_USER|Demo Person
	TOKEN|FAKE-DO-TOKEN-0001
	REGION|lon1
	EQUALS_DEMO|a=b==c
	S3_LOCATION|US
	APPLICATION_NAME|a"b
	PHP_VERSION|$(touch /tmp/never) `id` \1 & /
	ACCESS_KEY|
	NO_SUCH_THING|
	SERVER_TYPE|
	TABLE
}

@test "the active pair is said first, on stderr" {
	for script in VerifySnapshots.sh RetireServers.sh; do
		run --separate-stderr helper "$script"
		[[ $stderr == "active build: cloud digitalocean, build demo-build"* ]]
	done
}

@test "no build, or a hostile name of one, is 65" {
	bad() {
		# shellcheck disable=SC2154
		run --separate-stderr in_build true
		echo "$status $stderr"
		[ "$status" -eq 65 ]
	}
	for identifier in '../x' '' '.hidden' 'a b' 'a/b'; do
		printf '%s\n' "$identifier" >"$RT/ACTIVE_BUILD_IDENTIFIER"
		each_shell bad
	done
	fresh_home buildhome-old
	environment WEBSITE_URL '../../etc'
	each_shell bad
	fresh_home buildhome-old
	rm "$BLD/build_environment"
	each_shell bad
	rm -r "$RT"
	each_shell bad
}

@test "the new layout is found as well" {
	mv "$RT" "$BUILD_HOME/runtime"
	each_shell prints "$BUILD_HOME/runtime/digitalocean/demo-build" 'put "$BLD"'
	each_shell prints \
	    "$BUILD_HOME/runtime/wholemachinebackups/www.example.test/snapshots" \
	    'put "$SNAPSHOTS"'
}

# looks region build name label - what machine_type says of a name.
looks() {
	got=$(in_build 'REGION=$1 BUILD=$2; machine_type "$3" || echo none' \
	    "$1" "$2" "$3")
	[ "$got" = "$4" ] || {
		echo "$*: got $got"
		return 1
	}
}

@test "machine_type: a machine of this build, or one that only looks so" {
	while read -r region build name label; do
		each_shell looks "$region" "$build" "$name" "$label"
	done <<-'TABLE'
	lon1 demo ws-lon1-demo-0-Xabc-init-1 webserver
	lon1 demo ws-lon1-demo-0-Xabc-init-12 webserver
	lon1 demo ws-lon1-demo-12-Xabc-q9Z0 webserver
	lon1 demo db-lon1-demo-Xabc database
	lon1 demo NO-1-as-lon1-demo-Xabc autoscaler
	lon1 demo NO-10-rp-lon1-demo-Xabc reverseproxy
	lon1 demo NO-2-auth-lon1-demo-Xabc authenticator
	lon1 demo-2 ws-lon1-demo-2-0-Xabc-init-1 webserver
	lon1 demo-2 db-lon1-demo-2-Xabc database
	us-east demo ws-us-east-demo-0-Xabc-init-1 webserver
	lon1 demo ws-lon1-demo-2-0-Xabc-init-1 none
	lon1 demo ws-lon1-demo2-0-Xabc-init-1 none
	lon1 demo db-lon1-demo-2-Xabc none
	lon1 demo db-lon1-demo2-Xabc none
	lon1 demo NO-1-as-lon1-demo-2-Xabc none
	lon1 demo-2 db-lon1-demo-Xabc none
	lon1 demo-2 ws-lon1-demo-2-Xabc-init-1 none
	lon1 demo ws-lon10-demo-0-Xabc-init-1 none
	us-east demo ws-us-eastdemo-0-Xabc-init-1 none
	us demo ws-us-east-demo-0-Xabc-init-1 none
	lon1 demo news-lon1-demo-0-Xabc-init-1 none
	lon1 demo ws-lon1-demo-0-Xabc-init-1-copy none
	lon1 demo ws-lon1-demo-0-Xabc-init-0 none
	lon1 demo ws-lon1-demo-0-Xabc-init- none
	lon1 demo ws-lon1-demo-0-Xabc-q9Z none
	lon1 demo ws-lon1-demo-0-Xabc-q9Z00 none
	lon1 demo ws-lon1-demo--Xabc-init-1 none
	lon1 demo ws-lon1-demo-0-abcd-init-1 none
	lon1 demo ws-lon1-demo-0-Xab-init-1 none
	lon1 demo ws-lon1-demo-0-Xabcd-init-1 none
	lon1 demo db-lon1-demo-Xabc-init-1 none
	lon1 demo NO-0-as-lon1-demo-Xabc none
	lon1 demo NO--as-lon1-demo-Xabc none
	lon1 demo no-1-as-lon1-demo-Xabc none
	lon1 demo NO-1-db-lon1-demo-Xabc none
	lo.1 demo db-lon1-demo-Xabc none
	lo.1 demo db-lo.1-demo-Xabc database
	lon1 d.mo db-lon1-demo-Xabc none
	TABLE
	each_shell looks lon1 demo $'db-lon1-demo-Xabc\nx' none
	each_shell looks lon1 demo $'x\ndb-lon1-demo-Xabc' none
	each_shell looks lon1 demo $'db-lon1-demo-Xabc\tx' none
	each_shell looks lon1 demo '' none
}

@test "machine_name builds what machine_type knows" {
	round() {
		want=$3
		name=$(in_build 'machine_name "$1" "$2" XdeM' "$1" "$2")
		[ "$name" = "$want" ] &&
			[ "$(in_build 'machine_type "$1"' "$name")" = "$1" ] || {
			echo "$1 $2: $name"
			return 1
		}
	}
	while read -r label number name; do
		each_shell round "$label" "$number" "$name"
	done <<-'TABLE'
	webserver 3 ws-lon1-demo-build-0-XdeM-init-3
	database 1 db-lon1-demo-build-XdeM
	autoscaler 2 NO-2-as-lon1-demo-build-XdeM
	reverseproxy 1 NO-1-rp-lon1-demo-build-XdeM
	authenticator 5 NO-5-auth-lon1-demo-build-XdeM
	TABLE
}

@test "machine_count: what build_environment asks for, in both spellings" {
	while IFS='|' read -r changes label want; do
		fresh_home buildhome-old
		for change in $changes; do
			environment "${change%%=*}" "${change#*=}"
		done
		each_shell prints "$want" 'machine_count "$1"' "$label"
	done <<-'TABLE'
	|webserver|1
	NO_WEBSERVERS=05|webserver|5
	NO_WEBSERVERS=|webserver|0
	|database|1
	DB_INSTALL_MODE=0|database|0
	DB_INSTALL_MODE=2|database|1
	DATABASE_INSTALLATION_TYPE=DBaaS|database|0
	DATABASE_INSTALLATION_TYPE=None|database|0
	NO_AUTOSCALERS=2|autoscaler|2
	NO_AUTOSCALERS=2 PRODUCTION=0|autoscaler|0
	NO_AUTOSCALERS=2 PRODUCTION= DEPLOYMENT_MODE=PRODUCTION|autoscaler|2
	NO_AUTOSCALERS=2 PRODUCTION= DEPLOYMENT_MODE=DEVELOPMENT|autoscaler|0
	NO_REVERSE_PROXY=3|reverseproxy|3
	NO_REVERSE_PROXIES=2|reverseproxy|2
	NO_AUTHENTICATORS=4|authenticator|4
	TABLE
}

@test "machine_count refuses what is no count" {
	refused() {
		run --separate-stderr in_build 'machine_count webserver'
		[ "$status" -eq 65 ] && [ "$output" = "" ]
	}
	for count in -1 1.5 '$(id)' 100 one; do
		environment NO_WEBSERVERS "$count"
		each_shell refused
	done
}

@test "replace_file: whole, 0600, in place of a link, nothing left over" {
	replaces() {
		rm -rf "$BATS_TEST_TMPDIR/d"
		mkdir "$BATS_TEST_TMPDIR/d"
		cd "$BATS_TEST_TMPDIR/d"
		echo old >other
		ln -s other file
		echo new | in_build 'replace_file "$1"' "$PWD/file"
		[ "$(cat file other)" = "$(printf 'new\nold')" ]
		[ ! -L file ]
		[ "$(stat -c %a file)" = 600 ]
		[ "$(ls -A)" = "$(printf 'file\nother')" ]
		mkdir folder
		run in_build 'echo x | replace_file "$1"' "$PWD/folder"
		[ "$status" -eq 71 ]
		[ "$(ls -A folder)" = "" ]
	}
	each_shell replaces
}

@test "with_lock takes the lock the programs take, and gives up with 75" {
	locks() {
		exec 7>"$BATS_TEST_TMPDIR/f.lock"
		flock 7
		ADT_LOCK_WAIT_S=0 run --separate-stderr in_build \
		    'with_lock "$1" echo ran' "$BATS_TEST_TMPDIR/f"
		exec 7>&-
		[ "$status" -eq 75 ] && [ "$output" = "" ] || return 1
		run in_build 'with_lock "$1" echo ran' "$BATS_TEST_TMPDIR/f"
		[ "$status" -eq 0 ] && [ "$output" = ran ] || return 1
		run in_build 'with_lock "$1" sh -c "exit 69"' "$BATS_TEST_TMPDIR/f"
		[ "$status" -eq 69 ]
	}
	each_shell locks
}

@test "a failure inside substitutions gets out, in every shell" {
	environment NO_WEBSERVERS many
	gets_out() {
		run --separate-stderr in_build 'x=$(wanted_labels); echo on'
		[ "$status" -eq 65 ] && [ "$output" = "" ]
	}
	each_shell gets_out
}

# ready_in SECONDS COUNT - waits for a machine that has an address from the
# COUNT-th time on that the cloud is asked.
ready_in() {
	: >"$BATS_TEST_TMPDIR/asked"
	run --separate-stderr in_build '. "$ROOT/helperscripts/lib/ready.sh"
		ready_defaults
		WAIT_S=$1 COUNT=$2 SSH_KEY= KNOWN_HOSTS=/nonexistent
		cloud() {
			echo >>"$BATS_TEST_TMPDIR/asked"
			address=
			[ "$(wc -l <"$BATS_TEST_TMPDIR/asked")" -lt "$COUNT" ] ||
				address=10.0.0.7
			printf "[{\"name\": \"db-1x\", \"public_ipv4\": \"1.1.1.1\"},
			    {\"name\": \"db-1\", \"public_ipv4\": \"\",
			     \"private_ipv4\": \"%s\"}]" "$address"
		}
		wait_ready database db-1 image -' "$1" "$2"
}

@test "a machine that just has no address is asked for it again" {
	both() {
		ready_in 30 2
		[ "$status" -eq 0 ]
		[ "$(wc -l <"$BATS_TEST_TMPDIR/asked")" -eq 2 ]
		ready_in 0 9
		[ "$status" -eq 75 ]
		[[ $stderr == *"db-1 is not ready after 0 seconds: it has no address"* ]]
	}
	each_shell both
}
