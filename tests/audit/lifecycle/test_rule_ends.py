"""Child tables in any order; a hold and its days."""

import datetime as dt

import pytest

from audit.lifecycle.rule_ends import Child, Document, Hold, Retention
from audit.lifecycle.rule_times import Day, Period
from audit.lifecycle.rule_words import ColumnName, Then

C = ColumnName.parse
DOC = Document(number="n")
DAY = Day(2026, 9, 1)


def test_children_in_any_order() -> None:
    children = (
        Child(column=C("c.b_id"), parent=C("b.id")),
        Child(column=C("b.a_id"), parent=C("a.id")),
    )
    made = Retention(
        id="r", since=C("a.d"), period=Period(days=1), then=Then.DESTROY, children=children
    )
    assert made.children == children


@pytest.mark.parametrize(
    ("at", "until", "stands"),
    [
        ("2026-08-31", None, False),
        ("2026-09-01", None, True),
        ("2030-01-01", None, True),
        ("2026-09-30", "2026-09-30", True),
        ("2026-10-01", "2026-09-30", False),
    ],
)
def test_a_hold_stands_through_its_last_day(at: str, until: str | None, stands: bool) -> None:
    hold = Hold(
        id="h",
        reason="r",
        document=DOC,
        since=DAY,
        until=Day.parse(until) if until else None,
        whole=True,
    )
    assert hold.stands(dt.date.fromisoformat(at)) is stands
