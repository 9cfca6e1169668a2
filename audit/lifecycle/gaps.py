"""Gaps of imported audit logs that a person answers for: found, reasoned, on record. Pure.

A gap stays `unknown` until somebody proved says why nothing was lost there (a night without a
user, a server that was down). What was said holds for that gap as it was: one that grew since
is unknown again. A log that was changed after it was read is nobody's to wave away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from audit.lifecycle.logs.store import Gap
from audit.lifecycle.people import Actor, Way
from gateway.ledger import Checkpoint

KIND = "access-gap-accepted"
NEVER = frozenset({"changed"})
SHORTEST = 4  # characters of a reason


class GapError(ValueError):
    """Why a gap may not be accepted; said in both languages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Who answers for a gap, and why."""

    by: str
    reason: str
    time: float


def mark_of(gap: Gap) -> tuple[str, str, int, str, int, int, int]:
    """What a gap is known by: it is another once it reaches further or counts more."""
    return gap.source, gap.file, gap.line, gap.kind, int(gap.began), int(gap.ended), gap.count


def body_of(gap: Gap, by: Actor, reason: str) -> dict[str, Any]:
    """The record of an acceptance. Raises GapError."""
    if gap.kind in NEVER:
        raise GapError(
            "日志读后被改动，须查明，不能接受 "
            "the log was changed after it was read: to be cleared up, not accepted"
        )
    if by.way is Way.CLAIMED:
        raise GapError("须经证明的人 somebody proved is wanted")
    if len(reason.strip()) < SHORTEST:
        raise GapError(f"理由至少 {SHORTEST} 个字 a reason of {SHORTEST} characters or more")
    return {"gap": list(mark_of(gap)), "reason": reason.strip()}


def accepted(records: Iterable[Checkpoint]) -> Mapping[tuple[Any, ...], Accepted]:
    """Every acceptance of a book, by the gap's mark; the last one counts."""
    return {
        tuple(one.body["gap"]): Accepted(
            by=one.body["by"], reason=one.body["reason"], time=one.time
        )
        for one in records
        if one.kind == KIND
    }
