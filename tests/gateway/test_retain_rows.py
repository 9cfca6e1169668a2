"""Retention by seals: what goes, what stays because younger rows name it, what is found out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gateway.database import connect, dispose
from gateway.findings import Claims, What, claims
from gateway.retain import Fate, Retention, too_early
from gateway.retain_rows import SealedDay, apply_rows, plan_rows, ranges, segment_of
from gateway.verify import verify
from rules.load import WorldError
from tests.gateway.evidence_samples import Archive, numbered

MARCH = 1_772_334_000.0  # 2026-03-01
APRIL = 1_775_012_400.0
LATER = 1_814_400_000.0  # 2027-07-01
TODAY = date(2027, 3, 10)  # March is past the ceiling of 366 days, April is not
RULES = Retention()


class Many(Archive):
    """An archive in one database: two days, signed in March, and one in April."""

    url: str
    at: float

    def store(self, at: float, *numbers: int, trace: str = "") -> None:
        self.at = at
        for number in numbers:
            made = numbered(number)
            if trace:
                made = replace(
                    made,
                    events=tuple(replace(event, trace=trace) for event in made.events),
                )
            self.write(made, url=self.url)

    def claim(self) -> Claims:
        return claims(self.chain())[0][segment_of(self.url)]

    def apply(self, today: date = TODAY) -> list[SealedDay]:
        self.at = LATER
        done = apply_rows(
            self.url,
            plan_rows(self.claim(), today, RULES),
            segment=segment_of(self.url),
            claim=self.claim(),
            sign=self.signing.sign,
            rules=RULES,
            by="李老师",
            reason="超过上限",
        )
        return [one for one, _ in done]

    def found(self, **options: Any) -> Any:
        return verify(self.data, self.chain(), url=self.url, **options)

    def run(self, *statements: str) -> list[Any]:
        connection = connect(self.url)
        try:
            with connection.begin():
                return [
                    connection.execute(text(one)).scalar()
                    if one.startswith("SELECT")
                    else connection.execute(text(one))
                    for one in statements
                ]
        finally:
            dispose(connection)


def many(data: Path, url: str) -> Many:
    data.mkdir(exist_ok=True)
    made = Many(data=data, clock=lambda: made.at)
    made.url, made.at = url, MARCH
    made.store(MARCH, 1, 2)
    made.store(MARCH + 86_400, 3)
    made.store(APRIL, 4, 5, trace="trace-2")
    return made


@pytest.fixture
def made(tmp_path: Path) -> Many:
    return many(tmp_path / "node", f"sqlite:///{tmp_path / 'many.sqlite'}")


def test_ranges() -> None:
    assert ranges([5, 1, 2, 3, 7]) == [(1, 3), (5, 5), (7, 7)]
    assert ranges([]) == []


def test_the_plan_goes_by_the_day_of_signing(made: Many) -> None:
    days = plan_rows(made.claim(), TODAY, RULES)
    assert [(one.day, one.fate, one.seals) for one in days] == [
        ("2026-03-01", Fate.DUE, (0, 1)),
        ("2026-03-02", Fate.DUE, (2,)),
        ("2026-04-01", Fate.KEPT, (3,)),  # the newest stays whatever its day
    ]
    assert days[0].rows["events"] == 6


def gone_and_whole(made: Many) -> None:
    """What the fast test and the one on PostgreSQL both hold."""
    assert [one.day for one in made.apply()] == ["2026-03-01", "2026-03-02"]
    report = made.found(floor=too_early)
    assert report.findings == []
    assert report.rows["events"] == 6
    assert report.deleted > 9
    counts = made.run("SELECT count(*) FROM events", "SELECT min(id) FROM events")
    assert counts == [6, 10]
    # April's events name a trace that was first met in March: it stays, and is verified
    assert made.run("SELECT count(*) FROM traces WHERE id = 'trace-2'") == [1]
    assert made.run("SELECT count(*) FROM traces WHERE id = 'trace-1'") == [0]
    made.run("UPDATE traces SET document = 'x' WHERE id = 'trace-2'")
    assert [one.kind for one in made.found().findings] == ["traces"]


def test_what_is_due_goes_and_the_rest_is_whole(made: Many) -> None:
    gone_and_whole(made)


def test_the_writer_goes_on_after_it(made: Many) -> None:
    made.apply(date(2028, 6, 1))  # everything
    made.store(LATER, 6, 7)
    report = made.found()
    assert report.findings == []
    assert max(made.claim().seals) == 6
    assert report.rows["events"] == 9


def test_what_was_signed_and_not_deleted_goes_with_the_next_call(made: Many) -> None:
    real = apply_rows.__globals__["_delete"]
    apply_rows.__globals__["_delete"] = lambda *_: None  # killed in between
    try:
        made.apply()
    finally:
        apply_rows.__globals__["_delete"] = real
    assert made.found().findings != []
    assert made.apply() == []
    assert made.found().findings == []


def test_within_the_floor_a_record_does_not_excuse(made: Many) -> None:
    """Whoever may sign can have it recorded, with whatever day he likes."""
    segment = segment_of(made.url)
    made.at = APRIL + 60
    body = {"day": "2020-01-01", "segments": [], "seals": {segment: [[3, 4]]}}
    made.signing.sign("retention", body)
    made.run("DELETE FROM events WHERE id > 9", "DELETE FROM aggregates WHERE seal > 2")
    found = {one.what for one in made.found(floor=too_early).findings}
    assert What.DELETED_EARLY in found


def test_a_record_does_not_excuse_seals_that_come_after_it(made: Many) -> None:
    body = {"day": "2020-01-01", "segments": [], "seals": {segment_of(made.url): [[0, 9]]}}
    made.signing.sign("retention", body)
    made.store(APRIL, 6)
    made.run("DELETE FROM events WHERE id > 15")
    assert What.REMOVED in {one.what for one in made.found().findings}


@pytest.mark.parametrize(
    "seals",
    [None, [], {"x": 1}, {"SEGMENT": [[1]]}, {"SEGMENT": [["0", 9]]}, {"SEGMENT": [[3, 1]]},
     {"SEGMENT": [[0, 10**9]]}, {"SEGMENT": 5}],
    ids=str,
)  # fmt: skip
def test_records_that_do_not_read_excuse_nothing(made: Many, seals: Any) -> None:
    if isinstance(seals, dict):
        seals = {name.replace("SEGMENT", segment_of(made.url)): v for name, v in seals.items()}
    made.signing.sign("retention", {"day": "2020-01-01", "segments": [], "seals": seals})
    assert made.claim().dropped == {}
    assert made.found().findings == []


def test_rows_put_into_a_deleted_seal_are_found(made: Many) -> None:
    made.apply()
    made.run("UPDATE events SET id = 2 WHERE id = 11")
    assert {one.what for one in made.found().findings} >= {What.INSERTED, What.REMOVED}


def test_without_a_signature_nothing_is_deleted(made: Many) -> None:
    made.signing.away = True
    with pytest.raises(WorldError):
        made.apply()
    assert made.run("SELECT count(*) FROM events") == [15]


def test_a_database_that_is_empty_or_away(tmp_path: Path) -> None:
    assert segment_of(f"sqlite:///{tmp_path / 'new.sqlite'}") == ""
    with pytest.raises(WorldError):
        segment_of("sqlite:////no/such/folder/x")


@pytest.mark.wire
def test_the_same_in_postgresql(tmp_path: Path, postgresql: str) -> None:
    gone_and_whole(many(tmp_path / "node", postgresql))
