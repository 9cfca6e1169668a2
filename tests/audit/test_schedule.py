"""Schedules: plain words and cron fields, Shanghai time, around blackout dates."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.schedule import following, parse
from audit.scope import Blackout, moment
from rules.model import Text

NOW = moment("2026-06-05T12:00")  # a Friday
EXAM = Blackout(begins="2026-06-06", ends="2026-06-09", title=Text(zh="高考", en="exam"))


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("daily 02:30", "2026-06-06T02:30"), ("daily 12:00", "2026-06-06T12:00"),
        ("daily 12:01", "2026-06-05T12:01"), ("hourly", "2026-06-05T13:00"),
        ("hourly 15", "2026-06-05T12:15"), ("weekly mon 02:30", "2026-06-08T02:30"),
        ("weekly sun 02:30", "2026-06-07T02:30"), ("*/20 * * * *", "2026-06-05T12:20"),
        ("0 3 1 * *", "2026-07-01T03:00"), ("0 3 1 * 7", "2026-06-07T03:00"),
        ("0 9-17/4 * * 1-5", "2026-06-05T13:00"), ("0 0 29 2 *", "2028-02-29T00:00"),
    ],
)  # fmt: skip
def test_the_next_moment(text: str, when: str) -> None:
    assert following(parse(text), NOW) == moment(when)


def test_blackout_dates_are_passed_over() -> None:
    assert following(parse("daily 02:30"), NOW, [EXAM]) == moment("2026-06-10T02:30")
    assert following(parse("0 0 31 2 *"), NOW) is None


@pytest.mark.parametrize(
    "text", ["", "daily", "daily 25:00", "weekly 02:30", "* * * *", "61 * * * *", "a b c d e",
             "*/0 * * * *", "5-1 * * * *"],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"/"):
        parse(text)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="0123456789*/,- :dailywekhour", max_size=20))
def test_any_text(text: str) -> None:
    try:
        found = parse(text)
    except ValueError:
        return
    due = following(found, NOW)
    assert due is None or due > NOW
