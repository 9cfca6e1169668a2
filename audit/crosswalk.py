"""One requirement, several standards: 等保 ↔ GB/T 39204 ↔ 六防 ↔ others, as data.

A row joins a control point of GB/T 22239 (level 3 numbering) with clauses of other standards
and says how close they are and how sure we are. A row never carries a result over: it tells
an officer where evidence may be used again. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from audit.model import Defence
from rules.model import Basis, Status, Text


class Fit(StrEnum):
    """How the two ask for the same."""

    EQUAL = "equal"
    PART = "part"  # one covers a part of the other
    RELATED = "related"  # the same subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The counterpart in another standard."""

    standard: str
    clauses: tuple[str, ...]
    fit: Fit
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One control point of GB/T 22239-2019 and its counterparts."""

    point: str  # 8.1.4.1
    title: Text
    defences: tuple[Defence, ...] = ()
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crosswalk:
    """The whole table, joined on the control points of one standard and level."""

    id: str
    title: Text
    basis: Basis
    standard: str
    level: int
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        points = [row.point for row in self.rows]
        twice = sorted({point for point in points if points.count(point) > 1})
        if twice:
            raise ValueError(f"stand twice: {', '.join(twice)}")


def counterparts(crosswalk: Crosswalk, clause: str) -> tuple[Pair, ...]:
    """What other standards ask where a clause (`8.1.4.1.a`) or its point stands."""
    return tuple(
        pair
        for row in crosswalk.rows
        if clause == row.point or clause.startswith(f"{row.point}.")
        for pair in row.pairs
    )


def points_of(crosswalk: Crosswalk, standard: str, clause: str) -> tuple[Row, ...]:
    """The other way: rows of GB/T 22239 that a clause of another standard touches."""
    return tuple(
        row
        for row in crosswalk.rows
        if any(pair.standard == standard and _touches(pair.clauses, clause) for pair in row.pairs)
    )


def _touches(clauses: Iterable[str], clause: str) -> bool:
    return any(
        one == clause or one.startswith(f"{clause}.") or clause.startswith(f"{one}.")
        for one in clauses
    )
