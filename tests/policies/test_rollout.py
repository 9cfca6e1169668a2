"""Rollouts: stages, what counts as a jump, who may have the candidate."""

from __future__ import annotations

import pytest

from policies.rollout import (
    Health,
    Judgement,
    Progress,
    Rollout,
    RolloutError,
    RolloutStage,
    Share,
    Thresholds,
    judge,
    released,
    step,
    stop,
    watched,
)
from rules.load import DataError, loads
from rules.model import Text

LIMITS = Thresholds(hours=2, least=100)
ROLLOUT = Rollout(
    id="autumn",
    title=Text(zh="秋季", en="Autumn"),
    stages=(
        RolloutStage(id="first", schools=("no-1",)),
        RolloutStage(id="some", schools=("no-2", "no-3")),
        RolloutStage(id="all", all=True),
    ),
    thresholds=LIMITS,
)
GOOD = Judgement(health=Health.GOOD)


@pytest.mark.parametrize(
    ("before", "after", "hours", "health"),
    [
        (Share(exchanges=1000, blocked=10), Share(exchanges=1000, blocked=10), 2, Health.GOOD),
        (Share(exchanges=1000, blocked=10), Share(exchanges=1000, blocked=10), 1.9, Health.WAIT),
        (Share(exchanges=1000, blocked=10), Share(exchanges=1000, blocked=30), 0, Health.WAIT),
        (Share(exchanges=1000, blocked=10), Share(exchanges=1000, blocked=31), 0, Health.BAD),
        (Share(exchanges=1000, blocked=400), Share(exchanges=1000, blocked=430), 2, Health.GOOD),
        (Share(exchanges=1000), Share(exchanges=99, blocked=99), 9, Health.WAIT),
        (Share(exchanges=99), Share(exchanges=1000, blocked=999), 9, Health.WAIT),
        (Share(exchanges=1000), Share(exchanges=1000, appeals=5), 2, Health.GOOD),
        (Share(exchanges=1000), Share(exchanges=1000, appeals=6), 2, Health.BAD),
        (Share(exchanges=1000, appeals=3), Share(exchanges=1000, appeals=6), 2, Health.GOOD),
        (Share(), Share(), 2, Health.WAIT),
    ],
)
def test_judge(before: Share, after: Share, hours: float, health: Health) -> None:
    found = judge(before, after, LIMITS, hours)
    assert found.health is health
    assert bool(found.reasons) is (health is not Health.GOOD)


def test_one_school_some_all() -> None:
    progress = Progress(rollout="autumn")
    assert not released(ROLLOUT, progress, ["no-1"])
    progress = step(ROLLOUT, progress, None, 100.0)
    assert (progress.first, progress.since) == (100.0, 100.0)
    assert watched(ROLLOUT, progress) == ("no-1",)
    assert released(ROLLOUT, progress, ["no-1"])
    assert not released(ROLLOUT, progress, ["no-1", "no-2"])
    assert not released(ROLLOUT, progress, [])
    progress = step(ROLLOUT, progress, GOOD, 200.0)
    assert (progress.first, progress.since) == (100.0, 200.0)
    assert released(ROLLOUT, progress, ["no-2", "no-1"])
    progress = step(ROLLOUT, progress, GOOD, 300.0)
    assert watched(ROLLOUT, progress) is None
    assert released(ROLLOUT, progress, [])
    with pytest.raises(RolloutError, match="last stage"):
        step(ROLLOUT, progress, GOOD, 400.0)


@pytest.mark.parametrize(
    "judged", [None, Judgement(health=Health.WAIT), Judgement(health=Health.BAD, reasons=("x",))]
)
def test_no_step_without_a_good_judgement(judged: Judgement | None) -> None:
    with pytest.raises(RolloutError, match="not yet fit"):
        step(ROLLOUT, Progress(rollout="autumn", stage=0), judged, 1.0)


def test_stopped() -> None:
    progress = stop(Progress(rollout="autumn", stage=1), "")
    assert "stopped by hand" in progress.stopped
    assert not released(ROLLOUT, progress, ["no-1"])
    with pytest.raises(RolloutError, match="stopped"):
        step(ROLLOUT, progress, GOOD, 1.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stages: []", "at least one stage"),
        ("stages: [{id: a, schools: [x]}, {id: a, all: true}]", "stands twice"),
        ("stages: [{id: a, all: true}, {id: b, schools: [x]}]", "only the last"),
        ("stages: [{id: a}]", "names schools, or"),
        ("stages: [{id: a, schools: [x], all: true}]", "names schools, or"),
        ("stages: [{id: a, all: true}]\nthresholds: {appeals: 0}", "from 1 to 1000"),
        ("stages: [{id: a, all: true}]\nthresholds: {apeals: 1}", "did you mean `appeals`"),
    ],
)
def test_files_that_are_wrong_say_where(text: str, said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        loads(Rollout, f"id: r\ntitle: {{zh: 题, en: t}}\n{text}\n", "r.yaml")
    assert str(caught.value).startswith("r.yaml:")
