# fault.bats - the Nth call of adt-datastore fails, N rising until it succeeds, on
# a real S3 server: a file is got, an object put, whole or not at all.
#
# Out of memory, libcurl 7.88 signs wrongly (77) or crashes (139), since it does
# not look whether OpenSSL could begin a digest: then the file and the object
# must be whole all the same. Of the allocations behind the first 60 calls every
# $STRIDE-th is tried, with FULL=1 every one; of the other calls each.
# shellcheck disable=SC2034,SC2317 # nth.bash uses them
setup_file() {
	STRIDE=97
	[ "${FULL:-0}" != 1 ] || STRIDE=1
	export STRIDE
	echo "# every $STRIDE-th allocation, every call on files" >&3
}

setup() {
	load datastore
	load ../fault/nth
	fresh_bucket
	nth_folder
	old=$(printf 'old %s' {1..4000})
	new=$(printf 'new %s' {1..4000})
}

# on_files COMMAND...; in_memory COMMAND... - each_failure of such calls.
on_files() {
	calls=open,openat,write,pwrite,fsync,rename,renameat,linkat,close,mkdir,fchmod,ftruncate,flock,fstat,unlinkat
	STRIDE=1 each_failure "$@"
}
in_memory() {
	calls=malloc,calloc,realloc also='77 139' tmpfiles=('')
	each_failure "$@"
}

@test "get: the file is the old one or the new one" {
	printf '%s\n' "$new" | store put "$BUCKET" key
	on_files adt-datastore get --build "$BUILD" "$BUCKET" key "$file"
	in_memory adt-datastore get --build "$BUILD" "$BUCKET" key "$file"
}

@test "put: the object is the old one or the new one" {
	printf '%s\n' "$new" >"$BATS_TEST_TMPDIR/in"
	before() {
		printf '%s\n' "$old" | store put "$BUCKET" key >/dev/null
		touch "$file" # nothing of ours: shown() asks the server
	}
	shown() { store get "$BUCKET" key; }
	in_memory adt-datastore put --build "$BUILD" "$BUCKET" key \
	    "$BATS_TEST_TMPDIR/in"
	on_files adt-datastore put --build "$BUILD" "$BUCKET" key \
	    "$BATS_TEST_TMPDIR/in"
}

@test "probe: what is noted is whole" {
	before() { :; }
	shown() { cut -f 3 "$file"; }
	old=
	adt-datastore probe --build "$BUILD" --settings "$SETTINGS" "$BUCKET"
	new=$(cut -f 3 "$SETTINGS")
	on_files adt-datastore probe --build "$BUILD" --settings "$file" \
	    "$BUCKET"
	in_memory adt-datastore probe --build "$BUILD" --settings "$file" \
	    "$BUCKET"
}
