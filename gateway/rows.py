"""Batches → rows: by day, with lists as JSON, equal aggregates summed. Pure.

A day is Asia/Shanghai's. What these rows are written to is not known here.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from operator import attrgetter
from pathlib import Path
from typing import Any

from gateway.batch import Aggregate, Batch, Event, Trace

SHANGHAI = timezone(timedelta(hours=8))  # no daylight saving since 1991
SUFFIX = ".sqlite"
SUMS = ("count", "bytes_up", "bytes_down", "duration_ms")

type Rows = list[dict[str, Any]]


def day_of(second: float) -> str:
    """The Asia/Shanghai day of a Unix second, as ISO date."""
    return datetime.fromtimestamp(second, SHANGHAI).date().isoformat()


def day_file(folder: Path, node: str, day: str) -> Path:
    """The event file of one node and day."""
    return folder / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', node) or 'node'}-{day}{SUFFIX}"


def by_day(batches: Iterable[Batch]) -> dict[str, list[Batch]]:
    """Batches by the day file they belong to; one that spans midnight is split."""
    days: defaultdict[str, list[Batch]] = defaultdict(list)
    of_hour = lru_cache(64)(lambda hour: day_of(hour * 3600))  # no hour here spans two days
    for batch in batches:
        parts: defaultdict[str, tuple[list[Event], list[Aggregate], list[Trace]]]
        parts = defaultdict(lambda: ([], [], []))
        for item in batch.events:
            parts[of_hour(item.ts // 3_600_000_000)][0].append(item)
        for count in batch.aggregates:
            parts[of_hour(count.bucket // 3600)][1].append(count)
        for trace in batch.traces:
            parts[of_hour(trace.seen // 3600)][2].append(trace)
        for name, (events, aggregates, traces) in parts.items():
            days[name].append(
                replace(
                    batch,
                    events=tuple(events),
                    aggregates=tuple(aggregates),
                    traces=tuple(traces),
                )
            )
    return days


def plain(record: Event | Aggregate | Trace) -> dict[str, Any]:
    """A record as column values: enums as their text, lists as JSON."""
    names, values = _COLUMNS[type(record)]
    return {
        name: value.value
        if isinstance(value, StrEnum)
        else (json.dumps(value, ensure_ascii=False) if value else "[]")
        if type(value) is tuple
        else value
        for name, value in zip(names, values(record), strict=True)
    }


def _columns(kind: type[Any]) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    names = tuple(field.name for field in fields(kind))
    return names, attrgetter(*names)


_COLUMNS: Mapping[type[Any], tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]] = {
    kind: _columns(kind) for kind in (Event, Aggregate, Trace)
}


def counted(batches: Iterable[Batch], seal: int = 0) -> Rows:
    """The aggregates of all batches, equal ones summed: a statement may meet a key once.

    What is sealed is never added to: a later `seal` gives the same aggregate another key.
    """
    rows: dict[bytes, dict[str, Any]] = {}
    for batch in batches:
        for aggregate in batch.aggregates:
            row = {"node": batch.node, **plain(aggregate), "seal": seal}
            sums = [row.pop(name) for name in SUMS]
            key = blake2b("\0".join(map(str, row.values())).encode(), digest_size=16).digest()
            known = rows.setdefault(key, {"key": key, **row, **dict.fromkeys(SUMS, 0)})
            for name, value in zip(SUMS, sums, strict=True):
                known[name] += value
    return list(rows.values())
