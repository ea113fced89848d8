# shellcheck shell=sh
# metadata-guard.sh - run by cloud-init at every boot: user data holds keys, so
# only root may ask the cloud's metadata service for it.
command -v nft >/dev/null || exit 0
nft -f - <<'RULES' || :
table inet adt_snapshots
flush table inet adt_snapshots
table inet adt_snapshots {
	chain output {
		type filter hook output priority 0;
		ip daddr 169.254.169.254 tcp dport 80 meta skuid != 0 reject
	}
}
RULES
