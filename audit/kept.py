"""What the store gives back: a run as the list shows it, an entry, the verdict of a proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit.run import Run
from gateway.ledger import Chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One run as the list of runs shows it."""

    id: str
    assessment: str
    taken: float
    digest: str
    summary: Mapping[str, Any]
    whole: bool  # the record is still there


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that a person wrote down."""

    seq: int
    kind: str
    id: str
    at: float
    by: str
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What `audit verify` found: the chain, and rows that are not as it says."""

    chain: Chain
    wrong: tuple[str, ...]
    deleted: int

    @property
    def holds(self) -> bool:
        return not self.chain.faults and not self.wrong


def summary(run: Run) -> dict[str, Any]:
    """What stays readable of a run when its record is deleted: counts only."""
    score = run.score
    return {
        "level": run.level,
        "catalog": run.catalog,
        "items": len(run.items),
        "targets": len(run.targets),
        **{name: getattr(score, name) for name in (
            "passed", "partial", "failed", "not_applicable", "unknown", "unscored", "rate",
            "floor", "ceiling", "weighted", "high_risks", "hazards", "code")},
        "facts_decided": run.facts_decided,
    }  # fmt: skip
