"""Times as logs of databases write them → Unix seconds. Pure; raises ValueError."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)?")
_ZERO = frozenset({"UTC", "GMT", "Z", "UCT"})
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905 - reads better


def seconds(text: str, zone: dt.tzinfo) -> float:
    """`2026-11-23 23:59:01.123 CST`, ISO 8601, or `20261123 23:59:01`.

    A zone by letters is `zone`, unless it is UTC: CST is on both sides of the Pacific.
    """
    text = text.strip()
    if text[:8].isdigit() and text[8:9] == " ":
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    day = text[:10]
    clock, _, rest = text[11:].partition(" ")
    if not rest and clock[-1:].isalpha():
        clock, rest = clock[:-1], clock[-1]
    if not rest:
        place = max(clock.find("+"), clock.find("-"))
        if place > 0:
            clock, rest = clock[:place], clock[place:]
    when = dt.datetime.fromisoformat(f"{day}T{clock}")
    if when.tzinfo is not None:
        raise ValueError("two zones")
    return when.replace(tzinfo=_zone(rest.strip(), zone)).timestamp()


def syslog_seconds(text: str, zone: dt.tzinfo, now: float) -> float:
    """`Nov 23 23:59:01`: of the last twelve months, for no year is written."""
    month = _MONTHS.index(text[:3]) + 1
    clock = dt.time.fromisoformat(text[7:15])
    today = dt.datetime.fromtimestamp(now, zone)
    for year in (today.year, today.year - 1, today.year - 2, today.year - 3, today.year - 4):
        try:
            when = dt.datetime.combine(dt.date(year, month, int(text[4:6])), clock, zone)
        except ValueError:
            continue  # 29 February
        if when.timestamp() <= now + 86_400:
            return when.timestamp()
    raise ValueError("no such day")


@lru_cache(maxsize=64)
def _zone(text: str, zone: dt.tzinfo) -> dt.tzinfo:
    if text in _ZERO:
        return dt.UTC
    match = _OFFSET.fullmatch(text)
    if match is None:
        return zone
    ahead = dt.timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return dt.timezone(-ahead if match[1] == "-" else ahead)
