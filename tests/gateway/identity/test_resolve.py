"""address → Subject: longest prefix, defaults, and pseudonyms that do not join."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, IPv6Network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.identity.known import Bound, Known, Tables
from gateway.identity.prefixes import Prefixes
from gateway.identity.pseudonyms import Epoch, Ring
from gateway.identity.resolve import Resolver, _dotted, _grouped, _prefix, with_token
from policies.model import Role, Subject

DEFAULT = Subject(stage="primary-upper")
ROWS = [
    ("10.0.0.0/8", Subject(school="a", stage="junior")),
    ("10.1.0.0/16", Subject(school="b", stage="senior")),
    ("10.1.2.0/24", Subject(school="b", role=Role.TEACHER)),
    ("10.1.2.3/32", Subject(school="b", group="lab")),
    ("2001:db8:1::/48", Subject(school="c", stage="junior")),
    ("0.0.0.0/0", Subject(school="z")),
]
RESOLVER = Resolver(ROWS, DEFAULT, b"k" * 32)


@pytest.mark.parametrize(
    ("address", "school", "group", "role", "source"),
    [
        ("10.9.9.9", "a", "", Role.PUPIL, "prefix"),
        ("10.1.9.9", "b", "", Role.PUPIL, "prefix"),
        ("10.1.2.9", "b", "", Role.TEACHER, "prefix"),
        ("10.1.2.3", "b", "lab", Role.PUPIL, "prefix"),
        ("::ffff:10.1.2.3", "b", "lab", Role.PUPIL, "prefix"),
        ("2001:db8:1::5", "c", "", Role.PUPIL, "prefix"),
        ("2001:db8:2::5", "", "", Role.PUPIL, "default"),
        ("192.0.2.1", "z", "", Role.PUPIL, "prefix"),
        ("not an address", "", "", Role.PUPIL, "default"),
        ("", "", "", Role.PUPIL, "default"),
    ],
)
def test_longest_prefix(address: str, school: str, group: str, role: Role, source: str) -> None:
    found = RESOLVER.subject(address)
    assert (found.school, found.group, found.role, found.source) == (school, group, role, source)
    assert found.token
    assert address == "" or address not in found.token


def test_pseudonyms_differ_between_keys_schools_and_devices() -> None:
    other_key = Resolver(ROWS, DEFAULT, b"x" * 32)
    other_school = Resolver([("10.0.0.0/8", Subject(school="q"))], DEFAULT, b"k" * 32)
    tokens = {
        RESOLVER.subject("10.9.9.9").token,
        RESOLVER.subject("10.9.9.8").token,
        other_key.subject("10.9.9.9").token,
        other_school.subject("10.9.9.9").token,
    }
    assert len(tokens) == 4


def test_rotating_ipv6_addresses_are_one_device() -> None:
    first = RESOLVER.subject("2001:db8:1:7:aaaa::1").token
    assert first == RESOLVER.subject("2001:db8:1:7:bbbb::2").token
    assert first != RESOLVER.subject("2001:db8:1:8:aaaa::1").token


def person(source: str = "radius", token: str = "p") -> Subject:
    return Subject(school="b", role=Role.TEACHER, token=token, source=source, confidence=0.9)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def resolver() -> tuple[Resolver, Known, Clock]:
    clock = Clock()
    known = Known(Ring(b"k" * 32), clock)
    return Resolver(ROWS, DEFAULT, b"", known), known, clock


def test_the_order_of_sources() -> None:
    here, known, clock = resolver()
    address = "10.1.2.9"
    assert here.subject(address).source == "prefix"
    known.tables = Tables(
        hosts={address: Subject(school="h", source="static", confidence=0.8)},
        prefixes=Prefixes([("10.1.2.0/25", Subject(school="i", source="prefix"))]),
    )
    assert (here.subject("10.1.2.8").school, here.subject(address).school) == ("i", "h")
    assert here.subject(address).token == known.ring.token("h", address)
    known.sessions[address] = Bound(subject=person(), expires=200.0)
    assert here.subject(address) == person()
    assert here.subject(f"::ffff:{address}") == person()
    clock.now = 200.0
    assert here.subject(address).source == "static"
    assert here.place(address).school == "h"


def test_of_imported_and_written_prefixes_the_longer_stands_and_then_the_imported() -> None:
    here, known, _ = resolver()
    rows = [("10.1.0.0/16", Subject(school="i")), ("10.1.2.0/23", Subject(school="j"))]
    known.tables = Tables(prefixes=Prefixes(rows))
    found = {text: here.subject(text).school for text in ("10.1.9.9", "10.1.2.9", "10.1.3.9")}
    assert found == {"10.1.9.9": "i", "10.1.2.9": "b", "10.1.3.9": "j"}


def test_a_session_of_an_ipv6_prefix() -> None:
    here, known, _ = resolver()
    net = "2001:db8:1:7::/64"
    address = "2001:db8:1:7:aaaa::1"
    assert here.subject(address).school == "c"
    known.sessions = {net: Bound(subject=person(), expires=200.0)}
    known.lengths = (64,)
    assert here.subject(address) == person()
    assert here.subject("2001:db8:1:8::1").school == "c"
    known.sessions[address] = Bound(subject=person(token="q"), expires=200.0)
    assert here.subject(address).token == "q"


def test_a_rotation_is_seen_at_once() -> None:
    here, known, _ = resolver()
    before = here.subject("10.9.9.9")
    epoch = Epoch(school="a", number=1, key="ab" * 32, since=0, issuer="i", reason="r")
    known.ring = Ring(b"k" * 32, [epoch])
    after = here.subject("10.9.9.9")
    assert before.token != after.token
    assert (
        here.subject("10.1.9.9").token
        == Resolver(ROWS, DEFAULT, b"k" * 32).subject("10.1.9.9").token
    )


def test_another_token_is_all_that_changes() -> None:
    one = Subject(school="s", stage="junior", role=Role.STAFF, token="a", confidence=0.5)
    assert with_token(one, "b") == replace(one, token="b")
    assert one.token == "a"


@pytest.mark.parametrize(
    "text",
    ["10.9.9.09", "10.9.9.256", "10.9.9", "10.9.9.9.9", "10.9.9.+9", "10.9.9.９"],
)
def test_what_only_looks_like_an_address_is_none(text: str) -> None:
    assert RESOLVER.subject(text).source == "default"


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.integers(0, 2**128 - 1).map(lambda n: str(IPv6Address(n))),
        st.lists(st.sampled_from([0, 0, 0, 1, 0xFFFF, 0xABC]), min_size=8, max_size=8).map(
            lambda gs: str(IPv6Address(sum(g << 16 * at for at, g in enumerate(gs))))
        ),
        st.text(alphabet="0123456789abcdef:", max_size=39),
        st.text(alphabet="01:f", max_size=20),
    )
)
def test_the_fast_reading_of_ipv6_is_the_slow_one(text: str) -> None:
    """It reads what is in its canonical form, and nothing that is not."""
    number = _grouped(text)
    if number >= 0:
        assert str(IPv6Address(number)) == text
        assert IPv6Address(number).ipv4_mapped is None


@pytest.mark.parametrize(
    "text", ["fd00::1", "2001:db8:1:2:3:4:5:6", "::1", "::", "fe80::", "1::2:0:3", "1:0:2::"]
)
def test_what_the_kernel_writes_is_read_fast(text: str) -> None:
    assert _grouped(text) == int(IPv6Address(text))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**128 - 1), st.integers(0, 128))
def test_prefixes_are_named_as_ipaddress_names_them(number: int, length: int) -> None:
    wanted = str(IPv6Network((number >> (128 - length) << (128 - length), length)))
    assert _prefix(number, length) == wanted
    zeros = number & ~(0xFFFFFFFF << 80)
    wanted = str(IPv6Network((zeros >> (128 - length) << (128 - length), length)))
    assert _prefix(zeros, length) == wanted


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789.", max_size=16))
def test_the_fast_reading_of_ipv4_is_the_slow_one(text: str) -> None:
    try:
        wanted = int(IPv4Address(text))
    except ValueError:
        wanted = -1
    assert _dotted(text) == wanted


def test_a_copy_with_another_token_is_a_copy() -> None:
    one = Subject(
        school="s", stage="junior", tier="12-16", role=Role.TEACHER, group="g", segment="x",
        token="old", source="static", confidence=0.8,
    )  # fmt: skip
    assert with_token(one, "new") == replace(one, token="new")
