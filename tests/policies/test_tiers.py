"""Birthdays: every edge of every tier, 29 February, and the edge at fourteen apart."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.policy import Tier
from policies.tiers import TIERS, age, anniversary, changes, parse_birthday, sensitive, tier

DAY = timedelta(days=1)
ORDINARY = date(2010, 9, 1)
LEAP = date(2012, 2, 29)


@pytest.mark.parametrize(("years", "before"), TIERS)
@pytest.mark.parametrize("born", [ORDINARY, LEAP, date(2011, 12, 31), date(2011, 1, 1)])
def test_a_tier_ends_on_the_birthday(years: int, before: Tier, born: date) -> None:
    edge = anniversary(born, years)
    names = [found for _, found in TIERS]
    after = dict(zip(names, [*names[1:], None], strict=True))[before]
    assert tier(born, edge - DAY) is before
    assert tier(born, edge) is after
    assert age(born, edge) == years
    assert age(born, edge - DAY) == years - 1


@pytest.mark.parametrize(
    ("years", "day"),
    [
        (3, date(2015, 3, 1)),
        (8, date(2020, 2, 29)),
        (12, date(2024, 2, 29)),
        (14, date(2026, 3, 1)),
        (16, date(2028, 2, 29)),
        (18, date(2030, 3, 1)),
    ],
)
def test_born_on_29_february(years: int, day: date) -> None:
    assert anniversary(LEAP, years) == day
    assert age(LEAP, day - DAY) == years - 1
    assert age(LEAP, day) == years


def test_a_century_without_a_leap_day() -> None:
    assert anniversary(date(2096, 2, 29), 4) == date(2100, 3, 1)


def test_fourteen_is_an_edge_of_data_protection_and_not_of_content() -> None:
    edge = anniversary(ORDINARY, 14)
    assert sensitive(ORDINARY, edge - DAY)
    assert not sensitive(ORDINARY, edge)
    assert tier(ORDINARY, edge - DAY) is tier(ORDINARY, edge) is Tier.FROM_12
    assert edge not in changes(ORDINARY)
    assert sensitive(LEAP, date(2026, 2, 28))
    assert not sensitive(LEAP, date(2026, 3, 1))


def test_before_birth_is_the_youngest_tier() -> None:
    assert tier(date(2026, 9, 2), date(2026, 9, 1)) is Tier.UNDER_3


@given(
    st.dates(date(1930, 1, 1), date(2060, 1, 1)),
    st.dates(date(1930, 1, 1), date(2100, 1, 1)),
)
def test_tiers_change_on_the_days_that_are_told_and_on_no_other(born: date, day: date) -> None:
    assert (tier(born, day) is not tier(born, day + DAY)) == (day + DAY in changes(born))


@pytest.mark.parametrize("text", ["2012-02-29", " 2012/2/29 ", "20120229"])
def test_ways_to_write_a_birthday(text: str) -> None:
    assert parse_birthday(text, date(2026, 9, 1)) == LEAP


@pytest.mark.parametrize(
    "text",
    ["", "2011-02-29", "12-02-29", "2012-13-01", "二〇一二年", "2026-09-02", "1870-01-01",
     "2012-02-29-1", "２０１２-02-29", "x" * 10_000],
)  # fmt: skip
def test_what_is_no_birthday_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="/"):
        parse_birthday(text, date(2026, 9, 1))
