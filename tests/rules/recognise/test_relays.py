"""Web proxies and VPNs by their paths and code."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.recognise.relays import CODES, MARKS, MOST, by_code, by_path


@pytest.mark.parametrize(
    ("path", "tool"),
    [
        ("/service/hvtrs8%2f-ezaopne%2ccmm", "Ultraviolet"),
        ("/uv/uv.sw.js?v=2", "Ultraviolet"),
        ("/scramjet/https%3a%2f%2fa", "Scramjet"),
        ("/0123456789abcdef0123456789abcdef/https://a/", "Rammerhead"),
        ("/rammerhead.js", "Rammerhead"),
        ("/?__cpo=ahr0", "CroxyProxy"),
        ("/__cpi.php?s=1", "CroxyProxy"),
        ("/browse.php?b=4&u=https%3a%2f%2fa", "Glype"),
        ("/index.php?q=ahr0chm6&hl=3ed", "PHProxy"),
        ("/nph-proxy.pl/010110a/http/a", "CGIProxy"),
        ("/bare/v3/", "Bare server"),
        ("/vpnsvc/vpn.cgi", "SoftEther"),
        ("/cscosslc/tunnel", "AnyConnect"),
        ("/tor/status-vote/current/consensus", "Tor directory"),
        ("/gunservice/tun", "V2Ray gRPC"),
    ],
)
def test_paths(path: str, tool: str) -> None:
    assert [mark.tool for mark in by_path(path)] == [tool]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/index.php?q=ahr0&hl=de",
        "/articles/uv.config.js-explained",
        "/browse.php?user=1",
        "/img/0123456789abcdef0123456789abcdef.png",
        "/tor/",
        "/nph-courses/",
        "/sslvpn/help",
        "/bare/validation",
    ],
)
def test_ordinary_paths(path: str) -> None:
    assert by_path(path) == []


@pytest.mark.parametrize(
    "page",
    [
        b"<p>uv.bundle.js, scramjet.all.js and process.php?action=update are parts of proxies.",
        b"<pre>&lt;script src='/uv/uv.bundle.js'&gt;</pre>",
        b"<script src=/js/app.bundle.js></script><form action=/search.php><input name=q></form>",
        b"",
        bytes(1000),
    ],
)
def test_ordinary_pages(page: bytes) -> None:
    assert by_code(page) == []


def test_code_beyond_the_window_is_not_looked_for() -> None:
    code = b'<script src="/uv/uv.bundle.js">'
    assert by_code(b" " * (MOST - 100) + code) == ["Ultraviolet"]
    assert by_code(b" " * MOST + code) == []


def test_every_pattern_has_its_needle_and_cannot_run_away() -> None:
    """The beginnings of every pattern, over and over: a runaway one would meet the timeout."""
    for one in CODES:
        assert isinstance(by_code((b"<form action=" + one.needle + b"<script src=") * 800), list)
        by_code(b"<script " + b"src=" * 5000 + one.needle)
    for mark in MARKS:
        by_path((mark.needle + "/") * 200)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.text(max_size=100))
def test_anything(page: bytes, path: str) -> None:
    assert isinstance(by_code(page), list)
    assert isinstance(by_path(path), list)
