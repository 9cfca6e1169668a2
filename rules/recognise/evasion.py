"""Tricks in requests, names and pages: ways around the filter that show in plain sight → Signals.

Encrypted DNS by what is asked for, web proxies and tunnels by the paths, headers and code they
cannot do without, names that only look like listed ones. An ordinary request costs some string
tests; what needs more is only done after one of them. Every row of `rules/evasions/` says what
is recognised and how, with what must be caught and what must pass. Pure; foreign bytes and
texts of any kind end in Signals, never in an exception.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rules.base import RuleBase
from rules.hosts import canonical, normal_path, split_url
from rules.model import Facts, Layer, Signal
from rules.recognise.dns_tunnels import is_query, unpadded
from rules.recognise.handshakes import tunnelled
from rules.recognise.parameters import text_of
from rules.recognise.relays import by_code, by_path

DNS, PROXY, VPN = "encrypted-dns", "proxy", "vpn"
LIKENESS = 0.995
"""How sure it is that a name which reads like a listed one is meant to: set by hand."""

AROUND = frozenset({DNS, PROXY, VPN, "adult-content", "adult-ads"})
TRUSTED = frozenset({"banking", "payment", "government"})
"""Kinds of sites that impostors pose as: a name that reads like one of theirs is phishing."""

_LONGEST = 2048
_HIDDEN = re.compile(r"%(?:2[de]|[3-7][0-9a-f])")  # what nobody needs to escape
_DNS_TYPES = ("application/dns-", "application/oblivious-dns")
_RECORDS = frozenset({"a", "aaaa", "any", "cname", "https", "mx", "ns", "ptr", "srv", "txt"})


_HEADERS = (
    ("x-bare-url", PROXY, "Bare server"),
    ("x-bare-host", PROXY, "Bare server"),
    ("x-cstp-version", VPN, "AnyConnect"),
    ("x-aggregate-auth", VPN, "AnyConnect"),
)
_SUBPROTOCOLS = ("chisel-v", "wstunnel", "wisp-v")

_EMBEDDED = re.compile(r"/https?(?::|%3a)(?:/|%2f){1,2}([^#]{4,1000})", re.I)

Headers = Callable[[str], str]


def _sure(category: str, matched: str, place: str, confidence: float = 1.0) -> Signal:
    return Signal(
        category=category,
        recogniser="evasion",
        matched=matched[:120],
        confidence=confidence,
        place=place,
    )


def requested(
    facts: Facts, headers: Headers, base: RuleBase, *, relayed: str = ""
) -> tuple[Signal, ...]:
    """What a request's head shows. `relayed`: the host of a full URL asked for inside a tunnel,
    where only a further proxy expects one."""
    path = facts.path
    found = list(named(facts.host, base))
    low = path[:_LONGEST].lower()
    if "%" in low and _HIDDEN.search(low):
        low = normal_path(path).lower()
    found += [_sure(mark.category, mark.tool, "url") for mark in by_path(low)]
    if "dns" in low or "/resolve" in low or "name=" in low:
        found += _resolving(facts.method, path, low)
    if "http" in low:
        found += _inside(path, base)
    if facts.method in ("CONNECT", "SSTP_DUPLEX_POST"):
        found.append(_sure(VPN if facts.method[0] == "S" else PROXY, facts.method, "method"))
    elif relayed and relayed != facts.host:
        found.append(_sure(PROXY, f"a proxy asked for {relayed}", "url"))
    found += _headed(low, headers)
    return tuple(dict.fromkeys(found)) if found else ()


def _resolving(method: str, path: str, low: str) -> list[Signal]:
    """Encrypted DNS by URL: a query in `dns=`, the usual path, or the JSON form."""
    where, _, query = low.partition("?")
    at = low.find("dns=")
    if at > 0 and low[at - 1] in "?&":
        value = path[at + 4 :].partition("&")[0]
        if is_query(unpadded(value)):
            return [_sure(DNS, where, "url")]
    usual = "dns-query" in where.split("/")
    if usual and (method == "POST" or query.startswith(("dns=", "name=")) or "&name=" in query):
        return [_sure(DNS, where, "url")]
    if where.rstrip("/").endswith("/resolve") or usual:
        asked = dict(part.partition("=")[::2] for part in query.split("&")[:16])
        kind = asked.get("type", "")
        known = kind in _RECORDS or (kind.isdigit() and kind.isascii())
        if known and "." in asked.get("name", "").strip("."):
            return [_sure(DNS, where, "url")]
    return []


def _inside(path: str, base: RuleBase) -> list[Signal]:
    """A URL in the path, as any open relay writes it: what it leads to, if that is harmful."""
    found = _EMBEDDED.search(path[:_LONGEST])
    if found is None:
        return []
    rest = found[1] if "%" not in found[1][:253] else text_of(found[1].replace("+", "%2B"))
    try:
        host, _, where = split_url(f"https://{rest.lstrip('/')}")
    except ValueError:
        return []
    return [
        _sure(item.category, item.matched, "inner-url", item.confidence)
        for item in base.url(host, where or "/").items
        if _harms(item.category, base)
    ]


def _harms(category: str, base: RuleBase) -> bool:
    if category in AROUND:
        return True
    return base.categories[base.index[category]].layer is Layer.HARMFUL


def _headed(low: str, headers: Headers) -> list[Signal]:
    found = [
        _sure(category, tool, f"header {name}")
        for name, category, tool in _HEADERS
        if headers(name)
    ]
    for name in ("content-type", "accept"):
        value = headers(name)
        if "dns" in value and value.lower().startswith(_DNS_TYPES):
            found.append(_sure(DNS, value.partition(";")[0], f"header {name}"))
    upgrade = headers("upgrade").lower()
    if not upgrade:
        return found
    if upgrade.startswith(("if-t/tls", "connect-udp", "connect-ip")):
        found.append(_sure(VPN, upgrade, "header upgrade"))
    if "websocket" in upgrade:
        found += _socketed(low, headers("sec-websocket-protocol"))
    return found


def _socketed(low: str, protocol: str) -> list[Signal]:
    """A WebSocket that is asked to carry other connections."""
    if "/wisp/" in low or low.startswith("/wisp?"):
        return [_sure(PROXY, "Wisp", "url")]
    if re.search(r"[?&]ed=\d{3,5}(?:&|$)", low):
        return [_sure(PROXY, "V2Ray early data", "url")]
    if protocol.lower().startswith(_SUBPROTOCOLS):
        return [_sure(PROXY, protocol, "header sec-websocket-protocol")]
    if len(protocol) > 32 and "," not in protocol and "." not in protocol:
        return [
            _sure(one.category, one.matched, "header sec-websocket-protocol", one.confidence)
            for one in tunnelled(unpadded(protocol))
            if one.confidence >= 1.0
        ]
    return []


def named(host: str, base: RuleBase) -> tuple[Signal, ...]:
    """What a canonical name pretends: one that reads like a listed name, or leads into Tor."""
    if ".onion" in host or host.endswith(".i2p"):
        labels = host.split(".")
        if "onion" in labels or labels[-1] == "i2p":
            return (_sure(PROXY, host, "host"),)
    if "xn--" not in host:
        return ()
    like = skeleton(host)
    if not like or like == host:
        return ()
    found = [
        _sure(item.category, like, "host", LIKENESS)
        for item in base.host(like).items
        if _harms(item.category, base)
    ]
    if not found and any(item.category in TRUSTED for item in base.host(like).items):
        found.append(_sure("phishing", like, "host", LIKENESS))
    return tuple(dict.fromkeys(found))


def skeleton(host: str) -> str:
    """The plain name that a name of A-labels looks like; "" where it looks like none."""
    from rules.recognise.normal import normalise  # loads tables: only odd names pay for it

    labels = []
    for label in host.split("."):
        text = label
        if label.startswith("xn--"):
            try:
                text = label[4:].encode("ascii").decode("punycode")
            except (UnicodeError, ValueError):
                return ""
        labels.append("".join(_LIKE.get(one, one) for one in text))
    try:
        read = normalise(".".join(labels)).replace(" ", "")
        return canonical(read) if read.isascii() else ""
    except ValueError:
        return ""


_LIKE = dict(zip("ӏıɩɪꓲⅼ", "llllll", strict=True))
"""Look-alikes that the reading of texts takes for other letters, but a name uses as these."""


def served(window: bytes) -> tuple[Signal, ...]:
    """What the first window of a page shows of the program that made it."""
    tools = by_code(window)
    return tuple(_sure(PROXY, tool, "markup") for tool in tools) if tools else ()
