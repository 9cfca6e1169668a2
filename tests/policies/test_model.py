"""The nouns of deciding."""

from dataclasses import FrozenInstanceError

import pytest

from policies.model import NO_USAGE, STRICTNESS, Action, Subject


def test_actions_run_from_mildest_to_strictest() -> None:
    ranked = sorted(Action, key=lambda action: STRICTNESS[action])
    assert [str(action) for action in ranked] == [
        "allow",
        "observe",
        "rewrite",
        "mask",
        "limit",
        "warn",
        "block",
    ]


def test_an_unidentified_subject_is_a_pupil() -> None:
    """Nobody gets an adult's freedom by being unknown."""
    assert Subject().role == "pupil"
    assert Subject().confidence == 0.0


def test_values_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Subject().school = "x"  # type: ignore[misc]
    assert not NO_USAGE.minutes
