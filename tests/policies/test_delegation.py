"""Delegated editing: an adversarial table of what schools, groups and teachers may try."""
# ruff: noqa: E501 - tables of one attempt a line

from dataclasses import replace
from typing import Any

import pytest

from policies.check import check, sound_orders
from policies.entrust import Delegation, Until
from policies.model import Action, Office, Order, Subject
from policies.policy import (
    Clause,
    Inspection,
    Mode,
    Policy,
    PolicySet,
    Quota,
    Source,
    Who,
)
from policies.reach import Ground, Loosened, clause_reach, loosened
from rules.load import loads
from rules.model import Layer, Text
from tests.policies.samples import (
    CATEGORIES,
    WORDS,
    ask,
    clause,
    district,
    end,
    order,
    policy,
    snapshot,
)

JUNIOR = policy(
    "junior",
    "preset",
    clause("night", "block", categories=("games", "video"), hours=("22:00-06:00",)),
    clause("lessons", "warn", categories=("video",), hours=("08:00-17:00",)),
    clause("quota", "limit", quota=Quota(minutes=60), categories=("games",)),
    applies=Who(stages=("junior",), roles=("pupil",)),
)
KIDS = policy(
    "kids",
    "preset",
    clause("open", "allow", categories=("education",)),
    applies=Who(stages=("kindergarten",)),
    otherwise=end("block"),
)


def given(*delegations: Delegation, more: tuple[Policy, ...] = ()) -> PolicySet:
    top = district(
        clause("affect", "warn", layers=(Layer.AFFECT,), roles=("pupil",)),
        clause("search", "rewrite", categories=("video",), roles=("pupil",)),
        delegates=delegations,
        locked=[clause("no-banking", "block", categories=("banking",), roles=("visitor",))],
    )
    return PolicySet(policies=(top, JUNIOR, KIDS, *more))


def grant(name: str = "d", **fields: Any) -> Delegation:
    return Delegation(id=name, title=WORDS, **fields)


def until(made: Clause, text: str = "2027-07-15") -> Clause:
    return replace(made, expires=Until.parse(text))


def said(school: Policy, *delegations: Delegation) -> list[str]:
    return [p.message for p in check(given(*delegations, more=(school,)), CATEGORIES)]


def school(*clauses: Clause, **fields: Any) -> Policy:
    return policy("s1", "school", *clauses, **fields)


