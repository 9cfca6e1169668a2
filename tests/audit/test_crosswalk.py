"""The crosswalk is read in both directions and never says more than it knows."""

import dataclasses

import pytest

from audit.crosswalk import Fit, counterparts, points_of
from audit.yardsticks import load_yardsticks
from rules.model import Status

CROSSWALK = load_yardsticks().crosswalk


@pytest.mark.parametrize(
    ("clause", "found"),
    [
        ("8.1.4.1", True),
        ("8.1.4.1.a", True),
        ("8.1.4.10", True),
        ("8.1.4", False),
        ("8.1.4.6", False),
    ],
)
def test_forward(clause: str, found: bool) -> None:
    assert bool(counterparts(CROSSWALK, clause)) is found


def test_a_point_is_not_its_longer_namesake() -> None:
    assert counterparts(CROSSWALK, "8.1.4.1") != counterparts(CROSSWALK, "8.1.4.10")


def test_backward() -> None:
    points = {row.point for row in points_of(CROSSWALK, "GBT39204-2022", "7.9")}
    assert {"8.1.9.3", "8.1.9.10"} <= points
    assert {row.point for row in points_of(CROSSWALK, "GBT39204-2022", "7.9.2")} == points
    assert points_of(CROSSWALK, "GBT39204-2022", "7.99") == ()


def test_nothing_is_called_equal_without_a_source() -> None:
    pairs = [pair for row in CROSSWALK.rows for pair in row.pairs]
    assert all(pair.fit is not Fit.EQUAL for pair in pairs)
    assert all(pair.status is not Status.CONFIRMED for pair in pairs)


def test_a_point_stands_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        dataclasses.replace(CROSSWALK, rows=(*CROSSWALK.rows, CROSSWALK.rows[0]))
