"""The register: what falls due, from which source, and the calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from audit.model import Organisation, System
from audit.register import (
    Duty,
    Urgency,
    filing,
    icalendar,
    load_rules,
    months_after,
    register,
    reminders,
)
from rules.model import Status

RULES = load_rules()
SYSTEM = System(
    id="oa", name="办公,系统", organisation="s01", s=3, a=2, g=3, filed="2024-05-01",
    assessed="2025-11-30",
)  # fmt: skip
UNITS = (Organisation(id="s01", name="一小"),)


def dues(system: System, today: str) -> dict[Duty, tuple[str, Urgency, int | None]]:
    (entry,) = register([system], UNITS, RULES, date.fromisoformat(today))
    return {one.duty: (one.on, one.urgency, one.remind) for one in entry.dues}


@pytest.mark.parametrize(
    ("more", "until"),
    [
        ({}, "2029-01-01"),  # from 2025 on, three years and one for the assessment
        ({"assessed": ""}, "2028-01-01"),
        ({"assessed": "2024-06-01"}, "2028-01-01"),  # before the period began
        ({"filed": "2026-02-28", "assessed": ""}, "2029-02-28"),
        ({"filing_expires": "2027-03-01"}, "2027-03-01"),
        ({"filed": "", "assessed": ""}, "None"),
    ],
)
def test_until_when_a_filing_holds(more: dict[str, str], until: str) -> None:
    on, how = filing(replace(SYSTEM, **more), RULES.filing)  # type: ignore[arg-type]
    assert (str(on), bool(how)) == (until, True)


@pytest.mark.parametrize(
    ("today", "urgency", "remind"),
    [
        ("2026-08-01", Urgency.LATER, None), ("2026-09-15", Urgency.SOON, 90),
        ("2026-11-10", Urgency.SOON, 30), ("2026-11-25", Urgency.SOON, 7),
        ("2026-11-30", Urgency.SOON, 7), ("2026-12-01", Urgency.OVERDUE, None),
    ],
)  # fmt: skip
def test_yearly_assessment_of_level_three(today: str, urgency: Urgency, remind: int | None) -> None:
    assert dues(SYSTEM, today)[Duty.ASSESSMENT] == ("2026-11-30", urgency, remind)


def test_other_levels_and_missing_dates() -> None:
    two = replace(SYSTEM, s=2, a=1)
    assert dues(two, "2026-01-01")[Duty.ASSESSMENT][0] == "2027-11-30"
    assert dues(replace(SYSTEM, s=1, a=1), "2026-01-01") == {}
    bare = replace(SYSTEM, filed="", assessed="")
    assert {one[1] for one in dues(bare, "2026-01-01").values()} == {Urgency.MISSING}
    with pytest.raises(ValueError, match="oa"):
        dues(replace(SYSTEM, assessed="soon"), "2026-01-01")


def test_reminders_in_order_with_their_sources() -> None:
    bare = replace(SYSTEM, id="b", filed="", assessed="")
    listed = register([SYSTEM, bare], UNITS, RULES, date(2026, 12, 1))
    near = reminders(listed)
    assert [(one.system, one.urgency.value) for one in near] == [
        ("b", "missing"), ("b", "missing"), ("oa", "overdue"),
    ]  # fmt: skip
    assert near[-1].basis.status is Status.SECONDARY
    assert RULES.filing.basis.status is Status.CONFIRMED
    assert not RULES.assessments[2].binding


def test_months() -> None:
    assert months_after(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert months_after(date(2026, 10, 31), 4) == date(2027, 2, 28)


def test_the_calendar() -> None:
    listed = register([SYSTEM], UNITS, RULES, date(2026, 1, 1))
    text = icalendar(listed, RULES, 1.8e9)
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert text.count("BEGIN:VEVENT") == 2
    assert text.count("TRIGGER:-P30D") == 2
    assert "办公\\,系统" in text.replace("\r\n ", "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
