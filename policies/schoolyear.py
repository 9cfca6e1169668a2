"""A school's own year 校历: terms, vacations, exam days, days on and off, the timetable.

It stands in `calendar/` (for a district, a 学段, some schools) or under `calendar:` in
a policy's own file. Each part is taken from the nearest place that gives it. What no
term covers and no vacation either is *unknown*, like a year whose holidays were not
announced: it is said, never guessed. No clock and no file is touched here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from policies.calendar import BIT, Calendar, Day, DayKind, bits, yesterday
from policies.hours import Slot, Span, Window
from rules.model import Text

LONGEST = 400  # days: a range longer than a year is a typing mistake
YEARS = range(2000, 2100)
MAX_DAYS = 64  # days remembered of one local calendar

_TITLE = Text(zh="", en="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Days from `first` to `last`, both included. A single date may stand for it."""

    first: Day
    last: Day
    title: Text = _TITLE

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"it ends ({self.last}) before it begins ({self.first})")
        for day in (self.first, self.last):
            if int(day[:4]) not in YEARS:
                raise ValueError(f"{day} is not between {YEARS[0]} and {YEARS[-1]}")
        if (date.fromisoformat(self.last) - date.fromisoformat(self.first)).days > LONGEST:
            raise ValueError(f"{self.first} to {self.last} is longer than a year")

    @classmethod
    def parse(cls, text: str) -> Stretch:
        day = Day.parse(text)
        return cls(first=day, last=day)

    def holds(self, day: str) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolYear:
    """What a school (学段, district) says of its own days. Any part may be left out."""

    terms: tuple[Stretch, ...] = ()
    vacations: tuple[Stretch, ...] = ()  # besides those between two terms
    exams: tuple[Stretch, ...] = ()
    off: tuple[Stretch, ...] = ()  # no school though it would be a school day
    on: tuple[Stretch, ...] = ()  # school though it would be a free day
    timetable: Mapping[str, tuple[Slot, ...]] = field(default_factory=dict)


class LocalCalendar:
    """One kind of subject's calendar: the State Council's days with the school's own over them."""

    __slots__ = ("_days", "_known", "_slots", "_year", "calendar")

    def __init__(self, calendar: Calendar, nearest_first: Sequence[SchoolYear]) -> None:
        self.calendar = calendar

        def nearest(name: str) -> tuple[Stretch, ...]:
            found = (getattr(year, name) for year in nearest_first if getattr(year, name))
            return next(found, ())

        terms = nearest("terms")
        self._year = SchoolYear(
            terms=terms,
            vacations=nearest("vacations"),
            exams=nearest("exams"),
            off=nearest("off"),
            on=nearest("on"),
        )
        self._slots: dict[str, tuple[Slot, ...]] = {}
        for year in reversed(nearest_first):
            self._slots.update(year.timetable)
        self._known = (
            (min(t.first for t in terms), max(t.last for t in terms)) if terms else ("~", "")
        )
        self._days: dict[str, tuple[int, int]] = {}

    def facts(self) -> tuple[tuple[Stretch, ...], ...]:
        """Equal for calendars (of one Snapshot) that know the same of every day."""
        year = self._year
        return (year.terms, year.vacations, year.exams, year.off, year.on)

    def days(self, day: str) -> tuple[int, int]:
        """The day kinds of an ISO date and of the day before (memo, bounded)."""
        kinds = self._days.get(day)
        if kinds is None:
            if len(self._days) >= MAX_DAYS:
                self._days.clear()
            kinds = self._days[day] = (self.kinds(day), self.kinds(yesterday(day)))
        return kinds

    def kinds(self, day: str) -> int:
        """The mask of `DayKind` bits that hold on an ISO date, the school's own included."""
        mask = self.calendar.kinds(day)
        year = self._year
        if _any(year.exams, day):
            mask |= BIT[DayKind.EXAM]
        if _any(year.terms, day):
            mask |= BIT[DayKind.TERM]
        elif _any(year.vacations, day) or self._known[0] <= day <= self._known[1]:
            mask = _free(mask | BIT[DayKind.VACATION])
        else:
            mask |= BIT[DayKind.UNKNOWN_TERM]
        if _any(year.off, day):
            mask = _free(mask)
        if _any(year.on, day):
            mask = mask & ~BIT[DayKind.FREE_DAY] | BIT[DayKind.SCHOOL_DAY]
        return mask

    def spans(self, windows: Iterable[Window]) -> tuple[Span, ...]:
        """Windows as they hold here; a slot that this timetable lacks holds never."""
        found = []
        for window in windows:
            if not window.slot:
                found.append(Span(window.start, window.end))
                continue
            for slot in self._slots.get(window.slot, ()):
                days = bits(slot.days)
                found += [Span(part.start, part.end, days) for part in slot.hours]
        return tuple(found)


def _any(stretches: tuple[Stretch, ...], day: str) -> bool:
    return any(stretch.holds(day) for stretch in stretches)


def _free(mask: int) -> int:
    return mask & ~BIT[DayKind.SCHOOL_DAY] | BIT[DayKind.FREE_DAY]


def clashes(stretches: Sequence[Stretch]) -> tuple[int, int] | None:
    """The places of the first two stretches that share a day."""
    for place, one in enumerate(stretches):
        for earlier, other in enumerate(stretches[:place]):
            if one.first <= other.last and other.first <= one.last:
                return earlier, place
    return None
