"""What an account usually reads in a day, and how far beyond it is too far. Pure.

Days on which nothing was read do not count, nor do days of which the log does not tell all rows.
Median and MAD, because one wild day must not make the next one usual; where days are all alike
the MAD says nothing, so a quarter of the median is the least spread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

WINDOW = 60  # days that are remembered
NORMAL = 1.4826  # MAD × this is the standard deviation, were days normal
LEAST = 0.25  # of the median


def bound(days: Sequence[int], spread: int) -> float:
    """The most rows of a day that are still usual."""
    middle = median(days)
    mad = median([abs(one - middle) for one in days])
    return middle + spread * max(NORMAL * mad, LEAST * middle)


@dataclass(slots=True, kw_only=True)
class Habit:
    """The days of one account, and the one that is not over."""

    past: deque[int] = field(default_factory=lambda: deque(maxlen=WINDOW))
    day: int = 0
    total: int = 0
    whole: bool = True  # the rows of every read are known
    told: bool = False

    def read(self, day: int, rows: int | None) -> None:
        """One read; a new day ends the one before."""
        if day != self.day:
            if self.day and self.whole:
                self.past.append(self.total)
            self.day, self.total, self.whole, self.told = day, 0, True, False
        self.whole &= rows is not None
        self.total += rows or 0
