"""One rung for each column so that every group has company, at the least loss. Pure.

Choices of rungs form a lattice. Whatever fails for k (or distinct l) fails on every lower choice,
so a failure is noted for all of them at once (Incognito; binary search along a way up, as Flash
does). A choice costs at least what its rungs cost without suppression, because a suppressed row
costs 1: choices are taken in that order and the search ends where the bound passes the best found.
Groups of a choice are counted from the smallest counted choice below it, not from the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from audit.lifecycle.coarsen.coded import Codes, Rungs, Whole
from audit.lifecycle.coarsen.wanted import Groups, Held, Sensitive, Wanted, held

MOST_CHOICES = 2_000_000
MOST_CHECKS = 4_000
KEPT_ROWS = 4_000_000  # of counted choices that are kept to count others from

type Choice = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The best choice. `proved`: no choice of rungs costs less."""

    choice: Choice
    loss: float
    held: Held
    proved: bool
    checked: int
    choices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Rows that are alike in all columns, counted once; codes are labels of `choice`."""

    choice: Choice
    codes: tuple[Codes, ...]
    sensitive: tuple[Codes, ...]
    counts: Whole


def number(codes: Sequence[Codes | Whole]) -> tuple[Whole, int]:
    """(which combination a row is, how many there are), whatever the number of columns."""
    if not codes:
        return np.empty(0, np.int64), 0
    key = codes[0].astype(np.int64)
    span = int(key.max()) + 1 if len(key) else 1
    for one in codes[1:]:
        width = int(one.max()) + 1 if len(one) else 1
        if span * width >= 2**62:
            _, key = np.unique(key, return_inverse=True)
            span = int(key.max()) + 1
        key = key * width + one
        span *= width
    found, back = np.unique(key, return_inverse=True)
    return back.astype(np.int64), len(found)


def count(
    choice: Choice, codes: Sequence[Codes], sensitive: Sequence[Codes], counts: Whole
) -> Counted:
    """Like rows as one."""
    key, size = number((*codes, *sensitive))
    first = np.zeros(size, np.int64)
    first[key[::-1]] = np.arange(len(key) - 1, -1, -1)
    return Counted(
        choice=choice,
        codes=tuple(one[first] for one in codes),
        sensitive=tuple(one[first] for one in sensitive),
        counts=np.bincount(key, weights=counts, minlength=size).astype(np.int64),
    )


def grouped(one: Counted) -> Groups:
    """The groups of a choice."""
    group, size = number(one.codes)
    return Groups(group=group, number=size, counts=one.counts, sensitive=one.sensitive)


class Search:
    """Looks for the best choice over one table."""

    def __init__(
        self, codes: Sequence[Codes], sensitive: Sequence[Codes], rungs: Sequence[Rungs],
        columns: Sequence[Sensitive], wanted: Wanted,
    ) -> None:  # fmt: skip
        self.rungs, self._columns, self._wanted = tuple(rungs), tuple(columns), wanted
        rows = len(codes[0]) if codes else 0
        bottom = count((0,) * len(rungs), codes, sensitive, np.ones(rows, np.int64))
        self._bottom = bottom
        self._rows = rows
        self._limit = int(wanted.most_suppressed * rows + 1e-9)
        self._kept: list[Counted] = []
        self._room = KEPT_ROWS
        self.checked = 0
        self._seen: dict[Choice, tuple[Held, float]] = {}

    @property
    def bottom(self) -> Counted:
        """The rows as they are, like ones counted."""
        return self._bottom

    def best(self, most: int = MOST_CHECKS) -> Found | None:
        """The best choice; None where not even `*` everywhere holds."""
        shape = tuple(one.height for one in self.rungs)
        top = tuple(height - 1 for height in shape)
        bound = self._bounds(shape)
        if not self._rows or not self._passes(top):
            return None
        failed: Any = np.zeros(shape, bool)
        best, loss = top, self._seen[top][1]
        order = np.argsort(bound, axis=None, kind="stable")
        proved = False
        for flat in order:
            choice = tuple(int(one) for one in np.unravel_index(flat, shape))
            if bound[choice] >= loss - 1e-12:
                proved = True
                break
            if failed[choice] or choice in self._seen:
                continue
            if self.checked >= most:
                break
            for one in self._climb(choice, top, failed):
                if self._seen[one][1] < loss - 1e-12:
                    best, loss = one, self._seen[one][1]
        else:
            proved = True
        best, loss = self._lowered(best, loss)
        return Found(choice=best, loss=loss, held=self._seen[best][0], proved=proved,
                     checked=self.checked, choices=prod(shape))  # fmt: skip

    def _lowered(self, best: Choice, loss: float) -> tuple[Choice, float]:
        """Of choices that cost the same, one on which no column can be told more finely."""
        place = 0
        while place < len(best):
            lower = (*best[:place], best[place] - 1, *best[place + 1 :])
            if lower[place] >= 0 and self._passes(lower) and self._seen[lower][1] < loss + 1e-12:
                best, loss, place = lower, min(loss, self._seen[lower][1]), 0
            else:
                place += 1
        return best, loss

    def _bounds(self, shape: Choice) -> Any:
        """What every choice costs at least."""
        if prod(shape) > MOST_CHOICES:
            raise OverflowError
        bound: Any = np.zeros(shape)
        for place, one in enumerate(self.rungs):
            across = [1] * len(shape)
            across[place] = -1
            bound = bound + np.array(one.mean).reshape(across)
        return bound / max(1, len(self.rungs))

    def _climb(self, low: Choice, top: Choice, failed: Any) -> list[Choice]:
        """Binary search on a way from a choice to the top; gives the choices that passed."""
        way = [low]
        while way[-1] != top:
            at = way[-1]
            place = max(range(len(at)), key=lambda one: top[one] - at[one])
            way.append((*at[:place], at[place] + 1, *at[place + 1 :]))
        passed: list[Choice] = []
        if not self._wanted.plain:  # what holds here may not hold above: no halving
            return [low] if self._tried(low, failed) else []
        start, end = 0, len(way) - 1
        while start < end:
            middle = (start + end) // 2
            if failed[way[middle]] or not self._tried(way[middle], failed):
                start = middle + 1
            else:
                passed.append(way[middle])
                end = middle
        return passed

    def _tried(self, choice: Choice, failed: Any) -> bool:
        if self._passes(choice):
            return True
        sizes = self._seen[choice][0].sizes
        if self._wanted.plain or int(sizes[sizes < self._wanted.k].sum()) > self._limit:
            failed[tuple(slice(0, one + 1) for one in choice)] = True
        return False

    def _passes(self, choice: Choice) -> bool:
        if choice not in self._seen:
            self.checked += 1
            counted = self._count(choice)
            groups = grouped(counted)
            found = held(groups, self._columns, self._wanted)
            self._seen[choice] = (found, self._loss(counted, groups, found))
        found = self._seen[choice][0]
        return found.suppressed <= self._limit and bool(found.alive.any())

    def _count(self, choice: Choice) -> Counted:
        below = [one for one in self._kept if all(map(int.__le__, one.choice, choice))]
        near = min((self._bottom, *below), key=lambda one: len(one.counts))
        codes = [
            _between(one, low, high)[codes]
            for one, low, high, codes in zip(
                self.rungs, near.choice, choice, near.codes, strict=True
            )
        ]
        made = count(choice, codes, near.sensitive, near.counts)
        if len(made.counts) <= self._room and len(made.counts) * 2 < len(near.counts):
            self._kept.append(made)
            self._room -= len(made.counts)
        return made

    def _loss(self, counted: Counted, groups: Groups, found: Held) -> float:
        """Of all rows, columns alike; a suppressed row costs 1."""
        kept = found.alive[groups.group]
        cost = sum(
            float((rungs.loss[rung][codes[kept]] * counted.counts[kept]).sum())
            for rungs, rung, codes in zip(self.rungs, counted.choice, counted.codes, strict=True)
        )
        return (cost / max(1, len(self.rungs)) + found.suppressed) / max(1, self._rows)


def _between(one: Rungs, low: int, high: int) -> Codes:
    """Label's code on a lower rung → that on a higher one."""
    made = np.zeros(int(one.maps[low].max()) + 1, np.int32)
    made[one.maps[low]] = one.maps[high]
    return made
