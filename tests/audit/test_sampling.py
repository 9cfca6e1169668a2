"""The sampling plan: the same seed, the same plan; small groups whole, the exposed always."""

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.model import ObjectClass, Target
from audit.sampling import Row, Table, sample, table
from rules.model import Status


def targets(count: int, **more: object) -> list[Target]:
    said = {"system": "oa", "kind": ObjectClass.SERVER} | more
    return [Target(id=f"t{at}", name="", **said) for at in range(count)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("population", "taken"), [(1, 1), (3, 3), (4, 4), (5, 4), (200, 20), (2_000_000, 50)]
)
def test_sizes(population: int, taken: int) -> None:
    assert table().size(population) == taken


def test_the_same_seed_is_the_same_plan() -> None:
    assert sample(targets(100), 7) == sample(reversed(targets(100)), 7)
    assert sample(targets(100), 7).chosen != sample(targets(100), 8).chosen


def test_what_is_exposed_is_taken() -> None:
    plan = sample([*targets(100), *[Target(id="x", name="", system="oa", kind=ObjectClass.SERVER,
                                           exposed=True)]], 1)  # fmt: skip
    assert "x" in plan.chosen
    assert plan.strata == (("oa/server/-", 101, 14),)


def test_strata_and_counts() -> None:
    plan = sample(
        [*targets(2), *map(partial(replace, kind=ObjectClass.TERMINAL, count=200), targets(1))], 1
    )
    assert plan.strata == (("oa/server/-", 2, 2), ("oa/terminal/-", 200, 1))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 300), st.integers())
def test_never_more_than_there_are_and_never_none(count: int, seed: int) -> None:
    chosen = sample(targets(count), seed).chosen
    assert len(set(chosen)) == len(chosen) <= count
    assert bool(chosen) is bool(count)


def test_a_table_grows() -> None:
    with pytest.raises(ValueError, match="grow"):
        Table(
            id="x",
            status=Status.UNVERIFIED,
            note="",
            rows=(Row(up_to=5, take=1), Row(up_to=5, take=2)),
        )
