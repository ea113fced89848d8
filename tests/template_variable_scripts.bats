# template_variable_scripts.bats - GetTemplateVariable.sh and
# SetTemplateVariable.sh: which template they mean, in both layouts.
setup() {
	load scripts
	fresh_home buildhome-old
	cp "$BATS_TEST_DIRNAME/fixtures/templates/messy.tmpl" "$TMPL"
	OTHER=$BUILD_HOME/templatedconfigurations/templates/vultr/mine-2.tmpl
	NEXT=$BUILD_HOME/templatedconfigurations/templates/$CLOUD/next.tmpl
	FREE=$BATS_TEST_TMPDIR/-a\ b.tmpl
	mkdir -p "${OTHER%/*}"
	echo 'export REGION="ams" #c' >"$OTHER"
	echo 'export REGION="nyc" #c' >"$NEXT"
	echo 'export REGION="free" #c' >"$FREE"
}

# gets WANT argument... - WANT alone is on stdout.
gets() {
	run --separate-stderr helper GetTemplateVariable.sh "${@:2}"
	echo "got $status: '$output' $stderr"
	[ "$status" -eq 0 ] && [ "$output" = "$1" ]
}

# sets FILE LINE argument... - FILE is that one line then.
sets() {
	run --separate-stderr helper SetTemplateVariable.sh "${@:3}"
	echo "got $status: '$output' $stderr"
	[ "$status" -eq 0 ] && [ "$output" = "" ] &&
		cmp "$1" <(printf '%s\n' "$2")
}

# refuses STATUS WORDS SCRIPT argument...
refuses() {
	run --separate-stderr helper "${@:3}"
	echo "want $1 '$2', got $status: '$output' $stderr"
	[ "$status" -eq "$1" ] && [ "$output" = "" ] && [[ $stderr == *"$2"* ]]
}

@test "Get: of the template in use, of a file, of a named one" {
	each_shell gets 'A & B / C' WEBSITE_DISPLAY_NAME
	each_shell gets 'A & B / C' -- WEBSITE_DISPLAY_NAME
	each_shell gets free --template "$FREE" REGION
	each_shell gets nyc next REGION
	each_shell gets ams --cloud vultr mine-2 REGION
	cd "$BATS_TEST_TMPDIR" || return
	each_shell gets free --template "${FREE##*/}" REGION
}

@test "Get and Set: the templates of the other layout" {
	mv "$BUILD_HOME/templatedconfigurations/templates" "$BUILD_HOME"
	each_shell gets ams --cloud vultr mine-2 REGION
	each_shell sets "$BUILD_HOME/templates/vultr/mine-2.tmpl" \
	    'export REGION="fra" #c' --cloud vultr mine-2 REGION fra
}

@test "Set: in the template in use, every other byte kept" {
	in_use() {
		sed 's/"0"/"1"/' "$BATS_TEST_DIRNAME/fixtures/templates/messy.tmpl" \
		    >"$BATS_TEST_TMPDIR/want"
		cp "$BATS_TEST_DIRNAME/fixtures/templates/messy.tmpl" "$TMPL"
		helper SetTemplateVariable.sh BUILD_FROM_SNAPSHOT 1 2>/dev/null &&
			cmp "$TMPL" "$BATS_TEST_TMPDIR/want"
	}
	each_shell in_use
}

@test "Set: any value, in a file and in a named template" {
	while IFS='|' read -r value written; do
		line="export REGION=\"$written\" #c"
		each_shell sets "$FREE" "$line" --template "$FREE" REGION "$value"
		each_shell sets "$NEXT" "$line" next REGION "$value"
		each_shell sets "$OTHER" "$line" --cloud vultr mine-2 REGION \
		    "$value"
		each_shell gets "$value" --template "$FREE" REGION
	done <<-'TABLE'
	lon1|lon1
	private/123&4|private/123&4
	-n|-n
	--stdin|--stdin
	a  b*|a  b*
	$HOME`x`"\|\$HOME\`x\`\"\\
	TABLE
}

@test "Set: a secret from standard input, byte by byte" {
	secret() {
		printf 'a\\n"$\n\nb' | helper SetTemplateVariable.sh --stdin "$@" \
			2>/dev/null &&
			cmp "$FILE" <(printf 'export REGION="a\\\\n\\"\\$\n\nb" #c\n')
	}
	FILE=$FREE
	each_shell secret --template "$FREE" REGION
	FILE=$NEXT
	each_shell secret next REGION
	FILE=$OTHER
	each_shell secret --cloud vultr mine-2 REGION
}

@test "what is wrong has its own status, and changes nothing" {
	sum=$(cat "$TMPL" "$OTHER" "$NEXT" "$FREE" | sha256sum)
	set -f
	wrong() {
		# shellcheck disable=SC2086 # the table's words are arguments
		refuses "$1" "$3" $2
	}
	while IFS='|' read -r want line words; do
		each_shell wrong "$want" "$line" "$words"
	done <<-'TABLE'
	64|GetTemplateVariable.sh|usage:
	64|GetTemplateVariable.sh --template|--template wants a value
	64|GetTemplateVariable.sh --cloud vultr REGION|TEMPLATE NAME
	64|GetTemplateVariable.sh --stdin A|unknown option --stdin
	64|GetTemplateVariable.sh --template a --cloud b c d|not both
	64|GetTemplateVariable.sh --template a b c|NAME is wanted
	64|GetTemplateVariable.sh a b c|NAME is wanted
	64|SetTemplateVariable.sh|usage:
	64|SetTemplateVariable.sh REGION|are wanted
	64|SetTemplateVariable.sh --stdin A B C|are wanted
	64|SetTemplateVariable.sh --cloud vultr REGION x|are wanted
	64|SetTemplateVariable.sh -x|unknown option -x
	1|GetTemplateVariable.sh FROM_SNAPSHOT|no such variable
	1|GetTemplateVariable.sh next TOKEN|no such variable
	65|GetTemplateVariable.sh next .*|not the name of a variable
	65|GetTemplateVariable.sh none REGION|no template called none
	65|GetTemplateVariable.sh --cloud vultr next REGION|no template called next
	65|GetTemplateVariable.sh --cloud .. x REGION|not a cloud
	65|GetTemplateVariable.sh ../x REGION|not a template
	65|GetTemplateVariable.sh --template none REGION|none: no such file
	65|SetTemplateVariable.sh A=B x|not the name of a variable
	65|SetTemplateVariable.sh none REGION x|no template called none
	65|SetTemplateVariable.sh --cloud /etc x REGION y|not a cloud
	65|SetTemplateVariable.sh --template none REGION x|none: no such file
	TABLE
	[ "$(cat "$TMPL" "$OTHER" "$NEXT" "$FREE" | sha256sum)" = "$sum" ]
}

@test "--help is on stdout, with status 0, and needs no build" {
	BUILD_HOME=/nonexistent
	helps() {
		for script in Get Set; do
			run --separate-stderr helper \
			    "${script}TemplateVariable.sh" "$1"
			[ "$status" -eq 0 ] && [ "$stderr" = "" ] &&
				[[ $output == "usage: $script"*--template* ]] ||
				return 1
		done
	}
	each_shell helps --help
	each_shell helps -h
}

@test "without a build, only a template that is named can be meant" {
	rm "$RT/ACTIVE_CLOUDHOST"
	each_shell refuses 65 'no active build' GetTemplateVariable.sh REGION
	each_shell refuses 65 'no active build' SetTemplateVariable.sh REGION x
	each_shell gets free --template "$FREE" REGION
	each_shell gets ams --cloud vultr mine-2 REGION
}
