"""Wall-clock time as policies see it: Asia/Shanghai, fixed +08:00 (no summer time since 1991).

Timestamps come in as parameters; no clock is read here.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from policies.model import Moment

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


def moment(timestamp: float) -> Moment:
    """The Moment of a Unix timestamp (seconds)."""
    return _of(datetime.fromtimestamp(timestamp, SHANGHAI))


def at(text: str) -> Moment:
    """The Moment of `2026-09-01T10:00` (seconds and an offset are allowed).

    Without an offset the time is Asia/Shanghai's. Raises ValueError.
    """
    try:
        when = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"`{text}` is not a time like 2026-09-01T10:00") from None
    if when.tzinfo is None:
        when = when.replace(tzinfo=SHANGHAI)
    try:
        return _of(when.astimezone(SHANGHAI))
    except OverflowError:
        raise ValueError(f"`{text}` is out of range") from None


def end_of(text: str) -> float:
    """The first moment after `2027-07-15` (with that day) or `2027-07-15T18:00`; Unix seconds.

    Raises ValueError.
    """
    text = text.strip()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return at(text).timestamp
    try:
        after = day + timedelta(days=1)
    except OverflowError:
        raise ValueError(f"`{text}` is out of range") from None
    return datetime(after.year, after.month, after.day, tzinfo=SHANGHAI).timestamp()


def _of(when: datetime) -> Moment:
    return Moment(
        timestamp=when.timestamp(),
        day=when.date().isoformat(),
        weekday=when.weekday(),
        minute=when.hour * 60 + when.minute,
    )
