"""The form on the page about data leaving: only from our page, for one host, for a while."""

from urllib.parse import parse_qs, urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.page.appeal import Form
from gateway.page.confirm import (
    CONFIRM_PATH,
    allowed,
    asked,
    confirm_link,
    seal,
    sealed,
    with_ticket,
)
from gateway.page.model import Page
from gateway.page.ticket import COOKIE, OUT_COOKIE, Tickets

TICKETS = Tickets(b"k" * 32)
NOW = 1_700_000_000.0


def form(code: str, told: str) -> Form:
    found = asked(urlsplit(confirm_link(code, told)).query)
    assert found is not None
    return found


def test_a_seal_is_of_one_page_host_and_subject() -> None:
    told = form("QL-1", seal(TICKETS, "s", "a.example", "QL-1", NOW))
    assert sealed(TICKETS, told, "s", "a.example", NOW)
    assert not sealed(TICKETS, told, "t", "a.example", NOW)
    assert not sealed(TICKETS, told, "s", "b.example", NOW)
    assert not sealed(TICKETS, told, "s", "a.example", NOW + 4000)
    other = form("QL-2", seal(TICKETS, "s", "a.example", "QL-1", NOW))
    assert not sealed(TICKETS, other, "s", "a.example", NOW)


def test_the_ticket_is_of_sending_alone() -> None:
    page = with_ticket(Page(status=200, headers=(), body=b""), TICKETS, "s", "a.example", NOW,
                       secure=True)  # fmt: skip
    (name, cookie) = page.headers[0]
    assert name == "Set-Cookie"
    assert "HttpOnly" in cookie
    assert "Secure" in cookie
    pair = cookie.partition(";")[0]
    assert allowed(TICKETS, f"a=b; {pair}; c=d", "s", "a.example", NOW)
    assert not allowed(TICKETS, pair, "s", "b.example", NOW)
    assert not allowed(TICKETS, pair, "s", "a.example", NOW + 4000)
    visit = TICKETS.issue("s", "a.example", NOW)
    assert not allowed(TICKETS, f"{OUT_COOKIE}={visit}", "s", "a.example", NOW)
    assert not allowed(TICKETS, f"{COOKIE}={visit}", "s", "a.example", NOW)


def test_links() -> None:
    link = confirm_link("QL-1", "t.x")
    assert link.startswith(CONFIRM_PATH)
    assert parse_qs(urlsplit(link).query)["c"] == ["QL-1"]


@given(st.text(max_size=80))
@settings(max_examples=100, deadline=None)
def test_any_query(query: str) -> None:
    found = asked(query)
    assert found is None or not sealed(TICKETS, found, "s", "a.example", NOW)
