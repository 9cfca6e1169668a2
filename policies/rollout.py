"""Staged rollout: one school → some → all, and when to stop. Thresholds are data. Pure.

What a stage did is judged by two shares before and after it: exchanges that were blocked
(or warned), and appeals. Too few exchanges are no evidence and judge nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from rules.model import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """When a stage has gone wrong. Shares are per thousand exchanges.

    Stopped where the blocked share grew by more than `blocked_rise` *and* to more than
    `blocked_times` its former value, or appeals exceed `appeals` and twice the former ones.
    """

    blocked_rise: int = 20
    blocked_times: int = 2
    appeals: int = 5
    least: int = 500  # exchanges without which nothing is judged
    hours: int = 24  # how long a stage is watched before the next
    baseline_days: int = 7

    def __post_init__(self) -> None:
        for name, low, high in (
            ("blocked_rise", 1, 1000),
            ("blocked_times", 1, 100),
            ("appeals", 1, 1000),
            ("least", 1, 10**9),
            ("hours", 0, 24 * 365),
            ("baseline_days", 1, 365),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"`{name}` must be from {low} to {high}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutStage:
    """Who is in from this stage on: schools; `all: true` is everybody."""

    id: str
    schools: tuple[str, ...] = ()
    all: bool = False

    def __post_init__(self) -> None:
        if bool(self.schools) is self.all:
            raise ValueError("a stage names schools, or says `all: true`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A rollout file: stages in order, each with all of those before it."""

    id: str
    title: Text
    stages: tuple[RolloutStage, ...]
    thresholds: Thresholds = field(default_factory=Thresholds)

    def __post_init__(self) -> None:
        if not self.stages:
            raise ValueError("a rollout has at least one stage")
        if len({stage.id for stage in self.stages}) < len(self.stages):
            raise ValueError("a stage stands twice")
        if any(stage.all for stage in self.stages[:-1]):
            raise ValueError("only the last stage can be `all: true`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a rollout has come. `stage` -1: not begun; `stopped` says why, if it was."""

    rollout: str
    stage: int = -1
    since: float = 0.0
    first: float = 0.0  # when the first stage began: the baseline lies before it
    stopped: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What was seen in a span: exchanges, those blocked or warned, appeals."""

    exchanges: int = 0
    blocked: int = 0
    appeals: int = 0


class Health(StrEnum):
    WAIT = "wait"  # too little seen, or not long enough
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    health: Health
    reasons: tuple[str, ...] = ()


class RolloutError(ValueError):
    """Why a rollout cannot go on, as one sentence."""


def judge(before: Share, after: Share, limits: Thresholds, hours: float) -> Judgement:
    """Is what follows a change still like what was before it? `hours` have passed."""
    if after.exchanges < limits.least or before.exchanges < limits.least:
        few = min(before.exchanges, after.exchanges)
        said = f"只有 {few} 次访问，至少要 {limits.least} 次 / only {few} exchanges to judge by"
        return Judgement(health=Health.WAIT, reasons=(said,))
    reasons = []
    was, now = _mille(before.blocked, before), _mille(after.blocked, after)
    if now - was > limits.blocked_rise and now > was * limits.blocked_times:
        reasons.append(f"阻断率由 {was:.1f}‰ 升至 {now:.1f}‰ / the blocked share jumped")
    asked, asks = _mille(before.appeals, before), _mille(after.appeals, after)
    if asks > limits.appeals and asks > 2 * asked:
        reasons.append(f"申诉率由 {asked:.1f}‰ 升至 {asks:.1f}‰ / the appeal rate jumped")
    if reasons:
        return Judgement(health=Health.BAD, reasons=tuple(reasons))
    if hours < limits.hours:
        said = f"已观察 {hours:.1f} 小时，共 {limits.hours} 小时 / watched for {hours:.1f} h"
        return Judgement(health=Health.WAIT, reasons=(said,))
    return Judgement(health=Health.GOOD)


def step(rollout: Rollout, progress: Progress, judged: Judgement | None, now: float) -> Progress:
    """The next stage. Raises RolloutError where it is stopped, judged badly or at its end."""
    if progress.stopped:
        raise RolloutError(f"已停止：{progress.stopped} / the rollout is stopped")
    if progress.stage + 1 >= len(rollout.stages):
        raise RolloutError("已是最后一步 / this is the last stage")
    if progress.stage >= 0 and (judged is None or judged.health is not Health.GOOD):
        why = "; ".join(judged.reasons) if judged is not None else ""
        raise RolloutError(f"还不能进入下一步：{why} / not yet fit for the next stage")
    first = progress.first or now
    return replace(progress, stage=progress.stage + 1, since=now, first=first)


def stop(progress: Progress, why: str) -> Progress:
    """No new node gets the candidate from now on."""
    return replace(progress, stopped=why or "人工停止 stopped by hand")


def watched(rollout: Rollout, progress: Progress) -> tuple[str, ...] | None:
    """The schools that are in; None: everybody."""
    reached = rollout.stages[: progress.stage + 1]
    if any(stage.all for stage in reached):
        return None
    return tuple(dict.fromkeys(school for stage in reached for school in stage.schools))


def released(rollout: Rollout, progress: Progress, schools: Iterable[str]) -> bool:
    """Whether a node with these schools may have the candidate now: all of them must be in."""
    if progress.stopped or progress.stage < 0:
        return False
    inside = watched(rollout, progress)
    asked: Sequence[str] = tuple(schools)
    return inside is None or (bool(asked) and set(asked) <= set(inside))


def _mille(part: int, share: Share) -> float:
    return 1000 * part / share.exchanges if share.exchanges else 0.0
