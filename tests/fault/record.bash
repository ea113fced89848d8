# record.bash - the scripts that change what is recorded, the template and what
# a build reads, for kill.bash; sourced after scripts.bash.
# shellcheck shell=bash disable=SC2034,SC2154,SC2317 # kill.bash reads and sets
. "$here/../watchers.bash"

# values - USERNAME:VALUE lines as they are sealed in what is recorded.
values() {
	adt-seal open --site www.demo.test --kind "$1" \
	    "$snapshots/current/$1.dat"
}

# template_of VALUE - the template is the one of before, every byte of it, but
# for BUILD_FROM_SNAPSHOT.
template_of() {
	cp "$work/kept/home/$template" "$work/wanted"
	adt-template set "$work/wanted" BUILD_FROM_SNAPSHOT "$1" 2>&1
	cmp "$work/wanted" "$BUILD_HOME/$template"
}

# view_right - open, one only, with what is recorded; view_closed.
view_right() {
	cmp "$view/snapshot_ids.dat" "$snapshots/snapshot_ids.dat"
	cmp "$view/credentials.dat" <(values credentials)
	[ "$(find "$work/place/views" -mindepth 1 -maxdepth 1 \
	    ! -name '*.builder' | wc -l)" -eq 1 ] ||
		echo "views: $(ls "$work/place/views")"
}
view_closed() {
	[ ! -e "$view" ] || echo 'the view is open'
	[ -L "$view" ] || echo 'no link where the view was'
	[ -z "$(ls -A "$work/place/views" 2>/dev/null)" ] ||
		echo "views: $(ls -A "$work/place/views")"
}

# with_views - the build home is one of the toolkit's own.
with_views() {
	view=$BUILD_HOME/runtimedata/wholemachinesnapshots/www.demo.test/snapshots
	export ADT_CONFIG_DIR=$work/config ADT_END_FLAGS=$work/flags
	mkdir -p "$work/config" "$work/flags" "${view%/*/*}"
	echo "VIEW_FOLDER=$work/place/views" >"$work/config/settings"
}

captured_all() { home_fresh && script ObtainWholeMachineSnapshot.sh --all --yes; }

is_script-switch-on() {
	prepare() { captured_all && with_views; }
	command=(SetBuildFromSnapshot.sh on)
	again=("${command[@]}")
	meanwhile() {
		reader_right
		[ -z "$(template_of 0)" ] || template_of 1
	}
	right() {
		home_right
		template_of 1
		view_right
	}
}

is_script-switch-off() {
	is_script-switch-on
	prepare() {
		captured_all && with_views &&
			script SetBuildFromSnapshot.sh on
	}
	command=(SetBuildFromSnapshot.sh off)
	again=("${command[@]}")
	right() {
		home_right
		template_of 0
		view_closed
	}
}

is_script-set-template() {
	prepare() { home_fresh; }
	command=(SetTemplateVariable.sh BUILD_FROM_SNAPSHOT 1)
	again=("${command[@]}")
	meanwhile() { [ -z "$(template_of 0)" ] || template_of 1; }
	right() {
		home_right
		template_of 1
	}
}

# build_environment_of NAME=VALUE... - the one of before, with these set.
build_environment_of() {
	local file=runtimedata/$cloud/demo-build/build_environment
	local names
	names=$(printf '|%s' "${@%%=*}")
	diff <({
		grep -vE "^(${names#|})=" "$work/kept/home/$file"
		printf '%s\n' "$@"
	} | sort) <(sort "$BUILD_HOME/$file")
}

