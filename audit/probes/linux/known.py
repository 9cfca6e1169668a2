"""Names that the parsers of Linux facts know: services, packages, programs, systems, algorithms.

Tables only. What is not listed here is still in the document, only without a word of judgement.
"""

from __future__ import annotations

RISKY: dict[str, tuple[str, tuple[int, ...]]] = {
    "telnet": (r"telnet(d|\.socket|-server)?|in\.telnetd", (23,)),
    "ftp": (r"vsftpd|proftpd|pure-ftpd|ftpd", (21,)),
    "tftp": (r"tftpd?(-hpa)?|in\.tftpd|tftp\.socket", (69,)),
    "rsh": (r"rsh(d|\.socket)?|in\.rshd", (514,)),
    "rlogin": (r"rlogin(d|\.socket)?|in\.rlogind", (513,)),
    "rexec": (r"rexec(d|\.socket)?|in\.rexecd", (512,)),
    "snmp": (r"snmpd", (161,)),
    "nfs": (r"nfs(d|-server|-kernel-server)?", (2049,)),
    "rpcbind": (r"rpcbind|portmap", (111,)),
    "samba": (r"smbd?|nmbd?|samba", (139, 445)),
    "cups": (r"cupsd?|cups-browsed", (631,)),
    "avahi": (r"avahi-daemon", (5353,)),
    "xinetd": (r"xinetd|inetd|openbsd-inetd", ()),
    "nis": (r"ypserv|ypbind|nis", ()),
    "vnc": (r"x?vnc(server)?\S*|Xvnc", (5900, 5901)),
    "xrdp": (r"xrdp", (3389,)),
    "x11": (r"Xorg|xdm|gdm3?|lightdm|ukui-greeter", (6000,)),
    "dhcp": (r"dhcpd|isc-dhcp-server|kea-dhcp4-server", (67,)),
    "dns": (r"named|bind9", ()),
    "ldap_server": (r"slapd", (389,)),
    "mail": (r"postfix|sendmail|exim4?|dovecot", (25, 110, 143)),
    "squid": (r"squid", (3128,)),
    "rsync": (r"rsyncd|rsync", (873,)),
    "bluetooth": (r"bluetoothd?", ()),
    "autofs": (r"autofs|automount", ()),
    "finger": (r"fingerd|in\.fingerd|finger\.socket", (79,)),
    "kdump": (r"kdump(-tools)?", ()),
}
USEFUL = {
    "sshd": r"sshd?",
    "auditd": r"auditd",
    "rsyslog": r"rsyslogd?",
    "syslog_ng": r"syslog-ng",
    "journald": r"systemd-journald?",
    "cron": r"crond?",
    "chrony": r"chronyd?",
    "ntp": r"ntpd?|ntpsec",
    "timesyncd": r"systemd-timesyncd?|systemd-timesyn",
    "firewalld": r"firewalld",
    "nftables": r"nftables",
    "ufw": r"ufw",
    "iptables": r"iptables|netfilter-persistent",
    "fail2ban": r"fail2ban(-server)?",
    "docker": r"dockerd?",
    "containerd": r"containerd",
    "kubelet": r"kubelet",
    "clamav": r"clamd|clamav-daemon|clamd@scan",
    "freshclam": r"clamav-freshclam|freshclam",
    "aide_timer": r"aidecheck|dailyaidecheck|aide",
    "auto_updates": r"unattended-upgrades|dnf-automatic(-install)?|yum-cron|apt-daily-upgrade",
    "zabbix_agent": r"zabbix[-_]agent2?d?",
    "node_exporter": r"(prometheus-)?node[-_]exporter",
    "wazuh": r"wazuh-agent|ossec.*",
    "usbguard": r"usbguard(-daemon)?",
    "irqbalance": r"irqbalance",
    "nginx": r"nginx",
    "apache": r"httpd|apache2",
    "tomcat": r"tomcat\d*",
    "mysql": r"mysqld?|mariadbd?",
    "postgresql": r"postgres(ql\S*)?",
    "redis": r"redis(-server|-sentinel)?",
    "mongodb": r"mongod",
    "keepalived": r"keepalived",
    "haproxy": r"haproxy",
    "sssd": r"sssd",
}


