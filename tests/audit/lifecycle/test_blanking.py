"""Columns emptied in place: which may be, what stays, and a set carried from rules to proof."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from audit.lifecycle.blanking import blank, shaped
from audit.lifecycle.due_count import counted
from audit.lifecycle.rules import ColumnName
from tests.audit.lifecycle.due_scene import PUPILS, opened
from tests.audit.lifecycle.expiring import (
    EMPTIED,
    Case,
    anonymising,
    count,
    data,
    due_of,
    fill,
    name_of,
    phone,
    states,
    told,
)


def left(case: Case, column: str, table: str) -> int:
    return count(case.url, f"{table} WHERE {column} IS NOT NULL")


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.setenv("QINGLANG_PASSPHRASE", "eight letters")
    made = Case(url=f"sqlite:///{tmp_path}/district.db", folder=tmp_path)
    fill(made.url, PUPILS)
    anonymising(made, phone(1))
    return made


def test_rows_stay_and_columns_are_emptied(case: Case) -> None:
    due = len(due_of(PUPILS)) - 1  # pupil 1 is held
    (one,) = case.retain()["rows"]
    assert one["due"]["count"] == due
    assert one["blank"] == ["students.name", "guardians.phone", "calls.said"]
    case.approve()
    code, said = case.run("--rewrite", "--batch", "7")
    assert code == 0, said
    assert "emptied" in said
    for table, column in (("students", "name"), ("guardians", "phone"), ("calls", "said")):
        assert count(case.url, table) == PUPILS
        assert left(case, column, table) == PUPILS - due
    (one,) = case.certificate()["sets"]
    assert (one["done"], one["kept"]) == (due, 1)
    assert one["below"] == {"guardians": due, "calls": due}
    found = states(case.certificate())
    assert (found["query:students"], found["relation:district.db"]) == ("gone", "gone")
    assert found["backup:nightly"] == "remains"
    whole = (case.folder / "district.db").read_bytes()
    assert name_of(2).encode() not in whole
    assert name_of(1).encode() in whole
    assert case.verify("--db", f"district={case.url}")[0] == 0
    told(case.url, "UPDATE calls SET said = 'again' WHERE id = 2")
    assert case.verify("--db", f"district={case.url}")[0] == 1


def test_what_is_emptied_is_no_longer_due(case: Case) -> None:
    told(case.url, "UPDATE students SET name = NULL WHERE id = 2")
    assert case.retain()["rows"][0]["due"]["count"] == len(due_of(PUPILS)) - 1  # its guardian
    told(case.url, "UPDATE guardians SET phone = NULL WHERE id = 2")
    told(case.url, "UPDATE calls SET said = NULL WHERE id = 2")
    assert case.retain()["rows"][0]["due"]["count"] == len(due_of(PUPILS)) - 2
    code, said = data("check", case.rules, "--db", f"district={case.url}", "--at", "2026-09-01",
                      "--json")  # fmt: skip
    assert code == 1
    (found,) = [one for one in json.loads(said[said.index("{") :])["found"]
                if one["code"] == "overdue"]  # fmt: skip
    assert found["count"] == len(due_of(PUPILS)) - 2


def test_a_trigger_that_puts_the_value_back_leaves_the_batch_whole(case: Case) -> None:
    case.retain()
    case.approve()
    told(case.url, "CREATE TRIGGER back AFTER UPDATE ON students WHEN new.name IS NULL "
                   "AND old.id > 20 BEGIN UPDATE students SET name = old.name "
                   "WHERE id = old.id; END")  # fmt: skip
    assert case.run("--batch", "5")[0] == 3
    empty = PUPILS - left(case, "name", "students")
    assert 0 < empty < len(due_of(PUPILS)) - 1
    assert PUPILS - left(case, "phone", "guardians") == empty
    told(case.url, "DROP TRIGGER back")
    assert case.run()[0] == 0
    (one,) = case.certificate()["sets"]
    assert (one["done"], one["resumed"]) == (len(due_of(PUPILS)) - 1, True)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (EMPTIED, "then: anonymise", "names no columns"),
        ("    backups: [{name: nightly, place: 同城, kept: 35 days}]\n", "", "a backup is named"),
        ("students.name,", "students.id,", "a key or a joined column"),
        ("guardians.phone,", "guardians.student_id,", "a key or a joined column"),
        ("students.name,", "students.nobody,", "no such table or column"),
    ],
)
def test_what_blocks(case: Case, old: str, new: str, why: str) -> None:
    whole = case.rules.read_text(encoding="utf-8")
    assert old in whole
    case.rules.write_text(whole.replace(old, new), encoding="utf-8")
    (one,) = case.retain()["rows"]
    assert why in "".join(one["blocked"])
    assert one["due"]["count"] == 0


def test_what_the_rules_refuse(case: Case) -> None:
    whole = case.rules.read_text(encoding="utf-8")
    for new in ("students.left_on,", "elsewhere.name,"):
        case.rules.write_text(whole.replace("students.name,", new), encoding="utf-8")
        code, _ = data("retain", case.rules, "--db", f"district={case.url}", "--book", case.book,
                       "--out", case.plan)  # fmt: skip
        assert code == 2
    case.rules.write_text(whole.replace("then: anonymise", "then: destroy"), encoding="utf-8")
    code, said = data("retain", case.rules, "--db", f"district={case.url}", "--book", case.book,
                      "--out", case.plan)  # fmt: skip
    assert code == 2
    assert "goes with" in said


def test_columns_that_may_not_be_null(tmp_path: Path) -> None:
    orders = [
        "CREATE TABLE extra (id INTEGER PRIMARY KEY, told TEXT NOT NULL, code VARCHAR(2) NOT NULL,"
        " login VARCHAR(20) NOT NULL UNIQUE, age INTEGER NOT NULL, calls_id INTEGER)",
        "INSERT INTO extra VALUES (1, 'x', 'ab', 'u', 9, 2)",
    ]
    with opened(tmp_path, *orders, write=True) as (engine, scope), engine.connect() as connection:
        child = replace(
            scope.children[-1],
            column=ColumnName(table="extra", column="calls_id"),
            parent=ColumnName(table="calls", column="id"),
        )
        names = ("told", "code", "login", "age")
        told_ = replace(
            scope, children=(*scope.children, child), holds=(),
            blank=tuple(ColumnName(table="extra", column=one) for one in names),
        )  # fmt: skip
        shape = shaped(connection, told_)
        assert [(one.column, one.value) for one in shape.blanks] == [("told", "***")]
        assert len(shape.blocked) == 3
        assert counted(connection, shape, told_, b"k").due.count == 1
        assert blank(connection, shape, shape.root.c.id == 2) == {"extra": 1}
        assert connection.execute(text("SELECT told FROM extra")).scalar_one() == "***"
        assert counted(connection, shape, told_, b"k").due.count == 0
