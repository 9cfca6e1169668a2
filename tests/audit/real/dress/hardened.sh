# Every remedy that our checks name, on a Debian or Ubuntu server.
person audit; person zhang; person li
echo 'zhang:Kx7#plum-Orbit-29
li:Wq4!stone-Lantern-83' | chpasswd -c YESCRYPT 2>/dev/null || echo 'zhang:Kx7#plum-Orbit-29
li:Wq4!stone-Lantern-83' | chpasswd
for one in zhang li; do chage -m 1 -M 90 -W 14 -I 30 "$one"; done
usermod -aG sudo zhang; usermod -aG sudo li
touch /etc/security/opasswd; chmod 600 /etc/security/opasswd
chmod 700 /root /home/*
for one in sync games lp news uucp; do usermod -s /usr/sbin/nologin "$one" 2>/dev/null || true; done

put /etc/sudoers.d/audit <<X
audit ALL=(root) NOPASSWD: /bin/sh -s, /usr/bin/sh -s, /bin/sh -c \:, /usr/bin/sh -c \:
Defaults use_pty, logfile=/var/log/sudo.log
X
chmod 440 /etc/sudoers.d/audit

sed -i -e 's/^PASS_MAX_DAYS.*/PASS_MAX_DAYS 90/' -e 's/^PASS_MIN_DAYS.*/PASS_MIN_DAYS 1/' \
  -e 's/^PASS_WARN_AGE.*/PASS_WARN_AGE 14/' -e 's/^UMASK.*/UMASK 027/' \
  -e 's/^LOGIN_RETRIES.*/LOGIN_RETRIES 5/' -e 's/^LOGIN_TIMEOUT.*/LOGIN_TIMEOUT 60/' /etc/login.defs
useradd -D -f 30 >/dev/null

# lock-out, quality, history: the stacks as pam-auth-update would write them
put /etc/security/faillock.conf <<X
deny = 5
unlock_time = 900
even_deny_root
root_unlock_time = 900
audit
X
put /etc/security/pwquality.conf <<X
minlen = 12
minclass = 4
difok = 4
usercheck = 1
dictcheck = 1
enforce_for_root
X
put /etc/pam.d/common-auth <<X
auth required pam_faillock.so preauth
auth [success=2 default=ignore] pam_unix.so
auth [default=die] pam_faillock.so authfail
auth requisite pam_deny.so
auth required pam_permit.so
X
put /etc/pam.d/common-account <<X
account required pam_faillock.so
account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so
account requisite pam_deny.so
account required pam_permit.so
X
put /etc/pam.d/common-password <<X
password requisite pam_pwquality.so retry=3
password required pam_pwhistory.so remember=5 use_authtok enforce_for_root
password [success=1 default=ignore] pam_unix.so obscure use_authtok try_first_pass yescrypt
password requisite pam_deny.so
password required pam_permit.so
X
sed -i 's/^# *auth *required *pam_wheel.so$/auth required pam_wheel.so group=sudo/' /etc/pam.d/su
grep -q pam_limits /etc/pam.d/common-session || echo 'session required pam_limits.so' >>/etc/pam.d/common-session
echo '* hard core 0' >/etc/security/limits.d/10-core.conf
mkdir -p /etc/systemd/coredump.conf.d
printf '[Coredump]\nStorage=none\nProcessSizeMax=0\n' >/etc/systemd/coredump.conf.d/none.conf

put /etc/ssh/sshd_config.d/10-hardened.conf <<X
PermitRootLogin no
MaxAuthTries 3
MaxSessions 4
LoginGraceTime 30
ClientAliveInterval 300
ClientAliveCountMax 2
X11Forwarding no
AllowTcpForwarding no
AllowAgentForwarding no
PermitEmptyPasswords no
HostbasedAuthentication no
IgnoreRhosts yes
PermitUserEnvironment no
LogLevel VERBOSE
Banner /etc/issue.net
AllowUsers audit zhang li
Ciphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes256-ctr
MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com
AuthenticationMethods publickey,keyboard-interactive
KbdInteractiveAuthentication yes
Match User audit,zhang,li
  AuthenticationMethods publickey
X
for one in /etc/issue /etc/issue.net; do echo '未经授权禁止使用，一切操作均受审计。Authorized use only.' >$one; done
: >/etc/motd

put /etc/profile.d/90-session.sh <<X
TMOUT=600
readonly TMOUT
export TMOUT
umask 027
HISTSIZE=500
HISTTIMEFORMAT='%F %T '
X

