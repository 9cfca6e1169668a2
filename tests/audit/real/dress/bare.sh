# What neither of the others shows: no sudo, an FTP server with TLS, a server without a firewall.
mkdir -p /root/.ssh && echo "$CLIENT_KEY" >/root/.ssh/authorized_keys && chmod -R go= /root/.ssh
rm -f /etc/sudoers
printf 'anonymous_enable=NO\nlisten=YES\nssl_enable=YES\n' >/etc/vsftpd.conf
for one in smbd nmbd nfs-kernel-server nfs-server rpcbind avahi-daemon cups autofs isc-dhcp-server squid rsync \
  ypserv xrdp bluetooth postfix xinetd tftpd-hpa snmpd docker docker.socket; do systemctl disable --quiet $one 2>/dev/null || true; done
