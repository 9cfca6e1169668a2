"""The portal's pages: both languages on each, no script, nothing from outside."""

import pytest

from gateway.identity.portal_pages import Pages, Shown

PAGES = Pages.load()


@pytest.mark.parametrize("shown", Shown)
def test_each_page(shown: Shown) -> None:
    reply = PAGES.reply(shown, ("X-More", "1"))
    text = reply.body.decode()
    assert "$" not in text
    assert "<script" not in text
    assert "http" not in text
    assert any("一" <= letter <= "鿿" for letter in text)
    assert 'lang="en"' in text
    assert ("X-More", "1") in reply.headers
    assert dict(reply.headers)["Cache-Control"] == "no-store"
    assert "script" not in dict(reply.headers)["Content-Security-Policy"]
    assert text.index('<p class="en"') > text.index("<h1>")


def test_statuses() -> None:
    assert {shown: PAGES.reply(shown).status for shown in Shown} == {
        "home": 200,
        "done": 200,
        "out": 200,
        "refused": 403,
        "expired": 400,
        "failed": 502,
        "away": 503,
        "full": 503,
        "missing": 404,
    }
