"""What is asked of groups of like rows, and which groups hold it: k, l and t over arrays. Pure.

Cells of a sensitive column that are empty disclose nothing and are not counted for l and t.
Distances are of a group to what is published. `audit.lifecycle.risk` computes the same figures
in another way from the written file: neither is trusted alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audit.lifecycle.coarsen.coded import Codes, Real, Whole

type Truth = NDArray[np.bool_]

NEAR = 1e-9  # two ways of summing differ in the last digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`entropy`: l is of e^entropy instead of distinct values. `t` None: not asked for."""

    k: int = 5
    l: int = 1  # noqa: E741 - its name in every text
    entropy: bool = False
    t: float | None = None
    most_suppressed: float = 0.05  # share of rows
    cells: bool = False  # suppressed rows stay with `*` in every quasi-identifier, if they may

    @property
    def plain(self) -> bool:
        """Whoever holds it still holds it when groups are joined, suppression or not."""
        return self.t is None and not (self.entropy and self.l > 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitive:
    """A sensitive column. `empty`: the code of the empty cell, -1 where there is none."""

    name: str
    size: int  # how many codes there are
    empty: int
    place: Codes | None  # code → place in order; None: all values equally far apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """`group[row]` names the group of a row of counts; `sensitive` are codes beside it."""

    group: Whole
    number: int
    counts: Whole
    sensitive: tuple[Codes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Which groups are published as they are, and whether the others may stay under `*`."""

    alive: Truth  # group → published
    sizes: Whole
    suppressed: int  # rows of the others
    starred: bool  # the others stay, as one group of `*`


def order_of(values: Sequence[str]) -> Codes | None:
    """Places of values in order where all that are not empty are numbers; else None."""
    try:
        listed = sorted((value for value in values if value), key=float)
    except ValueError:
        return None
    place = {value: rank for rank, value in enumerate(listed)}
    return np.array([place.get(value, 0) for value in values] or [0], np.int32)


def held(groups: Groups, sensitive: Sequence[Sensitive], wanted: Wanted) -> Held:
    """The groups that hold what is wanted, once those that do not are gone."""
    sizes = _sums(groups.group, groups.counts, groups.number)
    alive: Truth = sizes >= wanted.k
    pairs = [_pairs(groups, place, one) for place, one in enumerate(sensitive)]
    if wanted.l > 1:
        for one in pairs:
            alive &= _diverse(one, groups.number, wanted)
    if wanted.cells and not alive.all():
        left = alive
        if wanted.t is not None:
            for one, column in zip(pairs, sensitive, strict=True):
                left = left & _close(one, column, groups.number, one.whole, wanted.t)
        if not left.all() and _may_stay(groups, sensitive, ~left, pairs, wanted):
            gone = int(sizes[~left].sum())
            return Held(alive=left, sizes=sizes, suppressed=gone, starred=True)
    if wanted.t is not None:
        alive = _closed(alive, pairs, sensitive, groups.number, wanted.t)
    return Held(alive=alive, sizes=sizes, suppressed=int(sizes[~alive].sum()), starred=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pairs:
    """Each group's counts of the values that are in it, sorted by group, then by place."""

    group: Whole
    value: Whole
    counts: Whole
    whole: Real  # value → count in the table


def _sums(group: Whole, counts: Whole, number: int) -> Whole:
    return np.bincount(group, weights=counts, minlength=number).astype(np.int64)


def _pairs(groups: Groups, place: int, one: Sensitive) -> _Pairs:
    codes = groups.sensitive[place].astype(np.int64)
    ranked = codes if one.place is None else one.place[codes].astype(np.int64)
    there = codes != one.empty
    width = max(1, one.size)
    keys, back = np.unique(groups.group[there] * width + ranked[there], return_inverse=True)
    counts = _sums(back, groups.counts[there], len(keys))
    value = keys % width
    whole = np.bincount(value, weights=counts, minlength=width).astype(np.float64)
    return _Pairs(group=keys // width, value=value, counts=counts, whole=whole)


def _diverse(pairs: _Pairs, number: int, wanted: Wanted) -> Truth:
    """Groups without any value of the column disclose none of it."""
    distinct = np.bincount(pairs.group, minlength=number)
    if not wanted.entropy:
        return np.asarray((distinct >= wanted.l) | (distinct == 0))
    sizes = _sums(pairs.group, pairs.counts, number).astype(np.float64)
    share = pairs.counts / sizes[pairs.group]
    entropy = np.bincount(pairs.group, weights=-share * np.log(share), minlength=number)
    return np.asarray((np.exp(entropy) >= wanted.l - NEAR) | (distinct == 0))


def _closed(
    alive: Truth, pairs: Sequence[_Pairs], columns: Sequence[Sensitive], number: int, t: float
) -> Truth:
    """What is published is what groups are compared with: repeated until nothing leaves."""
    while True:
        left = alive.copy()
        for one, column in zip(pairs, columns, strict=True):
            kept = alive[one.group]
            whole = np.bincount(
                one.value[kept], weights=one.counts[kept], minlength=len(one.whole)
            ).astype(np.float64)
            left &= _close(one, column, number, whole, t)
        if (left == alive).all() or not left.any():
            return left
        alive = left


def _close(pairs: _Pairs, column: Sensitive, number: int, whole: Real, t: float) -> Truth:
    found = distances(pairs.group, pairs.value, pairs.counts, number, whole,
                      ordered=column.place is not None)  # fmt: skip
    return np.asarray(found <= t + NEAR)


def distances(
    group: Whole, value: Whole, counts: Whole, number: int, whole: Real, *, ordered: bool
) -> Real:
    """Of each group to the whole: by order (earth mover's), or all values equally far apart.

    Pairs are sorted by group, then value. By order, the distance is the sum over places of the
    difference of the two cumulative shares; between two values of a group its own share stands
    still, so that a stretch is summed at once by prefix sums of the whole's.
    """
    total = whole.sum()
    if not total or not len(group):
        return np.zeros(number)
    sizes = np.bincount(group, weights=counts, minlength=number)
    share = counts / sizes[group]
    if not ordered:
        more = np.maximum(0.0, share - whole[value] / total)
        return np.bincount(group, weights=more, minlength=number)
    shown = np.flatnonzero(whole > 0)  # values that are published: they are the scale
    if len(shown) < 2:
        return np.zeros(number)
    rank = np.searchsorted(shown, value)
    steps = np.cumsum(whole[shown]) / total
    prefix = np.concatenate(([0.0], np.cumsum(steps)))
    running = np.cumsum(share)
    first = np.flatnonzero(np.concatenate(([True], group[1:] != group[:-1])))
    before = np.repeat(running[first] - share[first], np.diff(np.append(first, len(group))))
    level = np.minimum(running - before, 1.0)
    nexts = np.append(rank[1:], len(shown))
    last = np.append(group[1:] != group[:-1], True)
    nexts[last] = len(shown)
    found = np.bincount(
        group, weights=_stretch(level, rank, nexts, steps, prefix), minlength=number
    )
    found[group[first]] += prefix[rank[first]]  # places before a group's first value
    return np.asarray(found / (len(shown) - 1))


def _stretch(level: Real, start: Whole, end: Whole, steps: Real, prefix: Real) -> Real:
    """The sum of |level - steps[place]| over places from start to end, `steps` rising."""
    cut = np.clip(np.searchsorted(steps, level, side="right"), start, end)
    below = level * (cut - start) - (prefix[cut] - prefix[start])
    above = (prefix[end] - prefix[cut]) - level * (end - cut)
    return np.asarray(below + above)


def _may_stay(
    groups: Groups, columns: Sequence[Sensitive], gone: Truth, pairs: Sequence[_Pairs],
    wanted: Wanted,
) -> bool:  # fmt: skip
    """Whether the suppressed rows, as one group, hold what is wanted."""
    rows = gone[groups.group]
    one = Groups(
        group=np.zeros(int(rows.sum()), np.int64),
        number=1,
        counts=groups.counts[rows],
        sensitive=tuple(codes[rows] for codes in groups.sensitive),
    )
    if int(one.counts.sum()) < wanted.k:
        return False
    for place, column in enumerate(columns):
        pair = _pairs(one, place, column)
        if wanted.l > 1 and not _diverse(pair, 1, wanted).all():
            return False
        if wanted.t is not None and not _close(pair, column, 1, pairs[place].whole, wanted.t).all():
            return False
    return True
