# shellcheck shell=sh
# identity.sh - run by cloud-init once for each machine, before anything else:
# what the image has of the machine it was made of is taken away.
umask 077
rm -f /etc/machine-id /var/lib/dbus/machine-id /etc/ssh/ssh_host_*
systemd-machine-id-setup
chmod 444 /etc/machine-id
[ ! -d /var/lib/dbus ] || ln -s /etc/machine-id /var/lib/dbus/machine-id
rm -f /var/lib/systemd/random-seed /var/lib/adt-snapshots/status
[ ! -d /var/lib/cloud/seed ] || chmod 700 /var/lib/cloud/seed
if systemctl -q is-active systemd-networkd; then
	systemctl --no-block restart systemd-networkd
fi
