"""What must hold between policies: the two laws, names, locks, gaps, prefixes, Orders."""

from dataclasses import replace

import pytest

from policies.check import ORDINARY, check, placed, unknown
from policies.model import Order, Subject
from policies.policy import Inspection, Policy, PolicySet, Prefix, Quota, Source
from rules.load import loads
from rules.model import Gap, Layer
from tests.policies.samples import (
    CATEGORIES,
    GAPS,
    HARMFUL,
    HELP,
    clause,
    district,
    end,
    order,
    policy,
)


def problems(*policies: Policy, orders: tuple[Order, ...] = ()) -> list[str]:
    given = PolicySet(policies=policies)
    return [problem.message for problem in check(given, CATEGORIES, orders)]


def test_the_small_district_is_lawful() -> None:
    assert problems(district(), policy("s1", "school")) == []


LOOSENING = ["allow", "observe", "rewrite", "mask", "warn"]


@pytest.mark.parametrize("action", LOOSENING)
@pytest.mark.parametrize("scope", ["preset", "school", "group"])
@pytest.mark.parametrize("named", [{"categories": ("games", "porn")}, {"layers": (Layer.HARMFUL,)}])
def test_nobody_loosens_harmful(action: str, scope: str, named: dict[str, tuple[str, ...]]) -> None:
    found = problems(district(), policy("p", scope, clause("c", action, **named)))
    assert len(found) == 1
    assert "loosens harmful" in found[0]


def test_the_district_does_not_either() -> None:
    found = problems(district(clause("c", "allow", categories=("gambling",), roles=("teacher",))))
    assert ["loosens harmful" in one for one in found] == [True]


@pytest.mark.parametrize("action", ["block", "warn"])
@pytest.mark.parametrize("named", [{"categories": ("crisis",)}, {"layers": (Layer.HELP,)}])
def test_nobody_blocks_help(action: str, named: dict[str, tuple[str, ...]]) -> None:
    found = problems(district(), policy("p", "school", clause("c", action, **named)))
    assert len(found) == 1
    assert "keeps people from help" in found[0]


def test_tightening_harmful_and_loosening_help_is_free() -> None:
    school = policy(
        "p",
        "school",
        clause("a", "block", categories=("porn",)),
        clause("b", "allow", categories=("crisis",)),
    )
    assert problems(district(), school) == []


BLOCK = clause("x", "block", locked=True, categories=("games",))
ALLOW = clause("x", "allow", locked=True, categories=("games",))
HELP_TEACHERS = clause("help", "allow", locked=True, layers=(Layer.HELP,), roles=("teacher",))
BY_NIGHT = clause("h", "block", locked=True, layers=(Layer.HARMFUL,), hours=("22:00-06:00",))
LOCKED_ORDERS = [
    ("without help", (GAPS, HARMFUL), ["layers [help]"]),
    ("without harmful", (GAPS, HELP), ["layers [harmful]"]),
    ("help not for all", (GAPS, HELP_TEACHERS, HARMFUL), ["stands before", "layers [help]"]),
    ("harmful only at night", (GAPS, HELP, BY_NIGHT), ["layers [harmful]"]),
    ("a block before help", (GAPS, BLOCK, HELP, HARMFUL), ["stands before"]),
    ("a loosening one before harmful", (GAPS, HELP, ALLOW, HARMFUL), ["stands before"]),
    ("a block between", (GAPS, HELP, BLOCK, HARMFUL), []),
    ("a loosening one after", (GAPS, HELP, HARMFUL, ALLOW), []),
    ("harmful not locked", (GAPS, HELP, replace(HARMFUL, locked=False)), ["layers [harmful]"]),
]


@pytest.mark.parametrize(
    ("clauses", "said"), [row[1:] for row in LOCKED_ORDERS], ids=[r[0] for r in LOCKED_ORDERS]
)
def test_order_of_locked_clauses(clauses: tuple[object, ...], said: list[str]) -> None:
    found = problems(replace(district(), clauses=clauses))
    assert len(found) == len(said)
    for one, part in zip(found, said, strict=True):
        assert part in one


