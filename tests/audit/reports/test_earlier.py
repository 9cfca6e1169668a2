"""An earlier JSON report becomes a point of the trend; anything else is refused."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from audit.reports import machine
from audit.reports.earlier import earlier_of
from rules.load import DataError
from tests.audit.reports.made import report


def test_our_own() -> None:
    found = earlier_of(machine.tree(report()), "r.json")
    assert found.floor == report().run.score.floor
    assert found.unknown == report().run.score.unknown
    assert found.id == "2026-11-23"


@pytest.mark.parametrize("change", ["format", "run", "made"])
def test_a_damaged_one(change: str) -> None:
    told = copy.copy(machine.tree(report()))
    told[change] = "x"
    with pytest.raises(DataError, match="JSON"):
        earlier_of(told, "r.json")


@settings(max_examples=50, deadline=None)
@given(
    some.recursive(some.none() | some.text(max_size=5) | some.floats(), some.lists, max_leaves=5)
)
def test_foreign_values(told: object) -> None:
    with pytest.raises(DataError):
        earlier_of(told, "x")


def test_impossible_shares() -> None:
    told = machine.tree(report())
    told["run"]["score"]["floor"] = 7
    with pytest.raises(DataError):
        earlier_of(told, "x")
