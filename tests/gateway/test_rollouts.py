"""Rollouts on the record: the first stage jumps, and nobody else gets the candidate."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gateway import bundles
from gateway.export import Archive
from gateway.rollouts import judged, keep, on_probation, progress_of, rollout_of, share, watch_over
from gateway.store import Store
from policies.model import Action
from policies.rollout import Health, Progress, Share, Thresholds
from rules.load import WorldError
from tests.gateway.bundle_samples import bundle, ready
from tests.gateway.event_samples import NOON, aggregate, batch, event

DAY = 86_400.0
FILE = """id: autumn
title: {zh: 秋季, en: Autumn}
stages:
  - {id: first, schools: [s1]}
  - {id: all, all: true}
thresholds: {least: 50, hours: 1, blocked_rise: 20, appeals: 5}
"""


def seen(data: Path, when: float, passed: int, blocked: int, school: str = "s1") -> None:
    """Exchanges of one school at one time."""
    events = tuple(
        event(seq=n, ts=int((when + n) * 1e6), school=school, code=f"{when}-{school}-{n}")
        for n in range(blocked)
    )
    counts = (aggregate(bucket=int(when), school=school, count=passed, action=Action.ALLOW),)
    made = replace(
        batch(events=0, counts=0), boot=f"{school}{when}", events=events, aggregates=counts
    )
    with closing(Store("n1", data / "events")) as store:
        store.write([made])


def appealed(data: Path, when: float, count: int) -> None:
    line = json.dumps({"appeal": {"at": when, "school": "s1", "code": "x"}}) + "\n"
    other = json.dumps({"answer": {"at": when}}) + "\nnot json\n[]\n"
    (data / "appeals.jsonl").write_text(line * count + other)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    seen(tmp_path, NOON, passed=990, blocked=10)
    return tmp_path


def rollout(tmp_path: Path) -> Path:
    path = tmp_path / "autumn.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_share(data: Path) -> None:
    seen(data, NOON, passed=5, blocked=0, school="s2")
    appealed(data, NOON + 5, 3)
    archive = Archive(data=data)
    assert share(archive, NOON, NOON + DAY, {"s1"}) == Share(exchanges=1000, blocked=10, appeals=3)
    assert share(archive, NOON, NOON + DAY, None).exchanges == 1005
    assert share(archive, NOON + DAY, NOON + 2 * DAY, None) == Share()


@pytest.mark.parametrize(
    ("passed", "blocked", "appeals", "health"),
    [
        (490, 5, 0, Health.GOOD),
        (450, 50, 0, Health.BAD),
        (490, 5, 9, Health.BAD),
        (20, 20, 0, Health.WAIT),
    ],
)
def test_judged(data: Path, passed: int, blocked: int, appeals: int, health: Health) -> None:
    begun = NOON + DAY
    seen(data, begun, passed, blocked)
    appealed(data, begun + 60, appeals)
    progress = Progress(rollout="autumn", stage=0, since=begun, first=begun)
    found = judged(Archive(data=data), rollout_of(rollout(data)), progress, begun + 3600)
    assert found is not None
    assert found[0].health is health


def test_not_begun(data: Path) -> None:
    made = rollout_of(rollout(data))
    assert judged(Archive(data=data), made, Progress(rollout="autumn"), NOON) is None


def test_progress_is_kept(tmp_path: Path) -> None:
    made = rollout_of(rollout(tmp_path))
    assert progress_of(tmp_path, made) == Progress(rollout="autumn")
    progress = Progress(rollout="autumn", stage=1, since=2.0, first=1.0, stopped="申诉")
    keep(tmp_path, progress)
    assert progress_of(tmp_path, made) == progress
    (tmp_path / "rollouts" / "autumn.json").write_text("{")
    with pytest.raises(WorldError, match="cannot be read"):
        progress_of(tmp_path, made)


def test_a_node_takes_a_bad_revision_back_by_itself(tmp_path: Path) -> None:
    node = ready(tmp_path)
    limits = Thresholds(least=50, hours=4)
    bundles.apply(node, bundle(1), NOON)
    seen(node.data, NOON, passed=990, blocked=10)
    bundles.apply(node, bundle(2, "music", probation=limits), NOON + DAY)
    archive = Archive(data=node.data)
    assert watch_over(node, archive, NOON + DAY + 60) == ""  # too little seen
    seen(node.data, NOON + DAY, passed=100, blocked=100)
    assert "the blocked share jumped" in watch_over(node, archive, NOON + DAY + 3600)
    assert bundles.in_force(node).startswith("000001-")
    assert watch_over(node, archive, NOON + DAY + 3700) == ""


def test_after_probation_nothing_is_taken_back(tmp_path: Path) -> None:
    node = ready(tmp_path)
    assert on_probation(node, Archive(data=node.data), NOON) is None
    bundles.apply(node, bundle(1, probation=Thresholds(hours=1)), NOON)
    seen(node.data, NOON, passed=1, blocked=600)
    assert on_probation(node, Archive(data=node.data), NOON + 3601) is None
    assert on_probation(node, Archive(data=node.data), NOON + 3599) is not None