GROUPS = {
    "backup": (
        "borgbackup",
        "restic",
        "bacula-client",
        "bacula-fd",
        "rsnapshot",
        "duplicity",
        "amanda-client",
        "rsync",
        "timeshift",
        "bareos-filedaemon",
        "xtrabackup",
        "percona-xtrabackup-80",
    ),
    "malware": ("clamav", "clamav-daemon", "clamd", "rkhunter", "chkrootkit", "maldet"),
    "integrity": ("aide", "tripwire", "samhain", "ima-evm-utils", "debsums", "integrit"),
    "intrusion": (
        "wazuh-agent",
        "ossec-hids-agent",
        "fail2ban",
        "suricata",
        "snort",
        "psad",
        "falco",
    ),
    "monitoring": (
        "zabbix-agent",
        "zabbix-agent2",
        "prometheus-node-exporter",
        "node_exporter",
        "nagios-nrpe-server",
        "nrpe",
        "collectd",
        "telegraf",
        "snmpd",
        "net-snmp",
    ),
    "insecure_client": ("telnet", "rsh-client", "rsh", "ypbind", "talk", "ftp", "tftp"),
    "insecure_server": (
        "telnetd",
        "telnet-server",
        "rsh-server",
        "vsftpd",
        "tftp-server",
        "tftpd-hpa",
        "ypserv",
        "xinetd",
        "talk-server",
        "inetutils-telnetd",
    ),
    "desktop": (
        "xorg-x11-server-Xorg",
        "xserver-xorg-core",
        "gnome-shell",
        "ukui-desktop-environment",
        "dde",
    ),
    "compiler": ("gcc", "gcc-12", "gcc-c++", "g++", "make", "clang", "gdb", "build-essential"),
    "sniffer": (
        "tcpdump",
        "wireshark",
        "wireshark-cli",
        "nmap",
        "tshark",
        "netcat-traditional",
        "nmap-ncat",
        "dsniff",
        "john",
        "hydra",
        "aircrack-ng",
    ),
}
VERSIONS = (
    "openssl",
    "openssh-server",
    "sudo",
    "bash",
    "glibc",
    "libc6",
    "nginx",
    "httpd",
    "apache2",
    "docker-ce",
    "docker.io",
    "containerd",
    "kernel",
    "systemd",
    "polkit",
    "policykit-1",
    "curl",
    "mysql-server",
    "mariadb-server",
    "postgresql",
    "redis-server",
    "redis",
    "php",
    "samba",
    "xz",
    "xz-utils",
    "rsync",
    "bind",
    "bind9",
    "log4j",
)


KNOWN_SUID = frozenset(
    """
    at bwrap chage chfn chsh cron crontab dbus-daemon-launch-helper dotlockfile doas exim4
    expiry fusermount fusermount3 gpasswd mount mount.cifs mount.nfs mtr-packet newgidmap
    newgrp newuidmap pam_extrausers_chk pam_timestamp_check passwd ping pkexec polkit-agent-
    helper-1 pppd screen sg snap-confine sperl ssh-agent ssh-keysign staprun su sudo sudoedit
    traceroute6.iputils umount unix_chkpwd userhelper usernetctl wall write write.ul locate
    plocate mlocate ssh-keycat utempter Xorg.wrap at.allow chrome-sandbox grub2-set-bootflag
    lockdev postdrop postqueue sendmail.sendmail sssd krb5_child ldap_child proxy_child
    selinux_child p11_child
    """.split()  # noqa: SIM905
)
FAMILIES = {
    "debian": ("debian",),
    "ubuntu": ("debian",),
    "uos": ("debian",),
    "deepin": ("debian",),
    "uniontech": ("debian",),
    "rhel": ("rhel",),
    "centos": ("rhel",),
    "rocky": ("rhel",),
    "almalinux": ("rhel",),
    "fedora": ("rhel",),
    "ol": ("rhel",),
    "anolis": ("rhel",),
    "alinux": ("rhel",),
    "tencentos": ("rhel",),
    "openeuler": ("openeuler", "rhel"),
    "kylin": ("openeuler", "rhel"),
    "kylinsec": ("openeuler", "rhel"),
    "suse": ("suse",),
    "sles": ("suse",),
    "opensuse-leap": ("suse",),
}
"""os id → families. Kylin and UOS exist in two builds: a dpkg base makes them `debian`."""

