"""What a clause passes over: by category, person, hour and weekday."""

from __future__ import annotations

from typing import Any

import pytest

from policies.calendar import DayKind
from policies.hours import Window
from policies.policy import PolicySet, UnknownYear
from policies.reach import Ground, clause_reach, loosened
from tests.policies.samples import CATEGORIES, clause, district, policy


def passed_over(mine: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether a school's `allow` under one condition meets the preset's `block` under another."""
    own = clause("mine", "allow", categories=("games",), **mine)
    school = policy("s1", "school", own)
    preset = policy("p", "preset", clause("block", "block", categories=("games",), **theirs))
    given = PolicySet(policies=(district(), preset, school))
    ground = Ground.of(given.policies, CATEGORIES)
    found = loosened(ground, clause_reach(ground, school, own), [preset])
    return [one.clause for one in found] == ["p/block"]


D = DayKind
MATCH = UnknownYear.MATCH


@pytest.mark.parametrize(
    ("mine", "theirs", "meets"),
    [
        ({}, {}, True),
        ({"days": (D.SAT,)}, {}, True),
        ({"days": (D.SAT,)}, {"days": (D.SAT, D.SUN)}, True),
        ({"days": (D.SAT,)}, {"days": (D.MON, D.TUE)}, False),
        ({"days": (D.WEEKEND,)}, {"days": (D.MON, D.FRI)}, False),
        ({"days": (D.WEEKEND,)}, {"days": (D.SUN,)}, True),
        # what may fall on any weekday is not told apart
        ({"days": (D.HOLIDAY,)}, {"days": (D.MON,)}, True),
        ({"days": (D.MAKEUP,)}, {"days": (D.MON,)}, True),
        ({"days": (D.TERM,)}, {"days": (D.VACATION,)}, True),
        # a year that is not announced: it holds on any day
        ({"days": (D.WEEKEND,), "unknown_year": MATCH}, {"days": (D.MON,)}, True),
        ({"days": (D.SAT,), "unknown_year": MATCH}, {"days": (D.MON,)}, False),
        # the morning after belongs to the night before
        ({"days": (D.FRI,), "hours": ["22:00-06:00"]},
         {"days": (D.SAT,), "hours": ["05:00-07:00"]}, True),
        ({"days": (D.SUN,), "hours": ["22:00-06:00"]},
         {"days": (D.MON,), "hours": ["05:00-07:00"]}, True),
        ({"days": (D.FRI,), "hours": ["20:00-22:00"]},
         {"days": (D.SAT,), "hours": ["20:00-22:00"]}, False),
        ({"hours": ["08:00-09:00"]}, {"hours": ["09:00-10:00"]}, False),
    ],
    ids=str,
)  # fmt: skip
def test_days_and_hours(mine: dict[str, Any], theirs: dict[str, Any], meets: bool) -> None:
    assert passed_over(mine, theirs) is meets


@pytest.mark.parametrize("days", [(D.FRI,), (D.WEEKEND,), (D.SCHOOL_DAY,)])
def test_a_slot_of_a_timetable_may_be_at_any_hour(days: tuple[DayKind, ...]) -> None:
    own = clause("mine", "allow", categories=("games",), days=days)
    slotted = policy(
        "p",
        "preset",
        clause("block", "block", categories=("games",)),
    )
    ground = Ground.of((district(), slotted), CATEGORIES)
    assert loosened(ground, clause_reach(ground, slotted, own), [slotted])
    assert Window.parse("class").slot == "class"
