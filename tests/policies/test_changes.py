"""What changes for a person from one enforced action to another."""

from __future__ import annotations

import pytest

from policies.changes import Change, compare
from policies.model import Action


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (Action.ALLOW, Action.BLOCK, Change.BLOCK),
        (Action.WARN, Action.BLOCK, Change.BLOCK),
        (Action.ALLOW, Action.WARN, Change.WARN),
        (Action.BLOCK, Action.WARN, Change.WARN),
        (Action.BLOCK, Action.OBSERVE, Change.ALLOW),
        (Action.ALLOW, Action.OBSERVE, Change.OTHER),
        (Action.BLOCK, Action.BLOCK, Change.SAME),
    ],
)
def test_compare(before: Action, after: Action, change: Change) -> None:
    assert compare(before, after) is change
