"""What never arrived: batches with a number missing, Events with a number missing, workers killed.

Workers number their batches and their Events without a hole and say farewell. What a
killed worker had not delivered (0.2 s) leaves no number, but its boot ends without
a farewell. Pure: sessions come in, gaps go out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

OVERLAP = 120  # seconds in which a worker and its successor may both live


class Missing(StrEnum):
    """What is missing."""

    BATCHES = "batches"  # numbers `first`–`last` never came
    EVENTS = "events"  # `count` Events between `first` and `last`
    FAREWELL = "farewell"  # killed: up to 0.2 s after batch `last` are not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One boot of one worker, as one file (or several, joined) knows it.

    `spans` are closed ranges of batch numbers; `events` is (first, last, how many).
    """

    node: str
    worker: str
    boot: str
    spans: tuple[tuple[int, int], ...] = ()
    seen: int = 0
    ended: bool = False
    events: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something missing of one boot of one worker."""

    missing: Missing
    node: str
    worker: str
    boot: str
    first: int = 0
    last: int = 0
    count: int = 0
    at: int = 0


def gaps(sessions: Iterable[Session], *, whole: bool = True) -> list[Gap]:
    """All that is missing, in order of time.

    Where the sessions are not `whole` (days were deleted, or not asked for), what a
    worker began with may rightly not be there.
    """
    joined: dict[tuple[str, str, str], Session] = {}
    for one in sessions:
        name = (one.node, one.worker, one.boot)
        known = joined.get(name)
        joined[name] = _joined(known, one) if known else one
    newest: defaultdict[tuple[str, str], int] = defaultdict(int)
    for one in joined.values():
        newest[one.node, one.worker] = max(newest[one.node, one.worker], one.seen)
    found = [gap for one in joined.values() for gap in _gaps(one, newest[one.node, one.worker])]
    found = [gap for gap in found if whole or gap.missing is not Missing.BATCHES or gap.first > 1]
    return sorted(found, key=lambda gap: (gap.at, gap.node, gap.worker, gap.boot, gap.first))


def _joined(one: Session, other: Session) -> Session:
    events = [each.events for each in (one, other) if each.events[2]]
    return replace(
        one,
        spans=one.spans + other.spans,
        seen=max(one.seen, other.seen),
        ended=one.ended or other.ended,
        events=(
            min((first for first, _, _ in events), default=0),
            max((last for _, last, _ in events), default=0),
            sum(count for _, _, count in events),
        ),
    )


def _gaps(one: Session, newest: int) -> Iterable[Gap]:
    plain = Gap(
        missing=Missing.BATCHES, node=one.node, worker=one.worker, boot=one.boot, at=one.seen
    )
    last = 0
    for first, end in sorted(one.spans):
        if first > last + 1:
            yield replace(plain, first=last + 1, last=first - 1, count=first - 1 - last)
        last = max(last, end)
    begin, end, count = one.events
    if count and end - begin + 1 != count:
        yield replace(
            plain,
            missing=Missing.EVENTS,
            first=begin,
            last=end,
            count=end - begin + 1 - count,
        )
    if not one.ended and one.seen and newest > one.seen + OVERLAP:
        yield replace(plain, missing=Missing.FAREWELL, last=last)
