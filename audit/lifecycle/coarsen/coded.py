"""Rows → a table of small numbers: each column a dictionary of its values and a code a row. Pure.

The codes of a quasi-identifier follow the order of its ladder, so that the values below one
label stand together. `Rungs` is that column's ladder over the values that are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.lifecycle.coarsen.ladder import Ladder
from audit.lifecycle.shapes import text_of

MOST_VALUES = 1_500_000  # distinct values over all columns

type Codes = NDArray[np.int32]
type Whole = NDArray[np.int64]
type Real = NDArray[np.float64]


class TooManyError(ValueError):
    """More distinct values than are held in memory, said in both languages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`values[codes[row]]` is the text of a row."""

    name: str
    values: tuple[str, ...]
    codes: Codes


@dataclass(frozen=True, slots=True, kw_only=True)
class Rungs:
    """A column's ladder: of each rung the label of every value, and what each label costs."""

    name: str
    ranges: bool
    maps: tuple[Codes, ...]  # rung → value's code → label's code
    labels: tuple[tuple[str, ...], ...]  # rung → names of labels
    loss: tuple[Real, ...]  # rung → share of the other values that a label may stand for
    mean: tuple[float, ...]  # rung → loss of a row, on average

    @property
    def height(self) -> int:
        return len(self.maps)


class Reading:
    """Takes batches of columns; gives Columns."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._known: list[dict[str, int]] = [{} for _ in names]
        self._codes: list[list[Codes]] = [[] for _ in names]

    def add(self, batch: Sequence[Sequence[Any]]) -> None:
        """One list of values a column. Raises TooManyError."""
        for place, values in enumerate(batch):
            known = self._known[place]
            found = np.empty(len(values), np.int32)
            for row, value in enumerate(values):
                text = text_of(value)
                found[row] = known.setdefault(text, len(known))
            self._codes[place].append(found)
        if sum(map(len, self._known)) > MOST_VALUES:
            widest = max(range(len(self._names)), key=lambda place: len(self._known[place]))
            raise TooManyError(
                f"{self._names[widest]}: 不同的值过多，请去掉该列 "
                "too many distinct values; leave the column out"
            )

    def columns(self) -> tuple[Column, ...]:
        """What was read; the Reading is used up."""
        made = []
        for name, known, parts in zip(self._names, self._known, self._codes, strict=True):
            codes = np.concatenate(parts) if parts else np.empty(0, np.int32)
            parts.clear()
            made.append(Column(name=name, values=tuple(known), codes=codes))
        return tuple(made)


def climbed(column: Column, ladder: Ladder) -> tuple[Column, Rungs]:
    """The column in the order of its ladder, and its rungs. Equal first labels become one value."""
    climbs = {value: ladder.labels(value) for value in column.values}
    firsts: dict[str, tuple[str, ...]] = {}
    for labels in climbs.values():
        firsts.setdefault(labels[0], labels)
    if ladder.ranges:
        ordered = sorted(firsts, key=ladder.order)
    else:
        ordered = sorted(firsts, key=lambda first: firsts[first][::-1])
    place = {first: code for code, first in enumerate(ordered)}
    moved = np.array([place[climbs[value][0]] for value in column.values] or [0], np.int32)
    codes = moved[column.codes] if len(column.codes) else column.codes
    weights = np.bincount(codes, minlength=len(ordered)).astype(np.float64)
    maps: list[Codes] = []
    names: list[tuple[str, ...]] = []
    for rung in range(len(ladder.labels(""))):
        known: dict[str, int] = {}
        maps.append(
            np.array(
                [known.setdefault(firsts[first][rung], len(known)) for first in ordered] or [0],
                np.int32,
            )
        )
        names.append(tuple(known))
    losses = [_loss(one, top=rung == len(maps) - 1) for rung, one in enumerate(maps)]
    total = max(1.0, float(weights.sum()))
    means = tuple(
        float((loss[one][: len(weights)] * weights).sum()) / total
        for one, loss in zip(maps, losses, strict=True)
    )
    return (
        Column(name=column.name, values=tuple(ordered), codes=codes),
        Rungs(name=column.name, ranges=ladder.ranges, maps=tuple(maps), labels=tuple(names),
              loss=tuple(losses), mean=means),
    )  # fmt: skip


def _loss(labels: Codes, *, top: bool) -> Real:
    """(values below a label - 1) / (all values - 1); of `*` always 1."""
    if top:
        return np.ones(1)
    return (np.bincount(labels) - 1.0) / max(1, len(labels) - 1)


def nested(rungs: Rungs) -> bool:
    """Whether two values with one label have one label on every rung above."""
    return all(
        len(np.unique(low.astype(np.int64) * (int(high.max()) + 1) + high)) == int(low.max()) + 1
        for low, high in zip(rungs.maps, rungs.maps[1:], strict=False)
    )


def rows_of(columns: Iterable[Column]) -> int:
    """How many rows columns have."""
    return min((len(one.codes) for one in columns), default=0)
