"""Batches of rows: written down first, resumed by their sums, never a row that was not planned."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, MetaData, Table, text

from audit.lifecycle.book import Book
from audit.lifecycle.destroy_rows import Canaries, HaltedError, Work, run_rows
from audit.lifecycle.destroying import BATCH, FINISHED, STOPPED, RefusedError, RowSet, Tally
from audit.lifecycle.due_count import counted
from audit.lifecycle.due_engine import snapshot
from audit.lifecycle.due_rows import Scope, shape_of
from audit.lifecycle.rules import Then
from tests.audit.lifecycle.due_scene import PUPILS, opened
from tests.audit.lifecycle.expiring import due_of, name_of

SECRET = b"s" * 32
PLAN = "f" * 64


def planned(engine: Engine, scope: Scope) -> RowSet:
    with snapshot(engine) as connection:
        found = counted(connection, shape_of(connection, scope), scope, SECRET)
    return RowSet(
        id="roll/graduated", title="", source="d", database="d", table="students",
        column="left_on", form=scope.form, before=scope.before.isoformat(), then=Then.DESTROY,
        rule=(), due=found.due, held=found.held, undated=0,
    )  # fmt: skip


def work(folder: Path, scope: Scope, size: int = 7) -> Work:
    return Work(plan=PLAN, approved=("甲", "乙"), secret=SECRET, book=Book(folder=folder / "b"),
                now=time.time, scope=lambda _set: scope, size=size)  # fmt: skip


def kinds(folder: Path) -> list[str]:
    return [one.kind for one in Book(folder=folder / "b").records()]


def test_batches_stand_in_the_book(tmp_path: Path) -> None:
    with opened(tmp_path, write=True) as (engine, scope):
        set_ = planned(engine, scope)
        done = run_rows(engine, set_, work(tmp_path, scope))
        again = run_rows(engine, set_, work(tmp_path, scope))
        with engine.connect() as connection:
            left = connection.execute(text("SELECT count(*) FROM students")).scalar_one()
    due = len(due_of(PUPILS)) - 1
    assert (done.done, done.kept, left) == (set_.due, 1, PUPILS - due)
    assert done.below == {"calls": due, "guardians": due}
    assert (again.done, again.resumed) == (set_.due, True)
    assert kinds(tmp_path).count(BATCH) == -(-due // 7)
    assert kinds(tmp_path)[-1] == FINISHED


def test_changed_data_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path, write=True) as (engine, scope):
        set_ = planned(engine, scope)
        with engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO students VALUES (999, 'x', '2011-01-01')")
        with pytest.raises(RefusedError, match="not what was planned"):
            run_rows(engine, set_, work(tmp_path, scope))
    assert kinds(tmp_path) == [STOPPED]


def test_a_refusing_trigger_halts_and_a_second_run_goes_on(tmp_path: Path) -> None:
    with opened(tmp_path, write=True) as (engine, scope):
        set_ = planned(engine, scope)
        order = ("CREATE TRIGGER no BEFORE DELETE ON students WHEN old.id > 20 "
                 "BEGIN SELECT RAISE(ABORT, 'no'); END")  # fmt: skip
        with engine.begin() as connection:
            connection.exec_driver_sql(order)
        with pytest.raises(HaltedError) as caught:
            run_rows(engine, set_, work(tmp_path, scope))
        assert name_of(1)[:4] not in str(caught.value)
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TRIGGER no")
        assert run_rows(engine, set_, work(tmp_path, scope, 50)).done == set_.due


def test_a_vanished_table_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path, write=True) as (engine, scope):
        set_ = planned(engine, scope)
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE students RENAME TO pupils")
        with pytest.raises(RefusedError, match="vanished"):
            run_rows(engine, set_, work(tmp_path, scope))


def test_canaries_are_few_and_never_printed() -> None:
    table = Table("t", MetaData())
    taken = Canaries()
    taken.take(table, ["a", "b"], [(f"虚构之人{one}", "x") for one in range(99)])
    assert {name: len(values) for (_, _, name), values in taken.values.items()} == {"a": 16}
    assert "虚构" not in repr(taken)
    assert Tally().count == 0
