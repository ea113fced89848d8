# shellcheck shell=sh
# metadata-guard.sh - run by cloud-init at every boot: user data holds keys, so
# only root may ask the cloud's metadata service for it, and nobody behind this
# machine. One address serves DigitalOcean, Exoscale, Linode and Vultr; Linode
# has one of IPv6 as well.
by_nft() {
	command -v nft >/dev/null && nft -f - <<-'RULES'
	table inet adt_snapshots
	flush table inet adt_snapshots
	table inet adt_snapshots {
		chain output {
			type filter hook output priority 0;
			meta skuid 0 accept
			ip daddr 169.254.169.254 meta l4proto tcp reject
			ip6 daddr fd00:a9fe:a9fe::1 meta l4proto tcp reject
		}
		chain forward {
			type filter hook forward priority 0;
			ip daddr 169.254.169.254 meta l4proto tcp reject
			ip6 daddr fd00:a9fe:a9fe::1 meta l4proto tcp reject
		}
	}
	RULES
}
# rule program chain argument... - first in its chain, once.
rule() {
	program=$1 chain=$2
	shift 2
	"$program" -w -C "$chain" "$@" -j REJECT 2>/dev/null ||
		"$program" -w -I "$chain" "$@" -j REJECT
}
by_iptables() {
	rule ip6tables OUTPUT -d fd00:a9fe:a9fe::1 -p tcp \
	    -m owner ! --uid-owner 0 || :
	rule ip6tables FORWARD -d fd00:a9fe:a9fe::1 -p tcp || :
	rule iptables OUTPUT -d 169.254.169.254 -p tcp \
	    -m owner ! --uid-owner 0 &&
	    rule iptables FORWARD -d 169.254.169.254 -p tcp
}
by_nft || by_iptables || echo 'adt-snapshots: not guarded: every process of' \
    'this machine can ask for its user data, keys and all: install nftables' >&2
