"""What a register comes to: counts and dates. No name, no telephone, no free text. Pure.

0.0 as a date means never; what the clock has not reached yet does not count as done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from audit.registers import Column, Kind, Register, Row, second

MOST_TOLD = 20


def told(rows: Iterable[Row], register: Register, now: float) -> dict[str, Any]:
    """What a register comes to: counts and dates only."""
    chosen = list(rows)
    dates = [second(row[register.dated]) for row in chosen if row[register.dated] is not None]
    lacking = [
        (row["line"], [name for name in register.needed if row[name] is None]) for row in chosen
    ]
    return {
        "rows": len(chosen),
        "newest": max((one for one in dates if one <= now), default=None),
        "oldest": min(dates, default=None),
        "future": sum(one > now for one in dates),
        "incomplete": [
            f"{line}: {', '.join(names)}" for line, names in lacking if names
        ][:MOST_TOLD],
        "filled": {one.id: sum(row[one.id] is not None for row in chosen)
                   for one in register.columns},
        "blank": {one.id: sum(row[one.id] is None for row in chosen) for one in register.columns},
        **_by_kind(chosen, register, now),
    }  # fmt: skip


def _by_kind(rows: Sequence[Row], register: Register, now: float) -> dict[str, Any]:
    kinds: dict[Kind, list[Column]] = {}
    for one in register.columns:
        kinds.setdefault(one.kind, []).append(one)

    def newest(chosen: Iterable[Row]) -> float:
        dates = (second(row[register.dated]) for row in chosen if row[register.dated] is not None)
        return max((one for one in dates if one <= now), default=0.0)

    return {
        "yes": {
            one.id: sum(row[one.id] is True for row in rows) for one in kinds.get(Kind.YES, ())
        },
        "no": {
            one.id: sum(row[one.id] is False for row in rows) for one in kinds.get(Kind.YES, ())
        },
        "counts": {
            one.id: {name: sum(row[one.id] == name for row in rows) for name in one.values}
            for one in kinds.get(Kind.CHOICE, ())
        },
        "latest": {  # 0.0: never
            one.id: {name: newest(r for r in rows if r[one.id] == name) for name in one.values}
            for one in kinds.get(Kind.CHOICE, ())
        },
        "most": {
            one.id: max((row[one.id] for row in rows if row[one.id] is not None), default=None)
            for one in kinds.get(Kind.NUMBER, ())
        },
        "overdue": {
            one.id: sum(
                row[one.id] is not None and second(row[one.id]) < now and row[one.closes] is None
                for row in rows
            )
            for one in kinds.get(Kind.DATE, ())
            if one.closes
        },
        "passed": {
            one.id: sum(row[one.id] is not None and second(row[one.id]) < now for row in rows)
            for one in kinds.get(Kind.DATE, ())
        },
        "last": {
            one.id: max(
                (second(row[one.id]) for row in rows if row[one.id] is not None), default=0.0
            )
            for one in kinds.get(Kind.DATE, ())
        },
        "first": {
            one.id: min(
                (second(row[one.id]) for row in rows if row[one.id] is not None), default=0.0
            )
            for one in kinds.get(Kind.DATE, ())
        },
    }
