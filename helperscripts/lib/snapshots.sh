# shellcheck shell=sh
# snapshots.sh - what is recorded about this site's images, and whether it is
# true; sourced after build.sh.
#
# SNAPSHOTS holds snapshot_ids.dat (what today's readers read), snapshots.json
# (what was captured, no secret), and sealed credentials and build keys. They
# are read from RECORD: the generation that pin_record chose, or else SNAPSHOTS.

# need_folder - makes the folder of the snapshots; nobody else may look in.
need_folder() {
	{ mkdir -p "$SNAPSHOTS" && chmod 700 "$SNAPSHOTS"; } ||
		die 71 "$SNAPSHOTS: cannot make it"
}

# keeps_clear - does the operator want credentials and keys kept in clear?
keeps_clear() { [ "$(setting CREDENTIALS sealed)" = plain ]; }

# escrow_readers - prints the certificates that ESCROW in the settings names:
# their holders can open all that is sealed here. Dies where one is not there.
escrow_readers() (
	readers=$(setting ESCROW '') || exit
	set -f
	for reader in $readers; do
		case $reader in
		/*) ;;
		*) die 65 "$CONFIG/settings: ESCROW: not an absolute path:" \
		    "'$reader'" ;;
		esac
		[ -r "$reader" ] || die 65 "$reader: no such certificate, and" \
		    "ESCROW in $CONFIG/settings names it"
		put "$reader"
	done
)

# seal_for_all seal|rewrap argument... - adt-seal's, for those readers as well.
seal_for_all() (
	readers=$(escrow_readers) || exit
	command=$1
	shift
	set -f
	for reader in $readers; do
		set -- --escrow "$reader" "$@"
	done
	adt-seal "$command" "$@"
)

# seal_text kind - stdin sealed for this site, on stdout; CREDENTIALS=plain in
# the settings leaves it in clear, but for a whole generation, which travels.
seal_text() {
	if [ "$1" != generation ] && keeps_clear; then
		cat
		return
	fi
	seal_for_all seal --site "$WEBSITE_URL" --kind "$1" && return
	SEAL_STATUS=$?
	SEAL_KEY=${ADT_SEAL_KEY:-/etc/adt-snapshots/seal.key}
	[ -e "$SEAL_KEY" ] ||
		say "$PROGRAM: no seal key; make one: adt-seal keygen $SEAL_KEY"
	return "$SEAL_STATUS"
}

# open_file kind path - what seal_text made of it, in clear on stdout.
open_file() {
	if keeps_clear && ! sed 1q "$2" | grep -q '^-----BEGIN CMS-----'; then
		cat -- "$2"
		return
	fi
	adt-seal open --site "$WEBSITE_URL" --kind "$1" "$2"
}

# open_sealed kind - the same of what is recorded.
open_sealed() { open_file "$1" "${RECORD:-$SNAPSHOTS}/$1.dat"; }

# recorded_ids - "label TAB id" lines; none if nothing was recorded yet.
recorded_ids() {
	IDS_FILE=${RECORD:-$SNAPSHOTS}/snapshot_ids.dat
	[ -e "$IDS_FILE" ] || return 0
	adt-snapshot-ids list "$IDS_FILE" | tr ':' '\t'
}

# check_ids - dies, with the program's words, if snapshot_ids.dat is malformed.
check_ids() {
	IDS_FILE=${RECORD:-$SNAPSHOTS}/snapshot_ids.dat
	[ -e "$IDS_FILE" ] || return 0
	adt-snapshot-ids check "$IDS_FILE" >&2
}

# metadata - what was captured, on one line; metadata_in folder: of there. An
# empty one if there is none yet.
metadata() { metadata_in "${RECORD:-$SNAPSHOTS}"; }

metadata_in() (
	file=$1/snapshots.json
	if [ ! -e "$file" ]; then
		jq -nc --arg site "$WEBSITE_URL" \
		    '{version: 1, website_url: $site, images: {}}'
		exit
	fi
	# An empty file is no error to jq.
	text=$(jq -ce 'select(.version == 1 and (.website_url | type) == "string"
		and (.images | type) == "object"
		and all(.images[]; type == "object"
			and all(.cloud, .region, .id, .name, .machine;
				type == "string" and . != "")))' \
	    "$file" 2>/dev/null) || text=
	[ -n "$text" ] ||
		die 65 "$file: malformed, or of a later version"
	put "$text"
)

# judge_snapshots - compares ids, metadata and the cloud; sets METADATA and
# VERDICTS: [{label,id,name,status,words}], status 0, 65 or 69.
judge_snapshots() {
	check_ids
	IDS=$(recorded_ids)
	METADATA=$(metadata)
	IMAGES='[]'
	[ -z "$IDS" ] || IMAGES=$(cloud images --json)
	VERDICTS=$({
		put "$IDS" | jq -Rn '[inputs | select(. != "") |
			split("\t") | {label: .[0], id: .[1]}]'
		put "$METADATA"
		put "$IMAGES"
	} | verdicts) || die 76 "adt-cloud: not the list of images it promises"
}

# verdicts - the comparison: three JSON texts on stdin, one on stdout.
verdicts() {
	jq -sc --arg cloud "$CLOUD" --arg region "$REGION" \
	    --arg build "$BUILD" --arg site "$WEBSITE_URL" '
	def clean: tostring | gsub("[[:cntrl:]]"; "?");
	def verdict($status; $words): {status: $status, words: ($words | clean)};
	. as [$ids, $meta, $images] |
	[$ids[] | . as $row | $meta.images[.label] as $known |
	 ([$images[] | select(.id == $row.id)] | first) as $image |
	 {label: .label, id: (.id | clean),
	  name: (($known.name // $image.name // "-") | clean)} +
	 if $known == null then
		verdict(65; "snapshots.json does not have it")
	 elif $known.id != .id then
		verdict(65; "snapshots.json says \($known.id)")
	 elif $meta.website_url != $site then
		verdict(65; "snapshots.json is of \($meta.website_url)")
	 elif [$known.cloud, $known.region, $known.build_identifier]
	     != [$cloud, $region, $build] then
		verdict(65; "made at \($known.cloud) \($known.region)" +
			" for build \($known.build_identifier)")
	 elif $image == null then
		verdict(69; "no such image at \($cloud)")
	 elif $image.state != "ready" then
		verdict(69; "the image is \($image.state)")
	 elif ($image.region // "") | . != "" and . != $known.region then
		verdict(69; "the image is in \($image.region)," +
			" not in \($known.region)")
	 elif $image.name != $known.name then
		verdict(65; "the image is called \($image.name)")
	 else verdict(0; "ok") end] +
	[$meta.images | to_entries[] |
	 select(.key as $type | all($ids[]; .label != $type)) |
	 {label: (.key | clean), id: (.value.id | clean),
	  name: (.value.name | clean)} +
	 verdict(65; "snapshot_ids.dat does not have it")]'
}

# verdicts_status - 0 all is well, 65 ours disagree, 69 the cloud's do, 1 none.
verdicts_status() {
	put "$VERDICTS" | jq -r '[.[].status] |
		if length == 0 then 1 elif any(. == 65) then 65 else max end'
}

# fleet - this build's machines, sorted: "label TAB name TAB id TAB state".
fleet() (
	machines=$(cloud machines --json) || exit
	# A name with a line feed in it must not pass for two machines.
	rows=$(put "$machines" | jq -r '.[] |
		select(.name | test("\\A[A-Za-z0-9._-]+\\z")) |
		[.name, .id, .state] | @tsv') ||
		die 76 "adt-cloud: not the list of machines it promises"
	rules=$(machine_rules) || exit
	put "$rows" | sed -nE "$rules" | sort
)

# The temporal archives: only with them does an image of any age give a site
# that is an hour old.
is_temporal() {
	case $1 in
	hourly | daily | weekly | monthly | bimonthly) ;;
	*) return 1 ;;
	esac
}

# file_findings - what of ours keeps TEMPLATE from building from snapshots:
# lines "status words"; nothing when all is well. Status 0 is only told.
file_findings() (
	flags=${ADT_FLAGS_DIR:-/root}
	if [ -e "$flags/HARDCORE" ] && [ ! -e "$flags/PARAMETER" ]; then
		echo "69 $flags/HARDCORE: a build by user data reads no template"
	fi
	choice=$(planned BUILD_ARCHIVE_CHOICE) || exit
	is_temporal "$choice" || echo "69 BUILD_ARCHIVE_CHOICE is '$choice':" \
	    "a temporal one is wanted: hourly daily weekly monthly bimonthly"
	[ ! -e "$SNAPSHOTS/journal" ] ||
		echo "69 $SNAPSHOTS/journal: a capture is not finished"
	kinds=credentials
	database=$(has_database) || exit
	[ "$database" = no ] || kinds="credentials db_credentials"
	for kind in $kinds; do
		if [ ! -e "${RECORD:-$SNAPSHOTS}/$kind.dat" ]; then
			echo "69 $SNAPSHOTS/$kind.dat: no such file"
			continue
		fi
		status=0
		words=$(open_sealed "$kind" 2>&1 >/dev/null) || status=$?
		[ "$status" -eq 0 ] ||
			put "$status $kind.dat: $(put "$words" | tr '\n' ' ')"
	done
	meta=$(metadata) || exit
	url=$(planned WEBSITE_URL) || exit
	put "$meta" | jq -r --arg url "$url" '.website_url |
		select(. != $url) | "69 WEBSITE_URL is \($url)," +
		" the snapshots are of \(.)"'
	compare_settings "$meta"
)

# compare_settings metadata - what is baked into an image and not written
# again when a machine starts from it must be what the template says. Third
# column: 69 where a machine would not work, 0 where it would.
compare_settings() (
	labels=$(wanted_labels) || exit
	engine=$(planned DATABASE_INSTALLATION_TYPE) || exit
	while read -r field variable status; do
		# A managed database picks its own port.
		[ "$field/$engine" != db_port/DBaaS ] || continue
		value=$(planned "$variable") || exit
		[ -n "$value" ] || continue
		compare_images "$1" "$labels" "$field" "$variable" "$value" \
		    "$status" || exit 65
	done <<-'TABLE'
	cloud CLOUDHOST 69
	region REGION 69
	build_identifier BUILD_IDENTIFIER 69
	algorithm ALGORITHM 69
	ssh_port SSH_PORT 69
	db_port DB_PORT 69
	os BUILDOS 69
	os_version BUILDOS_VERSION 0
	webserver_choice WEBSERVER_CHOICE 69
	database_type DATABASE_INSTALLATION_TYPE 69
	application APPLICATION 69
	application_language APPLICATION_LANGUAGE 69
	php_version PHP_VERSION 0
	dns_choice DNS_CHOICE 0
	TABLE
	for label in $labels; do
		value=$(machine_size "$label") || exit
		[ -z "$value" ] || compare_images "$1" "$label" size \
		    "the size of the $label" "$value" 0 || exit 65
	done
)

# compare_images metadata labels field name value status - a finding for each
# of the images in which the field is recorded, and another value. A size may
# have its family before it: standard.small is small.
compare_images() {
	put "$1" | jq -r --arg labels "$2" --arg field "$3" --arg name "$4" \
	    --arg value "$5" --arg status "$6" '
	($labels | split("\n")) as $wanted | .images | to_entries[] |
	select(.key as $type | any($wanted[]; . == $type)) |
	.key as $type | .value[$field] // "" | tostring | . as $is |
	select(. != "" and . != $value and ($field != "size" or
	    ($value | endswith("." + $is) | not))) |
	"\($status) \($name) is \($value), the \($type) image has \(.)" +
	if $field == "size" then ": its disk must not be smaller" else "" end'
}

# image_findings - the same for the images that TEMPLATE asks for.
image_findings() (
	labels=$(wanted_labels) || exit
	for label in $labels; do
		put "$VERDICTS" | jq -r --arg type "$label" '
		[.[] | select(.label == $type)] |
		if length == 0 then "69 no snapshot of the \($type) is recorded"
		else .[] | select(.status != 0) |
			"\(.status) \(.label) \(.id): \(.words)" end'
	done
)

tell_findings() {
	[ -z "$1" ] || put "$1" | sed "s/^[0-9]* /$PROGRAM: /" >&2
}

# need_preflight - dies, having said all that is wrong, unless TEMPLATE can
# build from the snapshots. Sets VERDICTS.
need_preflight() {
	OURS=$(file_findings)
	tell_findings "$OURS"
	judge_snapshots
	THEIRS=$(image_findings)
	tell_findings "$THEIRS"
	BAD=$({ put "$OURS"; put "$THEIRS"; } | grep '^[1-9]') || return 0
	! put "$BAD" | grep -qv '^69 ' || exit 65
	exit 69
}
