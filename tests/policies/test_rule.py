"""Compiled rules: who, when, and how clauses and Orders become bits."""

import pytest

from policies.calendar import BIT, DayKind, bits
from policies.hours import Span, Window
from policies.model import Role, Subject
from policies.policy import Who
from policies.rule import fits, in_time
from tests.policies.samples import clause, district, order, policy, snapshot

PUPIL = Subject(school="s1", stage="junior", tier="12-16", group="g", segment="lab", token="t")


@pytest.mark.parametrize(
    ("who", "token", "expected"),
    [
        (Who(), "", True),
        (Who(schools=("s1",), stages=("junior",), roles=(Role.PUPIL,)), "", True),
        (Who(schools=("s2", "s1")), "", True),
        (Who(schools=("s2",)), "", False),
        (Who(stages=("senior",)), "", False),
        (Who(tiers=("16-18",)), "", False),
        (Who(roles=(Role.TEACHER,)), "", False),
        (Who(groups=("h",)), "", False),
        (Who(segments=("office",)), "", False),
        (Who(segments=("lab",)), "t", True),
        (Who(), "u", False),
    ],
)
def test_fits(who: Who, token: str, expected: bool) -> None:
    assert fits(who, token, PUPIL) is expected


TUE = bits([DayKind.TUE, DayKind.SCHOOL_DAY])
FRI = bits([DayKind.FRI, DayKind.SCHOOL_DAY])
SAT = bits([DayKind.SAT, DayKind.WEEKEND])
UNKNOWN = bits([DayKind.SAT, DayKind.UNKNOWN])
NIGHT = ("22:00-06:00",)
TIMES = [
    # hours, days, unknown_year, today, yesterday, minute, missed
    ("no condition", (), 0, False, TUE, TUE, 0, None),
    ("21:59", NIGHT, 0, False, TUE, TUE, 1319, "hours"),
    ("22:00", NIGHT, 0, False, TUE, TUE, 1320, None),
    ("23:59", NIGHT, 0, False, TUE, TUE, 1439, None),
    ("00:00", NIGHT, 0, False, TUE, TUE, 0, None),
    ("05:59", NIGHT, 0, False, TUE, TUE, 359, None),
    ("06:00", NIGHT, 0, False, TUE, TUE, 360, "hours"),
    ("Friday night runs into Saturday", NIGHT, BIT[DayKind.FRI], False, SAT, FRI, 60, None),
    ("not into Friday morning", NIGHT, BIT[DayKind.FRI], False, FRI, TUE, 60, "days"),
    ("Saturday evening is Saturday's", NIGHT, BIT[DayKind.FRI], False, SAT, FRI, 1380, "days"),
    ("second window", ("08:00-09:00", "12:00-13:00"), 0, False, TUE, TUE, 725, None),
    ("between windows", ("08:00-09:00", "12:00-13:00"), 0, False, TUE, TUE, 600, "hours"),
    ("whole day", ("00:00-24:00",), 0, False, TUE, TUE, 1439, None),
    ("day fits", (), BIT[DayKind.SCHOOL_DAY], False, TUE, TUE, 0, None),
    ("day does not", (), BIT[DayKind.HOLIDAY], False, TUE, TUE, 0, "days"),
    ("unknown year", (), BIT[DayKind.HOLIDAY], False, UNKNOWN, FRI, 0, "unknown-year"),
    ("unknown year, strict", (), BIT[DayKind.HOLIDAY], True, UNKNOWN, FRI, 0, None),
    ("unknown year, plain weekday", (), BIT[DayKind.SAT], False, UNKNOWN, FRI, 0, None),
    ("unknown year, other weekday", (), BIT[DayKind.SUN], True, UNKNOWN, FRI, 0, "days"),
]  # fmt: skip


@pytest.mark.parametrize("row", TIMES, ids=[row[0] for row in TIMES])
def test_in_time(row: tuple) -> None:  # type: ignore[type-arg]
    _, hours, days, unknown, today, before, minute, missed = row
    made = snapshot(district(clause("c", "block", categories=("games",))))
    rule = next(r for r in made.sequence((made.district,)) if r.id == "district/c")
    from dataclasses import replace

    rule = replace(rule, days=days, unknown_year=unknown)
    windows = [Window.parse(text) for text in hours]
    spans = tuple(Span(w.start, w.end) for w in windows) if windows else None
    assert in_time(rule, spans, today, before, minute) == missed


def test_what_a_clause_becomes() -> None:
    made = snapshot(
        district(
            clause("a", "block", categories=("games",), layers=()),
            clause("b", "allow", hosts=("club", "lone.example")),
            hosts={"club": ("x.example",)},
        )
    )
    rules = {rule.id: rule for rule in made.sequence((made.district,))}
    assert rules["district/a"].mask == made.kinds.mask(["games"])
    assert rules["district/a"].hosts is None
    assert rules["district/b"].mask is None
    assert rules["district/b"].hosts == made.overlay.bits(
        ["district/club", "district/lone.example"], loosens=True
    )
    assert rules["district/harmful"].steadfast
    assert rules["district/gaps"].steadfast
    assert not rules["district/help"].steadfast
    assert not rules["district/a"].steadfast


def test_a_category_of_no_layer_never_matches_instead_of_always() -> None:
    """`layers: [affect]` where the RuleBase has no such category is no empty condition."""
    made = snapshot(district(clause("a", "block", layers=("affect",))))
    rules = {rule.id: rule for rule in made.sequence((made.district,))}
    assert rules["district/a"].mask == made.kinds.mask(["fandom"])


@pytest.mark.parametrize(
    ("starts", "expires", "at", "expected"),
    [(0, 0, 5, True), (5, 9, 4.9, False), (5, 9, 5, True), (5, 9, 8.9, True), (5, 9, 9, False)],
)
def test_orders_stand_for_their_time(
    starts: float, expires: float, at: float, expected: bool
) -> None:
    made = snapshot(
        orders=[order("o", "block", hosts=("x.example",), starts=starts, expires=expires)]
    )
    rule = next(r for r in made.sequence((made.district,)) if r.id == "order/o")
    assert rule.stands(at) is expected


def test_basis_of_the_file_stands_in_for_the_clause() -> None:
    from rules.model import Basis

    law = Basis(source="法")
    made = snapshot(district(basis=(law,)), policy("s1", "school", clause("c", "block")))
    rules = {rule.id: rule for rule in made.sequence(made.policies)}
    assert rules["district/help"].reason.basis == (law,)
    assert rules["s1/c"].reason.basis == ()
