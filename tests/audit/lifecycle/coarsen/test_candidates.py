"""Combinations that single people out, against counting by hand."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle.coarsen.candidates import MOST_COLUMNS, candidates
from audit.lifecycle.coarsen.coded import Column, Reading


def columns(rows: list[tuple[str, ...]], names: list[str]) -> tuple[Column, ...]:
    reading = Reading(names)
    reading.add([list(one) for one in zip(*rows, strict=True)])
    return reading.columns()


def test_what_tells_people_apart() -> None:
    rows = [(f"n{one}", "男女"[one % 2], f"{one % 12}", f"a{one // 12}", "x") for one in range(240)]
    made = candidates(columns(rows, ["id", "sex", "month", "area", "same"]), 5)
    assert made.alone == ("id",)
    assert made.found[0].columns == ("area", "month")
    assert (made.found[0].unique, made.found[0].below) == (1.0, 1.0)
    assert not [one for one in made.found if len(one.columns) == 3]  # nothing is left to add
    assert "same" not in {name for one in made.found for name in one.columns}


@given(
    st.lists(st.tuples(*[st.sampled_from("abc")] * 3), min_size=1, max_size=60), st.integers(1, 5)
)
@settings(max_examples=80, deadline=None)
def test_shares_are_those_of_the_definition(rows: list[tuple[str, ...]], k: int) -> None:
    made = candidates(columns(rows, ["a", "b", "c"]), k)
    for one in made.found:
        places = ["abc".index(name) for name in one.columns]
        groups = Counter(tuple(row[place] for place in places) for row in rows)
        below = sum(size for size in groups.values() if size < k) / len(rows)
        assert one.below == round(below, 4)
        assert one.unique == round(sum(size == 1 for size in groups.values()) / len(rows), 4)


def test_bounds() -> None:
    codes = np.arange(50, dtype=np.int32) % 7
    many = [Column(name=f"c{one:02}", values=tuple("abcdefg"), codes=codes) for one in range(20)]
    made = candidates(many, 5, together=2)
    assert len(made.left_out) == 20 - MOST_COLUMNS
    assert candidates([], 5).found == ()
