"""Exact intervals against values known from tables."""

import pytest

from bench.intervals import at_most, lower, upper


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [(0, 100, 0.0, 0.0362), (1, 100, 0.0003, 0.0545), (5, 10, 0.1871, 0.8129), (10, 10, 0.6915, 1)],
)
def test_known_intervals(hits: int, count: int, low: float, high: float) -> None:
    assert lower(hits, count) == pytest.approx(low, abs=2e-4)
    assert upper(hits, count) == pytest.approx(high, abs=2e-4)


def test_nothing_counted_says_nothing() -> None:
    assert upper(0, 0) == 1.0


def test_the_tail_is_a_probability() -> None:
    assert at_most(10, 10, 0.3) == pytest.approx(1.0)
    assert at_most(0, 10, 0.0) == 1.0
    assert at_most(3, 10, 1.0) == 0.0