@pytest.mark.parametrize("gap", [gap for gap in Gap if gap not in ORDINARY])
def test_every_gap_is_handled_for_pupils(gap: Gap) -> None:
    others = tuple(other for other in Gap if other not in (gap, *ORDINARY))
    for name, left in {
        "missing": (),
        "unlocked": (clause("g", "block", gaps=(gap,)),),
        "teachers only": (clause("g", "block", True, gaps=(gap,), roles=("teacher",)),),
        "at night only": (clause("g", "block", True, gaps=(gap,), hours=("22:00-06:00",)),),
    }.items():
        made = replace(
            district(),
            clauses=(clause("gaps", "block", True, gaps=others), HELP, HARMFUL, *left),
        )
        found = problems(made)
        assert any(f"`{gap}`" in one for one in found), name


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (district(clause("a", "block", categories=("gamez",))), "unknown category `gamez`"),
        (district(inspection=Inspection(never_open=("bank",))), "unknown category `bank`"),
        (district(inspection=Inspection(open=("bank",))), "unknown category `bank`"),
        (district(clause("a", "block", hosts=("club",))), "unknown host group `club`"),
        (district(clause("a", "block", hosts=("bad host.example",))), "is not a host"),
        (district(hosts={"club": ("ok.example", "b\x00d.example")}), "is not a host"),
        (district(clause("a", "block"), clause("a", "allow")), "stands twice"),
        (district(clause("otherwise", "block")), "cannot be the id of a clause"),
        (district(clause("Größe", "block")), "cannot be the id of a clause"),
        (district(prefixes=(Prefix(prefix="10.0.0.0/8"),)), "only a school's"),
        (district(otherwise=None), "no `otherwise`"),
        (district(default_subject=None), "no `default_subject`"),
        (district(clause("a", "limit")), "belong together"),
        (
            district(clause("a", "block", quota=Quota(minutes=1), categories=("games",))),
            "belong together",
        ),
        (district(clause("a", "limit", quota=Quota(minutes=1))), "counts categories"),
    ],
)
def test_bad_districts(made: Policy, said: str) -> None:
    found = problems(made)
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (policy("order", "school"), "cannot be the id of a policy"),
        (policy("学校", "school"), "cannot be the id of a policy"),
        (policy("p", "school", clause("a", "block", locked=True)), "can be locked"),
        (policy("p", "preset", default_subject=Subject()), "only the district"),
        (policy("p", "preset", otherwise=end("allow")), "only be `block`"),
        (district(id="district2"), "exactly one district policy, not 2"),
    ],
)
def test_bad_lower_policies(made: Policy, said: str) -> None:
    found = problems(district(), made)
    assert [said in one for one in found] == [True]


def test_a_district_is_needed() -> None:
    assert ["exactly one" in one for one in problems(policy("s1", "school"))] == [True]


def test_a_prefix_belongs_to_one_school() -> None:
    first = policy(
        "s1", "school", prefixes=(Prefix(prefix="10.0.0.0/8"), Prefix(prefix="10.1.0.0/16"))
    )
    second = policy("s2", "school", prefixes=(Prefix(prefix="10.1.0.0/16"),))
    assert problems(district(), first, second) == ["10.1.0.0/16 is already given to `s1`"]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (order("o", "block", categories=("gamez",)), "unknown category"),
        (order("o", "block", hosts=("bad host",)), "is not a host"),
        (order("o", "block", categories=("crisis",)), "from help"),
        (order("o", "limit"), "cannot limit"),
        (order("o", "block", hosts=("a.example",), pass_through=True), "pass-through"),
    ],
)
def test_bad_orders(made: Order, said: str) -> None:
    found = check(PolicySet(policies=(district(),)), CATEGORIES, (made,))
    assert [said in one.message for one in found] == [True]
    assert found[0].file == "order o"


def test_problems_say_where() -> None:
    text = """id: s1
title: {zh: 校, en: school}
scope: school
clauses:
  - id: free-games
    title: {zh: 题, en: t}
    locked: true
    when: {categories: [games, porn]}
    action: allow
    reason: {zh: 由, en: r}
"""
    school = loads(Policy, text, "s1.yaml")
    given = PolicySet(
        policies=(district(), school), sources={"s1": Source(file="s1.yaml", text=text)}
    )
    found = check(given, CATEGORIES)
    assert [(p.file, p.line, p.column) for p in found] == [("s1.yaml", 7, 13), ("s1.yaml", 8, 11)]


def test_a_policy_without_source_still_has_a_place() -> None:
    found = placed(PolicySet(policies=()), district(), ["clauses"], "wrong")
    assert (found.file, found.line, found.column) == ("district", 1, 1)


def test_near_names_are_offered() -> None:
    assert unknown("category", "gamez", ["games", "video"])[1] == "did you mean `games`?"
    assert unknown("category", "zzz", ["games"])[1] == ""
