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
from typing import NamedTuple

from rules.base import RuleBase
from rules.hosts import canonical, normal_path
from rules.model import Facts, Layer, Signal
from rules.recognise.dns_tunnels import is_query, unpadded
from rules.recognise.handshakes import tunnelled
from rules.recognise.normal import normalise

DNS, PROXY, VPN = "encrypted-dns", "proxy", "vpn"
LIKENESS = 0.95
"""How sure it is that a name which reads like a listed one is meant to: set by hand."""

AROUND = frozenset({DNS, PROXY, VPN, "adult-content", "adult-ads"})
TRUSTED = frozenset({"banking", "payment", "government"})
"""Kinds of sites that impostors pose as: a name that reads like one of theirs is phishing."""

_LONGEST = 2048
_DNS_TYPES = ("application/dns-", "application/oblivious-dns")
_RECORDS = frozenset({"a", "aaaa", "any", "cname", "https", "mx", "ns", "ptr", "srv", "txt"})


class Mark(NamedTuple):
    """A path that only a tool has: a cheap test, then the exact one (on the lower-case path)."""

    needle: str
    pattern: re.Pattern[str]
    category: str
    tool: str


def _mark(needle: str, pattern: str, category: str, tool: str) -> Mark:
    return Mark(needle, re.compile(pattern), category, tool)


_UV = r"/uv\.(?:bundle|config|handler|sw|client)(?:\.min)?\.js(?:$|\?)"
MARKS = (
    _mark("hvtr", r"/hvtr(?:s8(?:%2f|/)-|(?:%3a|:)-)", PROXY, "Ultraviolet"),
    _mark("/uv.", _UV, PROXY, "Ultraviolet"),
    _mark("scramjet", r"/scramjet(?:/https?(?:%3a|:)|\.[\w.]+\.(?:js|wasm)(?:$|\?))", PROXY, "Scramjet"),
    _mark("hammerhead.js", r"/(?:ramme|ha)?r?hammerhead\.js(?:$|\?)|/hammerhead\.js(?:$|\?)", PROXY, "Rammerhead"),
    _mark("rammerhead", r"/rammerhead(?:\.min)?\.js(?:$|\?)", PROXY, "Rammerhead"),
    _mark("/http", r"^/[0-9a-f]{32}(?:![\w!*.-]{1,40})?/https?(?::|%3a)", PROXY, "Rammerhead"),
    _mark("__cp", r"[?&]__cpo=|/__cp[ipw]\.php", PROXY, "CroxyProxy"),
    _mark("browse.php?", r"/browse\.php\?(?:[^#]*&)?u=(?:https?|%68|ahr0|czov|oi8v)", PROXY, "Glype"),
    _mark("process.php?action=", r"/includes/process\.php\?action=update", PROXY, "Glype"),
    _mark("&hl=", r"/(?:index\.php)?\?q=(?:ahr0c|https?)[^&]*&hl=(?=[a-f]{0,3}\d)[0-9a-f]{2,4}$", PROXY, "PHProxy"),
    _mark("/nph-", r"/nph-[\w-]+\.(?:cgi|pl)(?:/|$)", PROXY, "CGIProxy"),
    _mark("/bare/v", r"/bare/v[1-3]/", PROXY, "Bare server"),
    _mark("/tor/", r"^/tor/(?:server|extra|micro|keys|status-vote|rendezvous)[/-]", PROXY, "Tor directory"),
    _mark("/gunservice/", r"/gunservice/tun(?:multi)?$", PROXY, "V2Ray gRPC"),
    _mark("x_padding=", r"[?&]x_padding=", PROXY, "XHTTP"),
    _mark("/masque/", r"/\.well-known/masque/(?:udp|ip)/", PROXY, "MASQUE"),
    _mark("/vpnsvc/", r"/vpnsvc/(?:connect|vpn)\.cgi", VPN, "SoftEther"),
    _mark("/sra_", r"/sra_(?:\{|%7b)ba195980-cd49-458b-9e23-c84ee0adcd75", VPN, "SSTP"),
    _mark("/cscossl", r"/csco(?:sslc|transport)/", VPN, "AnyConnect"),
    _mark(".sslvpn", r"/ssl-tunnel-connect\.sslvpn", VPN, "GlobalProtect"),
    _mark("/sslvpn-tunnel", r"/remote/sslvpn-tunnel", VPN, "FortiGate"),
)  # fmt: skip

_HEADERS = (
    ("x-bare-url", PROXY, "Bare server"),
    ("x-bare-host", PROXY, "Bare server"),
    ("x-cstp-version", VPN, "AnyConnect"),
    ("x-aggregate-auth", VPN, "AnyConnect"),
)
_SUBPROTOCOLS = ("chisel-v", "wstunnel", "wisp-v")

