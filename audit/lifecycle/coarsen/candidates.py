"""Which columns together tell people apart: combinations tried, the telling ones named. Pure.

A combination is listed where it leaves a share of rows in groups below k that none of its own
parts reaches: a column that adds nothing is not named. Columns that are nearly a key by
themselves identify alone and are not combined. Bounded: the widest columns, few at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from audit.lifecycle.coarsen.coded import Column
from audit.lifecycle.coarsen.lattice import number

MOST_COLUMNS = 14  # that are combined
ALONE = 0.9  # distinct values a row: the column is a key, or nearly
ADDS = 0.01  # share of rows that a combination must add to its best part


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Columns, and what share of rows they single out (0 to 1)."""

    columns: tuple[str, ...]
    unique: float  # rows that are alone in their group
    below: float  # rows in groups smaller than k


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """What was found in `rows` rows. `left_out` columns were not combined."""

    rows: int
    k: int
    alone: tuple[str, ...]  # nearly keys by themselves
    left_out: tuple[str, ...]
    found: tuple[Candidate, ...]


def candidates(columns: Sequence[Column], k: int, together: int = 3, shown: int = 20) -> Candidates:
    """The telling combinations of up to `together` columns, the most telling first."""
    rows = min((len(one.codes) for one in columns), default=0)
    sizes = {one.name: len(np.unique(one.codes)) for one in columns}
    alone = tuple(one.name for one in columns if rows and sizes[one.name] >= ALONE * rows)
    able = [one for one in columns if one.name not in alone and sizes[one.name] > 1]
    able.sort(key=lambda one: (-sizes[one.name], one.name))
    chosen = able[:MOST_COLUMNS]
    below: dict[tuple[str, ...], float] = {}
    found: list[Candidate] = []
    for parts in _combined(chosen, together):
        names = tuple(one.name for one in parts)
        key, groups = number([one.codes for one in parts])
        counts = np.bincount(key, minlength=groups)
        share = float(counts[counts < k].sum()) / max(1, rows)
        below[names] = share
        best = max((below[part] for part in combinations(names, len(names) - 1) if part), default=0)
        if share - best >= ADDS:
            unique = float((counts == 1).sum()) / max(1, rows)
            found.append(Candidate(columns=names, unique=round(unique, 4), below=round(share, 4)))
    found.sort(key=lambda one: (-one.below, len(one.columns), one.columns))
    return Candidates(
        rows=rows,
        k=k,
        alone=alone,
        left_out=tuple(one.name for one in able[MOST_COLUMNS:]),
        found=tuple(found[:shown]),
    )


def _combined(columns: Sequence[Column], together: int) -> Iterator[tuple[Column, ...]]:
    for size in range(1, together + 1):
        yield from combinations(columns, size)
