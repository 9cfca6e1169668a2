"""Requests through the engine: what reaches the origin, what does not, what is shown."""

import re
from urllib.parse import quote

import pytest

from gateway.appeals import Appeals
from gateway.page.ticket import COOKIE
from policies.model import Action
from rules.model import Gap
from tests.gateway.mitm.h2client import H2Client
from tests.gateway.mitm.harness import Lab, status


def test_allowed_is_forwarded_and_counted_once(lab: Lab) -> None:
    assert lab.get(lab.url("www.allowed.example", "/a?b=c")).endswith(b"\r\n\r\nok")
    (seen,) = lab.settled(1)
    assert (seen.facts.host, seen.facts.path, seen.facts.gap) == (
        "www.allowed.example",
        "/a?b=c",
        None,
    )
    assert seen.outcome.verdict.enforced in (Action.ALLOW, Action.OBSERVE)
    assert seen.bytes_down == 2
    assert lab.asked[0].startswith(b"GET /a?b=c HTTP/1.1\r\n")


def test_blocked_never_reaches_the_origin(lab: Lab) -> None:
    answer = lab.get(lab.url("www.blocked.example"))
    assert status(answer) == 403
    assert b"CODE-" in answer
    (seen,) = lab.settled(1)
    assert seen.outcome.verdict.action is Action.BLOCK
    assert "gambling" in seen.outcome.verdict.deciding
    assert lab.asked == []


def test_marker_hosts_are_answered_by_the_gateway(lab: Lab) -> None:
    assert status(lab.get("http://education.test.qinglang.invalid/")) == 200
    assert status(lab.get("http://gambling.test.qinglang.invalid/")) == 403
    assert len(lab.settled(2)) == 2
    assert lab.asked == []


def test_head_of_a_block_page_has_no_body(lab: Lab) -> None:
    answer = lab.get(lab.url("www.blocked.example"), method="HEAD")
    assert status(answer) == 403
    assert answer.endswith(b"\r\n\r\n")


def test_a_blocked_upload_is_not_kept(lab: Lab) -> None:
    answer = lab.get(lab.url("www.blocked.example"), method="POST", body=b"x" * 3_000_000)
    assert status(answer) == 403
    assert len(lab.settled(1)) == 1


def test_warning_page_continue_and_cookie(lab: Lab) -> None:
    page = lab.get(lab.url("www.warned.example", "/read?x=1"), "Accept: text/html")
    assert status(page) == 403
    link = re.search(rb'href="(/\.well-known/qinglang/continue\?[^"]+)"', page)
    assert link is not None
    path = link[1].decode().replace("&amp;", "&")
    moved = lab.get(lab.url("www.warned.example", path))
    assert status(moved) == 303
    cookie = re.search(rb"[Ss]et-[Cc]ookie: (__ql_ok=[^;]+);", moved)
    assert cookie is not None
    kept = cookie[1].decode()
    assert lab.asked == []
    assert (
        status(lab.get(lab.url("www.warned.example", "/read?x=1"), f"Cookie: a=b; {kept}")) == 200
    )
    assert COOKIE.encode() not in lab.asked[0]
    assert b"a=b" in lab.asked[0]
    # bound to the host, to the subject, and to its signature
    assert status(lab.get("http://fandom.test.qinglang.invalid/", f"Cookie: {kept}")) == 403
    assert status(lab.get(lab.url("www.warned.example"), f"Cookie: {kept}x")) == 403
    lab.settled(5)
    assert len(lab.ledger.seen) == 5


