#!/bin/sh
# ready.sh - is a machine of the emulator's running, and was it told at its
# first boot who it is? For --health-command, which gives its name.
# EMULATOR_CONTROL is the control address, CLOUD the cloud.
set -eu
case ${1:-} in
-h | --help)
	printf 'usage: %s NAME\n' "${0##*/}"
	exit 0
	;;
esac
curl -q -s -f -m 20 --noproxy '*' "$EMULATOR_CONTROL/state?cloud=$CLOUD" |
	jq -e --arg name "$1" '.machines[] | select(.name == $name) |
		.state == "running" and (.user_data | startswith("#cloud-config")
		and contains($name))' >/dev/null
