# What every machine needs: host keys, our key for `audit`, no waiting for a network.
export DEBIAN_FRONTEND=noninteractive
mkdir -p /run/sshd
printf '127.0.0.1 localhost vm machine\n::1 localhost\n' >/etc/hosts
ssh-keygen -A >/dev/null

put() { mkdir -p "$(dirname "$1")" && cat >"$1"; }
person() { # NAME: an account with our key
  id "$1" >/dev/null 2>&1 || useradd -m -s /bin/bash "$1"
  mkdir -p "/home/$1/.ssh"
  echo "$CLIENT_KEY" >"/home/$1/.ssh/authorized_keys"
  chown -R "$1:" "/home/$1/.ssh"
  chmod 700 "/home/$1/.ssh"
  chmod 600 "/home/$1/.ssh/authorized_keys"
}
systemctl disable --quiet systemd-networkd systemd-resolved e2scrub_reap apt-daily.timer apt-daily-upgrade.timer 2>/dev/null || true
ln -sf /dev/null /etc/systemd/system/systemd-networkd-wait-online.service

# The kernel is one for all machines: where a parameter is not of the namespace, a file in its
# place says what a kernel so configured would say. Such checks are listed as "placed".
placed() { # NAME VALUE: below /proc/sys
  placed_at "/proc/sys/$1" "$2"
}
placed_at() { # PATH VALUE
  file="/etc/placed/$(echo "$1" | tr / _)"
  mkdir -p /etc/placed
  printf '%s\n' "$2" >"$file"
  echo "mount --bind $file $1" >>/etc/placed/mounts
}
put /etc/systemd/system/placed.service <<X
[Unit]
DefaultDependencies=no
Before=ssh.service ssh.socket
After=local-fs.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c '[ ! -e /etc/placed/mounts ] || . /etc/placed/mounts'
[Install]
WantedBy=multi-user.target
X
systemctl enable --quiet placed.service
