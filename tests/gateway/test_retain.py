"""Retention: floor, ceiling, holds; what is deleted leaves a record that verification reads."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gateway.findings import What, claims
from gateway.retain import (
    Day,
    Fate,
    Hold,
    Retention,
    apply,
    day_files,
    fate,
    months_before,
    plan,
    read_retention,
    too_early,
)
from rules.load import DataError, WorldError
from tests.gateway.evidence_samples import Archive, archive

TODAY = date(2027, 6, 30)
HOLD = Hold(id="case-7", first="2026-01-01", last="2026-01-31", reason="调查", by="王主任")
RULES = Retention(holds=(HOLD,))


@pytest.mark.parametrize(
    ("today", "months", "found"),
    [
        ("2026-08-31", 6, "2026-02-28"),
        ("2024-08-31", 6, "2024-02-29"),
        ("2026-03-15", 6, "2025-09-15"),
        ("2026-01-01", 6, "2025-07-01"),
        ("2026-07-01", 12, "2025-07-01"),
    ],
)
def test_months(today: str, months: int, found: str) -> None:
    assert months_before(date.fromisoformat(today), months).isoformat() == found


@pytest.mark.parametrize(
    ("day", "found"),
    [
        ("2027-06-30", Fate.FLOOR),
        ("2026-12-30", Fate.FLOOR),  # six months ago to the day
        ("2026-12-29", Fate.KEPT),
        ("2026-06-29", Fate.KEPT),  # 366 days
        ("2026-06-28", Fate.DUE),
        ("2026-01-31", Fate.HELD),
        ("2026-02-01", Fate.DUE),
        ("2025-12-31", Fate.DUE),
    ],
)
def test_fates(day: str, found: Fate) -> None:
    assert fate(day, TODAY, RULES)[0] is found


@pytest.mark.parametrize(
    "text",
    [
        "floor_months: 5",
        "floor_months: 12\nceiling_days: 300",
        "holds:\n- {id: x, first: 2026-02-30, last: 2026-03-01, reason: r, by: b}",
        "holds:\n- {id: x, first: '2026-03-02', last: '2026-03-01', reason: r, by: b}",
        "colour: red",
        "- list",
    ],
)
def test_rules_that_cannot_be(tmp_path: Path, text: str) -> None:
    path = tmp_path / "retention.yaml"
    path.write_text(text)
    with pytest.raises(DataError):
        read_retention(path)


def test_rules_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "retention.yaml"
    assert read_retention(path) == Retention()
    path.write_text(
        "floor_months: 12\nceiling_days: 500\nholds:\n"
        "- {id: case-7, first: '2026-01-01', last: '2026-01-31', reason: 调查, by: 王主任}\n"
    )
    assert read_retention(path) == Retention(floor_months=12, ceiling_days=500, holds=(HOLD,))


def deleted(made: Archive, today: date) -> list[Day]:
    """Apply the default rules at `today`."""
    segments = {"2026-03-01": list(claims(made.chain())[0])}
    days = plan(day_files(made.data / "events"), today, Retention())
    done = apply(
        days,
        sign=made.signing.sign,
        segments=segments,
        rules=Retention(),
        by="李老师",
        reason="超过上限",
    )
    return [one for one, _ in done]


def test_deleting_is_provable_and_the_chain_still_holds(tmp_path: Path) -> None:
    made = archive(tmp_path)
    made.file.with_name(made.file.name + ".damaged-20260301T000000Z").write_text("noise")
    at = [1_814_400_000.0]  # 2027-07-01
    made.signing.signer._clock = lambda: at[0]
    assert [one.day for one in deleted(made, TODAY)] == ["2026-03-01"]
    assert list((tmp_path / "events").iterdir()) == []
    report = made.verify(floor=too_early)
    assert report.findings == []
    assert report.deleted == 27 + 6 + 9 + 1
    record = made.chain().checkpoints[-1]
    assert record.kind == "retention"
    assert record.body["rows"]["events"] == 27
    assert (record.body["by"], record.body["why"]) == ("李老师", "超过上限")
    assert len(record.body["files"]) == 2


def test_nothing_within_the_floor_is_deleted(tmp_path: Path) -> None:
    made = archive(tmp_path)
    assert deleted(made, date(2026, 9, 1)) == []
    assert made.file.exists()


def test_a_record_made_too_early_does_not_excuse(tmp_path: Path) -> None:
    """Whoever may sign can have a deletion recorded; the floor is judged by its time."""
    made = archive(tmp_path)
    made.signing.sign("retention", {"day": "2026-03-01", "segments": list(claims(made.chain())[0])})
    made.file.unlink()
    assert [one.what for one in made.verify(floor=too_early).findings] == [What.DELETED_EARLY]


def test_without_a_signature_nothing_is_deleted(tmp_path: Path) -> None:
    made = archive(tmp_path)
    made.signing.away = True
    with pytest.raises(WorldError):
        deleted(made, TODAY)
    assert made.file.exists()


def test_other_files_are_not_days(tmp_path: Path) -> None:
    for name in ("n1-2026-03-01.sqlite", "n1-2026-03-01.sqlite-wal", "note.sqlite", "x.txt"):
        (tmp_path / name).touch()
    assert {day: len(files) for day, files in day_files(tmp_path).items()} == {"2026-03-01": 2}
