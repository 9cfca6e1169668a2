"""Terms, vacations, exams, days on and off, timetables; the nearest place wins."""

import pytest

from policies.calendar import BIT, Calendar, Day, DayKind
from policies.hours import Slot, Window
from policies.model import Subject
from policies.policy import PolicySet, SchoolCalendar, UnknownYear, Who
from policies.schoolyear import LocalCalendar, SchoolYear, Stretch, clashes
from rules.load import DataError, loads
from tests.policies.samples import (
    CATEGORIES,
    WORDS,
    YEAR,
    ask,
    clause,
    compile_policies,
    district,
    policy,
    snapshot,
)


def stretch(first: str, last: str = "") -> Stretch:
    return Stretch(first=Day(first), last=Day(last or first))


SCHOOL = SchoolYear(
    terms=(stretch("2026-02-25", "2026-07-03"), stretch("2026-08-31", "2027-01-22")),
    vacations=(stretch("2027-01-23", "2027-02-28"),),
    exams=(stretch("2026-11-11", "2026-11-13"),),
    off=(stretch("2026-10-30"),),
    on=(stretch("2026-09-05"),),
    timetable={
        "class": (Slot.parse("08:00-12:00"), Slot.parse("14:00-17:00")),
        "self-study": (Slot(hours=(Window.parse("19:00-21:00"),), days=(DayKind.SUN,)),),
        "lights-out": (Slot.parse("21:30-06:30"),),
    },
)
LOCAL = LocalCalendar(Calendar([YEAR]), [SCHOOL])


def held(day: str, local: LocalCalendar = LOCAL) -> set[str]:
    mask = local.kinds(day)
    return {str(kind) for kind, bit in BIT.items() if mask & bit}


@pytest.mark.parametrize(
    ("day", "kinds"),
    [
        ("2026-09-01", {"tue", "school-day", "term"}),
        ("2026-07-03", {"fri", "school-day", "term"}),
        ("2026-07-04", {"sat", "weekend", "free-day", "vacation"}),
        ("2026-07-06", {"mon", "free-day", "vacation"}),
        ("2026-08-30", {"sun", "weekend", "free-day", "vacation"}),
        ("2026-08-31", {"mon", "school-day", "term"}),
        ("2026-10-01", {"thu", "holiday", "free-day", "term"}),
        ("2026-10-10", {"sat", "makeup", "school-day", "term"}),
        ("2026-10-30", {"fri", "free-day", "term"}),
        ("2026-09-05", {"sat", "weekend", "school-day", "term"}),
        ("2026-11-12", {"thu", "school-day", "term", "exam"}),
        ("2026-02-24", {"tue", "school-day", "unknown-term"}),
        ("2027-01-22", {"fri", "unknown-year", "term"}),
        ("2027-01-25", {"mon", "unknown-year", "vacation", "free-day"}),
        ("2027-03-01", {"mon", "unknown-year", "unknown-term"}),
    ],
)
def test_kinds(day: str, kinds: set[str]) -> None:
    assert held(day) == kinds


def test_nothing_said_is_unknown_and_holidays_stay() -> None:
    bare = LocalCalendar(Calendar([YEAR]), [])
    assert held("2026-09-01", bare) == {"tue", "school-day", "unknown-term"}
    assert held("2026-10-01", bare) == {"thu", "holiday", "free-day", "unknown-term"}


def test_each_part_comes_from_the_nearest_that_gives_it() -> None:
    nearer = SchoolYear(off=(stretch("2026-09-02"),), timetable={"class": ()})
    both = LocalCalendar(Calendar([YEAR]), [nearer, SCHOOL])
    assert "school-day" not in held("2026-09-02", both)
    assert "school-day" in held("2026-10-30", both)  # the farther `off` is replaced
    assert "term" in held("2026-09-02", both)
    assert both.spans([Window.parse("class")]) == ()
    assert len(both.spans([Window.parse("self-study"), Window.parse("12:00-13:00")])) == 2


