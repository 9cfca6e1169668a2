"""Times of logs, with and without a zone or a year."""

import datetime as dt
import zoneinfo

import pytest

from audit.lifecycle.logs.times import seconds, syslog_seconds

ZONE = zoneinfo.ZoneInfo("Asia/Shanghai")
NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC).timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23 12:00:00.000 UTC", "2026-11-23 20:00:00 CST", "2026-11-23 20:00:00+08",
        "2026-11-23T12:00:00Z", "2026-11-23 20:00:00", "20261123 20:00:00",
        "2026-11-23T07:00:00-05:00", "2026-11-23 12:00:00 GMT",
    ],
)  # fmt: skip
def test_the_same_moment(text: str) -> None:
    assert seconds(text, ZONE) == NOON


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01 00:00:00", "20261123", "x" * 30])
def test_no_time(text: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        seconds(text, ZONE)


def test_a_year_is_found() -> None:
    assert syslog_seconds("Nov 23 20:00:00", ZONE, NOON + 5) == NOON
    assert syslog_seconds("Dec 31 00:00:00", ZONE, NOON) < NOON
    leap = syslog_seconds("Feb 29 00:00:00", ZONE, NOON)
    assert dt.datetime.fromtimestamp(leap, ZONE).year == 2024
