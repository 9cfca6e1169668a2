"""Local recoding: the table is cut in two again and again while both halves hold (Mondrian). Pure.

Values are coarsened only as far as their own part needs: a label is the lowest rung that all
values of the part share, or `from~to` for dates and numbers. Nothing is suppressed. The same
value may have different labels in different rows, which some statistics do not stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audit.lifecycle.coarsen.coded import Codes, Real, Rungs, Whole
from audit.lifecycle.coarsen.ladder import ODD
from audit.lifecycle.coarsen.lattice import Counted
from audit.lifecycle.coarsen.wanted import Groups, Sensitive, Wanted, held

type Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """`part[row]` of a Counted table, and of each part the least and greatest code a column."""

    part: Whole
    low: tuple[Codes, ...]
    high: tuple[Codes, ...]
    losses: tuple[Real, ...]  # of each column the loss of each part
    checked: int  # halves that were looked at


class Cutting:
    """Cuts one table. The same table is cut the same way."""

    def __init__(
        self, table: Counted, rungs: Sequence[Rungs], columns: Sequence[Sensitive], wanted: Wanted
    ) -> None:
        self._table, self._rungs, self._columns = table, tuple(rungs), tuple(columns)
        self._wanted = wanted
        self._checked = 0
        self._codes = np.stack([one.astype(np.int32) for one in table.codes])
        self._whole: tuple[Real, ...] = tuple(
            np.bincount(codes, weights=table.counts, minlength=max(1, one.size)).astype(np.float64)
            for codes, one in zip(table.sensitive, columns, strict=True)
        )

    def cut(self) -> Parts | None:
        """None: even the whole table does not hold."""
        everything: Places = np.arange(len(self._table.counts))
        if not len(everything) or not self._holds(everything):
            return None
        part = np.zeros(len(everything), np.int64)
        lows: list[Codes] = []
        highs: list[Codes] = []
        lost: list[list[float]] = []
        waiting = [everything]
        while waiting:
            rows = waiting.pop()
            codes = self._codes[:, rows]
            low, high = codes.min(axis=1), codes.max(axis=1)
            losses = [self._lost(place, int(low[place]), int(high[place]))
                      for place in range(len(self._rungs))]  # fmt: skip
            halves = self._halves(rows, codes, low, high, losses)
            if halves is None:
                part[rows] = len(lows)
                lows.append(low)
                highs.append(high)
                lost.append(losses)
            else:
                waiting += halves
        return Parts(
            part=part,
            low=tuple(np.stack(lows).T),
            high=tuple(np.stack(highs).T),
            losses=tuple(np.array(lost).T),
            checked=self._checked,
        )

    def _halves(
        self, rows: Places, codes: NDArray[np.int32], low: Codes, high: Codes,
        losses: Sequence[float],
    ) -> list[Places] | None:  # fmt: skip
        counts = self._table.counts[rows]
        if int(counts.sum()) < 2 * self._wanted.k:
            return None
        for place in sorted(range(len(losses)), key=lambda one: (-losses[one], one)):
            if low[place] == high[place]:
                continue
            left = self._left(place, codes[place], counts, int(low[place]), int(high[place]))
            one, other = rows[left], rows[~left]
            if len(one) and len(other) and self._holds(one) and self._holds(other):
                return [one, other]
        return None

    def _left(
        self, place: int, codes: Codes, counts: Whole, low: int, high: int
    ) -> NDArray[np.bool_]:
        """At the middle row, or, where values have no order, at the border of a group near it."""
        rungs = self._rungs[place]
        if not rungs.ranges:
            rung = self._shared(place, low, high) - 1
            codes = rungs.maps[rung][codes]
        weights = np.bincount(codes - codes.min(), weights=counts)
        passed = np.cumsum(weights)
        middle = int(np.searchsorted(passed, passed[-1] / 2)) + int(codes.min())
        last = int(codes.max())
        if middle >= last:
            middle = int(codes[codes < last].max()) if (codes < last).any() else last
        return np.asarray(codes <= middle)

    def _shared(self, place: int, low: int, high: int) -> int:
        """The lowest rung on which two values have one label."""
        return next(
            rung for rung, one in enumerate(self._rungs[place].maps) if one[low] == one[high]
        )

    def _lost(self, place: int, low: int, high: int) -> float:
        rungs = self._rungs[place]
        if low == high or ranged(rungs, low, high):
            return (high - low) / max(1, len(rungs.maps[0]) - 1)
        rung = self._shared(place, low, high)
        return float(rungs.loss[rung][rungs.maps[rung][low]])

    def _holds(self, rows: Places) -> bool:
        self._checked += 1
        counts = self._table.counts[rows]
        if int(counts.sum()) < self._wanted.k:
            return False
        if self._wanted.l <= 1 and self._wanted.t is None:
            return True
        return bool(self._sensitive_holds(rows, counts))

    def _sensitive_holds(self, rows: Places, counts: Whole) -> bool:
        wanted = self._wanted
        for codes, column, whole in zip(
            self._table.sensitive, self._columns, self._whole, strict=True
        ):
            found = np.bincount(codes[rows], weights=counts, minlength=len(whole))
            there = whole
            if column.empty >= 0:
                found[column.empty] = 0
                there = whole.copy()
                there[column.empty] = 0
            size = found.sum()
            if not size:
                continue
            share = found[found > 0] / size
            if wanted.l > 1:
                reached = np.exp(-(share * np.log(share)).sum()) if wanted.entropy else len(share)
                if reached < wanted.l - 1e-9:
                    return False
            if wanted.t is not None and _far(found / size, there, column) > wanted.t + 1e-9:
                return False
        return True


def _far(share: Real, whole: Real, column: Sensitive) -> float:
    total = whole.sum()
    difference = share - whole / total
    if column.place is None:
        return float(np.abs(difference).sum() / 2)
    shown = np.flatnonzero(whole)
    ordered = shown[np.argsort(column.place[shown], kind="stable")]
    return float(np.abs(np.cumsum(difference[ordered])).sum() / max(1, len(ordered) - 1))


def labels(
    parts: Parts, rungs: Sequence[Rungs], values: Sequence[Sequence[str]]
) -> list[list[str]]:
    """Of each column the label of each part."""
    found: list[list[str]] = []
    for place, one in enumerate(rungs):
        low, high = parts.low[place].tolist(), parts.high[place].tolist()
        found.append([_label(one, values[place], *pair) for pair in zip(low, high, strict=True)])
    return found


def _label(one: Rungs, values: Sequence[str], low: int, high: int) -> str:
    if low == high:
        return values[low]
    if ranged(one, low, high):
        return f"{values[low]}~{values[high]}"
    rung = next(rung for rung, codes in enumerate(one.maps) if codes[low] == codes[high])
    return one.labels[rung][int(one.maps[rung][low])]


def ranged(one: Rungs, low: int, high: int) -> bool:
    """Whether `low~high` may be written: never where an end is empty or not of the ladder."""
    if not one.ranges or (low == 0 and high == len(one.maps[0]) - 1):
        return False
    return all(one.labels[1][one.maps[1][end]] not in ("", ODD) for end in (low, high))


def checked(parts: Parts, table: Counted, columns: Sequence[Sensitive], wanted: Wanted) -> bool:
    """Whether all parts hold, counted in the other way."""
    groups = Groups(group=parts.part, number=len(parts.low[0]) if parts.low else 0,
                    counts=table.counts, sensitive=table.sensitive)  # fmt: skip
    return bool(held(groups, columns, wanted).alive.all())
