"""Replies as facts: what a visitor sees, and nothing secret."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.probes.web.answers import FOLDERS, ORIGIN, PLACES, document, exposed, login
from audit.probes.web.reply import Reply

PAGE = """<title>某区教育门户</title><form action="/in" method="post">
<input name=u><input type=password>
<img src=/captcha></form><a href=/p>隐私政策</a> 渝ICP备12345678号-2 渝公网安备 50010802000000号"""
GOOD = {
    "plain": Reply(status=301, headers=(("location", "https://a.test/"),)),
    "first": Reply(
        status=200,
        headers=(
            ("strict-transport-security", "max-age=31536000"),
            ("content-security-policy", "default-src 'self'; frame-ancestors 'none'"),
            ("x-content-type-options", "nosniff"),
            ("set-cookie", "JSESSIONID=abcSECRET; Path=/; Secure; HttpOnly; SameSite=Lax"),
            ("server", "web"),
        ),
        text=PAGE,
    ),
    "trace": Reply(status=405),
    "options": Reply(status=200, headers=(("allow", "GET, HEAD"),)),
    "missing": Reply(status=404, text="<h1>没有这个页面</h1>"),
    **{one.path: Reply(status=404) for one in PLACES},
    **{one: Reply(status=403) for one in FOLDERS},
}


def test_a_good_application() -> None:
    found = document(GOOD, host="a.test", lost={}, trusted=True)
    assert found["plain"] == {"open": True, "redirects": True, "login": False}
    assert found["headers"]["hsts_seconds"] == 31536000
    assert found["headers"]["frame"] is True
    assert found["cookies"] == [
        {
            "name": "JSESSIONID",
            "secure": True,
            "http_only": True,
            "same_site": "lax",
            "session": True,
        }
    ]
    assert found["login"]["form"] is True
    assert found["login"]["captcha"] is True
    assert found["login"]["plain"] is False
    assert found["filing"] == {"icp": "渝ICP备12345678号-2", "police": "渝公网安备50010802000000号"}
    assert found["notice"] is True
    assert (found["methods"], found["trace"], found["listings"]) == (["GET", "HEAD"], False, [])
    assert found["places"]["exposed"] == []
    assert "SECRET" not in str(found)


def test_a_bad_application() -> None:
    replies = {
        **GOOD,
        "plain": Reply(status=200, text=PAGE),
        "first": Reply(
            status=200,
            headers=(("server", "nginx/1.18.0"), ("x-powered-by", "PHP/7.2"),
                     ("set-cookie", "sid=x"),
                     ("access-control-allow-origin", ORIGIN)),
            text=PAGE.replace("/in", "http://a.test/in")
            + "<script src='http://cdn.test/x.js'></script>",
        ),
        "trace": Reply(status=200, text="TRACE / HTTP/1.1"),
        "missing": Reply(status=500, text="at cn.school.Main(Main.java:12) Apache Tomcat/9.0.1"),
        "/.git/HEAD": Reply(status=200, text="ref: refs/heads/main"),
        "/.env": Reply(status=200, text="DB_PASSWORD=topsecret"),
        "/manager/html": Reply(status=401),
        "/uploads/": Reply(status=200, text="<title>Index of /uploads</title>"),
    }  # fmt: skip
    found = document(replies, host="a.test", lost={}, trusted=False)
    assert found["plain"] == {"open": True, "redirects": False, "login": True}
    assert found["banner"]["versioned"] is True
    assert found["login"]["plain"] is True
    assert found["mixed"] == ["http://cdn.test/x.js"]
    assert found["cors"]["reflects"] is True
    assert found["trace"] is True
    assert found["errors"] == {"stack_trace": True, "banner": True, "status": 500}
    assert found["places"]["exposed"] == ["/.git/HEAD", "/.env", "/manager/html"]
    assert found["listings"] == ["/uploads/"]
    assert "topsecret" not in str(found)


def test_what_was_lost_is_a_gap() -> None:
    found = document(
        {"plain": None, "first": None}, host="a", lost={"first": "timeout"}, trusted=None
    )
    assert {"https", "headers", "login"} <= {one["path"] for one in found["gaps"]}
    some = document({"plain": Reply(status=200)}, host="a", lost={"/.env": "x"}, trusted=None)
    assert some["gaps"] == [{"path": "places", "why": "cut", "detail": "x"}]


@pytest.mark.parametrize("place", PLACES, ids=lambda one: one.path)
def test_a_friendly_page_for_everything_exposes_nothing(place: object) -> None:
    assert not exposed(place, Reply(status=200, text="<html>welcome"))  # type: ignore[arg-type]
    assert not exposed(place, None)  # type: ignore[arg-type]


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=200))
def test_any_page(text: str) -> None:
    login(text)
    login(f"<form action='{text}'><input type=password>")
    document({"first": Reply(status=200, headers=(("set-cookie", text),), text=text)}, host="a",
             lost={}, trusted=None)  # fmt: skip
