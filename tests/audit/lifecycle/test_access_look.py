"""One look over entries: what is kept and counted, and every way of not having seen."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from audit.lifecycle import access_look, anomaly
from audit.lifecycle.access_look import ALL, Blind, Look, blinds, open_gaps, unruled
from audit.lifecycle.anomaly import AnomalyFile, Sign, State
from audit.lifecycle.gaps import Accepted, mark_of
from audit.lifecycle.logs.model import Entry, Reduced, Verb
from audit.lifecycle.logs.store import Gap, Kept
from audit.lifecycle.people import Person
from policies.calendar import Calendar
from policies.load import load_years
from rules.load import load

SHIPPED = load(AnomalyFile, Path(anomaly.__file__).parent / "anomalies" / "school.yaml")
ANN, ROBOT = Person(id="Ann"), Person(id="Robot", service=True)
CALENDAR = Calendar(load_years())
PEOPLE = {"ann": ANN, "robot": ROBOT}
MORNING = dt.datetime(2026, 11, 23, 10, tzinfo=dt.UTC).timestamp()
GAP = Gap(source="db", file="a.log", line=3, kind="idle", began=1.0, ended=2.0, count=1, detail="")


def kept(at: float = MORNING, *, account: str = "ann", **more: Any) -> Kept:
    did: dict[str, Any] = {"verb": Verb.READ, "command": "SELECT", "filtered": True}
    did |= {"tables": ("students",)}
    told: dict[str, Any] = {"rows": 1, "program": "app", "host": ""}
    told |= {name: more.pop(name) for name in [*told] if name in more}
    entry = Entry(at=at, line=1, did=Reduced(**did | more), account=account, **told)
    return Kept(source="db", place="a.log:1", entry=entry)


def looked(entries: Iterable[Kept], people: dict[str, Person] = PEOPLE) -> Look:
    look = Look(file=SHIPPED, state=State(zone=dt.UTC, people=people, calendar=CALENDAR))
    list(look.over(entries))
    return look


def test_all_are_counted_some_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_look, "KEPT", 2)
    look = looked(kept(MORNING + n, filtered=False) for n in range(5))
    assert look.counts["whole-table"] == 5
    assert len(look.seen["whole-table"]) == 2
    assert (look.entries, look.first, look.last) == (5, MORNING, MORNING + 4)
    assert look.found == 5 + look.counts["first-sight"]


@pytest.mark.parametrize(
    ("entries", "people", "what", "signs"),
    [
        ([], PEOPLE, "no entries", ALL),
        ([kept(cut=True)], PEOPLE, "statements cut short",
         ALL - {Sign.LEFT, Sign.REFUSED, Sign.SERVICE}),
        ([kept(rows=None)], PEOPLE, "rows not in the log", {Sign.ROWS, Sign.USUAL}),
        ([kept(account="robot", program="")], PEOPLE, "program not in the log", {Sign.SERVICE}),
        ([kept()], {}, "no people: leaver, service", {Sign.LEFT, Sign.SERVICE}),
        ([kept(account="eve")], PEOPLE, "accounts of nobody", {Sign.LEFT, Sign.SERVICE}),
    ],
)  # fmt: skip
def test_what_could_not_be_judged(
    entries: list[Kept], people: dict[str, Person], what: str, signs: set[Sign]
) -> None:
    (one,) = blinds(looked(entries, people), [], {}, None)
    assert (one.what, one.signs) == (what, frozenset(signs))


@pytest.mark.parametrize(
    "entry",
    [
        kept(),
        kept(rows=None, tables=("news",)),  # no personal table
        kept(rows=None, verb=Verb.GRANT),  # reads nothing
        kept(program=""),  # no service account
        kept(account="eve", verb=Verb.REFUSED),  # never came in
    ],
)
def test_what_could_be_judged(entry: Kept) -> None:
    assert list(blinds(looked([entry]), [], {}, None)) == []


def test_gaps_and_silence_blind_every_sign() -> None:
    look = looked([kept()])
    (gap,) = blinds(look, [GAP], {}, None)
    assert (gap.what, gap.place, gap.signs) == ("idle", "a.log:3", ALL)
    answer = Accepted(by="ann", reason="停电检修", time=1.0)
    assert open_gaps([GAP], {mark_of(GAP): answer}) == []
    assert open_gaps([GAP], {}) == [GAP]
    ends = {"db": MORNING}
    assert list(blinds(look, [], ends, MORNING + 3599)) == []
    (silent,) = blinds(look, [], ends, MORNING + 3600)
    assert (silent.what, silent.source, silent.signs) == ("silent", "db", ALL)


def test_a_year_without_holidays() -> None:
    look = Look(file=SHIPPED, state=State(zone=dt.UTC, people=PEOPLE))
    list(look.over([kept()]))
    (one,) = blinds(look, [], {}, None)
    assert (one.what, one.signs, one.more) == ("holidays", {Sign.HOURS}, {"year": 2026})


def test_signs_without_a_rule() -> None:
    assert list(unruled(SHIPPED)) == []
    few = AnomalyFile(tables=("students",), rules=SHIPPED.rules[:1])
    assert Blind(what="no rule", signs=frozenset({Sign.ROWS})) in list(unruled(few))
    look = Look(file=few, state=State(zone=dt.UTC, people=PEOPLE))
    list(look.over([kept(rows=None)]))
    assert list(blinds(look, [], {}, None)) == []  # nobody asked for rows
