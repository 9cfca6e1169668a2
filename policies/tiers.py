"""Birthday → age tier: the five of the minors'-mode guideline, and the edge at fourteen.

Pure dates; the day is an argument. A year of age is complete on the birthday itself. Who
was born on 29 February completes it on 1 March of a common year, as a period without a
corresponding day ends with the last day of the month (民法典 art. 202: the 28th is still
within it); the later day also keeps the younger, stricter tier. The edge at fourteen is
no content tier: it says whose data is sensitive as a whole (个人信息保护法 art. 28).
Courts count from the day *after* the birthday in criminal cases; no use is made of that.
"""

from __future__ import annotations

from calendar import isleap
from datetime import date

from policies.policy import Tier

TIERS: tuple[tuple[int, Tier], ...] = (
    (3, Tier.UNDER_3),
    (8, Tier.FROM_3),
    (12, Tier.FROM_8),
    (16, Tier.FROM_12),
    (18, Tier.FROM_16),
)
"""(the age at which it ends, the tier), from the youngest. From eighteen on there is none."""

DATA_EDGE = 14  # 个人信息保护法 art. 28: personal data of younger persons is sensitive
OLDEST = 120  # an older birthday is a slip of the pen


def anniversary(birthday: date, years: int) -> date:
    """The day on which so many years are complete."""
    year = birthday.year + years
    if (birthday.month, birthday.day) == (2, 29) and not isleap(year):
        return date(year, 3, 1)
    return birthday.replace(year=year)


def age(birthday: date, day: date) -> int:
    """Complete years on this day; negative before birth."""
    years = day.year - birthday.year
    return years if day >= anniversary(birthday, years) else years - 1


def tier(birthday: date, day: date) -> Tier | None:
    """The age tier on this day; None for adults. A birthday yet to come is the youngest."""
    years = age(birthday, day)
    return next((found for end, found in TIERS if years < end), None)


def sensitive(birthday: date, day: date) -> bool:
    """Is this person's data sensitive because of the age alone (under fourteen)?"""
    return age(birthday, day) < DATA_EDGE


def changes(birthday: date) -> tuple[date, ...]:
    """The days on which the tier changes, in order; the last one ends all tiers."""
    return tuple(anniversary(birthday, end) for end, _ in TIERS)


def parse_birthday(text: str, day: date) -> date:
    """`2012-02-29`, `2012/2/29` or `20120229` as of today. Raises ValueError saying why not."""
    plain = text.strip()
    parts = plain.replace("/", "-").split("-")
    if len(parts) == 1 and len(plain) == 8:
        parts = [plain[:4], plain[4:6], plain[6:]]
    if len(parts) != 3 or len(parts[0]) != 4 or not all(p.isascii() and p.isdigit() for p in parts):
        raise ValueError(f"`{plain[:40]}` 不是日期 / is not a date like 2012-09-01")
    try:
        found = date(*map(int, parts))
    except ValueError as error:
        raise ValueError(f"`{plain[:40]}`: 没有这一天 / no such day ({error})") from None
    if found > day:
        raise ValueError(f"`{plain}`: 在将来 / lies in the future")
    if age(found, day) > OLDEST:
        raise ValueError(f"`{plain}`: 超过 {OLDEST} 岁 / more than {OLDEST} years ago")
    return found