VIRTUAL_FS = frozenset(
    """
    proc sysfs devtmpfs devpts cgroup cgroup2 securityfs debugfs tracefs pstore mqueue bpf
    configfs fusectl hugetlbfs autofs rpc_pipefs binfmt_misc efivarfs nsfs
    """.split()  # noqa: SIM905
)
WATCHED_MOUNTS = (
    "/",
    "/tmp",  # noqa: S108
    "/var",
    "/var/tmp",  # noqa: S108
    "/var/log",
    "/var/log/audit",
    "/home",
    "/boot",
    "/dev/shm",  # noqa: S108
    "/opt",
    "/data",
)
BLOCKED_MODULES = (
    "usb-storage",
    "cramfs",
    "freevxfs",
    "jffs2",
    "hfs",
    "hfsplus",
    "squashfs",
    "udf",
    "dccp",
    "sctp",
    "rds",
    "tipc",
    "firewire-core",
    "bluetooth",
)


NO_LOGIN = ("nologin", "false", "sync", "shutdown", "halt", "true")
HASHES = {
    "1": "md5",
    "2a": "blowfish",
    "2b": "blowfish",
    "2y": "blowfish",
    "3": "nt",
    "5": "sha256",
    "6": "sha512",
    "y": "yescrypt",
    "gy": "gost-yescrypt",
    "7": "scrypt",
    "sm3": "sm3",
    "des": "des",
    "bsdi": "des",
    "other": "other",
}
WEAK = frozenset(("md5", "des", "nt"))
DEFAULTS = frozenset(
    [
        "adm",
        "lp",
        "sync",
        "shutdown",
        "halt",
        "games",
        "operator",
        "gopher",
        "news",
        "uucp",
        "ftp",
        "nobody",
    ]
)
SHARED = frozenset(
    [
        "test",
        "guest",
        "user",
        "admin",
        "demo",
        "public",
        "temp",
        "tmp",
        "share",
        "oracle123",
        "student",
    ]
)
SSHD_MANY = frozenset(
    [
        "port",
        "listenaddress",
        "hostkey",
        "allowusers",
        "denyusers",
        "allowgroups",
        "denygroups",
        "acceptenv",
        "subsystem",
    ]
)
SSHD_DEFAULTS = {
    "port": "22",
    "permitrootlogin": "prohibit-password",
    "passwordauthentication": "yes",
    "permitemptypasswords": "no",
    "maxauthtries": "6",
    "maxsessions": "10",
    "clientaliveinterval": "0",
    "clientalivecountmax": "3",
    "logingracetime": "120",
    "x11forwarding": "no",
    "allowtcpforwarding": "yes",
    "allowagentforwarding": "yes",
    "ignorerhosts": "yes",
    "hostbasedauthentication": "no",
    "permituserenvironment": "no",
    "pubkeyauthentication": "yes",
    "usepam": "no",
    "strictmodes": "yes",
    "loglevel": "INFO",
    "syslogfacility": "AUTH",
    "banner": "none",
    "printlastlog": "yes",
    "usedns": "no",
    "compression": "yes",
    "maxstartups": "10:30:100",
    "tcpkeepalive": "yes",
    "gatewayports": "no",
}
"""What OpenSSH does where its files are silent (its manual); distributions
say theirs in the files."""

WEAK_CIPHERS = ("3des", "arcfour", "blowfish", "cast128", "rijndael", "-cbc", "des-")
WEAK_MACS = ("md5", "sha1-96", "umac-64", "ripemd", "hmac-sha1")
WEAK_KEX = ("group1-", "group14-sha1", "group-exchange-sha1")
