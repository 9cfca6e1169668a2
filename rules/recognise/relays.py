"""Web proxies and VPNs by what they cannot do without: the paths they use, the code of their pages.

Two tables, each row with a cheap test for ordinary traffic and an exact one behind it. Words
about proxies are no code: an article passes, a form that sends what is typed to a relay does
not. Paths and names as the programs' own sources write them. Pure.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

import ahocorasick_rs

PROXY, VPN = "proxy", "vpn"
MOST = 24 * 1024  # bytes of a page that are looked at: these pages are small


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
    _mark(
        "scramjet",
        r"/scramjet(?:/https?(?:%3a|:)|\.[\w.]+\.(?:js|wasm)(?:$|\?))",
        PROXY,
        "Scramjet",
    ),
    _mark("hammerhead.js", r"/hammerhead\.js(?:$|\?)", PROXY, "Rammerhead"),
    _mark("rammerhead", r"/rammerhead(?:\.min)?\.js(?:$|\?)", PROXY, "Rammerhead"),
    _mark("/http", r"^/[0-9a-f]{32}(?:![\w!*.-]{1,40})?/https?(?::|%3a)", PROXY, "Rammerhead"),
    _mark("__cp", r"[?&]__cpo=|/__cp[ipw]\.php", PROXY, "CroxyProxy"),
    _mark(
        "browse.php?", r"/browse\.php\?(?:[^#]*&)?u=(?:https?|%68|ahr0|czov|oi8v)", PROXY, "Glype"
    ),
    _mark("process.php?action=", r"/includes/process\.php\?action=update", PROXY, "Glype"),
    _mark(
        "&hl=",
        r"/(?:index\.php)?\?q=(?:ahr0c|https?)[^&]*&hl=(?=[a-f]{0,3}\d)[0-9a-f]{2,4}$",
        PROXY,
        "PHProxy",
    ),
    _mark("/nph-", r"/nph-[\w-]+\.(?:cgi|pl)(?:/|$)", PROXY, "CGIProxy"),
    _mark("/bare/v", r"/bare/v[1-3]/", PROXY, "Bare server"),
    _mark(
        "/tor/",
        r"^/tor/(?:server|extra|micro|keys|status-vote|rendezvous)[/-]",
        PROXY,
        "Tor directory",
    ),
    _mark("/gunservice/", r"/gunservice/tun(?:multi)?$", PROXY, "V2Ray gRPC"),
    _mark("x_padding=", r"[?&]x_padding=", PROXY, "XHTTP"),
    _mark("/masque/", r"/\.well-known/masque/(?:udp|ip)/", PROXY, "MASQUE"),
    _mark("/vpnsvc/", r"/vpnsvc/(?:connect|vpn)\.cgi", VPN, "SoftEther"),
    _mark("/sra_", r"/sra_(?:\{|%7b)ba195980-cd49-458b-9e23-c84ee0adcd75", VPN, "SSTP"),
    _mark("/cscossl", r"/csco(?:sslc|transport)/", VPN, "AnyConnect"),
    _mark(".sslvpn", r"/ssl-tunnel-connect\.sslvpn", VPN, "GlobalProtect"),
    _mark("/sslvpn-tunnel", r"/remote/sslvpn-tunnel", VPN, "FortiGate"),
)


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
    _code(
        b"browse.php?u=",
        rb"(?:href|src|action)\s*=\s*[\"']?[^\"'>\s]{0,200}?\bbrowse\.php\?u=",
        "Glype",
    ),
    _code(b"nph-", _ACTION + rb"nph-[\w-]+\.(?:cgi|pl)", "CGIProxy"),
    _code(b"__cpo", rb"(?:href|src|action)\s*=\s*[\"']?[^\"'>\s]{0,300}?[?&]__cpo=", "CroxyProxy"),
    _code(b"bare-mux", _SRC + rb"\bbare-?mux\b", "bare-mux"),
    _code(
        b"hl[",
        rb"<input\b[^>]{0,200}name\s*=\s*[\"']?hl\[(?:include_form|remove_scripts|rotate13|"
        rb"base64_encode|strip_meta|strip_title|session_cookies|accept_cookies)\]",
        "PHProxy",
    ),
)


def by_path(low: str) -> list[Mark]:
    """The tools that a lower-case path with its query shows."""
    if not _path_needles().find_matches_as_indexes(low):
        return []
    return [mark for mark in MARKS if mark.needle in low and mark.pattern.search(low)]


def by_code(window: bytes) -> list[str]:
    """The tools whose code or forms stand in the first bytes of a page, each once."""
    if len(window) > MOST:
        window = window[:MOST]
    if not _code_needles().find_matches_as_indexes(window):
        return []
    found = [one.tool for one in CODES if one.needle in window and one.pattern.search(window)]
    return list(dict.fromkeys(found))


@cache
def _path_needles() -> ahocorasick_rs.AhoCorasick:
    """One pass for all the cheap tests."""
    return ahocorasick_rs.AhoCorasick([mark.needle for mark in MARKS])


@cache
def _code_needles() -> ahocorasick_rs.BytesAhoCorasick:
    kind = ahocorasick_rs.Implementation.ContiguousNFA
    return ahocorasick_rs.BytesAhoCorasick([one.needle for one in CODES], implementation=kind)
