"""Care signals: whom they reach, what they never say, and that they are few."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace

import pytest

from gateway.batch import Event
from gateway.care import (
    PER_SCHOOL,
    PER_SUBJECT,
    SPACING,
    Alert,
    Carers,
    Memory,
    Spell,
    alerts,
    message,
    rename,
    signature,
)
from policies.entrust import Care
from policies.policy import Who
from tests.gateway.event_samples import event
from tests.policies.samples import district, policy

CARE = Care(to=("心理老师",))
CARERS = Carers(schools={"s1": CARE})
START = 1_787_000_000  # 2026-08-13, in the morning


def seen(at: int = START, category: str = "self-harm", **fields: object) -> Event:
    return event(ts=at * 1_000_000 + 1, categories=(category, "x"), **fields)


def told(*events: Event, carers: Carers = CARERS, memory: Memory | None = None) -> list[Alert]:
    return alerts(events, carers, memory or Memory())


def test_an_alert_says_little() -> None:
    (alert,) = told(seen())
    said = message(alert)
    assert {k: said[k] for k in ("code", "school", "stage", "category", "at", "to")} == {
        "code": "1RZJ-WMJF-6XSW",
        "school": "s1",
        "stage": "junior",
        "category": "self-harm",
        "at": START,
        "to": ["心理老师"],
    }
    text = json.dumps(said, ensure_ascii=False)
    for private in ("bet.example", "/wheel", "tok-7f3k", "赌.例", "g7", "wifi"):
        assert private not in text


@pytest.mark.parametrize(
    ("made", "count"),
    [
        (seen(category="cyberbullying-venues"), 1),
        (seen(category="gambling"), 0),
        (seen(category="crisis"), 0),
        (seen(role="teacher"), 0),
        (seen(school="s2"), 0),
        (seen(school=""), 0),
    ],
)
def test_whom_it_is_about(made: Event, count: int) -> None:
    assert len(told(made)) == count


def test_a_school_s_own_people_come_before_the_district_s() -> None:
    other = replace(CARE, to=("区心理中心",))
    found = Carers.of(
        [
            district(care=other),
            policy("s1", "school", care=CARE),
            policy("s3", "school", care=CARE, applies=Who(schools=("s4",))),
            policy("s5", "school"),
        ]
    )
    assert [found.of_school(s) for s in ("s1", "s4", "s5", "")] == [CARE, CARE, other, other]


def test_one_in_ten_minutes_and_how_many_were_held_back() -> None:
    times = (0, 1, SPACING - 1, SPACING, SPACING + 5, 2 * SPACING)
    found = told(*(seen(START + t) for t in times))
    assert [(a.at - START, a.held_back) for a in found] == [(0, 0), (SPACING, 2), (2 * SPACING, 1)]


def test_other_subjects_and_categories_are_told_at_once() -> None:
    made = (seen(), seen(token="t2"), seen(category="cyberbullying-venues"))
    assert len(told(*made)) == 3


def test_a_cap_a_day_and_a_new_day() -> None:
    made = [seen(START + n * SPACING) for n in range(PER_SUBJECT + 3)]
    memory = Memory()
    assert len(told(*made, memory=memory)) == PER_SUBJECT
    (next_day,) = told(seen(START + 86_400), memory=memory)
    assert next_day.held_back == 3


def test_a_school_has_a_cap() -> None:
    found = told(*(seen(token=f"t{n}") for n in range(PER_SCHOOL + 5)))
    assert len(found) == PER_SCHOOL


def test_a_clock_that_jumps_back_neither_floods_nor_silences() -> None:
    found = told(seen(START), seen(START - 5), seen(START - 86_400))
    assert [a.at - START for a in found] == [0, -86_400]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.care.REMEMBERED", 3)
    memory = Memory(spells={"old x": Spell()})
    told(*(seen(token=f"t{n}") for n in range(9)), memory=memory)
    assert len(memory.spells) == 3
    assert "old x" not in memory.spells


def test_the_signature_can_be_verified() -> None:
    made = signature(b"secret", 5, b"{}")
    assert made == f"t=5,v1={hmac.new(b'secret', b'5.{}', hashlib.sha256).hexdigest()}"


def test_a_rotation_keeps_what_was_told() -> None:
    memory = Memory(
        spells={
            "old porn": Spell(last=100, day="d", told=2, held_back=1),
            "old2 porn": Spell(last=50, day="d", told=1),
            "new2 porn": Spell(last=90, day="d", told=3, held_back=4),
            "other porn": Spell(last=1, day="d", told=1),
        }
    )
    rename(memory, {"old": "new", "old2": "new2"})
    assert set(memory.spells) == {"new porn", "new2 porn", "other porn"}
    assert memory.spells["new porn"] == Spell(last=100, day="d", told=2, held_back=1)
    assert memory.spells["new2 porn"] == Spell(last=90, day="d", told=4, held_back=4)
