"""A plan of what is due: every retention is a set, counted or blocked with its reason."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from pathlib import Path

import pytest

from audit.lifecycle.due_engine import open_engine
from audit.lifecycle.retain import (
    Given,
    all_holds,
    elsewhere,
    plan,
    prints,
    read_rules,
    retentions,
    why,
)
from rules.load import DataError
from tests.audit.lifecycle.expiring import RULES, due_of, fill, phone, rules

AT = dt.date(2026, 9, 1)
NOW = dt.datetime(2026, 9, 1, 9, tzinfo=dt.UTC)


def planned(path: Path, **given: object) -> object:
    wanted = Given(databases=given.get("databases", {}), folders={})  # type: ignore[arg-type]
    return plan(read_rules(path), wanted, at=AT, now=NOW, secret=b"s", book_key="k")


def test_what_was_not_given_is_blocked_and_not_passed_over(tmp_path: Path) -> None:
    made = planned(rules(tmp_path / "r.yaml"))
    (one,) = made.rows  # type: ignore[attr-defined]
    assert one.blocked == ("未给出数据库 not given: --db district=URL",)
    assert made.approvers == ()  # type: ignore[attr-defined]


def test_a_database(tmp_path: Path) -> None:
    fill(f"sqlite:///{tmp_path}/d.db", 60)
    engine, name = open_engine(f"sqlite:///{tmp_path}/d.db", write=False)
    made = planned(rules(tmp_path / "r.yaml", phone(1)), databases={"district": (engine, name)})
    engine.dispose()
    (one,) = made.rows  # type: ignore[attr-defined]
    assert (one.due.count, one.held.count) == (len(due_of(60)) - 1, 1)
    assert made.approvers == ("丙", "乙", "甲")  # type: ignore[attr-defined]
    text = json.dumps(asdict(made), ensure_ascii=False, default=str)  # type: ignore[call-overload]
    assert phone(1) not in text
    assert "虚构" not in text


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("then: destroy", "then: archive", "archived"),
        ("period: 10 years", "period: permanent", "kept for good"),
    ],
)
def test_what_is_never_destroyed_here(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "r.yaml"
    text = RULES.replace("HOLDS", "[]").replace(old, new)
    path.write_text(text, encoding="utf-8")
    (one,) = planned(path).rows  # type: ignore[attr-defined]
    assert one.due.count == 0
    assert any(says in each for each in (*one.notes, *one.blocked))


def test_rules_are_told_with_their_documents(tmp_path: Path) -> None:
    book = read_rules(rules(tmp_path / "r.yaml", phone(1))).book
    ((name, dataset, retention),) = retentions(book)
    assert name == "roll/graduated"
    assert why(book, dataset, retention) == ("个人信息保护法 47 (confirmed)",)
    assert [one.kept for one in elsewhere(dataset, "district")] == ["35 days"]
    assert [one.id for one in all_holds(book, name, AT)] == ["case-1"]
    assert prints(book, name, AT, b"s").keys() == {"case-1"}
    assert prints(book, name, AT, b"s") != prints(book, name, AT, b"t")
    assert all_holds(book, "no/such", AT) == ()


def test_bad_rules_are_told_with_their_place(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(RULES.replace("HOLDS", "[]").replace("period: 10 years", "period: soon"))
    with pytest.raises(DataError, match=r"r\.yaml:\d+:\d+"):
        read_rules(path)
