"""Tickets, the continue link, and the cookie: forgery, open redirects, hostile bytes."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.page.ticket import (
    CONTINUE_PATH,
    COOKIE,
    LONGEST_TARGET,
    LONGEST_TICKET,
    Tickets,
    continue_link,
    continue_page,
    continue_target,
    strip_cookie,
    ticket_of,
)

KEY = b"k" * 32
NOW = 1_760_000_000.5
TICKETS = Tickets(KEY, lifetime=3600)
GOOD = TICKETS.issue("token-1", "stories.example", NOW)


def test_a_ticket_is_good_for_its_subject_and_host() -> None:
    assert TICKETS.valid(GOOD, "token-1", "stories.example", NOW)
    assert TICKETS.valid(GOOD, "token-1", "STORIES.example.", NOW + 3598)
    assert Tickets(KEY).valid(GOOD, "token-1", "stories.example", NOW)
    assert len(GOOD) <= LONGEST_TICKET


def test_a_ticket_needs_no_escaping() -> None:
    assert all(char.isalnum() or char in "-_." for char in GOOD)


@pytest.mark.parametrize(
    ("ticket", "subject", "host", "now"),
    [
        (GOOD, "token-2", "stories.example", NOW),
        (GOOD, "", "stories.example", NOW),
        (GOOD, "token-1", "www.stories.example", NOW),
        (GOOD, "token-1", "example", NOW),
        (GOOD, "token-1", "", NOW),
        (GOOD, "token-1", "stories.example", NOW + 3600),
        (GOOD, "token-1", "stories.example", NOW + 1e12),
        (GOOD, "token-1", "stories.example", NOW - 7200),  # a clock far behind
        (GOOD[:-1], "token-1", "stories.example", NOW),
        (GOOD + "A", "token-1", "stories.example", NOW),
        ("f" + GOOD[1:], "token-1", "stories.example", NOW),
        (GOOD.upper(), "token-1", "stories.example", NOW),
        ("", "token-1", "stories.example", NOW),
        (".", "token-1", "stories.example", NOW),
        ("zz.zz", "token-1", "stories.example", NOW),
        ("．".join(GOOD.split(".")), "token-1", "stories.example", NOW),
        ("\ud800", "token-1", "stories.example", NOW),
        ("9" * 1_000_000, "token-1", "stories.example", NOW),
    ],
)
def test_anything_else_is_refused(ticket: str, subject: str, host: str, now: float) -> None:
    assert TICKETS.valid(ticket, subject, host, now) is False


def test_another_key_is_refused() -> None:
    assert not Tickets(b"x" * 32).valid(GOOD, "token-1", "stories.example", NOW)


def test_fields_cannot_be_shifted_into_each_other() -> None:
    shifted = TICKETS.issue("a", "bc.example", NOW)
    assert not TICKETS.valid(shifted, "ab", "c.example", NOW)


@pytest.mark.parametrize("key", [b"", b"short", b"x" * 15])
def test_weak_keys_are_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Tickets(key)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/a/b?x=1&y=2",
        "/a%2Fb?next=%2F%2Fevil.example&q=%E7%8C%AB",
        "/search?q=a+b&to=/x&t=1",
        "/a;b=c/@me/~x/(1)!*'$,",
        "/?u=https://example.org/",
        "/%zz%",
    ],
)
def test_the_way_back_is_the_way_here(path: str) -> None:
    link = continue_link(GOOD, path)
    assert link.startswith(CONTINUE_PATH + "?")
    assert continue_target(link.partition("?")[2]) == (GOOD, path)


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("", "/"),
        ("t=x", "/"),
        ("to=", "/"),
        ("to=a", "/"),
        ("to=//evil.example", "/"),
        ("to=%2F%2Fevil.example", "/"),
        ("to=/%5Cevil.example", "/"),
        ("to=/\\evil.example", "/"),
        ("to=\\\\evil.example", "/"),
        ("to=/%09/evil.example", "/"),
        ("to=/%0a/evil.example", "/"),
        ("to=%09//evil.example", "/"),
        ("to=%20/x", "/"),
        ("to=/a%20b", "/"),
        ("to=https://evil.example", "/"),
        ("to=javascript:alert(1)", "/"),
        ("to=/x%0d%0aSet-Cookie:%20a=b", "/"),
        ("to=/x%00", "/"),
        ("to=/x%7f", "/"),
        ("to=%ff", "/"),
        ("to=.evil.example", "/"),
        ("to=@evil.example", "/"),
        ("to=" + CONTINUE_PATH + "?t=1", "/"),
        ("to=/" + "a" * LONGEST_TARGET, "/"),
        ("to=/good&to=//evil.example", "/good"),
        ("to=/%252F%252Fevil", "/%2F%2Fevil"),
        ("to=/%E7%8C%AB", "/%E7%8C%AB"),
        ("to=/%F0%9F%90%B1?a=%C3%A9", "/%F0%9F%90%B1?a=%C3%A9"),
        ("to=/%22%3E%3Cscript%3E", "/%22%3E%3Cscript%3E"),
    ],
)
def test_targets_stay_on_the_host(query: str, path: str) -> None:
    assert continue_target(query)[1] == path


def test_the_first_ticket_counts_and_is_cut() -> None:
    assert continue_target("t=a&t=b") == ("a", "/")
    assert continue_target("t=" + "x" * 10_000) == ("x" * LONGEST_TICKET, "/")


def test_continue_page() -> None:
    page = continue_page(ticket=GOOD, path="/a?b=c", secure=True, lifetime=3600)
    headers = dict(page.headers)
    assert (page.status, page.body, headers["Location"]) == (303, b"", "/a?b=c")
    assert headers["Set-Cookie"] == (
        f"{COOKIE}={GOOD}; Max-Age=3600; Path=/; HttpOnly; SameSite=Lax; Secure"
    )
    assert headers["Cache-Control"] == "no-store"
    plain = continue_page(ticket=GOOD, path="//evil.example", secure=False, lifetime=60)
    assert dict(plain.headers)["Location"] == "/"
    assert "Secure" not in dict(plain.headers)["Set-Cookie"]


def test_a_hostile_ticket_cannot_break_the_header() -> None:
    page = continue_page(ticket="a;\r\nX: y\ud800", path="/", secure=False, lifetime=1)
    cookie = dict(page.headers)["Set-Cookie"]
    assert "\r" not in cookie
    assert cookie.count(";") == 4
    assert cookie.isascii()


@pytest.mark.parametrize(
    ("header", "ticket", "stripped"),
    [
        ("", "", ""),
        ("a=b", "", "a=b"),
        (f"{COOKIE}=T", "T", ""),
        (f"a=b; {COOKIE}=T; c=d", "T", "a=b; c=d"),
        (f"{COOKIE}=T; a=b", "T", "a=b"),
        (f"a=b;{COOKIE}=T", "T", "a=b"),
        (f"a=b; {COOKIE} = T ;c=d", "T", "a=b;c=d"),
        (f"{COOKIE}=T; {COOKIE}=U", "T", ""),
        (f"{COOKIE}", "", ""),
        (f"x{COOKIE}=T", "", f"x{COOKIE}=T"),
        (f"{COOKIE}2=T", "", f"{COOKIE}2=T"),
        (f"a={COOKIE}=T", "", f"a={COOKIE}=T"),
        (f"  a=b ;;  {COOKIE}=T=U", "T=U", "a=b ;"),
        ("名=值; 🐱=1", "", "名=值; 🐱=1"),
        (f"{COOKIE}={'x' * 9999}", "x" * LONGEST_TICKET, ""),
    ],
)
def test_cookie(header: str, ticket: str, stripped: str) -> None:
    assert ticket_of(header) == ticket
    assert strip_cookie(header) == stripped


@settings(max_examples=300, deadline=None)
@given(ticket=st.text(max_size=80) | st.binary(max_size=60).map(lambda b: b.decode("latin-1")))
@example(ticket="\ud800.x")
def test_fuzz_no_invented_ticket_is_valid(ticket: str) -> None:
    assert ticket == GOOD or not TICKETS.valid(ticket, "token-1", "stories.example", NOW)


@settings(max_examples=100, deadline=None)
@given(subject=st.text(max_size=40), host=st.text(max_size=40))
def test_fuzz_any_subject_and_host_round_trip(subject: str, host: str) -> None:
    assert TICKETS.valid(TICKETS.issue(subject, host, NOW), subject, host, NOW + 1)


hostile = st.text(st.sampled_from("/\\.%:@?#&=to250dDaA9evil\t\n \x00猫\ud800"), max_size=40)


@settings(max_examples=400, deadline=None)
@given(hostile.map("to=/".__add__) | hostile.map("to=".__add__) | st.text(max_size=60))
def test_fuzz_the_target_never_leaves_the_origin(query: str) -> None:
    _, path = continue_target(query)
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))
    assert path.isascii()
    assert path.isprintable()
    assert " " not in path
    assert urlsplit(urljoin("https://good.example/x", path)).netloc == "good.example"


@settings(max_examples=200, deadline=None)
@given(path=st.text(max_size=60).map("/".__add__))
def test_fuzz_link_and_target_agree(path: str) -> None:
    ticket, back = continue_target(continue_link(GOOD, path).partition("?")[2])
    assert ticket == GOOD
    assert continue_target(continue_link(GOOD, back).partition("?")[2])[1] == back


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([COOKIE, "a", "=", ";", " ", "b=c", "\x00", "猫"]), max_size=15))
def test_fuzz_cookies(parts: list[str]) -> None:
    header = "".join(parts)
    rest = strip_cookie(header)
    assert ticket_of(rest) == ""
    assert strip_cookie(rest) == rest
    names = [pair.partition("=")[0].strip() for pair in header.split(";")]
    if COOKIE not in names:
        assert rest == header
    others = [
        pair.strip() for pair in header.split(";") if pair.partition("=")[0].strip() != COOKIE
    ]
    assert [pair.strip() for pair in rest.split(";")] == (others or [""])
