"""Days and periods as rules write them: `2026-09-01`, `3 years`, `180 days`, `6个月`, `permanent`.

A period goes by the calendar: three years before 29 February is 28 February. Pure.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass

_WORDS = {
    "years": ("years", "year", "y", "年"),
    "months": ("months", "month", "m", "个月", "月"),
    "days": ("days", "day", "d", "天", "日"),
}
_UNITS = {word: unit for unit, words in _WORDS.items() for word in words}
_PIECE = re.compile(r"\s*([0-9]{1,5})\s*([a-z]+|个月|年|月|天|日)\s*,?", re.IGNORECASE)
_FOREVER = frozenset({"permanent", "永久", "长期"})
MOST_YEARS = 200
FIRST = dt.date(1900, 1, 1)  # before it: nobody's day (MySQL's zero date, an empty form)
ZONE = dt.timezone(dt.timedelta(hours=8))  # days are of this clock


class Day(dt.date):
    """A day written YYYY-MM-DD."""

    @classmethod
    def parse(cls, text: str) -> Day:
        """Raises ValueError."""
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text.strip()):
            raise ValueError(f"`{text}` is no day: write 2026-09-01")
        return cls.fromisoformat(text.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """So many years, months and days; `permanent`: never over."""

    years: int = 0
    months: int = 0
    days: int = 0
    permanent: bool = False

    def __post_init__(self) -> None:
        if min(self.years, self.months, self.days) < 0:
            raise ValueError("a period is not negative")
        total = self.years + self.months / 12 + self.days / 365
        if total > MOST_YEARS:
            raise ValueError(f"a period of more than {MOST_YEARS} years: write `permanent`")
        if self.permanent == bool(total):
            raise ValueError("a period is either permanent or so many years, months, days")

    @classmethod
    def parse(cls, text: str) -> Period:
        """`3 years 6 months`, `180天`, `永久`. Raises ValueError."""
        if text.strip().casefold() in _FOREVER:
            return cls(permanent=True)
        found: dict[str, int] = {}
        place = 0
        while place < len(text):
            piece = _PIECE.match(text, place)
            unit = _UNITS.get(piece[2].casefold()) if piece else None
            if piece is None or unit is None or unit in found:
                raise ValueError(f"`{text}` is no period: write `3 years`, `180 days`, `permanent`")
            found[unit] = int(piece[1])
            place = piece.end()
        return cls(
            years=found.get("years", 0), months=found.get("months", 0), days=found.get("days", 0)
        )

    def __str__(self) -> str:
        if self.permanent:
            return "永久 permanent"
        parts = ((self.years, "年 y"), (self.months, "个月 m"), (self.days, "天 d"))
        return " ".join(f"{count} {word}" for count, word in parts if count)

    def before(self, at: dt.date) -> dt.date | None:
        """The cut: what began before this day is over on the day `at`. None: never."""
        return None if self.permanent else _moved(at, self, -1)

    def after(self, start: dt.date) -> dt.date | None:
        """The last day of a period that begins on `start`. None: never over."""
        return None if self.permanent else _moved(start, self, 1)

    def least(self, years: int) -> bool:
        """Whether it is at least so many years."""
        return self.permanent or (self.years * 12 + self.months) * 30.4375 + self.days >= (
            years * 365.25 - 1
        )


def _moved(at: dt.date, period: Period, way: int) -> dt.date:
    """A day so much later or earlier by the calendar, within what a date can be."""
    months = at.year * 12 + at.month - 1 + way * (period.years * 12 + period.months)
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        return dt.date.min if way < 0 else dt.date.max
    day = min(at.day, calendar.monthrange(year, month + 1)[1])
    try:
        return dt.date(year, month + 1, day) + dt.timedelta(days=way * period.days)
    except OverflowError:
        return dt.date.min if way < 0 else dt.date.max
