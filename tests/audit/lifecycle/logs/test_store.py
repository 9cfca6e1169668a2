"""Entries come back as they went in; one import at a time."""

import sqlite3
from pathlib import Path

import pytest

from audit.lifecycle.logs.model import Entry, Reduced, Verb
from audit.lifecycle.logs.store import NAME, Store
from rules.load import WorldError


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    did = Reduced(verb=Verb.READ, command="COPY", tables=("a.t", "u"), columns=("*",),
                  export=True, filtered=False, cut=True)  # fmt: skip
    entries = [
        Entry(at=5.0, line=2, did=did, account="ann", host="h", rows=9, ok=True),
        Entry(at=4.0, line=3, did=Reduced(verb=Verb.OTHER, command="SET", auditing=True)),
    ]
    with Store(tmp_path) as store:
        from audit.lifecycle.logs.store import LogFile

        source, memory = store.source("db1", "mariadb")
        store.begin()
        store.save(LogFile(source=source, name="f", first=4.0, last=5.0), memory, entries)
        store.commit()
        assert [one.entry for one in store.entries()] == [entries[1], entries[0]]
        assert [one.place for one in store.entries(5.0)] == ["f:2"]
        assert store.spans() == [("db1", "f", 4.0, 5.0)]
    assert (tmp_path / NAME).stat().st_mode & 0o077 == 0


def test_two_imports_at_once(tmp_path: Path) -> None:
    with (
        Store(tmp_path) as one,
        one.alone(),
        pytest.raises(WorldError, match="another import"),
        one.alone(),
    ):
        pytest.fail("both ran")


def test_another_version_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / NAME) as line:
        line.execute("PRAGMA user_version=99")
    line.close()
    with pytest.raises(WorldError, match="version"):
        Store(tmp_path)
    (tmp_path / NAME).write_text("no database " * 100)
    with pytest.raises(WorldError):
        Store(tmp_path)
