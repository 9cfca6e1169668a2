"""Frames: what is told arrives whole, can come twice, and nonsense is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.feed import (
    LENGTH,
    FeedError,
    framed,
    ring_frame,
    sessions_frame,
    tables_frame,
    take,
)
from gateway.identity.known import Bound, Known, Tables
from gateway.identity.pseudonyms import Ring
from policies.model import Role, Subject

SUBJECT = Subject(
    school="s", stage="junior", tier="12-16", role=Role.TEACHER, group="g", segment="vlan-1",
    token="t", source="radius", confidence=0.95,
)  # fmt: skip


def known() -> Known:
    return Known(Ring(b"k" * 32), lambda: 0.0)


def body(frame: bytes) -> bytes:
    (size,) = LENGTH.unpack(frame[: LENGTH.size])
    assert size == len(frame) - LENGTH.size
    return frame[LENGTH.size :]


def test_tables() -> None:
    here = known()
    rows = [("10.0.0.0/8", SUBJECT), ("10.1.0.0/16", SUBJECT), ("fd00::/8", Subject(school="x"))]
    frame = tables_frame(Tables(hosts={"10.0.0.1": SUBJECT}), rows)
    assert take(here, body(frame)) == "tables"
    assert here.tables.hosts == {"10.0.0.1": SUBJECT}
    found = here.tables.prefixes.find(4, 0x0A010001)
    assert found == (16, SUBJECT)


def test_sessions_and_changes() -> None:
    here = known()
    net = "2001:db8:1:2::/64"
    bound = Bound(subject=SUBJECT, expires=9.0)
    first = sessions_frame({"10.0.0.1": bound, net: bound, "10.0.0.3": None}, first=True)
    for _ in range(2):
        assert take(here, body(first)) == "sessions"
        assert here.sessions == {"10.0.0.1": bound, net: bound}
        assert here.lengths == (64,)
    change = sessions_frame({"10.0.0.1": None, "10.0.0.2": bound, "fd00::/56": bound}, first=False)
    for _ in range(2):
        assert take(here, body(change)) == "changes"
        assert set(here.sessions) == {"10.0.0.2", net, "fd00::/56"}
        assert here.lengths == (64, 56)
    assert take(here, body(sessions_frame({}, first=True))) == "sessions"
    assert (here.sessions, here.lengths) == ({}, ())


def test_the_ring_is_only_announced() -> None:
    assert take(known(), body(ring_frame())) == "ring"


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"kind": "other"},
        {"kind": "tables"},
        {"kind": "tables", "subjects": [], "hosts": [["10.0.0.1", 0]], "prefixes": []},
        {"kind": "tables", "subjects": [["s"]], "hosts": [], "prefixes": []},
        {"kind": "sessions", "rows": [["10.0.0.1", ["s"], 1]]},
        {"kind": "sessions", "rows": [["x/y", [*"123", "pupil", *"12345"], 1]]},
        {"kind": "changes", "rows": 3},
    ],
)
def test_what_is_no_frame_changes_nothing(content: dict[str, object]) -> None:
    here = known()
    with pytest.raises(FeedError):
        take(here, body(framed(content)))
    assert here.sessions == {}
    assert here.lengths == ()


@given(st.binary(max_size=100))
def test_any_bytes(data: bytes) -> None:
    with pytest.raises(FeedError):
        take(known(), data)