# As the toolkit does when it begins a build, which ends at once.
is_script-initialise() {
	prepare() {
		captured_all && with_views &&
			script SetBuildFromSnapshot.sh on || return
		# another pair than that of the images, and another user
		rm "$keys"/* && echo other >"$keys/$key" &&
			echo other >"$keys/$key.pub" &&
			echo other >"${keys%/*}/credentials/SERVERUSER"
	}
	command=(InitialiseSnapshots.sh)
	again=("${command[@]}")
	a_child=yes
	right() {
		local bld=${keys%/*} id
		watchers_end
		id=$(adt-snapshot-ids get "$snapshots/snapshot_ids.dat" webserver)
		[ "$(cat "$work/rows")" = "$id" ] || echo "not the id: $id"
		home_right
		build_environment_of "SNAPSHOT_ID=$id" \
		    "SERVER_USER=$(values credentials | sed -n s/^USERNAME://p)" \
		    "SERVER_USER_PASSWORD=$(values credentials |
			sed -n s/^PASSWORD://p)"
		cmp "$bld/credentials/SERVERUSER" \
		    <(values credentials | sed -n s/^USERNAME://p)
		values build_keys | tar -xzOf - "$key" | cmp - "$keys/$key"
		values build_keys | tar -xzOf - "$key.pub" |
			cmp - "$keys/$key.pub"
		[ "$(cat "$keys/replaced/$key")" = other ] ||
			echo 'the other key is lost'
		[ ! -e "$ADT_END_FLAGS/END_IT_ALL" ] || echo 'the build is ended'
		view_right
	}
}

# watchers_end - what InitialiseSnapshots.sh leaves behind for the length of a
# build, in a session of its own, ends: it is of the run that was looked at.
watchers_end() {
	watchers | xargs -r kill -KILL 2>/dev/null
}

# A folder as the toolkit's scripts left it, in clear.
is_script-adopt() {
	prepare() {
		home_fresh && with_views && mkdir -p "$view" || return
		local type name
		for type in webserver database; do
			name=$(sed -n "s/=$type\$//p" "$work/machines")
			echo "$type:$(image_of "$name")" >>"$view/snapshot_ids.dat"
		done
		printf '%s\n' USERNAME:Xold PASSWORD:old-secret-word \
		    >"$view/credentials.dat"
		printf '%s\n' USERNAME:uold PASSWORD:old-secret-word DBNAME:n \
		    >"$view/db_credentials.dat"
		tar -czf "$view/keys.tar.gz" -C "$keys" .
		cp -a "$view" "$work/before.adopted"
	}
	command=(AdoptSnapshots.sh)
	again=("${command[@]}")
	# its ids have no particulars until the cloud is asked
	meanwhile() {
		[ ! -e "$snapshots/current" ] ||
			adt-snapshot-ids check "$snapshots/current/snapshot_ids.dat"
	}
	right() {
		view_closed
		home_right | grep -v '^left: adopted\.1\.cms$'
		[ "$(ls "${view%/*}")" = snapshots ] ||
			echo "left: $(ls "${view%/*}")"
		cmp "$work/before.adopted/snapshot_ids.dat" \
		    "$snapshots/snapshot_ids.dat"
		cmp "$work/before.adopted/credentials.dat" <(values credentials)
		cmp "$work/before.adopted/db_credentials.dat" \
		    <(values db_credentials)
		jq -r '.images | length | select(. != 2) |
		    "\(.) images have particulars"' "$snapshots/snapshots.json"
		adopted_archive_right
		! grep -rl old-secret-word "$BUILD_HOME" || echo 'it is in clear'
	}
}

# adopted_archive_right - it opens, and is the folder of before.
adopted_archive_right() {
	rm -rf "$work/adopted"
	mkdir "$work/adopted"
	adt-seal open --site www.demo.test --kind adopted \
	    "$snapshots/adopted.1.cms" | tar -xpf - -C "$work/adopted"
	diff -r "$work/before.adopted" "$work/adopted/snapshots"
}

is_script-give-back() {
	is_script-adopt
	eval "before_$(declare -f prepare)"
	prepare() { before_prepare && script AdoptSnapshots.sh; }
	command=(AdoptSnapshots.sh --give-back)
	again=("${command[@]}")
	right() {
		diff -r "$work/before.adopted" "$view"
		[ ! -L "$view" ] || echo 'it is a link'
		[ "$(ls "${view%/*}")" = snapshots ] ||
			echo "left: $(ls "${view%/*}")"
		adopted_archive_right
	}
}

# An autoscaler is reached over an ssh of ours; what runs there is not killed.
is_script-autoscaler() {
	prepare() {
		captured_all || return
		there=$work/place/there
		mkdir -p "$work/bin" "$there/runtime" "$there/config"
		cat >"$work/bin/ssh" <<-END
		#!/bin/sh
		unset LD_PRELOAD
		for CODE; do :; done
		HOME=$there exec sh -c "\$CODE"
		END
		printf '#!/bin/sh\necho 0\n' >"$work/bin/id"
		echo SNAPSHOTID:old \
		    >"$there/runtime/autoscaler_configuration_settings.dat"
		cat >"$there/config/StoreConfigValue.sh" <<-'END'
		#!/bin/sh
		echo "$1:$2" >"$HOME/runtime/autoscaler_configuration_settings.dat"
		END
		chmod 755 "$work/bin"/*
		PATH=$work/bin:$PATH
	}
	command=(UpdateAutoscalerSnapshot.sh --address 192.0.2.9)
	again=("${command[@]}")
	right() {
		local id
		id=$(adt-snapshot-ids get "$snapshots/snapshot_ids.dat" webserver)
		home_right
		build_environment_of "SNAPSHOT_ID=$id"
		[ "$(cat "$there/runtime"/*)" = "SNAPSHOTID:$id" ] ||
			echo 'it has another id'
	}
}
