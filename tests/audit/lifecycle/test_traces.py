"""Where destroyed rows could still be: bytes that run over pieces, what can not be looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle.destroying import Elsewhere, State
from audit.lifecycle.traces import backups, blocks, hits, searched


@given(st.binary(min_size=1, max_size=40), st.binary(max_size=300), st.data())
@settings(max_examples=100, deadline=None)
def test_bytes_are_found_wherever_the_pieces_are_cut(
    wanted: bytes, around: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(around)))
    whole = around[:at] + wanted + around[at:]
    size = data.draw(st.integers(1, len(whole)))
    pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
    assert hits(pieces, [wanted, wanted]) == 1
    assert hits([b"\0" * 64], [b"absent"]) == 0


def look(wanted: list[bytes], content: bytes | None) -> State:
    def pieces() -> Iterator[bytes]:
        if content is None:
            raise PermissionError("secret path")
        yield content

    found = searched("relation", "t", pieces, wanted, gone="g", remains="r")
    assert "secret" not in str(found)
    return found.state


def test_gone_remains_unknown() -> None:
    assert look([b"abc"], b"xyz") is State.GONE
    assert look([b"abc"], b"xabcz") is State.REMAINS
    assert look([b"abc"], None) is State.UNKNOWN
    assert look([], b"xyz") is State.UNKNOWN


def test_backups() -> None:
    today = dt.datetime.now(dt.UTC).date()
    one = Elsewhere(what="backup", name="n", place="p", kept="35 days")
    (found,) = backups([one], today)
    assert found.state is State.REMAINS
    assert found.until == (today + dt.timedelta(days=35)).isoformat()
    (past,) = backups([one], today - dt.timedelta(days=99))
    assert past.state is State.UNKNOWN  # should be over: nobody looked
    (none,) = backups([], today)
    assert none.state is State.UNKNOWN
    assert blocks().state is State.UNKNOWN
