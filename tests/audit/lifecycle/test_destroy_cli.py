"""A plan from rules to certificate on SQLite; what is refused, and why."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.audit.lifecycle.expiring import (
    Case,
    count,
    data,
    due_of,
    fill,
    name_of,
    phone,
    rules,
    states,
    told,
)

PUPILS = 60


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.setenv("QINGLANG_PASSPHRASE", "eight letters")
    url = f"sqlite:///{tmp_path}/district.db"
    fill(url, PUPILS)
    made = Case(url=url, folder=tmp_path)
    rules(made.rules, phone(1))  # pupil 1 left in 2011: due, and held through the guardian
    return made


def test_from_the_rules_to_a_certificate(case: Case) -> None:
    plan = case.retain()
    (one,) = plan["rows"]
    due = due_of(PUPILS)
    assert one["due"]["count"] == len(due) - 1
    assert one["held"]["count"] == 1
    assert one["undated"] == PUPILS // 10
    assert [(each["table"], each["rows"]) for each in one["below"]] == [
        ("calls", len(due) - 1), ("guardians", len(due) - 1)
    ]  # fmt: skip
    assert not one["below"][0]["declared"]
    assert one["oldest"] == "2010-07-01"
    assert count(case.url, "students") == PUPILS  # a dry run
    case.approve()
    code, said = case.run("--rewrite", "--batch", "7")
    assert code == 0, said
    for table in ("students", "guardians", "calls"):
        assert count(case.url, table) == PUPILS - len(due) + 1
    found = states(case.certificate())
    assert found["query:students"] == "gone"
    assert found["relation:district.db"] == "gone"
    assert found["backup:nightly"] == "remains"
    assert found["replica:district.db"] == "unknown"
    assert "gone" in said
    content = (case.folder / "district.db").read_bytes()
    assert name_of(2).encode() not in content
    assert name_of(1).encode() in content  # held
    everything = case.plan.read_text() + case.paper.read_text() + said
    everything += (case.book / "book.jsonl").read_text()
    assert "虚构学生" not in everything
    assert phone(1) not in everything
    code, said = case.verify("--db", f"district={case.url}", "--key", str(case.book / "public.pem"))
    assert code == 0, said
    assert case.run()[0] == 1  # once only


def test_without_rewriting_secure_delete_does(case: Case) -> None:
    case.retain()
    case.approve()
    assert case.run()[0] == 0
    assert name_of(2).encode() not in (case.folder / "district.db").read_bytes()


def test_two_different_people_of_the_rules(case: Case) -> None:
    case.retain()
    assert case.run()[0] == 1
    case.approve("甲")
    common = ("--rules", case.rules, "--book", case.book)
    assert data("destroy", "approve", case.plan, *common, *case.sign("甲"))[0] == 1
    assert data("destroy", "approve", case.plan, *common, *case.sign("路人"))[0] == 1
    code, said = case.run()
    assert code == 1
    assert "1 more" in said
    case.approve("乙")
    assert data("destroy", "revoke", case.plan, "--book", case.book, *case.sign("乙"))[0] == 0
    assert case.run()[0] == 1
    assert count(case.url, "students") == PUPILS


def test_an_approval_ends(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case.retain()
    case.approve()
    import time

    late = time.time() + 8 * 86400
    monkeypatch.setattr("time.time", lambda: late)
    code, said = case.run()
    assert code == 1
    assert "2 more" in said
    assert count(case.url, "students") == PUPILS


@pytest.mark.parametrize(
    "order",
    [
        "DELETE FROM calls; DELETE FROM guardians WHERE id = 2; DELETE FROM students WHERE id = 2",
        "UPDATE students SET left_on = '2026-01-01' WHERE id = 2",
        "UPDATE students SET left_on = '2011-01-01' WHERE id = 10",
        "INSERT INTO students VALUES (9999, 'x', '2011-01-01')",
        "PRAGMA foreign_keys=OFF; UPDATE students SET id = 9999 WHERE id = 2",
        "ALTER TABLE students RENAME TO pupils",
    ],
)
def test_changed_data_is_not_touched(case: Case, order: str) -> None:
    case.retain()
    case.approve()
    with sqlite3.connect(case.folder / "district.db") as file:
        file.executescript(order)
    file.close()
    before = (case.folder / "district.db").read_bytes()
    assert case.run()[0] == 1
    assert (case.folder / "district.db").read_bytes() == before
    assert not case.paper.exists()


def test_a_hold_set_since_is_kept_to(case: Case) -> None:
    planned = case.retain()["rows"][0]["due"]["count"]
    case.approve("甲")
    rules(case.rules, phone(1), phone(2))
    code, said = data("destroy", "approve", case.plan, "--rules", case.rules, "--book", case.book,
                      *case.sign("乙"), "--json")  # fmt: skip
    assert code == 0
    assert json.loads(said)["holds_since"] == ["case-2"]
    assert case.run()[0] == 0
    (one,) = case.certificate()["sets"]
    assert (one["done"], one["kept"]) == (planned - 1, 2)
    assert one["kept_since"] == [{"id": "case-2", "document": "示教函1号"}]
    assert name_of(2).encode() in (case.folder / "district.db").read_bytes()


def test_a_lifted_hold_or_another_rule_wants_a_new_plan(case: Case) -> None:
    case.retain()
    case.approve()
    rules(case.rules)
    assert case.run()[0] == 1
    common = ("--rules", case.rules, "--book", case.book)
    assert data("destroy", "approve", case.plan, *common, *case.sign("丙"))[0] == 1
    rules(case.rules, phone(1))
    longer = case.rules.read_text(encoding="utf-8").replace("10 years", "11 years")
    case.rules.write_text(longer, encoding="utf-8")
    code, said = case.run()
    assert code == 1
    assert "plan anew" in said
    assert count(case.url, "students") == PUPILS


def test_a_changed_plan_and_another_book(case: Case, tmp_path: Path) -> None:
    case.retain()
    whole = case.plan.read_text(encoding="utf-8")
    case.plan.write_text(whole.replace("2016-09-01", "2020-09-01"), encoding="utf-8")
    assert case.run()[0] == 1
    case.plan.write_text(whole, encoding="utf-8")
    other = ("--book", tmp_path / "other")
    assert data("destroy", "approve", case.plan, "--rules", case.rules, *other)[0] == 1
    assert data("destroy", "run", case.plan, "--rules", case.rules, *other, "--out", "x")[0] == 1


def test_a_plan_for_a_day_to_come(case: Case) -> None:
    case.retain("2126-09-01")
    case.approve()
    assert case.run()[0] == 1


def test_a_child_table_that_no_rule_names_blocks(case: Case) -> None:
    told(
        case.url, "CREATE TABLE notes (id INTEGER PRIMARY KEY, of INTEGER REFERENCES students(id))"
    )
    (one,) = case.retain()["rows"]
    assert "notes" in one["blocked"][0]
    assert one["due"]["count"] == 0


def test_a_trigger_that_refuses_leaves_the_batch_whole(case: Case) -> None:
    case.retain()
    case.approve()
    told(case.url, "CREATE TRIGGER no BEFORE DELETE ON students WHEN old.id > 20 "
                   "BEGIN SELECT RAISE(ABORT, 'no'); END")  # fmt: skip
    code, said = case.run("--batch", "5")
    assert code == 3
    left = count(case.url, "students")
    assert PUPILS - len(due_of(PUPILS)) + 1 < left < PUPILS
    assert count(case.url, "guardians") == left
    said = data("destroy", "status", case.plan, "--book", case.book)[1]
    assert f"done {PUPILS - left - 5} · in_doubt 5" in said  # the next run settles it
    told(case.url, "DROP TRIGGER no")
    assert case.run()[0] == 0
    (one,) = case.certificate()["sets"]
    assert one["done"] == len(due_of(PUPILS)) - 1
    assert one["resumed"]


def test_a_certificate_is_held_to_signature_book_and_database(case: Case) -> None:
    case.retain()
    case.approve()
    assert case.run()[0] == 0
    whole = case.paper.read_text(encoding="utf-8")
    changed = json.loads(whole)
    changed["sets"][0]["done"] += 1
    case.paper.write_text(json.dumps(changed), encoding="utf-8")
    assert case.verify()[0] == 1
    case.paper.write_text(whole, encoding="utf-8")
    assert case.verify()[0] == 0
    told(case.url, "INSERT INTO students VALUES (9998, 'again', '2011-01-01')")
    assert case.verify("--db", f"district={case.url}")[0] == 1
    told(case.url, "DELETE FROM students WHERE id = 9998")
    assert case.verify("--db", f"district={case.url}")[0] == 0
    chain = case.book / "book.jsonl"
    lines = chain.read_text(encoding="utf-8").splitlines(keepends=True)
    chain.write_text("".join(lines[:2] + lines[3:]), encoding="utf-8")
    assert case.verify()[0] == 1


def test_it_is_not_run_twice_at_once(case: Case) -> None:
    from audit.lifecycle.due_engine import one_at_a_time, open_engine

    case.retain()
    case.approve()
    engine, name = open_engine(case.url, write=True)
    with one_at_a_time(engine, name):
        code, said = case.run()
    engine.dispose()
    assert code == 3
    assert "another destruction" in said
    assert case.run()[0] == 0
