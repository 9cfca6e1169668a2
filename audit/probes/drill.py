"""Results of drills as evidence: what was tried, what should have happened, what did.

The shape is ours: `drills:` of a YAML or JSON file, one `Drill` each. The room of drills writes
it; until then it may be written by hand. Foreign bytes: `read` never raises for them, a file
that is none of ours is Evidence with a problem. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from audit.model import Evidence
from audit.probes.host import made, redact
from audit.registers import second
from rules.load import DataError, loads

PROBE = "drill"
METHOD = "演练结果文件 / a file of drill results"
LARGEST = 16 * 1024 * 1024


class Form(StrEnum):
    """How a drill was held."""

    TABLETOP = "tabletop"  # 桌面推演
    LIVE = "live"  # 实战演练
    TECHNICAL = "technical"  # 技术验证


class From(StrEnum):
    """Where the tried attack or failure began."""

    OUTSIDE = "outside"
    INSIDE = "inside"
    FAILURE = "failure"  # no attack: an outage, a restore, a change taken back


class Outcome(StrEnum):
    """What came of a trial."""

    BLOCKED = "blocked"
    DETECTED = "detected"  # not stopped, but told
    MISSED = "missed"
    RESTORED = "restored"
    FAILED = "failed"
    ERROR = "error"  # the drill itself did not work: says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One thing tried. `expected` is what should have come of it."""

    id: str
    origin: From
    technique: str
    expected: Outcome
    outcome: Outcome
    seconds: float = 0.0  # until it was stopped, told or restored


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One drill. `ledger` is the number of its signed checkpoint, 0: none."""

    id: str
    form: Form
    began: str  # ISO date
    plan: str  # the emergency plan that was drilled
    trials: tuple[Trial, ...]
    people: int = 0
    cleaned: bool = False  # what the drill put there is gone
    lessons: int = 0  # improvements written down
    mended: int = 0  # of them done
    ledger: int = 0

    def __post_init__(self) -> None:
        date.fromisoformat(self.began)
        if not 0 <= self.mended <= self.lessons:
            raise ValueError("mended: more than lessons")


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The content of a file of drill results."""

    drills: tuple[Drill, ...]


def read(data: bytes, *, target: str, taken: float, file: str = "drills.yaml") -> Evidence:
    """Evidence of a file of drill results."""
    try:
        if len(data) > LARGEST:
            raise ValueError("文件过大 / the file is too large")
        found: Any = document(loads(Results, data.decode("utf-8-sig"), file).drills, taken)
        problem = ""
    except (DataError, ValueError) as error:
        found, problem = None, f"不是演练结果 / no drill results: {error}"[:500]
    return made(
        target, PROBE, redact(found), method=METHOD, taken=taken,
        collector="qinglang-drill-results", problem=problem,
    )  # fmt: skip


def document(drills: Sequence[Drill], now: float) -> dict[str, Any]:
    """Totals by origin, and each drill in numbers."""
    held = [one for one in drills if second(date.fromisoformat(one.began)) <= now]
    trials = [trial for one in held for trial in one.trials]
    return {
        "platform": PROBE,
        "drills": len(held),
        "newest": _newest(held),
        "forms": {form.value: _newest([d for d in held if d.form is form]) for form in Form},
        "origins": {origin.value: _sums(trials, origin) for origin in From},
        "errors": sum(one.outcome is Outcome.ERROR for one in trials),
        "not_cleaned": [one.id for one in held if not one.cleaned][:50],
        "lessons": sum(one.lessons for one in held),
        "open_lessons": sum(one.lessons - one.mended for one in held),
        "without_plan": [one.id for one in held if not one.plan][:50],
        "without_people": [one.id for one in held if not one.people][:50],
        "unsigned": [one.id for one in held if not one.ledger][:50],
    }


def _newest(drills: Sequence[Drill]) -> float:
    """When the last of them began; 0.0: there was none."""
    return max((second(date.fromisoformat(one.began)) for one in drills), default=0.0)


def _sums(trials: Sequence[Trial], origin: From) -> dict[str, Any]:
    tried = [s for s in trials if s.origin is origin and s.outcome is not Outcome.ERROR]
    return {
        "tried": len(tried),
        "as_expected": sum(one.outcome is one.expected for one in tried),
        "missed": sum(one.outcome in (Outcome.MISSED, Outcome.FAILED) for one in tried),
        "otherwise": sum(one.outcome is not one.expected for one in tried),
        "slowest": max((one.seconds for one in tried), default=0.0),
    }
