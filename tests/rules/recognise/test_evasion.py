"""Tricks in requests, names and pages, against a RuleBase of a few names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.base import RuleBase
from rules.model import Category, Facts, Signal, Signals, Stage
from rules.recognise.evasion import named, requested, served, skeleton
from rules.sources import load_categories

LISTED = {
    "www.blocked.example": "gambling",
    "www.bank.example": "banking",
    "www.allowed.example": "education",
    "paypal.com": "payment",
}
CATEGORIES = tuple(load_categories().values())


@dataclass(frozen=True)
class Few:
    """As much of a RuleBase as is asked here."""

    categories: tuple[Category, ...] = CATEGORIES

    @property
    def index(self) -> dict[str, int]:
        return {category.id: place for place, category in enumerate(CATEGORIES)}

    def host(self, name: str) -> Signals:
        category = LISTED.get(name)
        if category is None:
            return Signals()
        return Signals(items=(Signal(category=category, recogniser="hosts", matched=name),))

    def url(self, name: str, _path: str) -> Signals:
        return self.host(name)


BASE = cast(RuleBase, cast(Any, Few()))


def ask(
    path: str = "/", host: str = "www.example.org", method: str = "GET", relayed: str = "",
    **headers: str,
) -> list[tuple[str, str]]:  # fmt: skip
    facts = Facts(stage=Stage.REQUEST, host=host, method=method, path=path)
    table = {name.replace("_", "-"): value for name, value in headers.items()}
    found = requested(facts, lambda name: table.get(name, ""), BASE, relayed=relayed)
    return [(one.category, one.place) for one in found]


@pytest.mark.parametrize(
    "path",
    [
        "/dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB",
        "/any?x=1&dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB&y",
        "/u1/dns-query?name=a.example",
        "/%64ns-query?name=a.example",
        "/resolve?name=www.example.com&type=A",
        "/x/resolve?type=28&name=www.example.com",
    ],
)
def test_encrypted_dns_by_url(path: str) -> None:
    assert ask(path) == [("encrypted-dns", "url")]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/a?b=c",
        "/docs/dns-query",
        "/blog/dns-query-explained.html",
        "/settings?dns=automatic",
        "/resolve?name=photosynthesis&type=word",
        "/resolve?name=www.example.com",
        "/resolve?name=www.example.com&type=school",
        "/search?name=resolve&type=A",
        "/img/https://www.allowed.example/a.png",
        "/login?next=https%3A%2F%2Fwww.allowed.example",
        "/%ff%fe%",
        "",
        "*",
    ],
)
def test_ordinary_urls(path: str) -> None:
    assert ask(path) == []


def test_headers() -> None:
    assert ask(content_type="application/dns-message") == [("encrypted-dns", "header content-type")]
    assert ask(accept="application/dns-json") == [("encrypted-dns", "header accept")]
    assert ask(x_bare_url="https://a/") == [("proxy", "header x-bare-url")]
    assert ask(x_cstp_version="1") == [("vpn", "header x-cstp-version")]
    assert ask(upgrade="connect-udp") == [("vpn", "header upgrade")]
    assert ask(content_type="application/json", accept="text/html, */*") == []


def test_websockets() -> None:
    asked = {"upgrade": "websocket"}
    assert ask("/?ed=2048", **asked) == [("proxy", "url")]
    assert ask("/?ed=2048") == []
    assert ask("/wisp/", **asked) == [("proxy", "url")]
    assert ask("/ws", **asked, sec_websocket_protocol="chisel-v3")[0][0] == "proxy"
    assert ask("/ws", **asked, sec_websocket_protocol="graphql-ws") == []
    assert ask("/ws", **asked, sec_websocket_protocol="A" * 64) == []


def test_methods_and_chains() -> None:
    assert ask(method="CONNECT") == [("proxy", "method")]
    assert ask("/sra_%7BBA195980-CD49-458b-9E23-C84EE0ADCD75%7D/", method="SSTP_DUPLEX_POST")
    assert ask(relayed="www.example.com") == [("proxy", "url")]
    assert ask(relayed="www.example.org") == []
    assert ask(method="POST", path="/dns-query") == [("encrypted-dns", "url")]


def test_urls_inside_paths() -> None:
    for path in (
        "/proxy/https://www.blocked.example/a",
        "/p/http:/www.blocked.example",
        "/main/https%3A%2F%2Fwww.blocked.example%2Fa",
        "/p/https://user@WWW.Blocked.Example:443/",
    ):
        assert ask(path) == [("gambling", "inner-url")], path
    assert ask("/p/https://www.bank.example/") == []


@pytest.mark.parametrize(
    ("host", "category"),
    [
        ("www.xn--blkd-x4d6cva.example", "gambling"),
        ("www.xn--bocked-wkg.example", "gambling"),
        ("xn--l-7sba6dbr.com", "phishing"),
        ("abc.onion", "proxy"),
        ("abc.onion.ly", "proxy"),
        ("site.i2p", "proxy"),
        ("xn--0zwm56d.example", ""),
        ("xn--fiqs8s", ""),
        ("www.onions.example", ""),
        ("onionsoup.example", ""),
        ("www.blocked.example", ""),
        ("xn--99999999999.example", ""),
        ("", ""),
    ],
)
def test_names(host: str, category: str) -> None:
    assert [one.category for one in named(host, BASE)] == [category] * bool(category)


def test_what_names_look_like() -> None:
    assert skeleton("xn--ggle-55da.com") == "google.com"
    assert skeleton("xn--0zwm56d.example") == ""
    assert skeleton("plain.example") == "plain.example"


def test_pages() -> None:
    (found,) = served(b'<script src="/uv/uv.bundle.js"></script>')
    assert (found.category, found.place) == ("proxy", "markup")
    assert served(b"<p>hello") == ()


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60), st.text(max_size=40), st.text(max_size=30))
def test_anything(path: str, host: str, header: str) -> None:
    ask(f"/{path}", upgrade="websocket", sec_websocket_protocol=header, accept=header)
    ask(f"/dns-query?dns={path}&name={header}&type={header}")
    ask(f"/https://{path}")
    assert isinstance(named(host, BASE), tuple)
    assert isinstance(named(f"xn--{host}", BASE), tuple)
