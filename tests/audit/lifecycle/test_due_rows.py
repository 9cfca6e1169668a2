"""Rows whose time is over, as a real database has them: links, rings, holds, forms of days."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import NoSuchTableError

from audit.lifecycle.due_rows import below, dated, held, kept, over, place, shape_of, unmatched
from audit.lifecycle.rule_times import Day
from audit.lifecycle.rules import ColumnName, Document, Form, Hold, Rows, TableName
from tests.audit.lifecycle.due_scene import PUPILS, looking
from tests.audit.lifecycle.expiring import due_of


def hold(column: str, *values: str) -> Hold:
    return Hold(id="h", reason="r", document=Document(number="n"), since=Day(2026, 1, 1),
                rows=(Rows(column=ColumnName.parse(column), values=values),))  # fmt: skip


def test_the_shape(tmp_path: Path) -> None:
    with looking(tmp_path) as (connection, scope):
        shape = shape_of(connection, scope)
        assert [place(one) for one in shape.order] == ["calls", "guardians"]
        assert shape.blocked == []
        assert [one.declared for one in shape.links] == [True, False]
        count = select(func.count()).select_from(shape.root)
        assert connection.execute(count.where(over(shape, scope))).scalar_one() == len(
            due_of(PUPILS)
        )
        calls = shape.order[0]
        test = below(shape, calls, over(shape, scope))
        found = connection.execute(select(func.count()).select_from(calls).where(test))
        assert found.scalar_one() == len(due_of(PUPILS))
        with pytest.raises(NoSuchTableError):
            shape_of(connection, replace(scope, table=TableName(table="gone")))


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ("CREATE TABLE notes (id INTEGER PRIMARY KEY, s INTEGER REFERENCES students(id))", "notes"),
        ("ALTER TABLE students RENAME COLUMN left_on TO gone_on", "no column"),
        ("ALTER TABLE calls RENAME TO talks", "no such table"),
    ],
)
def test_what_blocks(tmp_path: Path, order: str, says: str) -> None:
    with looking(tmp_path, order) as (connection, scope):
        assert any(says in one for one in shape_of(connection, scope).blocked)


def test_a_table_without_a_key_and_one_that_refers_to_itself(tmp_path: Path) -> None:
    orders = (
        "CREATE TABLE bare (left_on DATE)",
        "CREATE TABLE tree (id INTEGER PRIMARY KEY, left_on DATE, up INTEGER REFERENCES tree(id))",
    )
    with looking(tmp_path, *orders) as (connection, scope):
        bare = shape_of(connection, replace(scope, table=TableName(table="bare"), children=()))
        assert any("primary key" in one for one in bare.blocked)
        tree = shape_of(connection, replace(scope, table=TableName(table="tree"), children=()))
        assert tree.blocked == []
        assert [one.own for one in tree.self_links] == [("up",)]


def test_holds_below_and_beside(tmp_path: Path) -> None:
    orders = (
        "CREATE TABLE classes (id INTEGER PRIMARY KEY, name TEXT)",
        "INSERT INTO classes VALUES (1, ' A1 ')",
        "ALTER TABLE students ADD COLUMN class_id INTEGER REFERENCES classes(id)",
        "UPDATE students SET class_id = 1 WHERE id IN (1, 12, 13)",
    )
    with looking(tmp_path, *orders) as (connection, scope):
        shape = shape_of(connection, scope)

        def counted(one: Hold) -> int:
            order = select(func.count()).select_from(shape.root).where(kept(shape, one)[0])
            return int(connection.execute(order).scalar_one())

        assert counted(hold("students.id", "3", "4")) == 2
        assert counted(hold("calls.said", "通话内容虚构00003")) == 1
        assert counted(hold("classes.name", "a1")) == 3  # case and spaces never free a row
        assert counted(replace(hold("students.id", "1"), rows=(), whole=True)) == PUPILS
        assert unmatched(shape, [hold("elsewhere.id", "1")])
        assert not unmatched(shape, [hold("students.id", "1")])
        both = held(shape, [hold("students.id", "3"), hold("students.id", "4")])
        total = select(func.sum(both)).select_from(shape.root)
        assert connection.execute(total).scalar_one() == 2


@pytest.mark.parametrize(
    ("form", "values", "due", "read"),
    [
        (Form.TEXT, ("2016-08-31 23:00", "2016-09-01", "soon", "16-01-01"), 1, 2),
        (Form.COMPACT, ("20160831", "20160901", "2016083", "20160831x"), 1, 2),
        (Form.UNIX, (1472659199, 1472659200, 0, -5), 1, 2),
    ],
)
def test_forms_of_days(
    tmp_path: Path, form: Form, values: tuple[object, ...], due: int, read: int
) -> None:
    """2016-09-01 begins at 1472659200 by the clock of Shanghai."""
    rows = ", ".join(f"({at}, {one!r})" for at, one in enumerate(values, 1))
    kind = "INTEGER" if form is Form.UNIX else "TEXT"
    orders = (
        f"CREATE TABLE v (id INTEGER PRIMARY KEY, day {kind})",
        f"INSERT INTO v VALUES {rows}",
    )
    with looking(tmp_path, *orders) as (connection, scope):
        mine = replace(scope, table=TableName(table="v"), column="day", form=form, children=())
        shape = shape_of(connection, mine)
        count = select(func.count()).select_from(shape.root)
        assert connection.execute(count.where(over(shape, mine))).scalar_one() == due
        assert connection.execute(count.where(dated(shape, mine))).scalar_one() == read