def test_a_ticket_never_opens_what_is_blocked(lab: Lab) -> None:
    ticket = lab.filter.tickets.issue(
        lab.filter.force.resolver.subject("127.0.0.1").token,
        "www.blocked.example",
        lab.filter.clock(),
    )
    path = f"/.well-known/qinglang/continue?t={ticket}&to=/"
    assert status(lab.get(lab.url("www.blocked.example", path))) == 403
    assert status(lab.get(lab.url("www.blocked.example"), f"Cookie: {COOKIE}={ticket}")) == 403
    assert lab.asked == []


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("http://127.0.0.1:{own}/", []),
        ("http://localhost/", []),
        ("http://169.254.169.254/latest/meta-data/", []),
        ("http://2130706433:{port}/", []),
        ("http://[::1]/", []),
        ("http://0x7f.1/", []),
        ("http://inwards.example:{port}/", []),
    ],
    ids=["own port", "localhost", "metadata", "decimal", "IPv6", "hexadecimal", "rebinding"],
)
def test_forbidden_destinations(lab: Lab, url: str, headers: list[str]) -> None:
    own = next(iter(lab.ports.values()))
    answer = lab.get(url.format(own=own, port=lab.origin_port), *headers)
    assert status(answer) in (400, 403, 421, 502)
    (seen,) = lab.settled(1)
    assert seen.facts.gap is Gap.FORBIDDEN_DESTINATION
    assert lab.asked == []


def test_other_claimed_names_count_the_strictest(lab: Lab) -> None:
    data = (
        f"GET {lab.url('www.allowed.example')} HTTP/1.1\r\n"
        "Host: www.blocked.example\r\nConnection: close\r\n\r\n"
    )
    assert status(lab.say(data.encode())) == 403
    (seen,) = lab.settled(1)
    assert seen.facts.names == ("www.blocked.example",)
    assert seen.facts.gap is Gap.NAME_CONFLICT
    assert lab.asked == []


def test_the_host_header_follows_the_real_destination(lab: Lab) -> None:
    data = (
        f"GET {lab.url('www.allowed.example')} HTTP/1.1\r\n"
        "Host: www.elsewhere.example\r\nConnection: close\r\n\r\n"
    )
    assert status(lab.say(data.encode())) == 200
    assert f"host: www.allowed.example:{lab.origin_port}".encode() in lab.asked[0].lower()
    assert b"elsewhere" not in lab.asked[0]


def test_headers_of_the_hop_and_strange_upgrades_end_here(lab: Lab) -> None:
    lab.get(
        lab.url("www.allowed.example"),
        "Proxy-Authorization: Basic xyz",
        "Proxy-Connection: keep-alive",
        "Upgrade: h2c",
        "HTTP2-Settings: AAMAAABkAAQAAP__",
    )
    asked = lab.asked[0].lower()
    for word in (b"proxy-", b"upgrade:", b"http2-settings"):
        assert word not in asked


def test_safesearch_is_enforced(lab: Lab) -> None:
    lab.get(lab.url("www.google.com", "/search?q=a&safe=off"))
    assert lab.asked
    assert b"safe=active" in lab.asked[0]
    assert b"safe=off" not in lab.asked[0]


def test_language_and_form_of_the_answer(lab: Lab) -> None:
    english = lab.get(lab.url("www.blocked.example"), "Accept: text/html", "Accept-Language: en")
    assert b"Content-Language: en" in english
    picture = lab.get(lab.url("www.blocked.example", "/a.png"), "Sec-Fetch-Dest: image")
    assert b"image/svg+xml" in picture
    data = lab.get(lab.url("www.blocked.example", "/api"), "Accept: application/json")
    assert b'"error"' in data


FORM = (
    rb'<form method="post" action="(/\.well-known/qinglang/appeal)">\s*'
    rb'<input type="hidden" name="code" value="([^"]+)">\s*'
    rb'<input type="hidden" name="seal" value="([^"]+)">'
)
PLAIN = "Content-Type: application/x-www-form-urlencoded"


