#!/bin/sh
# Build the trees that the audit's real targets boot from: Debian 12, Debian 13, Ubuntu 22.04.
# As root, with a package mirror. About 2 minutes the first time; what is there is kept.
#   sh scripts/audit_targets.sh [DIR]          (default var/audit-trees, or $QINGLANG_AUDIT_TREES)
# Mirrors: $DEBIAN_MIRROR, $DEBIAN_SECURITY, $UBUNTU_MIRROR. Nothing here is needed by the product.
set -eu
top=${1:-${QINGLANG_AUDIT_TREES:-$(dirname "$0")/../var/audit-trees}}
debian=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
security=${DEBIAN_SECURITY:-http://deb.debian.org/debian-security}
ubuntu=${UBUNTU_MIRROR:-http://archive.ubuntu.com/ubuntu}
[ "$(id -u)" = 0 ] || { echo "only root can build trees" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "debootstrap is not here: apt-get install debootstrap systemd-container" >&2; exit 1; }
mkdir -p "$top/cache" "$top/work"
top=$(cd "$top" && pwd)
with=systemd-sysv,dbus,openssh-server,sudo,libpam-pwquality,auditd,rsyslog,rsyslog-gnutls,chrony,aide
with=$with,logrotate,cron,nftables,iproute2,procps,unattended-upgrades,apparmor,python3-minimal,passwd,openssl,cracklib-runtime
export DEBIAN_FRONTEND=noninteractive

tree() { # NAME MIRROR OPTIONS...
  name=$1 mirror=$2
  shift 2
  [ ! -e "$top/$name/.done" ] || return 0
  echo "$name from $mirror"
  rm -rf "${top:?}/$name"
  debootstrap --variant=minbase "--cache-dir=$top/cache" "--include=$with" "$@" "$name" "$top/$name" "$mirror" \
    >"$top/$name.log" 2>&1 || { tail -n 5 "$top/$name.log" >&2; return 1; }
}
inside() { # NAME COMMAND...: with the network's names and a /proc
  cp /etc/resolv.conf "$1/etc/resolv.conf"
  mount -t proc proc "$1/proc"
  status=0
  chroot "$@" >>"$top/inside.log" 2>&1 || status=$?
  umount "$1/proc"
  return $status
}
layer() { # BASE NAME COMMAND: an upper layer, made by a shell command in the tree
  [ ! -e "$top/$2/.done" ] || return 0
  echo "$2 over $1"
  rm -rf "${top:?}/$2" "$top/work/w" "$top/work/m"
  mkdir -p "$top/$2" "$top/work/w" "$top/work/m"
  mount -t overlay overlay -o "lowerdir=$top/$1,upperdir=$top/$2,workdir=$top/work/w" "$top/work/m"
  printf '#!/bin/sh\nexit 101\n' >"$top/work/m/usr/sbin/policy-rc.d"
  chmod +x "$top/work/m/usr/sbin/policy-rc.d"
  status=0
  inside "$top/work/m" sh -c "$3 && apt-get clean" || status=$?
  rm "$top/work/m/usr/sbin/policy-rc.d"
  umount "$top/work/m"
  [ $status = 0 ] || { tail -n 5 "$top/inside.log" >&2; return $status; }
  echo "$1" >"$top/$2/.base"
  touch "$top/$2/.done"
}
install="apt-get install -y -q --no-install-recommends -o Dpkg::Options::=--force-unsafe-io"

tree bookworm "$debian"
[ -e "$top/bookworm/.done" ] || {
  echo "deb $security bookworm-security main" >>"$top/bookworm/etc/apt/sources.list"
  inside "$top/bookworm" apt-get update -q
  touch "$top/bookworm/.done"
}
layer bookworm bookworm-hardened "apt-get upgrade -y -q && $install fail2ban keepalived \
 prometheus-node-exporter clamav-daemon clamav rkhunter python3-systemd borgbackup docker.io"
layer bookworm bookworm-broken "$install telnetd xinetd rsh-server efingerd vsftpd tftpd-hpa snmpd samba \
 nfs-kernel-server rpcbind avahi-daemon cups-daemon autofs isc-dhcp-server squid rsync ypserv xrdp bluez \
 gcc make gdb tcpdump nmap netcat-traditional telnet ftp tftp talk xserver-xorg-core postfix docker.io"
[ "${QINGLANG_AUDIT_TREES_FEW:-}" ] && exit 0
tree trixie "$debian"
touch "$top/trixie/.done"
key=/usr/share/keyrings/ubuntu-archive-keyring.gpg
[ -e "$top/jammy/.done" ] || [ -e $key ] || { # Debian signs Ubuntu's keyring
  key=$top/trixie$key
  [ -e "$key" ] || { inside "$top/trixie" apt-get update -q && inside "$top/trixie" sh -c "$install ubuntu-keyring"; }
}
tree jammy "$ubuntu" --components=main,universe "--keyring=$key" && touch "$top/jammy/.done"
