"""Names are brought to one spelling, or refused with a reason."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.hosts import MAX_PATH, boundaries, canonical, is_address, normal_path, split_url

SAME = {
    "plain": ("www.example.com", "www.example.com"),
    "upper case": ("WWW.Example.COM", "www.example.com"),
    "root dot": ("example.com.", "example.com"),
    "underscore": ("_dmarc.example.com", "_dmarc.example.com"),
    "single label": ("localhost", "localhost"),
    "full width": ("ｅｘａｍｐｌｅ．ｃｏｍ", "example.com"),
    "ideographic dots": ("a。b．c｡cn", "a.b.c.cn"),
    "chinese": ("例子.中国", "xn--fsqu00a.xn--fiqs8s"),
    "chinese upper half": ("ＱＱ.例子.CN", "qq.xn--fsqu00a.cn"),
    "sharp s stays": ("faß.de", "xn--fa-hia.de"),
    "emoji": ("☃.net", "xn--n3h.net"),
    "soft hyphen vanishes": ("exam\u00adple.com", "example.com"),
    "zero width space vanishes": ("exam\u200bple.com", "example.com"),
    "a-label": ("xn--fsqu00a.cn", "xn--fsqu00a.cn"),
    "percent": ("ex%61mple.com", "example.com"),
    "percent utf-8": ("%E4%BE%8B%E5%AD%90.cn", "xn--fsqu00a.cn"),
    "percent dot": ("a%2Eexample.com", "a.example.com"),
    "ipv4": ("192.0.2.1", "192.0.2.1"),
    "ipv4 root dot": ("192.0.2.1.", "192.0.2.1"),
    "ipv4 decimal": ("3221225985", "192.0.2.1"),
    "ipv4 hex": ("0xC0000201", "192.0.2.1"),
    "ipv4 mixed": ("0300.0.0x2.1", "192.0.2.1"),
    "ipv4 two parts": ("127.1", "127.0.0.1"),
    "ipv4 empty hex": ("0x", "0.0.0.0"),
    "ipv4 full width": ("１２７．０．０．１", "127.0.0.1"),
    "ipv6": ("[2001:DB8:0:0::1]", "2001:db8::1"),
    "ipv6 bare": ("::1", "::1"),
    "ipv6 mapped": ("[::ffff:192.0.2.1]", "192.0.2.1"),
    "longest label": ("a" * 63 + ".com", "a" * 63 + ".com"),
    "longest name": (".".join(["a" * 49] * 5) + ".com", ".".join(["a" * 49] * 5) + ".com"),
}


@pytest.mark.parametrize("case", SAME)
def test_one_spelling(case: str) -> None:
    written, wanted = SAME[case]
    assert canonical(written) == wanted
    assert canonical(wanted) == wanted


HOSTILE = {
    "empty": "",
    "dot": ".",
    "empty label": "a..b",
    "two root dots": "a.com..",
    "leading dot": ".a.com",
    "space": "a b.com",
    "nul": "a\0.com",
    "newline": "a.com\n",
    "percent nul": "a%00.com",
    "percent space": "a%20.com",
    "broken percent": "a%4.com",
    "percent not utf-8": "a%ff.com",
    "slash": "a/b",
    "percent slash": "a%2Fb.com",
    "full-width slash": "a／b.com",
    "at": "user@a.com",
    "hash": "a#b",
    "back slash": "a\\b",
    "equals": "a.weebly.=",
    "star": "*.a.com",
    "label of 64": "a" * 64 + ".com",
    "name of 254": ".".join(["a" * 49] * 5) + ".comm",
    "huge": "a." * 100_000,
    "ipv4 too large": "256.0.0.1",
    "ipv4 five parts": "1.2.3.4.5",
    "ipv4 last too large": "1.2.3.256",
    "ipv4 bad octal": "09.0.0.1",
    "ipv4 overflow": "4294967296",
    "ipv4 huge number": "9" * 60,
    "ends in a number": "a.1",
    "ipv6 zone": "[fe80::1%25eth0]",
    "ipv6 open": "[::1",
    "ipv6 wrong": "[1:2]",
    "port": "a.com:80",
    "surrogate": "a\udc80.com",
    "control": "a\x7f.com",
    "line separator": "a\u2028.com",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_names_are_refused_with_a_reason(case: str) -> None:
    with pytest.raises(ValueError, match=r".+") as refused:
        canonical(HOSTILE[case])
    assert type(refused.value) is ValueError


@given(st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_any_text_is_canonical_or_refused(text: str) -> None:
    try:
        name = canonical(text)
    except ValueError:
        return
    assert name.isascii()
    assert 0 < len(name) <= 253
    assert canonical(name) == name


@given(st.text(alphabet="abXY09.-_%[]:xF。é", max_size=40))
@settings(max_examples=500, deadline=None)
def test_almost_hosts(text: str) -> None:
    try:
        name = canonical(text)
    except ValueError:
        return
    assert canonical(name) == name


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("1.2.3.4", True), ("::1", True), ("a.com", False), ("a.b2", False), ("1.2.3.4.com", False)],
)
def test_is_address(name: str, wanted: bool) -> None:
    assert is_address(name) is wanted


URLS = {
    "host": ("Example.com", ("example.com", 0, "")),
    "port": ("example.com:8080", ("example.com", 8080, "")),
    "http": ("http://example.com", ("example.com", 80, "")),
    "https path": ("https://example.com/a?b=1#c", ("example.com", 443, "/a?b=1")),
    "websocket": ("wss://example.com/x", ("example.com", 443, "/x")),
    "user": ("http://good.com@evil.com/", ("evil.com", 80, "/")),
    "user with at": ("http://a@b@evil.com/", ("evil.com", 80, "/")),
    "back slashes": ("http:\\\\evil.com\\a", ("evil.com", 80, "/a")),
    "back slash ends the host": ("http://evil.com\\@good.com", ("evil.com", 80, "/@good.com")),
    "no path but query": ("example.com?q=1", ("example.com", 0, "/?q=1")),
    "scheme relative": ("//example.com/a", ("example.com", 0, "/a")),
    "ipv6": ("http://[2001:db8::1]:8080/a", ("2001:db8::1", 8080, "/a")),
    "bare ipv6": ("2001:db8::1", ("2001:db8::1", 0, "")),
    "colon in the path": ("example.com/a:b", ("example.com", 0, "/a:b")),
}


@pytest.mark.parametrize("case", URLS)
def test_split_url(case: str) -> None:
    written, wanted = URLS[case]
    assert split_url(written) == wanted


@pytest.mark.parametrize(
    "text",
    ["", "http://", "http://a b/", "a.com:99999", "a.com:x", "a.com:８０",
     "http://[::1]x/", "a\tb.com", "http://[::1", "/path"],
)  # fmt: skip
def test_broken_urls_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        split_url(text)


PATHS = {
    "empty": ("", "/"),
    "plain": ("/a/b", "/a/b"),
    "case": ("/A/B?C=D", "/a/b?c=d"),
    "unreserved decoded": ("/%61%7E", "/a~"),
    "reserved kept": ("/a%2Fb", "/a%2fb"),
    "decoded once only": ("/%2561", "/%2561"),
    "dots": ("/a/./b/../c", "/a/c"),
    "encoded dots": ("/a/%2e%2e/c", "/c"),
    "above the root": ("/../../a", "/a"),
    "double slashes": ("//a///b", "/a/b"),
    "back slashes": ("\\a\\b", "/a/b"),
    "dots in the query stay": ("/a?x=../y", "/a?x=../y"),
    "chinese": ("/中", "/%e4%b8%ad"),
    "slash at the end": ("/a/", "/a/"),
    "fragment": ("/a#b", "/a"),
    "only a query": ("?a=1", "/?a=1"),
    "only a mark": ("?", "/?"),
    "no slash": ("a/b", "/a/b"),
    "lone surrogate": ("/\udc80", "/%3f"),
}


@pytest.mark.parametrize("case", PATHS)
def test_normal_path(case: str) -> None:
    written, wanted = PATHS[case]
    assert normal_path(written) == wanted
    assert normal_path(wanted) == wanted


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_path_is_normal_once(text: str) -> None:
    once = normal_path(text)
    assert once.startswith("/")
    assert once.isascii()
    assert len(normal_path("/a" * 9999)) <= MAX_PATH


def test_boundaries_are_prefixes_at_segments() -> None:
    assert boundaries("/a/b?c=1&d") == ["/a/b?c=1&d", "/a/b?c=1", "/a/b", "/a"]
    assert boundaries("/a/b/") == ["/a/b", "/a"]
    assert boundaries("/") == []
    assert boundaries("/a;v=1/b") == ["/a;v=1/b", "/a;v=1", "/a"]


def test_boundaries_are_few() -> None:
    path = "/a" * 1000
    found = boundaries(path)
    assert len(found) == 17
    assert found[0] == path
    assert found[-1] == "/a"
