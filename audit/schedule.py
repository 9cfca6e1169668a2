"""When to run again: `daily 02:30`, `weekly mon 02:30`, `hourly 15` or five cron fields. Pure.

Times are Asia/Shanghai. On blackout dates (高考, 重保) nothing is due: the next moment after
them is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from audit.scope import SHANGHAI, Blackout

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
HORIZON = 366 * 4
_FIELD = re.compile(r"(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Which minutes are due. Days of the week: 0 is Sunday, as cron has it."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool = False  # both kinds of day are given: one of them is enough


def parse(text: str) -> Schedule:
    """A schedule. Raises ValueError with what is wrong."""
    words = text.lower().split()
    if words and words[0] in ("hourly", "daily", "weekly"):
        words = _plain(words, text)
    if len(words) != 5:
        raise ValueError(f"`{text[:60]}`: 写作 daily 02:30 或五个 cron 字段 / or five cron fields")
    minutes, hours, days, months, weekdays = (
        _field(word, low, high) for word, (low, high) in zip(words, RANGES, strict=True)
    )
    return Schedule(
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=frozenset(one % 7 for one in weekdays),
        either=words[2][0] != "*" and words[4][0] != "*",
    )


def _plain(words: list[str], text: str) -> list[str]:
    kind, rest = words[0], words[1:]
    if kind == "hourly" and len(rest) <= 1:
        return [rest[0] if rest else "0", "*", "*", "*", "*"]
    weekday = "*"
    if kind == "weekly" and rest and rest[0] in DAYS:
        weekday, rest = str((DAYS.index(rest[0]) + 1) % 7), rest[1:]
    clock = re.fullmatch(r"(\d{1,2}):(\d{2})", rest[0] if len(rest) == 1 else "")
    if not clock or (kind == "weekly" and weekday == "*"):
        raise ValueError(f"`{text[:60]}`: 写作 daily 02:30、weekly mon 02:30 / write it so")
    return [clock[2], clock[1], "*", "*", weekday]


def _field(word: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in word.split(","):
        hit = _FIELD.fullmatch(part)
        if not hit:
            raise ValueError(f"`{part[:20]}` 不是 cron 字段 / is no cron field")
        first = int(hit[1]) if hit[1] else low
        last = int(hit[2]) if hit[2] else (first if hit[1] and not hit[3] else high)
        step = int(hit[3]) if hit[3] else 1
        if not low <= first <= last <= high or step < 1:
            raise ValueError(f"`{part[:20]}` 超出 {low}–{high} / is out of range")
        found.update(range(first, last + 1, step))
    return frozenset(found)


def following(schedule: Schedule, now: float, blackouts: Iterable[Blackout] = ()) -> float | None:
    """The next due moment after `now`, none within four years: None."""
    closed = tuple(blackouts)
    begin = datetime.fromtimestamp(now, SHANGHAI).replace(second=0, microsecond=0)
    begin += timedelta(minutes=1)
    for ahead in range(HORIZON):
        today = (begin + timedelta(days=ahead)).date()
        if not _due(schedule, today.month, today.day, today.isoweekday() % 7):
            continue
        if any(one.begins <= today.isoformat() <= one.ends for one in closed):
            continue
        for hour in sorted(schedule.hours):
            for minute in sorted(schedule.minutes):
                found = datetime(today.year, today.month, today.day, hour, minute, tzinfo=SHANGHAI)
                if found >= begin:
                    return found.timestamp()
    return None


def _due(schedule: Schedule, month: int, day: int, weekday: int) -> bool:
    if month not in schedule.months:
        return False
    in_month, in_week = day in schedule.days, weekday in schedule.weekdays
    return (in_month or in_week) if schedule.either else (in_month and in_week)
