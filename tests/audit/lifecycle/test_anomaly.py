"""Anomaly rules: every example of the shipped file, and what is remembered."""

import datetime as dt
from pathlib import Path

import pytest

from audit.lifecycle import anomaly
from audit.lifecycle.anomaly import AnomalyFile, Sign, State, by_account, examined
from audit.lifecycle.people import Person
from rules.load import load

SHIPPED = load(AnomalyFile, Path(anomaly.__file__).parent / "anomalies" / "school.yaml")
PEOPLE = by_account(
    [
        Person(id="Robot", service=True, databases=("robot",)),
        Person(id="Gone", leaves="2026-11-23", databases=("gone",)),
    ]
)


def state() -> State:
    return State(zone=dt.UTC, people=PEOPLE)


@pytest.mark.parametrize("rule", SHIPPED.rules, ids=lambda rule: rule.id)
def test_examples(rule: anomaly.Rule) -> None:
    assert {one.hit for one in rule.examples} == {True, False}
    for one in rule.examples:
        assert examined(SHIPPED, rule, one, state()) is one.hit, one


def test_every_sign_is_shipped() -> None:
    assert {one.sign for one in SHIPPED.rules} == set(Sign)


def test_first_sight_is_said_once_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = next(one for one in SHIPPED.rules if one.sign is Sign.FIRST)
    known = state()
    case = rule.examples[0]
    assert examined(SHIPPED, rule, case, known)
    assert not examined(SHIPPED, rule, case, known)
    monkeypatch.setattr(anomaly, "MOST", 0)
    full = state()
    assert not examined(SHIPPED, rule, case, full)
    assert full.full
