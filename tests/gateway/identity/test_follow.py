"""The follower over a real socket: it learns, reconnects, and keeps what it knew meanwhile."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.authority import ensure_keys
from gateway.identity import feed
from gateway.identity.follow import IdentityFollower, first_known
from gateway.identity.hub import Hub
from gateway.identity.known import NO_TABLES, Bound, Known
from gateway.identity.pseudonyms import Ring, rotate
from gateway.node import Node
from policies.model import Subject

BOUND = Bound(subject=Subject(token="t"), expires=9e9)


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def hub(tmp_path: Path, *names: str) -> Hub:
    rows = dict.fromkeys(names, BOUND)
    made = Hub(
        tmp_path / "identity.sock",
        lambda: [
            feed.ring_frame(),
            feed.tables_frame(NO_TABLES, ()),
            feed.sessions_frame(rows, first=True),
        ],
    )
    made.open()
    return made


def test_it_follows_over_a_restart(tmp_path: Path) -> None:
    known, ring = Known(Ring(b"k" * 32)), Ring(b"n" * 32)
    heard: list[str] = []
    follower = IdentityFollower(
        tmp_path / "identity.sock", known, lambda: Known(ring), heard.append
    )
    follower.start()
    assert not follower.complete(0.05)
    first = hub(tmp_path, "10.0.0.1")
    assert follower.complete(20)
    assert known.sessions == {"10.0.0.1": BOUND}
    assert known.ring is ring
    with first.lock:
        first.tell(feed.sessions_frame({"10.0.0.2": BOUND}, first=False))
    until(lambda: len(known.sessions) == 2)
    first.close()
    assert len(known.sessions) == 2  # the last known state stays
    second = hub(tmp_path, "10.0.0.3")
    until(lambda: set(known.sessions) == {"10.0.0.3"})
    with second.lock:
        second.tell(feed.framed({"kind": "nonsense"}))
    until(lambda: heard.count("sessions") == 3)  # it came back
    follower.close()
    second.close()


def test_a_node_s_follower(tmp_path: Path) -> None:
    node = Node(name="n", data=tmp_path)
    node.run.mkdir()
    ensure_keys(tmp_path / "keys")
    follower = IdentityFollower.of(node)  # nobody there: it does not wait
    follower.close()
    before = first_known(node).ring.token("a", "x")
    rotate(tmp_path / "keys" / "pseudonyms", "a", now=0, issuer="i", reason="r")
    assert first_known(node).ring.token("a", "x") != before


@pytest.mark.parametrize("size", [0, feed.LARGEST + 1])
def test_lengths_that_cannot_be(tmp_path: Path, size: int) -> None:
    made = Hub(tmp_path / "identity.sock", lambda: [feed.LENGTH.pack(size)])
    made.open()
    known = Known(Ring(b"k" * 32))
    follower = IdentityFollower(tmp_path / "identity.sock", known, lambda: known)
    follower.start()
    assert not follower.complete(0.2)
    follower.close()
    made.close()
