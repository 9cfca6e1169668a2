"""The child that follows bundles: what it says, and that nothing stops it."""

from __future__ import annotations

from pathlib import Path

import pytest
from loguru import logger

from gateway import bundle_follow, bundles
from gateway.bundle_follow import follow, look, schools
from gateway.bundle_pull import Pull, Pulled
from gateway.reload import Publisher
from policies.rollout import Thresholds
from rules.load import WorldError
from tests.gateway.bundle_samples import bundle, ready
from tests.gateway.event_samples import NOON
from tests.gateway.test_rollouts import DAY, seen


class EndOfTestError(Exception):
    """Ends the endless loop."""


def test_schools(tmp_path: Path) -> None:
    node = ready(tmp_path)
    assert schools(node) == ()
    bundles.apply(node, bundle(1), NOON)
    Publisher(node).publish(NOON)
    assert schools(node) == ("s1",)


def test_it_says_what_changes_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(
        [
            Pulled(outcome=Pull.UNCHANGED, revision=1),
            WorldError("away"),
            WorldError("away"),
            Pulled(outcome=Pull.APPLIED, revision=2),
            Pulled(outcome=Pull.UNCHANGED, revision=2),
        ]
    )

    def answer(*_: object) -> Pulled:
        found = next(answers)
        if isinstance(found, WorldError):
            raise found
        return found

    waited: list[float] = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 5:
            raise EndOfTestError

    said: list[str] = []
    monkeypatch.setattr(bundle_follow, "pull", answer)
    sink = logger.add(lambda line: said.append(str(line)), format="{message}")
    try:
        with pytest.raises(EndOfTestError):
            follow(ready(tmp_path), "http://x/", clock=lambda: NOON, pause=pause)
    finally:
        logger.remove(sink)
    assert said == ["away\n", "bundle applied 2\n", "bundle unchanged 2\n"]


def test_a_bad_one_is_taken_back_before_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = ready(tmp_path)
    seen(node.data, NOON, passed=990, blocked=10)
    bundles.apply(node, bundle(1, probation=Thresholds(least=50)), NOON + DAY)
    seen(node.data, NOON + DAY, passed=10, blocked=90)
    monkeypatch.setattr(bundle_follow, "pull", lambda *_: Pulled(outcome=Pull.UNCHANGED))
    _, back = look(node, "http://x/", (), NOON + DAY + 3600)
    assert "jumped" in back
    assert bundles.in_force(node) == ""
