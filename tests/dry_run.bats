# dry_run.bats - --dry-run, of every script and program that changes something:
# the cloud is asked nothing but GET, no file changes, it is said what would be
# done, and what that costs a month.
setup() { load site; }
teardown() { stop_emulator; }

# What of a dry run's standard error: words of what would be done, and of money.
# A script may stand here more than once. The last column is not looked for
# where it is empty.
scripts() {
	cat <<-'TABLE'
	ObtainWholeMachineSnapshot.sh --all --dry-run|0|nothing was created|a month
	ObtainWholeMachineSnapshot.sh --abandon --dry-run|0|no capture is unfinished|
	VerifySnapshots.sh --boot --dry-run|0|no machine was started|a month
	RetireServers.sh --dry-run|0|nothing was deleted|a month
	RetireServers.sh --boot --dry-run|0|nothing was deleted|a month
	PruneSnapshots.sh --keep 0 --orphans --dry-run|0|nothing was removed|a month
	RollbackSnapshots.sh --dry-run 1|0|generation 2 stays current|
	SetBuildFromSnapshot.sh on --dry-run|0|stays "0"|
	BuildFromSnapshots.sh --abandon --dry-run|0|no build is unfinished|
	ScaleWebservers.sh 3 --dry-run --health-command true|0|nothing was created|a month
	ScaleWebservers.sh 0 --force --dry-run --health-command true|0|nothing was deleted|a month
	ScaleWebservers.sh --abandon --dry-run|0|no run is unfinished|
	UpdateAutoscalerSnapshot.sh --dry-run|0|would get|
	PrepareAutoscaler.sh --dry-run|0|would get|
	UpdateSnapshotMachines.sh --dry-run|0|nothing was upgraded|
	SnapshotCredentials.sh rotate --dry-run|0|nothing was changed|
	SyncSnapshots.sh push --dry-run|1|no datastore|
	AdoptSnapshots.sh --dry-run|0|nothing was changed|
	SetTemplateVariable.sh --dry-run REGION x|0|would change|
	TABLE
}

# Those that change nothing, and those that builds of the toolkit run and nobody
# else: they have no dry run.
WITHOUT='GetTemplateVariable.sh ListSnapshots.sh InitialiseSnapshots.sh
	SetVariableValue.sh'

@test "every script is in the table, or has a reason not to be" {
	diff <(cd "$ROOT/helperscripts" && printf '%s\n' *.sh) <({
		scripts | sed 's/ .*//'
		printf '%s\n' "$WITHOUT" | xargs -n 1
	} | sort -u)
	for script in $WITHOUT; do
		run helper "$script" --help
		[[ $output != *--dry-run* ]]
	done
	while read -r script; do
		echo "$script"
		run helper "$script" --help
		[[ $output == *--dry-run* ]]
	done < <(scripts | sed 's/ .*//' | sort -u)
}

# two_generations - of the whole fleet, with a template of the build's.
two_generations() {
	start_site "$1"
	obtain --machine webserver --progress none
	obtain --all --progress none
	TMPL=$BATS_TEST_TMPDIR/home/templates/$1/${1}1.tmpl
	mkdir -p "${TMPL%/*}"
	while IFS='=' read -r name value; do
		printf 'export %s="%s"\n' "$name" "$value"
	done < <(grep '^[A-Z_]*=[^"$`\\]*$' "$BLD/build_environment" |
		grep -v -e '^BUILD_FROM_SNAPSHOT=' -e '^BUILD_ARCHIVE_CHOICE=') >"$TMPL"
	printf 'export BUILD_FROM_SNAPSHOT="0"\nexport BUILD_ARCHIVE_CHOICE="hourly"\n' \
	    >>"$TMPL"
	echo "$TMPL" >"$RT/current_template_name"
}

# dry LINE - one of the table, of which $WANT, $WORDS and $MONEY are the rest.
dry() {
	# shellcheck disable=SC2086 # words
	only_reads helper $1
	[ "$status" -eq "$WANT" ]
	[[ $stderr == *"$WORDS"* ]]
	[[ $stderr == *"$MONEY"* ]]
}

@test "every script: it sends only GET, changes no file, tells what and how much" {
	two_generations digitalocean
	set -f
	while IFS='|' read -r line WANT WORDS MONEY; do
		echo "case: $line"
		dry "$line"
	done < <(scripts)
	# Else a view would be opened, outside this test's folder.
	rm -rf "$RT/wholemachinesnapshots"
	helper SetBuildFromSnapshot.sh on
	WANT=69 WORDS='already there' MONEY='' dry 'BuildFromSnapshots.sh --dry-run'
	helper RetireServers.sh --yes
	WANT=0 WORDS='nothing was created' MONEY='a month' \
	    dry 'BuildFromSnapshots.sh --dry-run'
	[ "$(grep -c . <<<"$output")" -eq 5 ]
}

@test "where no price is known, it says so in words, and not that it is free" {
	start_site exoscale
	WANT=0 WORDS='price unknown: exoscale image GB' MONEY='price unknown' \
	    dry 'ObtainWholeMachineSnapshot.sh --all --dry-run'
	[[ $stderr != *'$0'* ]]
	obtain --machine webserver --progress none
	run --separate-stderr helper ListSnapshots.sh
	[[ $stderr == *'1 image: price unknown (prices of '* ]]
	[[ $output == *'	unknown	1	current' ]]
	WANT=0 WORDS='price unknown: exoscale machine standard.' MONEY='' \
	    dry 'VerifySnapshots.sh --boot --dry-run'
	[[ $stderr != *'$0'* ]]
}

# programs - the same of adt-cloud: what would be done is on standard error.
programs() {
	cat <<-TABLE
	capture --journal $JOURNAL webserver=$web|0|would make $web-
	capture --journal $JOURNAL --power-off webserver=$web|0|which is off meanwhile
	provision --journal $JOURNAL --size smallest new=$image|0|would start new from image $image, size s-1vcpu-1gb
	provision --journal $JOURNAL --size smallest:$LARGER new=$image|0|size $LARGER
	power off $id|0|would stop machine $id ($web)
	power on $id|0|machine $id ($web) is on already
	delete-machine $id 4711|0|would delete machine $id ($web)
	delete-machine 4711|0|there is no machine 4711
	delete-image $image|0|would delete image $image ($web-
	delete-image 4711|0|there is no image 4711
	TABLE
}

@test "adt-cloud: every command that changes something" {
	start_cloud digitalocean
	BUILD_HOME=$BATS_TEST_TMPDIR/none
	mkdir "$BUILD_HOME"
	add_fleet
	web=$(machine_of webserver)
	id=$(id_of "$web")
	cloud capture --journal "$JOURNAL" "webserver=$web" >/dev/null
	rm "$JOURNAL"
	image=$(cloud images | field 1)
	while IFS='|' read -r line want words; do
		echo "case: $line"
		# shellcheck disable=SC2086 # words
		only_reads cloud $line --dry-run
		[ "$status" -eq "$want" ]
		[[ $stderr == *"$words"* ]]
		[ ! -e "$JOURNAL" ]
	done < <(programs)
}

@test "adt-cloud: the rows of a dry run are those of the run, without ids" {
	start_cloud digitalocean
	add_fleet
	web=$(machine_of webserver)
	run --separate-stderr cloud capture --journal "$JOURNAL" --json \
	    "webserver=$web" --dry-run
	jq -e --arg web "$web" 'length == 1 and .[0].machine == $web and
	    .[0].id == "" and (.[0].name | startswith($web))' <<<"$output"
}
