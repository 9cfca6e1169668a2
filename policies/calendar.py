"""Which kind of day is it? Statutory holidays and 调休 make-up working days, by year.

The State Council announces each year's dates in the autumn before. A year without a
file is *unknown*: its holidays are not guessed, and `DayKind.UNKNOWN` says so. Clauses
that need the calendar then do not match, unless they ask for `unknown_year: match`.
No clock and no file is touched here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Self

from rules.model import Basis, Text


class Day(str):
    """An ISO date, YYYY-MM-DD."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        try:
            return cls(date.fromisoformat(text).isoformat())
        except ValueError:
            raise ValueError(f"`{text}` is not a date like 2026-10-01") from None


class DayKind(StrEnum):
    """What a clause may ask of a day (any of those it lists)."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"
    HOLIDAY = "holiday"  # 法定节假日 as announced, bridge days included
    MAKEUP = "makeup"  # 调休: a Saturday or Sunday on which one works
    WEEKEND = "weekend"  # Saturday or Sunday, neither made up nor within a holiday
    FREE_DAY = "free-day"  # holiday, weekend or vacation
    SCHOOL_DAY = "school-day"  # Monday to Friday or made up, no holiday, no known vacation
    UNKNOWN = "unknown-year"  # no calendar for this year
    TERM = "term"  # within a term of the school's year, weekends included
    VACATION = "vacation"  # between two terms, or a vacation named
    EXAM = "exam"  # an exam day of the school's year
    UNKNOWN_TERM = "unknown-term"  # the school's year says nothing of this day


BIT = {kind: 1 << place for place, kind in enumerate(DayKind)}
ANNOUNCED = (
    BIT[DayKind.HOLIDAY]
    | BIT[DayKind.MAKEUP]
    | BIT[DayKind.WEEKEND]
    | BIT[DayKind.FREE_DAY]
    | BIT[DayKind.SCHOOL_DAY]
)
"""The kinds that nobody can know before the year's dates are announced."""

TERMLY = BIT[DayKind.TERM] | BIT[DayKind.VACATION]
"""The kinds that nobody knows where a school's year says nothing."""

_WEEK = tuple(BIT[kind] for kind in DayKind)[:7]


def bits(kinds: Iterable[DayKind]) -> int:
    """The kinds as one mask."""
    mask = 0
    for kind in kinds:
        mask |= BIT[kind]
    return mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """One announced range of days off, both ends included."""

    title: Text
    first: Day
    last: Day

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"the holiday ends ({self.last}) before it begins ({self.first})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """One announced year: a file policies/calendar/<id>.yaml.

    Where only a part of a year could be verified, `known` is that part: the rest of
    the year stays unknown.
    """

    id: str
    year: int
    title: Text
    holidays: tuple[Holiday, ...]
    makeup: tuple[Day, ...]
    basis: tuple[Basis, ...]
    limits: Text | None = None
    known: Holiday | None = None

    def __post_init__(self) -> None:
        for day in self.makeup:
            if date.fromisoformat(day).weekday() < 5:
                raise ValueError(f"the make-up day {day} is not a Saturday or Sunday")
        ranges = [*self.holidays, *([self.known] if self.known else [])]
        days = [*self.makeup, *(h.first for h in ranges), *(h.last for h in ranges)]
        for day in days:
            if not day.startswith(f"{self.year:04d}-"):
                raise ValueError(f"{day} is not in {self.year}")


class Calendar:
    """All announced years; answers what kinds one day is of."""

    __slots__ = ("_holidays", "_makeup", "_partly", "years")

    def __init__(self, years: Iterable[Year]) -> None:
        known = tuple(years)
        self.years = frozenset(year.year for year in known)
        self._partly = {year.year: year.known for year in known if year.known}
        self._makeup = frozenset(day for year in known for day in year.makeup)
        self._holidays = frozenset(
            day for year in known for holiday in year.holidays for day in _range(holiday)
        )

    def knows(self, day: str) -> bool:
        """Whether the holidays around an ISO date have been announced."""
        year = int(day[:4])
        part = self._partly.get(year)
        return year in self.years and (part is None or part.first <= day <= part.last)

    def kinds(self, day: str) -> int:
        """The mask of `DayKind` bits that hold on an ISO date."""
        when = date.fromisoformat(day)
        week = when.weekday()
        mask = _WEEK[week]
        if not self.knows(day):
            return mask | BIT[DayKind.UNKNOWN]
        if day in self._makeup:
            return mask | BIT[DayKind.MAKEUP] | BIT[DayKind.SCHOOL_DAY]
        if day in self._holidays:
            return mask | BIT[DayKind.HOLIDAY] | BIT[DayKind.FREE_DAY]
        if week >= 5:
            return mask | BIT[DayKind.WEEKEND] | BIT[DayKind.FREE_DAY]
        return mask | BIT[DayKind.SCHOOL_DAY]


def yesterday(day: str) -> str:
    """The ISO date before. The first day of all time is its own yesterday."""
    when = date.fromisoformat(day)
    return day if when == date.min else (when - timedelta(days=1)).isoformat()


def _range(holiday: Holiday) -> list[str]:
    first = date.fromisoformat(holiday.first)
    length = (date.fromisoformat(holiday.last) - first).days
    return [(first + timedelta(days=step)).isoformat() for step in range(length + 1)]
