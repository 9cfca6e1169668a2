"""Remarks that do not fail a check."""

from dataclasses import replace

import pytest

from policies.advice import advice
from policies.calendar import DayKind
from policies.entrust import Until
from policies.model import Action
from policies.policy import At, Case, Policy, PolicySet, Quota, UnknownYear
from tests.policies.samples import YEAR, clause, policy

CASES = (Case(title="t", at=At("2026-09-01T10:00"), expect=Action.ALLOW),)


def remarks(made: Policy, year: int, month: int = 9) -> list[str]:
    return [
        one.message
        for one in advice(PolicySet(policies=(made,), years=(YEAR,)), f"{year}-{month:02d}-01")
    ]


HOLIDAY = clause("h", "block", days=(DayKind.HOLIDAY,))
STRICT = clause("h", "block", days=(DayKind.HOLIDAY,), unknown_year=UnknownYear.MATCH)


@pytest.mark.parametrize(
    ("made", "year", "said"),
    [
        (policy("p", "school", clause("c", "block"), cases=CASES), 2026, []),
        (
            policy("p", "school", clause("c", "limit", quota=Quota(minutes=1)), cases=CASES),
            2026,
            [],
        ),
        (policy("p", "school", clause("c", "mask"), cases=CASES), 2026, ["are masked"]),
        (policy("p", "school", clause("c", "block")), 2026, ["no cases"]),
        (policy("p", "preset", cases=CASES), 2026, ["no clauses"]),
        (policy("p", "school", HOLIDAY, cases=CASES), 2026, []),
        (policy("p", "school", HOLIDAY, cases=CASES), 2031, ["in 2031 clause `h`", "not known"]),
        (policy("p", "school", STRICT, cases=CASES), 2031, ["not known"]),
    ],
)
def test_remarks(made: Policy, year: int, said: list[str]) -> None:
    found = remarks(made, year)
    assert len(found) == len(said)
    for one, part in zip(found, said, strict=True):
        assert part in one


@pytest.mark.parametrize(("month", "said"), [(10, 0), (11, 1), (12, 1)])
def test_next_year_is_asked_for_when_it_has_been_announced(month: int, said: int) -> None:
    made = policy("p", "school", cases=CASES)
    assert len(remarks(made, 2026, month)) == said
    assert len(remarks(made, 2025, month)) == 1


def test_an_expired_clause_is_told_from_the_day_after() -> None:
    made = replace(clause("c", "allow"), expires=Until.parse("2026-09-30"))
    given = PolicySet(policies=(policy("p", "school", made, cases=CASES),), years=(YEAR,))
    assert advice(given, "2026-09-30") == []
    assert ["expired on 2026-09-30" in r.message for r in advice(given, "2026-10-01")] == [True]
