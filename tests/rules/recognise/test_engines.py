"""Two engines, one answer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.recognise.engines import AhoCorasick, from_bytes, have_hyperscan, hyperscan_bytes

PHRASES = [one.encode() for one in ("赌", "赌博", "博彩", "彩", "abc", "abcd", "bc", "c a", "é")]

needs_hyperscan = pytest.mark.skipif(not have_hyperscan(), reason="hyperscan is not installed")


def test_first_ends() -> None:
    found = AhoCorasick(PHRASES).ends("abcd赌博彩赌博".encode())
    assert dict(found) == {4: 3, 6: 3, 5: 4, 0: 7, 1: 10, 3: 13, 2: 13}


@needs_hyperscan
@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="赌博彩abcd é\0", max_size=60))
def test_both_say_the_same(text: str) -> None:
    stored = from_bytes(hyperscan_bytes(PHRASES))
    assert stored is not None
    data = text.encode()
    assert sorted(stored.ends(data)) == sorted(AhoCorasick(PHRASES).ends(data))


@needs_hyperscan
@pytest.mark.parametrize("damage", ["cut", "turned", "nothing", "other"])
def test_damaged_databases_are_refused(damage: str) -> None:
    stored = hyperscan_bytes(PHRASES)
    turned = stored[:200] + bytes([stored[200] ^ 5]) + stored[201:]
    bad = {"cut": stored[:50], "turned": turned, "nothing": b"", "other": b"x" * 999}[damage]
    assert from_bytes(bad) is None