put /etc/audit/rules.d/50-hardened.rules <<X
-D
-b 8192
-w /etc/passwd -p wa -k identity
-w /etc/shadow -p wa -k identity
-w /etc/group -p wa -k identity
-w /etc/gshadow -p wa -k identity
-w /etc/security/opasswd -p wa -k identity
-w /etc/sudoers -p wa -k scope
-w /etc/sudoers.d/ -p wa -k scope
-w /etc/ssh/sshd_config -p wa -k sshd
-w /etc/pam.d/ -p wa -k pam
-w /etc/login.defs -p wa -k login
-w /var/log/lastlog -p wa -k logins
-w /var/run/faillock/ -p wa -k logins
-w /var/run/utmp -p wa -k session
-w /var/log/wtmp -p wa -k session
-w /var/log/btmp -p wa -k session
-a always,exit -F arch=b64 -S adjtimex,settimeofday,clock_settime -k time
-a always,exit -F arch=b64 -S sethostname,setdomainname -k locale
-w /etc/hosts -p wa -k locale
-a always,exit -F arch=b64 -S init_module,finit_module,delete_module -k modules
-a always,exit -F arch=b64 -S mount -F auid>=1000 -F auid!=unset -k mounts
-a always,exit -F arch=b64 -S unlink,unlinkat,rename,renameat -F auid>=1000 -F auid!=unset -k delete
-a always,exit -F arch=b64 -S chmod,fchmod,fchmodat,chown,fchown,setxattr -F auid>=1000 -F auid!=unset -k perm
-a always,exit -F arch=b64 -S open,openat -F exit=-EACCES -F auid>=1000 -F auid!=unset -k access
-a always,exit -F arch=b64 -S open,openat -F exit=-EPERM -F auid>=1000 -F auid!=unset -k access
-a always,exit -F arch=b64 -S execve -k commands
-a always,exit -F path=/usr/bin/sudo -F perm=x -F auid>=1000 -F auid!=unset -k privileged
-w /etc/cron.d/ -p wa -k cron
-w /etc/apparmor.d/ -p wa -k mac
-w /etc/audit/ -p wa -k audit
-e 2
X
rm -f /etc/audit/rules.d/audit.rules; cat /etc/audit/rules.d/*.rules >/etc/audit/audit.rules
sed -i -e 's/^max_log_file_action.*/max_log_file_action = keep_logs/' \
  -e 's/^space_left_action.*/space_left_action = syslog/' -e 's/^local_events.*/local_events = no/' /etc/audit/auditd.conf
chmod 640 /etc/audit/auditd.conf /etc/audit/rules.d/*
# the kernel's audit is not there in a namespace: the daemon's process is played
mkdir -p /etc/systemd/system/auditd.service.d
printf '[Unit]\nConditionVirtualization=\nConditionKernelCommandLine=\n[Service]\nType=simple\nPIDFile=\nExecStart=\nExecStart=/bin/sleep infinity\nExecStartPost=\nExecStartPost=-/bin/true\n' >/etc/systemd/system/auditd.service.d/here.conf
systemctl enable --quiet auditd rsyslog chrony nftables cron

put /etc/rsyslog.d/10-away.conf <<X
global(DefaultNetstreamDriver="gtls" DefaultNetstreamDriverCAFile="/etc/ssl/certs/ssl-cert-snakeoil.pem")
*.* action(type="omfwd" target="10.213.255.1" port="6514" protocol="tcp" StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="anon" action.resumeRetryCount="-1" queue.type="linkedList")
X
mkdir -p /var/log/journal; sed -i 's/^#\?Storage=.*/Storage=persistent/' /etc/systemd/journald.conf 2>/dev/null || true
sed -i -e 's/rotate [0-9]*/rotate 30/' -e 's/\bdaily\b/weekly/' /etc/logrotate.d/rsyslog
touch /var/log/wtmp /var/log/btmp; chmod 664 /var/log/wtmp; chmod 660 /var/log/btmp

# the clock: chrony does not touch the kernel's from a namespace, and is its own reference
mkdir -p /etc/systemd/system/chrony.service.d
printf '[Unit]\nConditionCapability=\n[Service]\nExecStart=\nExecStart=!/usr/sbin/chronyd -F 0 -x\nType=forking\n' >/etc/systemd/system/chrony.service.d/here.conf
echo 'local stratum 3' >>/etc/chrony/chrony.conf
ln -sf /usr/share/zoneinfo/Asia/Shanghai /etc/localtime; echo Asia/Shanghai >/etc/timezone

put /etc/nftables.conf <<X
flush ruleset
table inet filter {
  chain input {
    type filter hook input priority 0; policy drop;
    iif lo accept
    ct state established,related accept
    tcp dport 22 accept
  }
  chain forward { type filter hook forward priority 0; policy drop; }
}
X

