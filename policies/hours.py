"""Parts of a day: windows like 22:00-06:00, and the named slots of a timetable.

A Window is minutes of the day or the name of a slot (`class`); which minutes a name
stands for is said by the school's timetable (`policies.schoolyear`). Pure values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from policies.calendar import DayKind

NAME = re.compile(r"[a-z][a-z0-9-]*").fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A part of the day, `22:00-06:00`: minutes of the day, start in, end out.

    A window over midnight belongs to the day on which it starts. With `slot` it is
    a name instead, and `start` and `end` mean nothing.
    """

    start: int = 0
    end: int = 0
    slot: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        first, dash, last = text.replace(" ", "").partition("-")
        if NAME(text):
            return cls(slot=text)
        if not dash:
            raise ValueError(f"`{text}` is not a window like 22:00-06:00 or a slot like `class`")
        start, end = _minute(first), _minute(last)
        if start == 1440:
            raise ValueError("a window cannot start at 24:00; write 00:00")
        if start == end:
            raise ValueError(f"`{text}` is empty; a whole day is 00:00-24:00")
        return cls(start=start, end=end)

    def __str__(self) -> str:
        return self.slot or f"{clock(self.start)}-{clock(self.end)}"

    def parts(self) -> tuple[tuple[int, int], ...]:
        """The minutes of one day it covers, as ranges that do not pass midnight."""
        if self.start < self.end:
            return ((self.start, self.end),)
        return ((self.start, 1440), (0, self.end))


def clock(minute: int) -> str:
    """`08:00` for the minute of the day 480."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _minute(text: str) -> int:
    hour, colon, minute = text.partition(":")
    digits = hour + minute
    if not (colon and len(minute) == 2 and 1 <= len(hour) <= 2):
        raise ValueError(f"`{text}` is not a time like 06:00")
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"`{text}` is not a time like 06:00")
    value = int(hour) * 60 + int(minute)
    if int(minute) > 59 or value > 1440:
        raise ValueError(f"`{text}` is not a time of the day")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One line of a timetable: these hours on these days. Days left out: school days."""

    hours: tuple[Window, ...]
    days: tuple[DayKind, ...] = (DayKind.SCHOOL_DAY,)

    def __post_init__(self) -> None:
        if not self.hours:
            raise ValueError("a slot needs hours")
        for window in self.hours:
            if window.slot:
                raise ValueError(f"a slot needs times; `{window.slot}` is a name")

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(hours=(Window.parse(text),))


@dataclass(frozen=True, slots=True)
class Span:
    """A Window as it holds for one seat: minutes, and the day kinds it is bound to (0: any)."""

    start: int
    end: int
    days: int = 0

    def __str__(self) -> str:
        return f"{clock(self.start)}-{clock(self.end)}"


def overlap(windows: tuple[Window, ...]) -> tuple[Window, Window] | None:
    """The first two windows of which the later covers a minute of the earlier."""
    for place, window in enumerate(windows):
        for other in windows[:place]:
            if any(
                first < far and start < last
                for first, last in window.parts()
                for start, far in other.parts()
            ):
                return other, window
    return None
