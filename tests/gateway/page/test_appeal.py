"""The appeal form: what is read from bytes that anybody may send, and who may send it."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.page.appeal import LARGEST_BODY, LONGEST_TEXT, Form, clean, read_form, seal, sealed
from gateway.page.ticket import LONGEST_TICKET, Tickets

TICKETS = Tickets(b"t" * 32)
NOW = 1_790_000_000.0


def body(**fields: str) -> bytes:
    return urlencode(fields).encode()


def test_a_form_as_a_browser_sends_it() -> None:
    found = read_form(body(code="A-1", seal="s.x", text="查资料\r\n要用 😀"))
    assert found == Form(code="A-1", seal="s.x", text="查资料\n要用 😀")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        "code=A&seal=s&text=字".encode(),
        b"code=A",
        b"seal=s",
        b"code=a%20b&seal=s",
        b"code=%E5%AD%97&seal=s",
        b"code=" + b"a" * 65 + b"&seal=s",
        b"code=A&seal=" + b"s" * (LONGEST_TICKET + 1),
        b"code=A&seal=s&text=" + b"x" * LARGEST_BODY,
        b"&".join(b"f%d=1" % n for n in range(17)) + b"&code=A&seal=s",
        b"code=A&seal=s" + b"&a=" * 100,
        b'{"code": "A"}',
    ],
)
def test_what_is_no_form(data: bytes) -> None:
    assert read_form(data) is None


def test_the_first_of_two_counts() -> None:
    assert read_form(b"code=A&seal=s&code=B") == Form(code="A", seal="s", text="")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ""),
        (" a\tb \n", "a b"),
        ("a\x00\x1b[31mb\x7f", "a[31mb"),
        ("左\u202e右\u200b\ufeff", "左右"),
        ("\ud800x", "x"),
        ("字" * 501, "字" * LONGEST_TEXT),
        ("a\r\n\rb", "a\n\nb"),
        ("<script>", "<script>"),
    ],
)
def test_clean_text(text: str, kept: str) -> None:
    assert clean(text) == kept


def test_the_longest_text_fits_into_a_body() -> None:
    found = read_form(body(code="A", seal="s", text="😀" * LONGEST_TEXT))
    assert found is not None
    assert len(found.text) == LONGEST_TEXT


def test_a_seal_is_for_one_subject_host_code_and_hour() -> None:
    form = Form(code="A-1", seal=seal(TICKETS, "me", "a.example", "A-1", NOW), text="")
    assert sealed(TICKETS, form, "me", "a.example", NOW + 3599)
    assert not sealed(TICKETS, form, "you", "a.example", NOW)
    assert not sealed(TICKETS, form, "me", "b.example", NOW)
    assert not sealed(TICKETS, form, "me", "a.example", NOW + 3600)
    other = Form(code="A-2", seal=form.seal, text="")
    assert not sealed(TICKETS, other, "me", "a.example", NOW)


def test_a_seal_is_no_continue_ticket_and_the_other_way_round() -> None:
    made = seal(TICKETS, "me", "a.example", "A-1", NOW)
    assert not TICKETS.valid(made, "me", "a.example", NOW)
    ticket = TICKETS.issue("me", "a.example", NOW)
    assert not sealed(TICKETS, Form(code="A-1", seal=ticket, text=""), "me", "a.example", NOW)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2000) | st.text(max_size=500).map(lambda t: b"code=A&seal=" + t.encode()))
def test_any_bytes_are_a_form_or_none(data: bytes) -> None:
    found = read_form(data)
    if found is not None:
        assert len(found.text) <= LONGEST_TEXT
        assert not sealed(TICKETS, found, "me", "a.example", NOW)
