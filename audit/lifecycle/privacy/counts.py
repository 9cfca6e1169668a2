"""Rows → counts over declared values, each subject bounded; noisy counts → a table to read. Pure.

Every combination of declared values has a cell, whether anybody is in it or not: which cells
there are says nothing about the data. What happens after the noise looks at nothing but it.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

from audit.lifecycle.privacy.budget import BudgetError, Domain
from audit.lifecycle.privacy.noise import Below, error_bar, laplace
from audit.lifecycle.shapes import text_of

MOST_CELLS = 20_000
MOST_SUBJECTS = 3_000_000  # held in memory, eight bytes of digest each
SURE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """`noisy` is unbiased and may be negative; `value` is for reading."""

    labels: tuple[str, ...]
    value: int
    noisy: int
    weak: bool  # not to be told from 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A histogram as it may be given away."""

    columns: tuple[str, ...]
    cells: tuple[Cell, ...]
    total: int
    margins: dict[str, dict[str, int]]
    each: int  # 19 of 20 cells are nearer than this
    all: int  # all cells at once are, 19 times of 20


def cells_of(domains: Sequence[Domain]) -> list[tuple[str, ...]]:
    """Every cell, in order. Raises BudgetError for too many."""
    lists = [one.labels() for one in domains]
    if prod(map(len, lists)) > MOST_CELLS:
        raise BudgetError(f"组合超过 {MOST_CELLS} 个 more than {MOST_CELLS} cells")
    return list(itertools.product(*lists))


def tally(
    rows: Iterable[Sequence[Any]], domains: Sequence[Domain], *, subject: bool, most: int,
    key: bytes,
) -> list[int]:  # fmt: skip
    """True counts, of at most `most` rows a subject; with `subject` it is each row's last value.

    A row without a subject can not be bounded and is not counted. `key` hides subjects in memory.
    """
    widths = [len(one.labels()) for one in domains]
    counts = [0] * prod(widths)
    known: dict[bytes, int] = {}
    places: list[dict[str, int]] = [{} for _ in domains]
    for row in rows:
        texts = [text_of(value) for value in row]
        if subject and not _counted(texts.pop(), known, most, key):
            continue
        cell = 0
        for place, text in enumerate(texts):
            found = places[place].get(text)
            if found is None:
                found = domains[place].place(text)
                if len(places[place]) < MOST_CELLS:
                    places[place][text] = found
            cell = cell * widths[place] + found
        counts[cell] += 1
    return counts


def _counted(subject: str, known: dict[bytes, int], most: int, key: bytes) -> bool:
    if not subject:
        return False
    digest = hashlib.blake2b(subject.encode("utf-8", "replace"), digest_size=8, key=key).digest()
    seen = known.get(digest, 0)
    if seen >= most:
        return False
    if not seen and len(known) >= MOST_SUBJECTS:
        raise BudgetError(f"主体超过 {MOST_SUBJECTS} 人 more than {MOST_SUBJECTS} subjects")
    known[digest] = seen + 1
    return True


def noisy(counts: Sequence[int], cost: Fraction, most: int, below: Below) -> list[int]:
    """With noise of scale most/cost: one subject changes the counts by `most` in sum at most."""
    scale = Fraction(most) / cost
    return [count + laplace(scale, below) for count in counts]


def answer(
    columns: Sequence[str], domains: Mapping[str, Domain], counts: Sequence[int], cost: Fraction,
    most: int,
) -> Answer:  # fmt: skip
    """The table to read, of noisy counts alone: none below 0, and sums that agree."""
    labels = cells_of([domains[one] for one in columns])
    scale = Fraction(most) / cost
    each = error_bar(scale, SURE)
    values = settled(counts)
    margins: dict[str, dict[str, int]] = {
        one: dict.fromkeys(domains[one].labels(), 0) for one in columns
    }
    for label, value in zip(labels, values, strict=True):
        for column, name in zip(columns, label, strict=True):
            margins[column][name] += value
    return Answer(
        columns=tuple(columns),
        cells=tuple(
            Cell(labels=label, value=value, noisy=raw, weak=raw <= each)
            for label, value, raw in zip(labels, values, counts, strict=True)
        ),
        total=sum(values),
        margins=margins,
        each=each,
        all=error_bar(scale, SURE, len(labels)),
    )


def settled(counts: Sequence[int]) -> list[int]:
    """The nearest whole counts that are not negative and have the same sum (or 0)."""
    total = max(0, sum(counts))
    if not total:
        return [0] * len(counts)
    running, taken = 0, Fraction()
    for place, count in enumerate(sorted(counts, reverse=True), 1):
        running += count
        excess = Fraction(running - total, place)
        if count > excess:
            taken = excess
    exact = [max(Fraction(), count - taken) for count in counts]
    values = [one.numerator // one.denominator for one in exact]
    missing = total - sum(values)
    order = sorted(range(len(counts)), key=lambda one: (values[one] - exact[one], one))
    for place in order[:missing]:
        values[place] += 1
    return values
