"""What a register comes to: counts and dates. No name, no telephone, no free text. Pure.

0.0 as a date means never; what the clock has not reached yet does not count as done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from audit.registers import Column, Kind, Register, Row, second

DAY = 86400.0
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

    def of(kind: Kind) -> list[Column]:
        return kinds.get(kind, [])

    return {
        "yes": {one.id: sum(row[one.id] is True for row in rows) for one in of(Kind.YES)},
        "no": {one.id: sum(_denied(row, one) for row in rows) for one in of(Kind.YES)},
        "counts": {
            one.id: {name: sum(row[one.id] == name for row in rows) for name in one.values}
            for one in of(Kind.CHOICE)
        },
        "latest": {  # 0.0: never
            one.id: {name: newest(r for r in rows if r[one.id] == name) for name in one.values}
            for one in of(Kind.CHOICE)
        },
        "most": {one.id: _most(rows, one) for one in of(Kind.NUMBER)},
        "overdue": {
            one.id: sum(_overdue(row, one, now) for row in rows)
            for one in of(Kind.DATE)
            if one.closes
        },
        "first": {
            one.id: min((_done(row, one, now) for row in rows), default=0.0)
            for one in of(Kind.DATE)
        },
    }


def _denied(row: Row, column: Column) -> bool:
    """A no, or no answer where one is needed: an empty cell never counts as a yes."""
    return row[column.id] is False or (column.needed and row[column.id] is None)


def _most(rows: Sequence[Row], column: Column) -> float | None:
    """The largest number; null where one that is needed was left out."""
    numbers = [row[column.id] for row in rows]
    if column.needed and None in numbers:
        return None
    return max((one for one in numbers if one is not None), default=None)


def _overdue(row: Row, column: Column, now: float) -> bool:
    """Past its day and not closed by now; without a day where one is needed, not closed."""
    closed, due = row[column.closes], row[column.id]
    if closed is not None and second(closed) <= now:
        return False
    return column.needed if due is None else second(due) + DAY <= now


def _done(row: Row, column: Column, now: float) -> float:
    """When it was done; 0.0, never, where it is empty though needed, or still to come."""
    said = row[column.id]
    if said is None:
        return 0.0 if column.needed else now
    return second(said) if second(said) <= now else 0.0
