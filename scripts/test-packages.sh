#!/bin/sh
# Install the Debian packages that the tests need (a browser, a database server, clients).
# `bench` adds the peers that the benchmarks compare with. Nothing here is needed to run the product.
set -eu
packages="chromium fonts-noto-cjk curl bind9-dnsutils openssl postgresql libnss3-tools iproute2 nftables slapd ldap-utils openssh-server sudo poppler-utils libxml2-utils openscap-common mariadb-server redis-server nginx-light debootstrap systemd-container"
[ "${1:-}" = bench ] && packages="curl nginx-light squid-openssl e2guardian"
missing=""
for package in $packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
done
# pgaudit carries the number of the server it is for
audit=""
if [ "${1:-}" != bench ] && ! ls /usr/lib/postgresql/*/lib/pgaudit.so >/dev/null 2>&1; then
  audit='postgresql-[0-9]+-pgaudit'
  missing="$missing postgresql-*-pgaudit"
fi
[ -z "$missing" ] && exit 0
command -v apt-get >/dev/null || {
  echo "the tests need these Debian packages, and this system has no apt-get: install their like and run make again:$missing" >&2
  exit 1
}
run=""
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || {
    echo "the tests need Debian packages: run \`apt-get install$missing\` as root and run make again" >&2
    exit 1
  }
  run=sudo
fi
echo "installing Debian packages for the tests:$missing"
# services that a package would start at once are kept from starting: tests start their own
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' | $run tee $policy >/dev/null && $run chmod +x $policy
  trap '$run rm -f $policy' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
{
  $run apt-get update -qq
  if [ -n "$audit" ]; then
    newest=$(apt-cache pkgnames postgresql- | grep -E "^$audit\$" | sort -V | tail -n 1)
    missing="${missing% postgresql-*-pgaudit} $newest"
  fi
  $run apt-get install -y -qq --no-install-recommends $missing
} >/tmp/qinglang-apt.log 2>&1 || {
  tail -n 5 /tmp/qinglang-apt.log >&2
  echo "these Debian packages could not be installed:$missing (see the lines above; the package mirror must be reachable)" >&2
  exit 1
}
