"""What is usual for an account: robust against a wild day, blind to order, never too early."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle.access_look import Look, blinds
from audit.lifecycle.anomaly import AnomalyFile, Sign, State
from audit.lifecycle.habit import WINDOW, Habit, bound
from tests.audit.lifecycle.test_access_look import MORNING, PEOPLE, SHIPPED, kept

DAYS = st.lists(st.integers(1, 10_000), min_size=10, max_size=WINDOW)
RULE = next(one for one in SHIPPED.rules if one.sign is Sign.USUAL)
FILE = AnomalyFile(tables=SHIPPED.tables, rules=(RULE,))
DAY = 86_400.0


@pytest.mark.parametrize(
    ("days", "wanted"),
    [
        ([100] * 10, 350.0),
        ([100] * 9 + [1_000_000], 350.0),
        ([80, 90, 100, 110, 120] * 2, 350.0),
        ([0] * 10, 0.0),
        ([50, 150] * 5, 100 + 10 * 1.4826 * 50),
    ],
)
def test_the_bound(days: list[int], wanted: float) -> None:
    assert bound(days, 10) == pytest.approx(wanted)


@settings(max_examples=60, deadline=None)
@given(DAYS, st.integers(0, 10**9), st.data())
def test_one_wild_day_and_the_order_do_not_matter(
    days: list[int], wild: int, data: st.DataObject
) -> None:
    assert bound(data.draw(st.permutations(days)), 10) == bound(days, 10)
    low, high = sorted(days)[(len(days) - 1) // 2 - 1], sorted(days)[len(days) // 2 + 1]
    assert bound([*days, wild], 0) == pytest.approx(min(max(bound([*days, wild], 0), low), high))
    assert max(days) >= bound(days, 0)


def look(days: list[int | None], **more: Any) -> Look:
    """The account reads so much on one day after another, in two goes."""
    made = Look(file=FILE, state=State(zone=dt.UTC, people=PEOPLE))
    for number, rows in enumerate(days):
        half = None if rows is None else rows // 2
        rest = None if rows is None or half is None else rows - half
        at = MORNING + DAY * number
        list(made.over([kept(at, rows=half, **more), kept(at + 60, rows=rest, **more)]))
    return made


def test_a_day_is_told_once_and_adds_up() -> None:
    made = look([100] * 10 + [501])
    assert made.found == 1
    (one,) = made.seen[RULE.id]
    assert one.kept.entry.at == MORNING + DAY * 10 + 60  # the second half went beyond
    assert look([100] * 10 + [500]).found == 0
    assert look([100] * 10 + [501] * 3).found == 3
    assert look([100] * 10 + [501], tables=("news",)).found == 0


def test_too_few_days_are_unknown_only_where_it_matters() -> None:
    early = look([100] * 9 + [501])
    assert early.found == 0
    (one,) = blinds(early, [], {}, None)
    assert (one.what, one.signs, one.count) == ("too few days known", {Sign.USUAL}, 1)
    assert one.more["accounts"] == ["ann"]
    assert list(blinds(look([500] * 12), [], {}, None)) == []


def test_a_day_whose_rows_are_not_told_is_not_known() -> None:
    days: list[int | None] = [100] * 9 + [None, 501]
    made = look(days)
    assert made.found == 0
    assert [one.what for one in blinds(made, [], {}, None)] == [
        "rows not in the log", "too few days known",
    ]  # fmt: skip
    assert look([100, *days]).found == 1


def test_only_so_many_days_are_remembered() -> None:
    habit = Habit()
    for day in range(1, WINDOW + 10):
        habit.read(day, day)
    assert list(habit.past) == [*range(9, WINDOW + 9)]
    assert look([100] * WINDOW + [5000] * WINDOW + [6000]).counts[RULE.id] < WINDOW
