"""What is refused of hours, timetables and school years, each with its place."""

import pytest

from policies.dates import check_dates
from policies.load import load_policies
from policies.policy import Policy, PolicySet, SchoolCalendar, Source
from rules.load import loads
from tests.policies.samples import clause, district

HEAD = "id: s\ntitle: {zh: 一, en: One}\nscope: school\n"


def problems(body: str) -> list[str]:
    text = HEAD + body
    made = loads(Policy, text, "s.yaml")
    given = PolicySet(policies=(district(), made), sources={"s": Source(file="s.yaml", text=text)})
    return [str(problem) for problem in check_dates(given)]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "calendar:\n  terms:\n    - {first: 2026-02-25, last: 2026-07-03}\n"
            "    - {first: 2026-07-01, last: 2026-08-01}\n",
            "s.yaml:7:7: `terms` 1 and 2 overlap",
        ),
        (
            "calendar:\n  terms: [{first: 2026-02-25, last: 2026-07-03}]\n"
            "  vacations: [2026-03-01]\n",
            "s.yaml:6:15: a vacation lies within a term",
        ),
        (
            "calendar:\n  timetable:\n    class: ['08:00-09:00', '08:30-10:00']\n",
            "s.yaml:6:12: 08:00-09:00 and 08:30-10:00 overlap",
        ),
        (
            "calendar:\n  timetable:\n    Class: '08:00-09:00'\n",
            "s.yaml:6:12: `Class` cannot be the name of a slot",
        ),
        (
            "clauses:\n  - {id: c, title: {zh: 一, en: 1}, action: block, reason: {zh: 一, en: 1},"
            " when: {hours: ['08:00-12:00', '11:00-13:00']}}\n",
            "overlap",
        ),
        (
            "calendar: {timetable: {class: '08:00-09:00'}}\n"
            "clauses:\n  - {id: c, title: {zh: 一, en: 1}, action: block, reason: {zh: 一, en: 1},"
            " when: {hours: [clas]}}\n",
            "no timetable has a slot `clas` → did you mean `class`?",
        ),
    ],
)
def test_refused(body: str, said: str) -> None:
    found = problems(body)
    assert len(found) == 1
    assert said in found[0]


def test_lines_of_other_days_may_cover_each_other() -> None:
    body = (
        "calendar:\n  timetable:\n    class:\n"
        "      - {hours: ['08:00-12:00'], days: [mon, tue]}\n"
        "      - {hours: ['09:00-11:00'], days: [fri]}\n"
    )
    assert problems(body) == []


def test_a_calendar_file_is_placed_by_its_own_name() -> None:
    text = "id: x\ntitle: {zh: 一, en: 1}\nyear:\n  exams: [2026-01-01, 2026-01-01]\n"
    given = PolicySet(
        policies=(district(),),
        calendars=(loads(SchoolCalendar, text, "x.yaml"),),
        sources={"calendar/x": Source(file="x.yaml", text=text)},
    )
    (found,) = check_dates(given)
    assert str(found).startswith("x.yaml:4:23: `exams` 1 and 2 overlap")


def test_the_shipped_ones_hold() -> None:
    assert check_dates(load_policies()) == []


def test_a_slot_nobody_defines_is_refused_without_a_hint() -> None:
    given = PolicySet(policies=(district(clause("c", "block", hours=("zzz",))),))
    (found,) = check_dates(given)
    assert "add it to a `timetable`" in str(found)
