# adt_datastore.bats - adt-datastore without a store: which datastores there
# are, and what it refuses. With one: tests/datastore.
setup() {
	load helpers
	export HOME=$BATS_TEST_TMPDIR
	build=$BATS_TEST_TMPDIR/build
	mkdir "$build"
}

# environment - stdin becomes build_environment.
environment() { (umask 077 && cat >"$build/build_environment"); }

stores() { run --separate-stderr adt-datastore stores "$@"; }

@test "says what is wrong, on stderr, with its own status" {
	environment <<-'TEXT'
	S3_ACCESS_KEY=a
	S3_SECRET_KEY=verysecret
	S3_HOST_BASE=http://127.0.0.1:1
	TEXT
	while IFS='|' read -r want args message; do
		# shellcheck disable=SC2086 # the table's words are arguments
		run --separate-stderr adt-datastore $args </dev/null
		echo "case: $args -> $status: $stderr"
		[ "$status" -eq "$want" ]
		[ "$output" = "" ]
		[[ $stderr == *"$message"* ]]
		[[ $stderr != *verysecret* ]]
	done <<-TABLE
	64||a command is wanted
	64|frobnicate|no such command
	64|put bucket|wrong number of arguments
	64|get --if-none-match bucket key|a condition is for put
	64|put --if-match bad"etag bucket key|without quotes
	64|put --store 0 bucket key|--store 0
	64|get --mode 999 bucket key|--mode 999
	64|list --deadline x bucket|--deadline x
	64|list --build $build --config x bucket|not both
	1|list bucket|no datastore
	1|list --build $build --store 2 bucket|there is no datastore 2, only 1
	1|list --build /nonexistent bucket|no such file
	65|list --build $build UPPER|not a bucket's name
	65|list --build $build a/b|not a bucket's name
	65|list --build $build ab|not a bucket's name
	65|put --build $build bucket key /nonexistent|no such file
	65|put --build $build bucket key $build|not a regular file
	75|list --build $build --deadline 2 bucket|127.0.0.1
	TABLE
	run --separate-stderr adt-datastore get --build "$build" bucket "$(
		printf 'a\nb')"
	[ "$status" -eq 65 ] && [[ $stderr == *'control characters'* ]]
	run --separate-stderr adt-datastore get --build "$build" bucket "$(
		printf '%01025d' 0)"
	[ "$status" -eq 65 ] && [[ $stderr == *'1 to 1024 bytes'* ]]
	run --separate-stderr adt-datastore get --build "$build" bucket ''
	[ "$status" -eq 65 ]
}

@test "the datastores of a build: values split in parallel" {
	environment <<-'TEXT'
	WEBSITE_URL=www.example.com
	GIT_USER=Some Body $(touch /nonexistent) `false`
	S3_ACCESS_KEY=one|two|three
	S3_SECRET_KEY="s1|s2|s3"
	S3_HOST_BASE=ams3.example.com|http://10.0.0.1:7480/|%(bucket)s.h.example
	S3_LOCATION=US|EU|NYC3
	S3_LOCATION=rest of something
	TEXT
	stores --build "$build"
	[ "$status" -eq 0 ]
	[ "$output" = "$(printf '%s\t%s\t%s\n' 1 https://ams3.example.com \
	    us-east-1 2 http://10.0.0.1:7480 eu-west-1 \
	    3 https://h.example nyc3)" ]
	stores --build "$build" --json
	[ "$(jq -r '.[2].url' <<<"$output")" = https://h.example ]
	[[ $output$stderr != *s1* ]]
}

@test "a value without | serves all; none at all is us-east-1" {
	environment <<-'TEXT'
	S3_ACCESS_KEY=one|two
	S3_SECRET_KEY=s1|s2
	S3_HOST_BASE=h.example.com
	TEXT
	stores --build "$build"
	[ "$status" -eq 0 ]
	[ "$(cut -f 2,3 <<<"$output" | sort -u)" = \
	    "$(printf 'https://h.example.com\tus-east-1')" ]
}

@test "values that do not belong together are refused" {
	while IFS='!' read -r want keys secrets hosts locations message; do
		environment <<-TEXT
		S3_ACCESS_KEY=$keys
		S3_SECRET_KEY=$secrets
		S3_HOST_BASE=$hosts
		S3_LOCATION=$locations
		TEXT
		stores --build "$build"
		echo "case: $keys $secrets $hosts $locations: $status $stderr"
		[ "$status" -eq "$want" ] && [ "$output" = "" ]
		[[ $stderr == *"$message"* && $stderr == *build_environment* ]]
	done <<-'TABLE'
	1!!!h!US!S3_ACCESS_KEY is not set
	65!a|b|c!s1|s2!h!US!datastore 3
	65!a|b|c!s1|s2|s3!h1|h2!US!datastore 3
	65!a|!s1|s2!h!US!datastore 2
	65!a!!h!US!datastore 1
	65!a!s s!h!US!datastore 1
	65!a!s!!US!not a host
	65!a!s!h/path!US!not a host
	65!a!s!user@h!US!not a host
	65!a!s!h!a b!not a region
	TABLE
}

@test "the files of s3cmd, s5cmd and rclone" {
	umask 077
	mkdir -p "$HOME/.config/rclone"
	cat >"$HOME/.config/rclone/rclone.conf-1" <<-'TEXT'
	[other]
	endpoint = https://wrong.example.com
	[s3]
	type = s3
	access_key_id = k
	secret_access_key = s
	endpoint = https://rclone.example.com
	acl = private
	TEXT
	stores
	[ "$output" = "$(printf '1\thttps://rclone.example.com\tus-east-1')" ]
	cat >"$HOME/.s5cfg-1" <<-'TEXT'
	[default]
	aws_access_key_id = k
	aws_secret_access_key = s
	host_base = s5.example.com
	TEXT
	stores
	[ "$output" = "$(printf '1\thttps://s5.example.com\tus-east-1')" ]
	cat >"$HOME/.s3cfg-1" <<-'TEXT'
	[default]
	# host_base = wrong.example.com
	access_key = k
	secret_key = s
	bucket_location = US
	host_base = s3.example.com
	host_bucket = %(bucket)s.s3.example.com
	TEXT
	sed 's/s3\.example/second.example/' "$HOME/.s3cfg-1" >"$HOME/.s3cfg-2"
	stores
	[ "$(cut -f 1,2 <<<"$output")" = "$(printf '%s\t%s\n' \
	    1 https://s3.example.com 2 https://second.example.com)" ]
	[ "$stderr" = "" ]
	stores --config "$HOME/.s5cfg-1" \
	    --config "$HOME/.config/rclone/rclone.conf-1"
	[ "$(cut -f 2 <<<"$output")" = "$(printf '%s\n' \
	    https://s5.example.com https://rclone.example.com)" ]
	chmod 644 "$HOME/.s3cfg-2"
	stores
	[ "$status" -eq 0 ]
	[[ $stderr == *'may be read by others'* ]]
	echo 'access_key = k' >"$HOME/.s3cfg-2"
	stores
	[ "$status" -eq 65 ] && [[ $stderr == *s3cfg-2* ]]
}