def test_days_are_bounded() -> None:
    for month in range(1, 13):
        for day in range(1, 29):
            LOCAL.days(f"2026-{month:02d}-{day:02d}")
    assert len(LOCAL._days) <= 64


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-02-02", "2026-02-01", "before it begins"),
        ("1026-01-01", "1026-01-02", "not between"),
        ("2026-01-01", "2028-01-01", "longer than a year"),
    ],
)
def test_absurd_dates(first: str, last: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        stretch(first, last)


def test_clashes() -> None:
    assert clashes([stretch("2026-01-01", "2026-01-05"), stretch("2026-01-06")]) is None
    assert clashes([stretch("2026-01-01", "2026-01-05"), stretch("2026-01-05")]) == (0, 1)


def test_a_file_reads_dates_and_hours_in_short() -> None:
    text = """\
id: s1
title: {zh: 一, en: One}
applies: {schools: [s1]}
year:
  terms: [{first: 2026-08-31, last: 2027-01-22}]
  off: [2026-10-30]
  timetable: {class: "08:00-12:00", boarding: [{hours: ["21:30-06:30"], days: [mon, sun]}]}
"""
    made = loads(SchoolCalendar, text, "s1.yaml")
    assert made.year.off == (stretch("2026-10-30"),)
    assert made.year.timetable["class"] == (Slot.parse("08:00-12:00"),)
    with pytest.raises(DataError, match=r"s1.yaml:6:9: `30 Oct` is not a date"):
        loads(SchoolCalendar, text.replace("2026-10-30", "30 Oct"), "s1.yaml")


# -- through to a verdict ---------------------------------------------------------


MATCH = UnknownYear.MATCH
SENIORS = policy("senior", "preset", applies=Who(stages=("senior",)))
TIMED = district(
    clause("class", "block", categories=("video",), hours=("class",)),
    clause("strict", "block", categories=("games",), hours=("class",), unknown_year=MATCH),
    clause("lights", "warn", categories=("education",), hours=("lights-out",)),
    clause("exam", "block", categories=("banking",), days=(DayKind.EXAM,)),
    clause("holidays", "observe", categories=("banking",), days=(DayKind.VACATION,)),
)
NEAR = SchoolYear(timetable={"class": (Slot.parse("09:00-10:00"),)})
MADE = compile_policies(
    PolicySet(
        policies=(TIMED, SENIORS, policy("near", "school", calendar=NEAR)),
        years=(YEAR,),
        calendars=(
            SchoolCalendar(id="all", title=WORDS, year=SCHOOL),
            SchoolCalendar(
                id="seniors",
                title=WORDS,
                applies=Who(schools=("near",), stages=("senior",)),
                year=SchoolYear(timetable={"class": (Slot.parse("07:00-08:00"),)}),
            ),
        ),
    ),
    categories=CATEGORIES,
    rulebase="base",
)
HERE = Subject(school="far", stage="junior")


@pytest.mark.parametrize(
    ("category", "subject", "time", "clause_id"),
    [
        ("video", HERE, "2026-09-01T07:59:59", "district/otherwise"),
        ("video", HERE, "2026-09-01T08:00:00", "district/class"),
        ("video", HERE, "2026-09-01T11:59:59", "district/class"),
        ("video", HERE, "2026-09-01T12:00:00", "district/otherwise"),
        ("video", HERE, "2026-10-30T09:00", "district/otherwise"),  # a day off
        ("video", HERE, "2026-09-05T09:00", "district/class"),  # a Saturday on
        ("video", HERE, "2026-07-06T09:00", "district/otherwise"),  # vacation
        ("video", HERE, "2031-09-02T09:00", "district/otherwise"),  # unknown year: skip
        ("games", HERE, "2031-09-02T09:00", "district/strict"),  # … or match
        ("games", HERE, "2031-09-06T09:00", "district/strict"),  # a Saturday: strict all the same
        ("games", HERE, "2031-09-02T12:30", "district/otherwise"),
        ("education", HERE, "2026-09-01T21:29:59", "district/otherwise"),
        ("education", HERE, "2026-09-01T21:30", "district/lights"),
        ("education", HERE, "2026-09-05T06:29:59", "district/lights"),  # Friday's night
        ("education", HERE, "2026-09-06T06:00", "district/lights"),  # Saturday was a day on
        ("education", HERE, "2026-09-07T06:00", "district/otherwise"),  # Sunday's night
        ("banking", HERE, "2026-11-12T12:00", "district/exam"),
        ("banking", HERE, "2026-07-06T12:00", "district/holidays"),
        ("video", Subject(school="near", stage="junior"), "2026-09-01T08:30", "district/otherwise"),
        ("video", Subject(school="near", stage="junior"), "2026-09-01T09:30", "district/class"),
        ("video", Subject(school="near", stage="senior"), "2026-09-01T07:30", "district/class"),
        ("video", Subject(school="near", stage="senior"), "2026-09-01T09:30", "district/otherwise"),
    ],
)
def test_verdicts(category: str, subject: Subject, time: str, clause_id: str) -> None:
    assert ask(MADE, category, subject=subject, time=time).clause == clause_id


def test_a_snapshot_with_school_years_reads_back() -> None:
    again = type(MADE).from_json(MADE.to_json())
    assert again.hash == MADE.hash
    assert ask(again, "video", subject=HERE, time="2026-09-01T08:00").clause == "district/class"


def test_without_school_years_the_document_is_as_before() -> None:
    assert "calendars" not in snapshot().to_json()