put /etc/sysctl.d/90-hardened.conf <<X
net.ipv4.ip_forward = 0
net.ipv4.tcp_syncookies = 1
net.ipv4.icmp_echo_ignore_broadcasts = 1
net.ipv4.icmp_ignore_bogus_error_responses = 1
net.ipv4.conf.all.accept_redirects = 0
net.ipv4.conf.default.accept_redirects = 0
net.ipv4.conf.all.secure_redirects = 0
net.ipv4.conf.all.send_redirects = 0
net.ipv4.conf.all.accept_source_route = 0
net.ipv4.conf.default.accept_source_route = 0
net.ipv4.conf.all.rp_filter = 1
net.ipv4.conf.all.log_martians = 1
net.ipv6.conf.all.accept_ra = 0
net.ipv6.conf.all.accept_redirects = 0
net.ipv6.conf.default.accept_redirects = 0
X
placed_at /proc/cmdline "root=/dev/vda1 ro audit=1 ima_policy=tcb"
mkdir -p /etc/placed
cat >>/etc/placed/mounts <<X
mount -t tmpfs none /sys/kernel/security
mkdir -p /sys/kernel/security/apparmor
echo '/usr/sbin/sshd (enforce)' >/sys/kernel/security/apparmor/profiles
X
placed kernel/randomize_va_space 2; placed kernel/dmesg_restrict 1; placed kernel/kptr_restrict 2
placed kernel/unprivileged_bpf_disabled 1; placed kernel/perf_event_paranoid 3
placed fs/protected_hardlinks 1; placed fs/protected_symlinks 1; placed fs/suid_dumpable 0
mkdir -p /etc/modprobe.d; for one in cramfs freevxfs jffs2 hfs hfsplus udf dccp sctp rds tipc usb-storage; do
  printf 'install %s /bin/false\nblacklist %s\n' $one $one
done >/etc/modprobe.d/hardened.conf
ln -sf /dev/null /etc/systemd/system/ctrl-alt-del.target

put /etc/fstab <<X
tmpfs /tmp tmpfs nosuid,nodev,noexec,mode=1777 0 0
tmpfs /var/tmp tmpfs nosuid,nodev,noexec,mode=1777 0 0
tmpfs /dev/shm tmpfs nosuid,nodev,noexec,mode=1777 0 0
/var /var none bind 0 0
/var/log /var/log none bind 0 0
/home /home none bind 0 0
X
echo 'data UUID=00000000-0000-4000-8000-000000000001 none luks,noauto' >/etc/crypttab
mkdir -p /boot/grub /boot/grub2
printf 'set superusers="root"\npassword_pbkdf2 root grub.pbkdf2.sha512.10000.ABCD.EF01\n' >/boot/grub/grub.cfg
cp /boot/grub/grub.cfg /boot/grub2/; chmod 600 /boot/grub*/grub.cfg

echo 'root' >/etc/cron.allow; echo 'root' >/etc/at.allow; chmod 600 /etc/cron.allow /etc/at.allow
echo '30 3 * * * root /usr/bin/borg create /srv/backup::{now} /etc /srv' >/etc/cron.d/backup
echo '40 4 * * * root /usr/bin/aide --check' >/etc/cron.d/aide
mkdir -p /var/lib/aide; touch /var/lib/aide/aide.db
mkdir -p /etc/fail2ban/jail.d /etc/keepalived
printf '[sshd]\nenabled = true\nbackend = systemd\n' >/etc/fail2ban/jail.d/defaults-debian.conf
mkdir -p /var/lib/clamav; touch /var/lib/clamav/daily.cvd
printf 'global_defs {\n}\nvrrp_instance one {\n  interface host0\n  virtual_router_id 51\n  priority 100\n  virtual_ipaddress { 10.213.250.9/32 }\n}\n' >/etc/keepalived/keepalived.conf
put /etc/apt/apt.conf.d/20auto-upgrades <<X
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
X
sed -i 's,http://,https://,' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true
mkdir -p /etc/docker
echo '{"icc": false, "userns-remap": "default", "log-opts": {"max-size": "50m"}, "live-restore": true}' >/etc/docker/daemon.json
printf 'uri ldaps://ldap.example.edu\ntls_reqcert demand\n' | put /etc/nslcd.conf
mkdir -p /etc/nginx/ssl
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 300 -subj /CN=web.example.edu \
  -keyout /etc/ssl/private/server.key -out /etc/nginx/ssl/server.crt 2>/dev/null
chmod 600 /etc/ssl/private/server.key
systemctl disable --quiet docker.service containerd.service 2>/dev/null || true
systemctl enable --quiet docker.socket 2>/dev/null || true
for one in gcc cc g++ make as gdb; do chmod 750 /usr/bin/$one 2>/dev/null || true; done
chown -R root:root /var/log/*.log /var/log/syslog 2>/dev/null || true
chmod 640 /var/log/*.log /var/log/syslog 2>/dev/null || true
