"""When evidence is enough, and for what."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.check import check
from policies.learning import Days, Evidence, Learning, Then, judge, path_of
from policies.load import load_policies
from policies.policy import Policy, PolicySet, Scope
from rules.load import DataError, loads
from rules.sources import load_categories

PLAIN = Learning(then=Then.BLOCK)
ENOUGH = Evidence(host="a.example", category="gambling", harmful=5, clean=5, days=1, people=4)

CASES = {
    "enough": ({}, Then.BLOCK),
    "one page short": ({"harmful": 4}, Then.IGNORE),
    "too many good pages": ({"clean": 6}, Then.IGNORE),
    "no day": ({"days": 0}, Then.IGNORE),
    "a shared host is only proposed": ({"shared": True}, Then.PROPOSE),
    "so is a path": ({"path": "/u/", "clean": 900}, Then.PROPOSE),
    "nothing at all": ({"harmful": 0, "clean": 0}, Then.IGNORE),
}


@pytest.mark.parametrize(("changes", "then"), CASES.values(), ids=CASES)
def test_what_follows(changes: dict[str, object], then: Then) -> None:
    assert judge(replace(ENOUGH, **changes), PLAIN) is then  # type: ignore[arg-type]


def test_few_people_propose_and_many_block() -> None:
    wary = replace(PLAIN, pupils=5)
    assert judge(ENOUGH, wary) is Then.PROPOSE
    assert judge(replace(ENOUGH, people=5), wary) is Then.BLOCK


def test_categories_say_it_for_themselves() -> None:
    mixed = Learning(then=Then.PROPOSE, categories={"gambling": Then.BLOCK, "porn": Then.IGNORE})
    assert judge(ENOUGH, mixed) is Then.BLOCK
    assert judge(replace(ENOUGH, category="porn"), mixed) is Then.IGNORE
    assert judge(replace(ENOUGH, category="fraud"), mixed) is Then.PROPOSE


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 5), st.integers(0, 9), st.booleans())
def test_more_harm_never_means_less_and_shared_hosts_are_never_blocked(
    harmful: int, clean: int, days: int, people: int, shared: bool
) -> None:
    order = [Then.IGNORE, Then.PROPOSE, Then.BLOCK]
    found = replace(ENOUGH, harmful=harmful, clean=clean, days=days, people=people, shared=shared)
    now, more = judge(found, PLAIN), judge(replace(found, harmful=harmful + 1), PLAIN)
    assert order.index(more) >= order.index(now)
    assert not (shared and now is Then.BLOCK)


@pytest.mark.parametrize(("people", "told"), [(0, "few"), (2, "few"), (3, "3"), (40, "40")])
def test_few_people_are_not_counted_aloud(people: int, told: str) -> None:
    assert replace(ENOUGH, people=people).crowd == told


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/", "/"),
        ("", "/"),
        ("/u123", "/u123"),
        ("/u123?name=li", "/u123"),
        ("/u123/blog/7?x#y", "/u123/"),
        ("//a//b", "/a/"),
        ("?q=1", "/"),
    ],
)
def test_a_path_is_its_first_folder_without_the_query(path: str, part: str) -> None:
    assert path_of(path) == part


@pytest.mark.parametrize(
    "wrong",
    ["harmful_pages: 0", "share: 0", "share: 1.5", "days: 0", "pupils: 0", "expires: soon"],
)
def test_what_cannot_be_is_refused_with_its_place(wrong: str) -> None:
    with pytest.raises(DataError, match=r"x\.yaml:1"):
        loads(Learning, f"{{{wrong}}}", "x.yaml")


def test_the_brief_form_reads() -> None:
    text = "{harmful_pages: 7, share: 0.4, days: 2, then: block, expires: 10d}"
    found = loads(Learning, text, "x.yaml")
    assert found == Learning(
        harmful_pages=7, share=0.4, days=2, then=Then.BLOCK, expires=Days("10d")
    )
    assert found.expires.days == 10


def with_learning(scope: Scope, learning: Learning) -> list[str]:
    given_ = load_policies()
    policies = tuple(
        replace(p, learning=learning) if p.scope is scope else p for p in given_.policies
    )
    categories = tuple(load_categories(()).values())
    changed = PolicySet(
        policies=policies,
        years=given_.years,
        calendars=given_.calendars,
        sources=given_.sources,
        answers=given_.answers,
    )
    return [str(problem) for problem in check(changed, categories)]


def test_only_the_district_learns_and_only_of_harm() -> None:
    assert with_learning(Scope.DISTRICT, Learning(categories={"porn": Then.BLOCK})) == []
    said = with_learning(Scope.DISTRICT, Learning(categories={"games": Then.BLOCK}))
    assert len(said) == 1
    assert "not harmful by law" in said[0]
    assert "only the district" in with_learning(Scope.SCHOOL, Learning())[0]


def test_the_shipped_district_proposes_first() -> None:
    (district,) = (p for p in load_policies().policies if p.scope is Scope.DISTRICT)
    assert isinstance(district, Policy)
    assert district.learning is not None
    assert district.learning.then is Then.PROPOSE
    assert district.learning.pupils >= 3
