# scripts_help.bats - every helper script says what it does, and what is wrong
# with its command line, before it looks for a build or a cloud.
setup() {
	load scripts
	BUILD_HOME=$BATS_TEST_TMPDIR/none
	export BUILD_HOME
}

SCRIPTS='ScaleWebservers.sh UpdateSnapshotMachines.sh
	ObtainWholeMachineSnapshot.sh VerifySnapshots.sh RetireServers.sh
	SetBuildFromSnapshot.sh BuildFromSnapshots.sh RollbackSnapshots.sh
	PruneSnapshots.sh ListSnapshots.sh SyncSnapshots.sh
	SnapshotCredentials.sh UpdateAutoscalerSnapshot.sh AdoptSnapshots.sh
	PrepareAutoscaler.sh'
# These have another way when there is no build, and their own tests of it.
OTHERS='GetTemplateVariable.sh SetTemplateVariable.sh SetVariableValue.sh
	InitialiseSnapshots.sh'

helps() {
	for script in $SCRIPTS $OTHERS; do
		for word in --help -h; do
			run --separate-stderr helper "$script" "$word"
			[ "$status" -eq 0 ] && [ "$stderr" = "" ] || return 1
			[[ $output == "usage: $script"*--help* ]] || return 1
		done
	done
}

@test "--help is on stdout, with status 0" {
	each_shell helps
}

@test "no script is left out" {
	diff <(cd "$ROOT/helperscripts" && printf '%s\n' *.sh | sort) \
	    <(printf '%s\n' "$SCRIPTS" "$OTHERS" | xargs -n 1 | sort)
}

@test "a wrong command line is 64, and nothing is on stdout" {
	set -f
	wrong() {
		# shellcheck disable=SC2086 # the table's words are arguments
		run --separate-stderr helper $1
		echo "case: $1 -> $status: $stderr"
		[ "$status" -eq 64 ] && [ "$output" = "" ] &&
			[[ $stderr == *"$2"*usage:* ]]
	}
	while IFS='|' read -r line words; do
		each_shell wrong "$line" "$words"
	done <<-'TABLE'
	ObtainWholeMachineSnapshot.sh --machine|wants a value
	SyncSnapshots.sh|push, pull, probe or prune is wanted
	SyncSnapshots.sh push pull|one command is wanted
	SyncSnapshots.sh pull --force|--force is for push
	SyncSnapshots.sh frobnicate|unknown argument
	ObtainWholeMachineSnapshot.sh --machine web|no machine type 'web'
	ObtainWholeMachineSnapshot.sh --machine .*|no machine type '.*'
	ObtainWholeMachineSnapshot.sh --machine 4|no machine type '4'
	ObtainWholeMachineSnapshot.sh --machine webserver --machine -e|no machine type '-e'
	ObtainWholeMachineSnapshot.sh --deadline soon|not a number of minutes
	ObtainWholeMachineSnapshot.sh --progress loud|--progress is
	ObtainWholeMachineSnapshot.sh webserver|unknown argument
	VerifySnapshots.sh --boo|unknown argument
	RetireServers.sh --machine|wants a machine type
	RetireServers.sh all|unknown argument
	SetBuildFromSnapshot.sh|on or off is wanted
	SetBuildFromSnapshot.sh on off|on or off, once
	SetBuildFromSnapshot.sh 1|unknown argument
	SetBuildFromSnapshot.sh on --template|wants a file
	BuildFromSnapshots.sh --deadline -1|not a number of minutes
	BuildFromSnapshots.sh --all|unknown argument
	BuildFromSnapshots.sh --wait|wants a value
	BuildFromSnapshots.sh --wait long|not a number of minutes
	BuildFromSnapshots.sh --health-cheque x|unknown argument
	ScaleWebservers.sh|how many webservers
	ScaleWebservers.sh two|how many webservers
	ScaleWebservers.sh 2 3|one number is wanted
	ScaleWebservers.sh 0|takes --force
	ScaleWebservers.sh 2 --number x|not an autoscaler's number
	UpdateAutoscalerSnapshot.sh --address|not an address
	UpdateAutoscalerSnapshot.sh all|unknown argument
	PrepareAutoscaler.sh --address -oProxyCommand=x|not an address
	PrepareAutoscaler.sh --credentials|wants a file
	PrepareAutoscaler.sh all|unknown argument
	AdoptSnapshots.sh all|unknown argument
	UpdateSnapshotMachines.sh --machine web|no machine type 'web'
	UpdateSnapshotMachines.sh --at-once 0|not a number of machines
	TABLE
}

@test "without a build it says so, with status 65" {
	no_build() {
		for script in $SCRIPTS; do
			case $script in
			SetBuild*) set -- off ;;
			Scale*) set -- 2 ;;
			Sync*) set -- push ;;
			SnapshotC*) set -- show ;;
			Prune*) set -- --keep 1 ;;
			*) set -- ;;
			esac
			run --separate-stderr helper "$script" "$@"
			echo "$script: $status $stderr"
			[ "$status" -eq 65 ] && [ "$output" = "" ] &&
				[[ $stderr == *"no active build"* ]] || return 1
		done
	}
	each_shell no_build
}
