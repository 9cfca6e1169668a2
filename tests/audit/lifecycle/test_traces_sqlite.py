"""SQLite: the bytes of the file and of its log."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from audit.lifecycle import traces_sqlite as family
from audit.lifecycle.destroy_rows import Canaries
from audit.lifecycle.destroying import State
from audit.lifecycle.due_engine import open_engine
from audit.lifecycle.traces import Look

GONE = "虚构之人甲乙丙"


def look(path: Path) -> Look:
    engine, _ = open_engine(f"sqlite:///{path}", write=True)
    canaries = Canaries(values={(None, "t", "name"): {GONE}})
    return Look(engine=engine, tables=[(None, "t")], canaries=canaries)


def made(path: Path, *, wal: bool) -> sqlite3.Connection:
    file = sqlite3.connect(path)
    if wal:
        file.execute("PRAGMA journal_mode=WAL")
    file.execute("PRAGMA secure_delete=OFF")
    file.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)")
    file.executemany("INSERT INTO t VALUES (?, ?)", [(1, GONE), (2, "另一人"), (3, GONE)])
    file.commit()
    file.execute("DELETE FROM t WHERE id <> 2")
    file.commit()
    return file


def test_freed_pages_and_a_file_written_anew(tmp_path: Path) -> None:
    made(tmp_path / "d.db", wal=False).close()
    one = look(tmp_path / "d.db")
    assert family.relations(one)[0].state is State.REMAINS
    family.tidy(one, rewrite=True)
    found = family.relations(one)
    assert [trace.state for trace in found] == [State.GONE] * 3
    assert family.replicas(one)[0].state is State.UNKNOWN
    assert family.logs(one) == ()
    one.canaries = None
    assert family.relations(one)[0].state is State.UNKNOWN
    one.engine.dispose()


def test_the_log_beside_the_file(tmp_path: Path) -> None:
    reading = made(tmp_path / "d.db", wal=True)  # while it is open, the log is not cleared
    one = look(tmp_path / "d.db")
    found = {trace.where: trace.state for trace in family.relations(one)}
    one.engine.dispose()
    reading.close()
    assert found["d.db-wal"] is State.REMAINS