PUPILS = {"stages": ("junior",)}
BY_NIGHT = clause("c", "allow", categories=("video",), hours=("21:00-23:00",), **PUPILS)
SITE = clause("c", "allow", hosts=("club.example",), **PUPILS)
ANYTHING = clause("c", "allow", **PUPILS)
FANDOM = clause("c", "allow", categories=("fandom",), **PUPILS)
MORE_GAMES = clause("c", "limit", quota=Quota(minutes=61), categories=("games",), **PUPILS)
REFUSED = "has not delegated"
ATTEMPTS: list[tuple[str, Policy, tuple[Delegation, ...], str]] = [
    ("loosens with no delegation", school(until(BY_NIGHT)), (), REFUSED),
    ("another category is delegated", school(until(BY_NIGHT)), (grant(categories=("games",)),), REFUSED),
    ("another clause is delegated", school(until(BY_NIGHT)), (grant(clauses=("junior/lessons",)),), REFUSED),
    ("one of two clauses is delegated", school(until(BY_NIGHT)), (grant(clauses=("junior/night",)),), REFUSED),
    ("another school has it", school(until(BY_NIGHT)), (grant(categories=("video",), policies=("s2",)),), REFUSED),
    ("only teachers have it", school(until(BY_NIGHT)), (grant(categories=("video",), to=(Office.TEACHER,)),), REFUSED),
    ("no expiry", school(BY_NIGHT), (grant(categories=("video",)),), "has no `expires`"),
    ("too long", school(until(BY_NIGHT, "2027-07-16")), (grant(categories=("video",), until=Until.parse("2027-07-15")),), "after the end"),
    ("by a layer instead of a name", school(until(clause("c", "allow", layers=(Layer.FUNCTIONAL,), **PUPILS))), (), REFUSED),
    ("a clause for everything", school(until(ANYTHING)), (grant(sites=True),), REFUSED),
    ("a site", school(until(SITE)), (grant(categories=("video", "games")),), REFUSED),
    ("warn where block was", school(until(replace(BY_NIGHT, action=Action.WARN))), (), REFUSED),
    ("allow where SafeSearch was", school(until(clause("c", "allow", categories=("video",), hours=("18:00-20:00",)))), (), REFUSED),
    ("a larger quota", school(until(MORE_GAMES)), (), REFUSED),
    ("affecting content", school(until(FANDOM)), (), REFUSED),
    ("one minute of the night", school(until(clause("c", "allow", categories=("games",), hours=("21:00-22:01",), **PUPILS))), (grant(clauses=("junior/quota",)),), REFUSED),
    ("for everybody, kindergarten among them", school(until(clause("c", "allow", categories=("games",)))), (grant(clauses=("junior/night", "junior/quota")),), REFUSED),
    ("a group's file", policy("g1", "group", until(BY_NIGHT)), (), REFUSED),
    ("without a reason", school(until(replace(SITE, reason=Text(zh="", en="")))), (grant(sites=True),), "needs a reason"),
    ("harmful, delegated or not", school(until(clause("c", "allow", categories=("porn",)))), (), "loosens harmful"),
    ("help, blocked", school(clause("c", "block", categories=("crisis",))), (), "keeps people from help"),
    ("locks by itself", school(clause("c", "block", categories=("games",), locked=True)), (), "can be locked"),
    ("delegates to itself", school(delegates=(grant(categories=("games",)),)), (), "only the district delegates"),
    ("monitor mode", school(mode=Mode.MONITOR), (), "monitor mode is not delegated"),
    ("looks away", school(inspection=Inspection(never_open=("video",))), (), "inspection is not delegated"),
    ("writes for other schools", school(applies=Who(schools=("s1", "s2"))), (), "its own school only"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("made", "delegations", "wrong"), [row[1:] for row in ATTEMPTS], ids=[r[0] for r in ATTEMPTS]
)
def test_refused(made: Policy, delegations: tuple[Delegation, ...], wrong: str) -> None:
    found = said(made, *delegations)
    assert len(found) == 1
    assert wrong in found[0]


VIDEO = grant(categories=("video",))
FREE: list[tuple[str, Policy, tuple[Delegation, ...]]] = [
    ("tightens", school(clause("c", "block", categories=("education", "video"))), ()),
    ("tightens a site", school(clause("c", "block", hosts=("x.example",))), ()),
    ("an allow-list", school(otherwise=end("block")), ()),
    ("a smaller quota", school(clause("c", "limit", quota=Quota(minutes=60), categories=("games",), hours=("08:00-20:00",), **PUPILS)), ()),
    ("an hour nobody else speaks of", school(clause("c", "observe", categories=("education",), hours=("12:00-13:00",))), ()),
    ("people nobody else speaks of", school(clause("c", "allow", categories=("games",), roles=("teacher",), stages=("senior",))), ()),
    ("what the allow-list has anyway", school(clause("c", "allow", categories=("education",))), ()),
    ("by category", school(until(BY_NIGHT)), (VIDEO,)),
    ("by clauses", school(until(BY_NIGHT)), (grant(clauses=("junior/night", "district/search")),)),
    ("by two delegations", school(until(BY_NIGHT)), (grant(clauses=("junior/night",)), grant("e", clauses=("district/search",)))),
    ("a site", school(until(SITE)), (grant(sites=True),)),
    ("standing", school(BY_NIGHT), (grant(categories=("video",), standing=True),)),
    ("to the last day", school(until(BY_NIGHT)), (replace(VIDEO, until=Until.parse("2027-07-15")),)),
    ("monitor mode", school(mode=Mode.MONITOR), (grant(monitor=True),)),
    ("inspection", school(inspection=Inspection(never_open=("video",))), (grant(inspection=True),)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("made", "delegations"), [row[1:] for row in FREE], ids=[r[0] for r in FREE]
)
def test_free(made: Policy, delegations: tuple[Delegation, ...]) -> None:
    assert said(made, *delegations) == []


@pytest.mark.parametrize(
    ("made", "wrong"),
    [
        (grant(categories=("porn",)), "is harmful"),
        (grant(categories=("gamez",)), "unknown category"),
        (grant(clauses=("district/help",)), "is locked"),
        (grant(clauses=("junior/nothing",)), "there is no clause"),
    ],
)
def test_bad_delegations(made: Delegation, wrong: str) -> None:
    found = [p.message for p in check(given(made), CATEGORIES)]
    assert [wrong in one for one in found] == [True]


def test_a_delegation_stands_once() -> None:
    found = [p.message for p in check(given(VIDEO, VIDEO), CATEGORIES)]
    assert found == ["`d` stands twice"]


def test_findings_say_where() -> None:
    text = """id: s1
title: {zh: 校, en: school}
scope: school
clauses:
  - id: c
    title: {zh: 题, en: t}
    when: {categories: [games], stages: [junior]}
    action: allow
    reason: {zh: 由, en: r}
    expires: 2027-07-16
"""
    made = loads(Policy, text, "s1.yaml")
    limited = grant(categories=("games",), until=Until.parse("2027-07-15"))
    whole = replace(given(limited, more=(made,)), sources={"s1": Source(file="s1.yaml", text=text)})
    assert [(p.line, p.column) for p in check(whole, CATEGORIES)] == [(10, 14)]


def test_what_is_loosened_is_named() -> None:
    made = school(BY_NIGHT)
    whole = given(more=(made,))
    ground = Ground.of(whole.policies, CATEGORIES)
    found = loosened(ground, clause_reach(ground, made, BY_NIGHT), whole.policies)
    assert found == [
        Loosened(clause="district/search", category="video"),
        Loosened(clause="junior/night", category="video"),
    ]


@pytest.mark.parametrize(
    ("time", "clause_id"),
    [("2026-10-10T12:00", "s1/c"), ("2026-10-10T23:59:59", "s1/c"), ("2026-10-11T00:00", "district/games")],
)  # fmt: skip
def test_an_expired_clause_does_nothing(time: str, clause_id: str) -> None:
    top = district(clause("games", "block", categories=("games",)))
    made = school(until(clause("c", "allow", categories=("games",)), "2026-10-10"))
    shot = snapshot(top, made)
    found = ask(shot, "games", subject=Subject(school="s1", stage="junior"), time=time)
    assert found.clause == clause_id


# -- Orders --------------------------------------------------------------------------

START = 1_790_000_000.0
LESSON = Delegation(
    id="lesson",
    title=WORDS,
    to=(Office.TEACHER, Office.SCHOOL),
    categories=("video", "games"),
    minutes=45,
)


def override(minutes: int = 45, **fields: Any) -> Order:
    base: dict[str, Any] = {
        "categories": ("video",),
        "school": "s1",
        "group": "class-3",
        "office": Office.TEACHER,
        "starts": START,
        "expires": START + minutes * 60,
    }
    return order("o", fields.pop("action", "allow"), **{**base, **fields})


def faults(made: Order, *delegations: Delegation, more: tuple[Policy, ...] = ()) -> list[str]:
    _, found = sound_orders(given(*delegations, more=more), CATEGORIES, (made,))
    return [problem.message for problem in found]


ORDERS: list[tuple[str, Order, tuple[Delegation, ...], str]] = [
    ("fits", override(), (LESSON,), ""),
    ("one device", override(10, group="", token="t"), (LESSON,), ""),
    ("tightens", override(action="block", categories=("education",)), (), ""),
    ("a category that nobody restricts", override(categories=("education",)), (LESSON,), ""),
    ("not delegated", override(), (), "has not delegated"),
    ("another category", override(categories=("fandom",)), (LESSON,), "has not delegated"),
    ("one of two", override(categories=("video", "fandom")), (LESSON,), "has not delegated"),
    ("a site", override(categories=(), hosts=("x.example",)), (LESSON,), "has not delegated"),
    ("a site, delegated", override(categories=(), hosts=("x.example",)), (replace(LESSON, sites=True),), ""),
    ("everything", override(categories=()), (LESSON,), "has not delegated"),
    ("46 minutes", override(46), (LESSON,), "at most 45 minutes"),
    ("no end", override(expires=0.0), (LESSON,), "a beginning and an end"),
    ("no beginning", override(starts=0.0), (LESSON,), "a beginning and an end"),
    ("ends before it begins", override(-5), (LESSON,), "a beginning and an end"),
    ("no school", override(school=""), (LESSON,), "names its school"),
    ("a whole school", override(group=""), (LESSON,), "names a group"),
    ("a whole school by the school", override(group="", office=Office.SCHOOL), (LESSON,), ""),
    ("of another school", override(), (replace(LESSON, policies=("s2",)),), "has not delegated"),
    ("outlasts", override(), (replace(LESSON, until=Until.parse("2026-01-01")),), "would outlast"),
    ("not approved", override(), (replace(LESSON, approvals=1),), "1 approval(s)"),
    ("approves itself", override(approvals=("区教育局",)), (replace(LESSON, approvals=1),), "1 approval(s)"),
    ("approved twice by one", override(approvals=("甲", "甲")), (replace(LESSON, approvals=2),), "2 approval(s)"),
    ("approved", override(approvals=("甲",)), (replace(LESSON, approvals=1),), ""),
    ("harmful", override(categories=("porn",)), (LESSON,), "nobody may loosen"),
    ("harmful by the district", override(categories=("porn",), office=Office.DISTRICT), (), "nobody may loosen"),
    ("blocks help", override(action="block", categories=("crisis",)), (LESSON,), "from help"),
    ("pass-through", override(pass_through=True), (LESSON,), "has not delegated"),
    ("pass-through, delegated", override(pass_through=True), (replace(LESSON, inspection=True),), ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("made", "delegations", "wrong"), [row[1:] for row in ORDERS], ids=[r[0] for r in ORDERS]
)
def test_orders(made: Order, delegations: tuple[Delegation, ...], wrong: str) -> None:
    found = faults(made, *delegations)
    assert [wrong for one in found[:1] if wrong not in "; ".join(found)] == []
    assert bool(found) is bool(wrong)


def test_an_order_minds_the_schools_own_clauses() -> None:
    quiet = school(clause("noon", "block", categories=("education",)))
    assert "s1/noon" in faults(override(categories=("education",)), LESSON, more=(quiet,))[0]


def test_a_bad_order_leaves_the_others_in_force() -> None:
    good = order("good", "block", hosts=("x.example",))
    bad = replace(good, id="bad", categories=("gone",))
    sound, problems = sound_orders(given(), CATEGORIES, (bad, good))
    assert sound == (good,)
    assert [problem.file for problem in problems] == ["order bad"]
