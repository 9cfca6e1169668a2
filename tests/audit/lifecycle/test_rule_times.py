"""Periods go by the calendar, and a text that is none is refused."""

# ruff: noqa: PT018 - tables

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle.rule_times import Day, Period

DAYS = st.dates(dt.date(1950, 1, 1), dt.date(2090, 1, 1))
PERIODS = st.builds(
    Period, years=st.integers(0, 40), months=st.integers(0, 30), days=st.integers(1, 900)
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("3 years", Period(years=3)),
        ("3年6个月", Period(years=3, months=6)),
        ("1 year, 2 months", Period(years=1, months=2)),
        ("180 days", Period(days=180)),
        ("90天", Period(days=90)),
        (" 10Y ", Period(years=10)),
        ("永久", Period(permanent=True)),
        ("Permanent", Period(permanent=True)),
    ],
)
def test_written(text: str, wanted: Period) -> None:
    assert Period.parse(text) == wanted


@pytest.mark.parametrize(
    "text",
    ["", "3", "years", "0 days", "3 years 2 years", "-3 days", "3 weeks", "201 years", "3 years?"],
)
def test_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"period"):
        Period.parse(text)


@given(st.text(max_size=30))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_period_or_a_value_error(text: str) -> None:
    for kind in (Period, Day):
        try:
            kind.parse(text)
        except ValueError:
            continue


@pytest.mark.parametrize(
    ("period", "start", "last"),
    [
        ("1 year", "2024-02-29", "2025-02-28"),
        ("1 month", "2026-01-31", "2026-02-28"),
        ("3 years", "2020-09-01", "2023-09-01"),
        ("1 month 1 day", "2026-01-31", "2026-03-01"),
    ],
)
def test_last_day(period: str, start: str, last: str) -> None:
    assert Period.parse(period).after(dt.date.fromisoformat(start)) == dt.date.fromisoformat(last)


@given(DAYS, DAYS)
@settings(max_examples=300, deadline=None)
def test_whole_years_and_months_are_cut_where_they_end(start: dt.date, at: dt.date) -> None:
    """`start < before(at)` says the same as `after(start) < at`, but for ends of months."""
    for period in (Period(years=3), Period(months=6), Period(days=180)):
        last, cut = period.after(start), period.before(at)
        assert last is not None and cut is not None
        if start.day <= 28 and at.day <= 28:
            assert (start < cut) == (last < at)
        if start < cut:
            assert last < at  # nothing is due before its time


@given(PERIODS, DAYS)
@settings(max_examples=200, deadline=None)
def test_later_days_cut_no_earlier(period: Period, at: dt.date) -> None:
    one, next_ = period.before(at), period.before(at + dt.timedelta(days=1))
    assert one is not None and next_ is not None and one <= next_


def test_forever() -> None:
    assert Period(permanent=True).before(dt.date(2026, 1, 1)) is None
    assert Period(permanent=True).after(dt.date(2026, 1, 1)) is None
    assert Period(years=200).before(dt.date(100, 1, 1)) == dt.date.min
    assert Period(years=200).after(dt.date(9990, 1, 1)) == dt.date.max


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("3 years", True),
        ("36 months", True),
        ("1095 days", True),
        ("1094 days", False),
        ("permanent", True),
        ("35 months", False),
    ],
)
def test_at_least_three_years(text: str, holds: bool) -> None:
    assert Period.parse(text).least(3) is holds
