# fleet.bash - the scripts that start and remove machines and images, beside the
# capture and the build, for kill.bash; sourced after scripts.bash.
# shellcheck shell=bash disable=SC2034,SC2154,SC2317 # kill.bash reads and sets

# webservers_right COUNT - so many, and those of ours were told their names.
webservers_right() {
	jq -r --argjson count "$1" --arg first "$first" '
	    [.machines[] | select(.name | test("^ws-"))] |
	    (select(length != $count) | "\(length) webservers"),
	    (.[] | select(.name != $first) | select((.user_data // "") |
	    startswith("#cloud-config") | not) | "\(.name) has no user data")' \
	    <"$work/state"
}

captured() {
	# shellcheck disable=SC2086 # words
	home_fresh && script ObtainWholeMachineSnapshot.sh $TWO --yes || return
	first=$(sed -n 's/=webserver$//p' "$work/machines")
}

is_script-scale-up() {
	prepare() { captured; }
	command=(ScaleWebservers.sh 3 --health-command true)
	again=("${command[@]}")
	right() {
		home_right
		recorded_right
		machines_right 7
		webservers_right 3
	}
}

is_script-scale-down() {
	prepare() {
		captured &&
			script ScaleWebservers.sh 3 --health-command true
	}
	command=(ScaleWebservers.sh 1 --health-command true --yes)
	again=("${command[@]}")
	right() {
		home_right
		recorded_right
		machines_right 5
		webservers_right 1
		jq -e --arg first "$first" 'any(.machines[]; .name == $first)' \
		    <"$work/state" >/dev/null || echo 'the oldest is gone'
	}
}

# What was begun is given up; nothing is where all was done already.
is_script-scale-abandon() {
	is_script-scale-up
	again=(ScaleWebservers.sh --abandon --yes)
	right() {
		home_right
		recorded_right
		machines_right "$(jq '.machines | length |
		    if . == 7 then 7 else 5 end' <"$work/state")"
	}
}

is_script-verify-boot() {
	prepare() {
		captured || return
		state | jq -S .images >"$work/images"
	}
	command=(VerifySnapshots.sh --boot --boot-wait 0 --progress none
	    --check 'webserver=test -n "$ADDRESS"'
	    --check 'database=test -n "$ADDRESS"')
	again=("${command[@]}")
	right() {
		home_right
		recorded_right
		machines_right 5
		[ "$(grep -c 'boot ok' "$work/rows")" -eq 2 ] ||
			echo 'not both are said to boot'
		jq -S .images "$work/state" | diff "$work/images" -
	}
}

is_script-prune-orphans() {
	prepare() {
		captured && [ -n "$(image_of "$first")" ] &&
			[ -n "$(image_of "$first")" ]
	}
	command=(PruneSnapshots.sh --orphans --yes)
	again=("${command[@]}")
	right() {
		home_right
		recorded_right
		machines_right 5
	}
}

# As a capture that is given up: what was begun is gone, what is recorded is
# whole.
is_script-abandon() {
	is_script-capture
	again=(ObtainWholeMachineSnapshot.sh --abandon --yes)
	right() {
		machines_right 5
		nothing_left_right <"$work/state"
		if [ -e "$snapshots/current" ]; then
			home_right
			recorded_right
		else
			jq -r '.images[].name | select(test("demo-build")) |
			    "an image is left: \(.)"' <"$work/state"
		fi
	}
}

is_script-abandon-build() {
	is_script-build
	again=(BuildFromSnapshots.sh --abandon --yes)
	right() {
		recorded_right
		machines_right "$(jq '.machines | length |
		    if . == 5 then 5 else 0 end' <"$work/state")"
	}
}
