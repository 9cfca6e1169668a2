"""Where destroyed rows could still be: bytes that run over pieces, what can not be looked at."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle.destroy_rows import Canaries
from audit.lifecycle.destroying import Elsewhere, State
from audit.lifecycle.due_engine import open_engine
from audit.lifecycle.traces import backups, blocks, hits, patterns, searched, wanted_of


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


def test_bytes_that_tell_something(tmp_path: Path) -> None:
    """A short name stands inside other names: it is looked for only where nothing longer is."""
    with sqlite3.connect(tmp_path / "d.db") as file:
        file.execute("CREATE TABLE t (name, phone)")
        file.execute("CREATE TABLE s (name)")
        file.execute("INSERT INTO t VALUES ('虚构之人甲乙', '100')")
    file.close()
    engine, _ = open_engine(f"sqlite:///{tmp_path}/d.db", write=False)
    canaries = Canaries(values={
        (None, "t", "name"): {"虚人", "虚构之人甲乙"}, (None, "t", "phone"): {"10000000001"},
        (None, "s", "name"): {"虚人"},
    })  # fmt: skip
    found = patterns(engine, canaries)
    engine.dispose()
    assert found[None, "t"] == [b"10000000001"]  # the long name is there still
    assert "虚人".encode() in found[None, "s"]
    assert wanted_of(found, "public", "t") == wanted_of(found, None, "t") == [b"10000000001"]
    assert wanted_of(found, "public", "gone") == []


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