_EMBEDDED = re.compile(r"/https?(?::|%3a)(?:/|%2f){1,2}([^/?#&]{4,253})([^#]{0,1000})", re.I)
_FRONT = re.compile(r"https?://([^/?#]{1,260})", re.I)

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
    facts: Facts, headers: Headers, base: RuleBase, *, tunnelled: bool
) -> tuple[Signal, ...]:
    """What a request's head shows. `tunnelled`: it came through a tunnel, so no proxy is asked."""
    path = facts.path
    found = list(named(facts.host, base))
    low = path[:_LONGEST].lower()
    if "%" in low and "%2" not in low:
        low = normal_path(path).lower()
    for mark in MARKS:
        if mark.needle in low and mark.pattern.search(low):
            found.append(_sure(mark.category, mark.tool, "url"))
    if "dns" in low or "/resolve" in low or "name=" in low:
        found += _resolving(facts.method, path, low)
    if "http" in low:
        found += _inside(path, base)
    if facts.method == "CONNECT" or facts.method == "SSTP_DUPLEX_POST":
        found.append(_sure(VPN if facts.method[0] == "S" else PROXY, facts.method, "method"))
    elif tunnelled and path[:1] != "/" and _FRONT.match(path):
        found.append(_sure(PROXY, "a proxy asked inside a tunnel", "url"))
    found += _headed(facts, low, headers)
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
    try:
        host = canonical(found[1].rpartition("@")[2].partition(":")[0])
    except ValueError:
        return []
    return [
        _sure(item.category, item.matched, "inner-url", item.confidence)
        for item in base.url(host, found[2] or "/").items
        if _harms(item.category, base)
    ]


def _harms(category: str, base: RuleBase) -> bool:
    if category in AROUND:
        return True
    return base.categories[base.index[category]].layer is Layer.HARMFUL


def _headed(facts: Facts, low: str, headers: Headers) -> list[Signal]:
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


class Code(NamedTuple):
    """What the page of a web proxy cannot do without: a cheap test, then the exact one."""

    needle: bytes
    pattern: re.Pattern[bytes]
    tool: str


def _code(needle: bytes, pattern: bytes, tool: str) -> Code:
    return Code(needle, re.compile(pattern, re.I), tool)


_SRC = rb"<(?:script|link|iframe)\b[^>]{0,300}?(?:src|href)\s*=\s*[\"']?[^\"'>\s]{0,200}?"
_ACTION = rb"<form\b[^>]{0,300}?action\s*=\s*[\"']?[^\"'>\s]{0,200}?"
CODES = (
    _code(b"uv.", _SRC + rb"\buv\.(?:bundle|config|handler|sw)(?:\.min)?\.js", "Ultraviolet"),
    _code(b"scramjet.", _SRC + rb"\bscramjet\.\w+(?:\.\w+)?\.js", "Scramjet"),
    _code(b"hammerhead.js", _SRC + rb"\bhammerhead\.js", "Rammerhead"),
    _code(b"rammerhead", _SRC + rb"\brammerhead(?:\.min)?\.js", "Rammerhead"),
    _code(b"process.php?action=", _ACTION + rb"includes/process\.php\?action=update", "Glype"),
    _code(b"browse.php?u=", rb"(?:href|src|action)\s*=\s*[\"']?[^\"'>\s]{0,200}?\bbrowse\.php\?u=", "Glype"),
    _code(b"nph-", _ACTION + rb"nph-[\w-]+\.(?:cgi|pl)", "CGIProxy"),
    _code(b"__cpo", rb"(?:href|src|action)\s*=\s*[\"']?[^\"'>\s]{0,300}?[?&]__cpo=", "CroxyProxy"),
    _code(b"bare-mux", _SRC + rb"\bbare-?mux\b", "bare-mux"),
    _code(b"hl=", _ACTION + rb"[^\"'>\s]{0,80}\?hl=[0-9a-f]{2,4}[\"'][^>]{0,200}>[^\0]{0,800}?name=[\"']?q[\"'][^>]{0,200}value=[\"']?https?://", "PHProxy"),
    _code(b"PHProxy", rb"<title>[^<]{0,80}PHProxy", "PHProxy"),
    _code(b"Glype", rb"<title>[^<]{0,80}Glype|<meta\b[^>]{0,100}generator[^>]{0,100}Glype", "Glype"),
)  # fmt: skip
MOST = 64 * 1024


def served(window: bytes) -> tuple[Signal, ...]:
    """What the first window of a page shows of the program that made it."""
    if len(window) > MOST:
        window = window[:MOST]
    found = [
        _sure(PROXY, code.tool, "markup")
        for code in CODES
        if code.needle in window and code.pattern.search(window)
    ]
    return tuple(dict.fromkeys(found)) if found else ()
