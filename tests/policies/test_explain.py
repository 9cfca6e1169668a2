"""The trace: every clause tried, and why each did not match."""

import pytest

from policies.calendar import DayKind
from policies.explain import Missed, explain
from policies.model import Subject
from policies.moment import at
from policies.policy import PolicySet, UnknownYear
from rules.model import Facts, Gap, Signals, Stage
from tests.policies.samples import clause, district, end, order, policy, snapshot

SHOT = snapshot(
    district(
        clause("teachers", "block", roles=("teacher",)),
        clause("night", "block", hours=("22:00-06:00",)),
        clause("holiday", "block", days=(DayKind.HOLIDAY,)),
        clause("games", "block", categories=("games",)),
        clause("club", "block", hosts=("club.example",)),
        clause("gap", "block", gaps=(Gap.NAME_CONFLICT,)),
    ),
    policy("s1", "school", clause("e", "allow", categories=("education",)), otherwise=end("block")),
    orders=[
        order("late", "block", hosts=("x.example",), expires=1.0),
        order("pin", "allow", hosts=("x.example",), pass_through=True),
    ],
)


def steps(
    time: str = "2026-09-01T12:00", school: str = "", **fields: object
) -> dict[str, tuple[Missed | None, str]]:
    facts = Facts(stage=Stage.REQUEST, host="x.example", **fields)  # type: ignore[arg-type]
    subject = Subject(school=school)
    signals = Signals(mask=SHOT.kinds.mask(["education"]))
    found = explain(SHOT.seat(subject), facts, signals, subject, at(time))
    return {step.clause: (step.missed, step.detail) for step in found.steps}


@pytest.mark.parametrize(
    ("name", "missed", "detail"),
    [
        ("district/gaps", Missed.GAP, None),
        ("district/help", Missed.CATEGORIES, "help, crisis"),
        ("order/late", Missed.EXPIRY, ""),
        ("order/pin", Missed.PINS, ""),
        ("district/teachers", Missed.SUBJECT, ""),
        ("district/night", Missed.HOURS, "22:00-06:00"),
        ("district/holiday", Missed.DAYS, "holiday"),
        ("district/games", Missed.CATEGORIES, "games"),
        ("district/club", Missed.HOSTS, ""),
        ("district/gap", Missed.GAP, "name-conflict"),
        ("district/otherwise", None, ""),
    ],
)
def test_each_reason(name: str, missed: Missed | None, detail: str | None) -> None:
    found = steps()[name]
    assert found[0] is missed
    if detail is not None:
        assert found[1] == detail


def test_unknown_year() -> None:
    assert steps("2031-10-01T12:00")["district/holiday"][0] is Missed.UNKNOWN_YEAR


def test_what_follows_the_decision_is_not_reached() -> None:
    found = steps("2026-09-01T23:00")
    assert found["district/night"] == (None, "")
    assert found["district/otherwise"][0] is Missed.NOT_REACHED


def test_conflicting_names_and_an_allow_list() -> None:
    found = steps(school="s1", names=("y.example",))
    assert found["s1/e"][0] is Missed.NAMES
    assert found["s1/otherwise"][0] is None
    assert steps(school="s1")["s1/e"] == (None, "education")


def test_explanation_carries_days_and_the_effective_subject() -> None:
    subject = Subject()
    facts = Facts(stage=Stage.REQUEST, host="x.example")
    found = explain(SHOT.seat(subject), facts, Signals(), subject, at("2026-10-10T12:00"))
    assert found.days == ("sat", "makeup", "school-day", "unknown-term")
    assert found.subject.stage == "primary-upper"
    assert found.verdict.snapshot == SHOT.hash


def test_a_strict_clause_in_an_unknown_year() -> None:
    made = clause("h", "block", days=(DayKind.HOLIDAY,), unknown_year=UnknownYear.MATCH)
    shot = snapshot(district(made))
    assert PolicySet(policies=shot.policies).policies
    subject = Subject()
    facts = Facts(stage=Stage.REQUEST, host="x.example")
    found = explain(shot.seat(subject), facts, Signals(), subject, at("2031-03-03T12:00"))
    assert found.verdict.clause == "district/h"
    assert "unknown-year" in found.days
