"""The PAC/WPAD file: what a browser asks to learn which proxy to use. Text from values.

Names that are plain, local or listed, and literal private addresses, go direct;
everything else through the proxy. Never-decrypted sites (banking, medical, …) are
not listed: they go through the proxy, which passes them by name, so that they
are still counted and a name never becomes a way around. No dnsResolve: it would
ask a resolver before the proxy has decided, and hangs browsers on slow networks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from gateway.node import Address

LOCAL_SUFFIXES = ("local", "localhost", "localdomain", "lan", "home.arpa", "internal")

TEMPLATE = """\
// 清朗 Qinglang: 代理自动配置 / proxy auto-configuration
function FindProxyForURL(url, host) {
  var direct = %(direct)s;
  var proxy = %(proxy)s;
  host = host.toLowerCase().replace(/\\.$/, "").replace(/^\\[|\\]$/g, "");
  if (/^\\d+\\.\\d+\\.\\d+\\.\\d+$/.test(host)) {
    return isPrivate4(host) ? "DIRECT" : proxy;
  }
  if (host.indexOf(":") >= 0) {
    return /^(::1$|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)/.test(host) ? "DIRECT" : proxy;
  }
  if (host.indexOf(".") < 0) {
    return "DIRECT";
  }
  for (var i = 0; i < direct.length; i++) {
    if (host === direct[i] || host.slice(-direct[i].length - 1) === "." + direct[i]) {
      return "DIRECT";
    }
  }
  return proxy;
}
function isPrivate4(host) {
  var part = host.split("."), a = +part[0], b = +part[1];
  return a === 10 || a === 127 || (a === 172 && b >= 16 && b <= 31) ||
    (a === 192 && b === 168) || (a === 169 && b === 254) || (a === 100 && b >= 64 && b <= 127);
}
"""


def pac(proxy: Address, *, direct: Sequence[str] = (), fallback: bool = False) -> str:
    """The file's text. `direct` are names with their subdomains (A-labels).

    With `fallback` a browser that cannot reach the proxy goes direct, unfiltered;
    without it nothing loads until the proxy is back: the district chooses.
    """
    way = f"PROXY {proxy}; DIRECT" if fallback else f"PROXY {proxy}"
    names = [*LOCAL_SUFFIXES, *(name.strip(".").lower() for name in direct)]
    return TEMPLATE % {"direct": json.dumps(names), "proxy": json.dumps(way)}
