"""The counted queries, run on a real SQLite file with rows on both sides of every border."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.dialects import postgresql

from audit.lifecycle.counting import orders
from audit.lifecycle.reality import Reality, SeenTable, ageless, agreed, due, undated
from audit.lifecycle.rules import RuleBook
from rules.model import Text
from tests.audit.lifecycle.check_world import AT, BOOK, COLUMNS, ruled

SEEN = Reality(
    source="district",
    kind="sqlite",
    tables=tuple(SeenTable(schema="", name=n, columns=tuple(c)) for n, c in COLUMNS.items()),
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "d.db"
    with sqlite3.connect(path) as db:
        for name, columns in COLUMNS.items():
            db.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
    db.close()
    return path


def fill(place: Path, table: str, *rows: dict[str, object]) -> None:
    with sqlite3.connect(place) as db:
        for row in rows:
            marks = ", ".join("?" * len(row))
            db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", (*row.values(),))
    db.close()


def counts(place: Path, book: RuleBook = BOOK, seen: Reality = SEEN) -> dict[str, int | Text]:
    engine = create_engine(f"sqlite:///{place}")
    found: dict[str, int | Text] = {}
    with engine.connect() as connection:
        for key, order in orders(book, seen, AT):
            found[key] = (
                order if isinstance(order, Text) else connection.execute(order).scalar_one()
            )
    engine.dispose()
    return found


def test_due_begins_the_day_after_the_period(place: Path) -> None:
    fill(
        place, "students",
        {"id": 1, "left_on": "2016-11-23"}, {"id": 2, "left_on": "2016-11-24"},
        {"id": 3, "left_on": "2000-01-01"},  # held by number
        {"id": 40, "left_on": "2000-01-01"},  # held through its guardian
        {"id": 5, "left_on": None}, {"id": 6, "left_on": "0000-00-00"},
    )  # fmt: skip
    fill(place, "guardians", {"id": 40, "student_id": 40})
    assert counts(place)[due("roll", "left")] == 1


def test_text_days_and_rows_without_one(place: Path) -> None:
    fill(
        place, "visits",
        {"id": 1, "day": "2025-11-23"}, {"id": 2, "day": "2025-11-24 08:00"},
        {"id": 3, "day": "soon"}, {"id": 4, "day": None},
    )  # fmt: skip
    found = counts(place)
    assert found[due("visits", "year")] == 1
    assert found[undated("visits", "year")] == 2


def test_a_whole_hold_keeps_everything(place: Path) -> None:
    fill(place, "students", {"id": 1, "left_on": "2000-01-01"})
    rows = 'rows: [{column: students.id, values: ["3"]}, {column: guardians.id, values: ["40"]}]'
    book = ruled((rows, "whole: true"))
    assert counts(place, book)[due("roll", "left")] == 0


def test_guardians_of_those_under_fourteen(place: Path) -> None:
    fill(
        place, "students",
        {"id": 1, "born": "2012-11-25"},  # 13, agreed
        {"id": 2, "born": "2012-11-25"},  # 13, nobody agreed
        {"id": 3, "born": "2012-11-24"},  # 14 today
        {"id": 4, "born": "2012-11-25"},  # 13, taken back
        {"id": 5, "born": None},
    )  # fmt: skip
    fill(
        place, "guardians",
        {"id": 1, "student_id": 1, "agreed_on": "2024-01-01"},
        {"id": 4, "student_id": 4, "agreed_on": "2024-01-01", "withdrawn_on": "2025-01-01"},
    )  # fmt: skip
    found = counts(place)
    assert found[agreed("roll", "guardian")] == 2
    assert found[ageless("roll")] == 1


def test_only_a_word_that_says_yes_is_consent(place: Path) -> None:
    fill(place, "visits", {"id": 1, "agreed": "yes"}, {"id": 2, "agreed": "no"}, {"id": 3})
    assert counts(place)[agreed("visits", "consent")] == 2


def test_what_is_not_there_is_said_instead_of_asked(place: Path) -> None:
    gone = Reality(source="district", kind="sqlite", tables=SEEN.tables[1:])
    found = counts(place, seen=gone)
    assert isinstance(found[due("roll", "left")], Text)
    twice = Reality(
        source="district", kind="postgresql",
        tables=(*(SeenTable(schema="a", name=t.name, columns=t.columns) for t in SEEN.tables),
                *(SeenTable(schema="b", name=t.name, columns=t.columns) for t in SEEN.tables)),
    )  # fmt: skip
    told = dict(orders(BOOK, twice, AT))
    assert all(isinstance(one, Text) for one in told.values())


def test_values_are_parameters_and_names_are_quoted() -> None:
    for _, order in orders(BOOK, SEEN, AT):
        if isinstance(order, Text):
            raise AssertionError(order)
        said = str(order.compile(dialect=postgresql.dialect()))
        assert said.startswith("SELECT count(*)")
        assert "2016" not in said