def test_an_appeal_from_the_block_page(lab: Lab) -> None:
    page = lab.get(lab.url("www.blocked.example"), "Accept: text/html")
    assert b"form-action 'self'" in page
    found = re.search(FORM, page)
    assert found is not None
    path, code, seal = (part.decode() for part in found.groups())
    text = quote("写作业要用")
    body = f"code={code}&seal={seal}&text={text}".encode()
    url = lab.url("www.blocked.example", path)
    answer = lab.get(url, PLAIN, "Accept: text/html", method="POST", body=body)
    assert status(answer) == 200
    assert "已收到".encode() in answer
    assert code.encode() in answer
    assert b"<form" not in answer
    appeals = Appeals(lab.folder / "appeals.jsonl")
    lab.until(lambda: code in appeals.book().reviews)
    kept = appeals.book().reviews[code].appeal
    assert (kept.host, kept.text, kept.action) == ("www.blocked.example", "写作业要用", "block")
    assert "gambling" in kept.categories
    assert lab.asked == []
    assert [one.problem for one in lab.settled(2)] == ["", "appeal-received"]
    # sealed for this host, and for what was shown
    forged = body.replace(seal.encode(), b"1.x")
    for name, sent in (("www.warned.example", body), ("www.blocked.example", forged)):
        refused = lab.get(lab.url(name, path), PLAIN, method="POST", body=sent)
        assert status(refused) == 429
    assert lab.asked == []


APPEAL_PATH = "/.well-known/qinglang/appeal"


@pytest.mark.parametrize(
    ("method", "body", "wanted"),
    [
        ("GET", b"", 403),
        ("POST", b"", 403),
        ("POST", b"nonsense", 429),
        ("POST", b"\xff" * 20, 429),
        ("POST", b"x" * (16 * 1024 + 1), 403),
    ],
)
def test_no_appeal(lab: Lab, method: str, body: bytes, wanted: int) -> None:
    answer = lab.get(lab.url("www.blocked.example", APPEAL_PATH), method=method, body=body)
    assert status(answer) == wanted
    assert lab.asked == []
    assert len(lab.settled(1)) == 1


def test_what_is_allowed_keeps_its_path(lab: Lab) -> None:
    url = lab.url("www.allowed.example", APPEAL_PATH)
    assert status(lab.get(url, method="POST", body=b"a=b")) == 200
    assert lab.asked[0].startswith(b"POST /.well-known/qinglang/appeal")


def test_only_codings_that_can_be_looked_into_are_asked_for(lab: Lab) -> None:
    asked = "Accept-Encoding: gzip, deflate;q=0.5, br, zstd, dcb, dcz"
    lab.get(lab.url("www.allowed.example"), asked)
    assert b"Accept-Encoding: gzip, deflate;q=0.5, br, zstd\r\n" in lab.asked[0]
    lab.get(lab.url("www.allowed.example"), "Accept-Encoding: dcb")
    assert b"Accept-Encoding: identity\r\n" in lab.asked[1]


def test_cookies_of_http2_come_in_pieces(lab: Lab) -> None:
    with H2Client(lab) as client:
        client.head(1, ("cookie", "a=1"), ("cookie", "__ql_ok=ours"), ("cookie", "b=2"))
        assert client.read().answers[1].status == 200
    assert b"__ql_ok" not in lab.asked[0]
    assert b"cookie: a=1; b=2\r\n" in lab.asked[0].lower()


@pytest.mark.parametrize(
    ("path", "headers", "category"),
    [
        ("/dns-query?name=www.example.com", (), "encrypted-dns"),
        ("/x", ("Accept: application/dns-message",), "encrypted-dns"),
        ("/service/hvtrs8%2F-ezaopne%2Ccmm", (), "proxy"),
        ("/vpnsvc/connect.cgi", (), "vpn"),
        ("/p/https://www.blocked.example/", (), "gambling"),
    ],
)
def test_ways_around_are_seen_in_a_request(
    lab: Lab, path: str, headers: tuple[str, ...], category: str
) -> None:
    """On an allowed host, too: what is asked of it decides."""
    answer = lab.get(lab.url("www.allowed.example", path), *headers)
    assert status(answer) == 403
    assert lab.asked == []
    (seen,) = lab.settled(1)
    assert category in {one.category for one in seen.facts.seen}
