"""Outflow rules decide beside the clauses: approved places first, then the nearest rule."""

from __future__ import annotations

import pytest

from policies.carries import Carries
from policies.compile import Snapshot
from policies.decide import decide
from policies.model import Action, Role, Subject, Verdict
from policies.moment import at
from policies.outflow import carried_of
from policies.policy import Approved, Outflow, OutflowRule
from rules.load import DataError
from rules.model import Facts, Signals, Stage
from rules.recognise.personal.carried import Carried
from rules.recognise.personal.kinds import Kind
from tests.policies.samples import NOON, WORDS, district, policy, snapshot, when

ONE = Carried(verified={Kind.ID_CARD: 1}, people=1)
MANY = Carried(verified={Kind.ID_CARD: 30}, people=30)


def rule(name: str, action: str, locked: bool = False, **more: object) -> OutflowRule:
    fields = {key: more.pop(key) for key in ("roles", "categories", "hosts") if key in more}
    return OutflowRule(
        id=name, title=WORDS, action=Action(action), reason=WORDS, locked=locked,
        when=when(**fields), carries=Carries(**more),  # type: ignore[arg-type]
    )  # fmt: skip


def shot(*rules: OutflowRule, approved: Approved = Approved(), near: object = None) -> Snapshot:  # noqa: B008
    school = (policy("s1", "school", outflow=Outflow(rules=near)),) if near else ()  # type: ignore[arg-type]
    made = district(outflow=Outflow(rules=rules, approved=approved))
    return snapshot(made, *school)


def judged(
    given: Snapshot, carried: Carried, *, host: str = "site.example",
    category: str = "video", role: Role = Role.TEACHER,
) -> Verdict:  # fmt: skip
    subject = Subject(stage="junior", role=role, school="s1")
    facts = Facts(stage=Stage.REQUEST, host=host)
    signals = Signals(mask=given.kinds.mask((category,)))
    before = decide(given, facts, signals, subject, at(NOON))
    book, seat = given.outflow, given.seat(subject)
    return book.leaving(seat, facts, signals, at(NOON), book.bits(carried), before)


def test_thresholds_and_order() -> None:
    given = shot(rule("many", "block", people=20), rule("some", "observe", people=1))
    assert judged(given, MANY).clause == "district/outflow/many"
    assert judged(given, MANY).enforced is Action.BLOCK
    assert judged(given, ONE).clause == "district/outflow/some"
    assert judged(given, Carried()).clause == "district/otherwise"


def test_approved_places_are_left_alone() -> None:
    given = shot(
        rule("all", "block"),
        approved=Approved(hosts=("good.example",), categories=("education",)),
    )
    assert judged(given, MANY).enforced is Action.BLOCK
    assert judged(given, MANY, category="education").enforced is Action.ALLOW
    assert judged(given, MANY, host="good.example").enforced is Action.ALLOW
    seat = given.seat(Subject(stage="junior", role=Role.TEACHER, school="s1"))
    facts = Facts(stage=Stage.REQUEST, host="good.example")
    signals = Signals(mask=given.kinds.mask(("video",)))
    assert not given.outflow.concerns(seat, facts, signals, at(NOON))


def test_who_and_where() -> None:
    given = shot(rule("staff", "warn", roles=("staff",), categories=("video",)))
    assert judged(given, ONE).enforced is Action.ALLOW
    assert judged(given, ONE, role=Role.STAFF).enforced is Action.WARN
    assert judged(given, ONE, role=Role.STAFF, category="games").enforced is Action.ALLOW


def test_the_school_is_nearer_but_not_above_what_is_locked() -> None:
    given = shot(rule("d", "observe"), near=(rule("s", "block"),))
    assert judged(given, ONE).clause == "s1/outflow/s"
    held = shot(rule("d", "block", locked=True), near=(rule("s", "observe"),))
    assert judged(held, ONE).clause == "district/outflow/d"


def test_the_same_bits_decide_the_same_again() -> None:
    given = shot(rule("many", "block", people=20))
    verdict = judged(given, MANY)
    assert verdict.carried == given.outflow.bits(MANY)
    assert verdict.trace == judged(given, MANY).trace
    assert not shot().outflow


def test_what_is_written_on_a_line() -> None:
    assert carried_of("{verified: {id_card: 3}, people: 3}").people == 3
    with pytest.raises(DataError):
        carried_of("{verified: {health: x}}")
