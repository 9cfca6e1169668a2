"""Holidays, 调休, unknown years; and the published game days of 2021, 2023 and 2026."""

from datetime import date, timedelta

import pytest

from policies.calendar import BIT, Calendar, Day, DayKind, Holiday, Year, bits, yesterday
from policies.load import SHIPPED
from rules.load import load
from rules.model import Text

WORDS = Text(zh="假", en="holiday")


def year(number: int, holidays: list[tuple[str, str]], makeup: list[str]) -> Year:
    return Year(
        id=f"cn-{number}",
        year=number,
        title=WORDS,
        holidays=tuple(
            Holiday(title=WORDS, first=Day(first), last=Day(last)) for first, last in holidays
        ),
        makeup=tuple(Day(day) for day in makeup),
        basis=(),
    )


SHIPPED_YEARS = [load(Year, path) for path in sorted((SHIPPED / "calendar").glob("cn-*.yaml"))]
GAME_DAYS = bits([DayKind.FRI, DayKind.WEEKEND, DayKind.HOLIDAY])


def days(first: str, last: str) -> list[str]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [(start + timedelta(days=n)).isoformat() for n in range((end - start).days + 1)]


ALLOWED = [
    *["2021-09-24", "2021-09-25", *days("2021-10-01", "2021-10-07"), "2021-10-08", "2021-10-10"],
    *days("2023-01-13", "2023-01-15"),
    *["2023-01-20", *days("2023-01-21", "2023-01-27"), *days("2023-02-03", "2023-02-05")],
    *["2026-01-01", *days("2026-02-16", "2026-02-19"), "2026-02-23", "2026-04-06"],
    *["2026-05-04", "2026-05-05", "2026-10-01", *days("2026-10-05", "2026-10-07")],
]
FORBIDDEN = [
    *["2021-09-26", *days("2021-09-27", "2021-09-30"), "2021-10-09", "2023-01-28", "2023-01-29"],
    *["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"],
]
ALL = Calendar(SHIPPED_YEARS)


@pytest.mark.parametrize("day", ALLOWED)
def test_published_game_days(day: str) -> None:
    assert ALL.kinds(day) & GAME_DAYS


@pytest.mark.parametrize("day", FORBIDDEN)
def test_published_days_without_games(day: str) -> None:
    assert not ALL.kinds(day) & GAME_DAYS


def test_2026_has_163_game_days_13_of_them_monday_to_thursday() -> None:
    found = [day for day in days("2026-01-01", "2026-12-31") if ALL.kinds(day) & GAME_DAYS]
    assert len(found) == 163
    assert sum(date.fromisoformat(day).weekday() < 4 for day in found) == 13


@pytest.mark.parametrize("number", [2025, 2026])
def test_every_day_is_exactly_one_of_free_and_school_day(number: int) -> None:
    free, school = BIT[DayKind.FREE_DAY], BIT[DayKind.SCHOOL_DAY]
    for day in days(f"{number}-01-01", f"{number}-12-31"):
        kinds = ALL.kinds(day)
        assert bool(kinds & free) != bool(kinds & school), day


def test_shipped_ids_name_the_year() -> None:
    for one in SHIPPED_YEARS:
        assert one.id == f"cn-{one.year}"
    assert {one.year for one in SHIPPED_YEARS} >= {2025, 2026}


def test_an_unknown_year_is_said_and_not_guessed() -> None:
    saturday = ALL.kinds("2031-09-06")
    assert saturday == bits([DayKind.SAT, DayKind.UNKNOWN])


@pytest.mark.parametrize(
    ("day", "kinds"),
    [
        ("2026-10-10", {DayKind.SAT, DayKind.MAKEUP, DayKind.SCHOOL_DAY}),
        ("2026-10-03", {DayKind.SAT, DayKind.HOLIDAY, DayKind.FREE_DAY}),
        ("2026-09-05", {DayKind.SAT, DayKind.WEEKEND, DayKind.FREE_DAY}),
        ("2026-09-01", {DayKind.TUE, DayKind.SCHOOL_DAY}),
    ],
)
def test_kinds(day: str, kinds: set[DayKind]) -> None:
    assert ALL.kinds(day) == bits(kinds)


@pytest.mark.parametrize(
    ("day", "before"),
    [("2026-01-01", "2025-12-31"), ("2024-03-01", "2024-02-29"), ("0001-01-01", "0001-01-01")],
)
def test_yesterday(day: str, before: str) -> None:
    assert yesterday(day) == before


@pytest.mark.parametrize("text", ["", "2026-02-30", "2026", "１月", "26-01-01"])
def test_bad_days(text: str) -> None:
    with pytest.raises(ValueError, match="not a date"):
        Day.parse(text)


@pytest.mark.parametrize(
    ("holidays", "makeup", "said"),
    [
        ([("2026-10-07", "2026-10-01")], [], "ends"),
        ([], ["2026-10-12"], "not a Saturday"),
        ([("2025-10-01", "2025-10-07")], [], "not in 2026"),
        ([], ["2027-10-09"], "not in 2026"),
    ],
)
def test_bad_years(holidays: list[tuple[str, str]], makeup: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        year(2026, holidays, makeup)


@pytest.mark.parametrize(
    ("day", "known"),
    [
        ("2021-09-23", False),
        ("2021-09-24", True),
        ("2021-10-10", True),
        ("2021-10-11", False),
        ("2023-01-12", False),
        ("2023-02-05", True),
        ("2024-01-01", False),
        ("2026-12-31", True),
    ],
)
def test_a_year_known_in_part_is_unknown_elsewhere(day: str, known: bool) -> None:
    assert ALL.knows(day) is known
    assert bool(ALL.kinds(day) & BIT[DayKind.UNKNOWN]) is not known
