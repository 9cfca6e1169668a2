"""Anomaly rules: every example of the shipped file, and what is remembered."""

import datetime as dt
from pathlib import Path

import pytest

from audit.lifecycle import anomaly
from audit.lifecycle.anomaly import AnomalyFile, Sign, State, by_account, examined
from audit.lifecycle.people import Person
from policies.calendar import Calendar
from policies.load import load_years
from rules.load import DataError, load

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


@pytest.mark.parametrize(
    ("at", "hit"),
    [
        ("2026-10-01T10:00:00", True),  # National Day, a Thursday
        ("2026-10-10T10:00:00", False),  # a Saturday that is made up
        ("2026-10-10T21:00:00", True),
        ("2026-10-17T10:00:00", True),  # a Saturday
        ("2026-10-19T10:00:00", False),
    ],
)
def test_working_days_are_those_announced(at: str, hit: bool) -> None:
    rule = next(one for one in SHIPPED.rules if one.sign is Sign.HOURS)
    known = State(zone=dt.UTC, calendar=Calendar(load_years()))
    assert examined(SHIPPED, rule, anomaly.Example(hit=hit, at=at), known) is hit
    assert not known.unsure


def test_a_year_without_holidays_is_said() -> None:
    rule = next(one for one in SHIPPED.rules if one.sign is Sign.HOURS)
    known = State(zone=dt.UTC, calendar=Calendar(load_years()))
    for at, hit in (("2031-03-03T02:00:00", True), ("2031-03-03T10:00:00", False)):
        assert not known.unsure  # at night no holiday would have changed the answer
        assert examined(SHIPPED, rule, anomaly.Example(hit=hit, at=at), known) is hit
    assert known.unsure == {2031}


HEAD = "tables: [students]\nrules:\n- id: a\n  title: t\n  clauses: [x]\n"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("  sign: rows\n  severity: grave\n  limit: 5\n  examples: []\n", "grave"),
        ("  sign: rows\n  severity: low\n  examples: []\n", "limit"),
        ("  sign: rows\n  severity: low\n  limit: -5\n  examples: []\n", "不得为负"),
        ("  sign: hours\n  severity: low\n  begins: 20\n  ends: 7\n  examples: []\n", "begins"),
        ("  sign: refused\n  severity: low\n  limit: 2\n  examples: []\n", "seconds"),
        ("  sign: usual\n  severity: low\n  spread: 9\n  days: 2\n  examples: []\n", "3 – 60"),
        ("  sign: usual\n  severity: low\n  days: 9\n  examples: []\n", "spread"),
        ("  sign: export\n  severity: low\n  examples: [{hit: false, before: [-1]}]\n", "before"),
        ("  sign: service\n  severity: low\n  examples: []\n", "programs"),
        ("  sign: export\n  severity: low\n  examples: [{hit: true}]\n", "示例不成立"),
        ("  sign: export\n  severity: low\n  examples: [{hit: false, at: x}]\n", "at"),
        ("  sign: export\n  severity: low\n  examples: [{hit: false, times: 0}]\n", "times"),
    ],
)
def test_rules_that_cannot_be_meant(tmp_path: Path, more: str, said: str) -> None:
    (tmp_path / "r.yaml").write_text(HEAD + more, encoding="utf-8")
    with pytest.raises(DataError, match=r"r\.yaml:[0-9]+:[0-9]+") as ended:
        load(AnomalyFile, tmp_path / "r.yaml")
    assert said in str(ended.value)


def test_an_id_stands_once(tmp_path: Path) -> None:
    rule = "- {id: a, sign: export, severity: low, title: t, clauses: [x], examples: []}\n"
    (tmp_path / "r.yaml").write_text("tables: [s]\nrules:\n" + rule * 2, encoding="utf-8")
    with pytest.raises(DataError, match="twice: a"):
        load(AnomalyFile, tmp_path / "r.yaml")
