"""A ladder: the ever coarser labels of a column's values, from the value itself up to `*`. Pure.

Ladders are data (`audit/lifecycle/ladders/*.yaml`, or a file of the officer's own). Two values
with one label on a rung have one label on every rung above: searching for the best rungs rests
on that, so it is checked when a ladder is loaded, and again on the values it meets.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from rules.model import Basis, Text
from rules.recognise.personal.kinds import Kind

TOP = "*"
ODD = "?"  # a value that is not of the ladder's kind; the value itself never climbs
_DAY = re.compile(
    r"([0-9]{4})(?:[-/.年]?([0-9]{1,2})(?:[-/.月]?([0-9]{1,2})日?(?:[T ].*)?)?月?)?年?"
)


class Steps(StrEnum):
    """How values are coarsened."""

    DATE = "date"  # day, month, year, five years
    PREFIX = "prefix"  # first characters
    BANDS = "bands"  # numbers between cuts
    TREE = "tree"  # named groups of values
    HIDE = "hide"  # nothing between the value and `*`


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """An example: a value and its labels below `*`."""

    value: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Climbs:
    """`hit`: the labels are these; `miss`: values that are not of this ladder."""

    hit: tuple[Climb, ...] = ()
    miss: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """One way up. `kinds`: columns it is taken for where none is named."""

    id: str
    title: Text
    steps: Steps
    kinds: tuple[Kind, ...] = ()
    prefix: tuple[int, ...] = ()  # characters kept, falling
    bands: tuple[tuple[float, ...], ...] = ()  # cuts of each rung; those above are among them
    tree: tuple[dict[str, tuple[str, ...]], ...] = ()  # of each rung: label → what is below it
    basis: tuple[Basis, ...] = ()
    limits: Text | None = None
    examples: Climbs = field(default_factory=Climbs)

    def __post_init__(self) -> None:
        if any(low <= high for low, high in pairwise(self.prefix)):
            raise ValueError("`prefix` must fall: [6, 4, 2]")
        for cuts in self.bands:
            if not cuts or any(low >= high for low, high in pairwise(cuts)):
                raise ValueError("the cuts of a rung of `bands` must rise")
        for below, above in pairwise(self.bands):
            if not set(above) <= set(below):
                raise ValueError("the cuts of a rung of `bands` must be among those below it")
        for rung in self.tree:
            members = [one for group in rung.values() for one in group]
            if len(members) != len(set(members)):
                raise ValueError("a value stands in two groups of one rung of `tree`")
        for example in self.examples.hit:
            if self.labels(example.value)[:-1] != example.labels:
                raise ValueError(f"the example does not hold: {self.labels(example.value)[:-1]}")
        for value in self.examples.miss:
            if self.labels(value)[1:2] != (ODD,):
                raise ValueError("an example of `miss` is of this ladder")

    @property
    def ranges(self) -> bool:
        """Values are ordered and may be told as `from~to`."""
        return self.steps in (Steps.DATE, Steps.BANDS)

    def labels(self, value: str) -> tuple[str, ...]:
        """Every label of a value, the first its own, the last `*`."""
        return (*_STEPS[self.steps](self, value), TOP)

    def order(self, value: str) -> tuple[float, str]:
        """Where a value stands among others."""
        number = _number(value) if self.steps is Steps.BANDS else None
        return (math.inf if number is None else number, value)


def _number(value: str) -> float | None:
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _dates(ladder: Ladder, value: str) -> tuple[str, ...]:  # noqa: ARG001
    if not value:
        return ("", "", "", "")
    found = _DAY.fullmatch(value)
    if found is None:
        return (value, ODD, ODD, ODD)
    year, month, day = found.groups()
    start = int(year) - int(year) % 5
    five = f"{start}~{start + 4}"
    if month is None or not 1 <= int(month) <= 12:
        return (value, year, year, five) if month is None else (value, ODD, ODD, ODD)
    whole = f"{year}-{int(month):02d}"
    own = f"{whole}-{int(day):02d}" if day is not None else whole
    return (own, whole, year, five)


def _prefixes(ladder: Ladder, value: str) -> tuple[str, ...]:
    return (value, *(value[:size] for size in ladder.prefix))


def _bands(ladder: Ladder, value: str) -> tuple[str, ...]:
    number = _number(value)
    if number is None:
        return (value, *(ODD if value else "" for _ in ladder.bands))
    return (value, *(_band(cuts, number) for cuts in ladder.bands))


def _band(cuts: tuple[float, ...], number: float) -> str:
    if number < cuts[0]:
        return f"<{cuts[0]:g}"
    if number >= cuts[-1]:
        return f"≥{cuts[-1]:g}"
    low, high = next((low, high) for low, high in pairwise(cuts) if low <= number < high)
    return f"[{low:g},{high:g})"


def _tree(ladder: Ladder, value: str) -> tuple[str, ...]:
    found = [value]
    for rung in ladder.tree:
        above = _above(rung, found[-1])
        found.append(above if value else "")
    return tuple(found)


def _above(rung: Mapping[str, tuple[str, ...]], value: str) -> str:
    return next((label for label, members in rung.items() if value in members), ODD)


_STEPS: dict[Steps, Callable[[Ladder, str], tuple[str, ...]]] = {
    Steps.DATE: _dates,
    Steps.PREFIX: _prefixes,
    Steps.BANDS: _bands,
    Steps.TREE: _tree,
    Steps.HIDE: lambda _ladder, value: (value,),
}
HIDE = Ladder(id="hide", title=Text(zh="只隐去", en="hidden or not"), steps=Steps.HIDE)
