"""Figures of re-identification, held to worked examples."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle.risk import Group, propose, weigh
from rules.recognise.personal.kinds import Kind


def test_a_worked_example():
    groups = [
        Group(size=2, sensitive={"d": {"a": 2}}),
        Group(size=2, sensitive={"d": {"a": 1, "b": 1}}),
        Group(size=1, sensitive={"d": {"b": 1}}),
    ]
    made = weigh("t", groups, quasi=["x"], totals={"d": {"a": 3, "b": 2}}, wanted=2, population=10)
    assert (made.rows, made.groups, made.k) == (5, 3, 1)
    assert (made.unique, made.below) == (0.2, 0.2)
    assert (made.prosecutor, made.journalist, made.marketer) == (1.0, 0.5, 0.6)
    (d,) = made.diversity
    assert (d.l_distinct, d.alike, d.l_entropy) == (1, 2, 1.0)
    assert d.t == pytest.approx(0.6)
    assert made.level == 2


def test_closeness_by_order():
    """Li et al. 2007: {3,4,5} of nine salaries is 0.375 away, {6,8,11} 0.167."""
    totals = {"s": {str(n): 1 for n in (3, 4, 5, 6, 7, 8, 9, 10, 11)}}
    low = weigh(
        "t", [Group(size=3, sensitive={"s": {"3": 1, "4": 1, "5": 1}})], quasi=["x"], totals=totals
    )
    other = weigh(
        "t", [Group(size=3, sensitive={"s": {"6": 1, "8": 1, "11": 1}})], quasi=["x"], totals=totals
    )
    assert low.diversity[0].t == 0.375
    assert other.diversity[0].t == 0.1667
    assert low.diversity[0].l_entropy == pytest.approx(3)


def test_levels_and_small_counts():
    assert weigh("t", [Group(size=9)], quasi=["x"], direct=["name"]).level == 1
    assert weigh("t", [Group(size=9)], quasi=["x"]).level == 3
    assert weigh("t", [Group(size=4)], quasi=["x"]).level == 2
    assert weigh("t", [Group(size=1)], quasi=["x"]).sizes == (("1", None),)
    assert weigh("t", [Group(size=1)] * 5, quasi=["x"]).sizes == (("1", 5),)
    empty = weigh("t", [], quasi=["x"])
    assert (empty.k, empty.prosecutor, empty.level) == (0, 0.0, 2)


def test_proposals():
    kinds = {"a": Kind.SEX, "b": Kind.HEALTH, "c": Kind.NAME, "d": None}
    assert propose(kinds) == (["a"], ["b"], ["c"])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(1, 9), min_size=1), min_size=1))
def test_bounds(counts):
    totals: dict[str, int] = {}
    for one in counts:
        for value, count in one.items():
            totals[value] = totals.get(value, 0) + count
    groups = [Group(size=sum(one.values()), sensitive={"s": one}) for one in counts]
    made = weigh("t", groups, quasi=["x"], totals={"s": totals})
    assert 0 <= made.marketer <= made.prosecutor <= 1
    assert made.journalist <= made.prosecutor
    assert 0 <= made.diversity[0].t <= 1 + 1e-9
    assert 1 <= made.diversity[0].l_entropy <= made.diversity[0].l_distinct + 1e-4
    assert math.isfinite(made.unique)
