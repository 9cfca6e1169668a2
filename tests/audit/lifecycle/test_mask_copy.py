"""COPY as columns and back; on a real server the copy is what the ordinary reader makes of it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from audit.lifecycle import mask_copy, mask_db
from audit.lifecycle.mask_copy import How, Rows, cell_of, columns_of, lines_of
from audit.lifecycle.mask_db import Place, mask_database
from audit.lifecycle.mask_job import Job
from policies.masks_files import ColumnRule, load_headers, load_mask
from policies.masks_model import Algorithm, Keys, Mask, Noise, Shift
from rules.personal_files import load_finder
from rules.recognise.personal.kinds import Kind
from tests.audit.lifecycle.servers import postgresql

cells = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 4).flatmap(
    lambda width: st.lists(st.tuples(*[cells] * width), min_size=1, max_size=6)
))  # fmt: skip
def test_texts_come_back(rows: list[tuple[str | None, ...]]) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)]
    lines = lines_of(columns, [False] * len(columns))
    assert columns_of(lines, [How.TEXT] * len(columns)) == columns
    untouched = columns_of(lines, [How.RAW] * len(columns))
    assert lines_of(untouched, [True] * len(columns)) == lines


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60), st.lists(st.sampled_from(How), max_size=3))
def test_foreign_bytes_are_read_or_refused(lines: bytes, how: list[How]) -> None:
    try:
        found = columns_of(lines + b"\n", how)
    except ValueError:
        return
    assert len(found) == len(how)


@pytest.mark.parametrize(
    ("how", "cell", "value"),
    [
        (How.WHOLE, "-12", -12),
        (How.EXACT, "1.50", Decimal("1.50")),
        (How.FLOAT, "1e+20", 1e20),
        (How.DATE, "2026-11-24", date(2026, 11, 24)),
        (How.DATE, "infinity", "infinity"),
        (How.DATE, "0044-03-15 BC", "0044-03-15 BC"),
        (How.TIME, "2026-11-24 08:00:00+00", datetime(2026, 11, 24, 8, tzinfo=UTC)),
        (How.TRUTH, "t", True),
        (How.TRUTH, "maybe", "maybe"),
        (How.BYTES, "\\\\x00ff", b"\x00\xff"),
        (How.TEXT, "\\\\N", "\\N"),
        (How.TEXT, "\\N", None),
        (How.WHOLE, "\\N", None),
    ],
)
def test_cells_are_read_as_their_type(how: How, cell: str, value: Any) -> None:
    assert columns_of(f"{cell}\n".encode(), [how]) == [[value]]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "\\N"), ("a\tb\\c\nd", "a\\tb\\\\c\\nd"), (True, "t"), (False, "f"),
        (b"\x01", "\\\\x01"), (1.5, "1.5"), (date(2026, 1, 2), "2026-01-02"),
    ],
)  # fmt: skip
def test_cells_are_written(value: Any, written: str) -> None:
    assert cell_of(value) == written


def test_rows_come_in_batches_whatever_the_messages_are() -> None:
    taken: list[bytes] = []
    rows = Rows(taken.append, 2)
    for message in (b"1\n2\n3", b"\n", b"4\n", b"5", b"6\n"):
        rows.write(message)
    rows.flush()
    assert b"".join(taken) == b"1\n2\n3\n4\n56\n"
    assert all(one.endswith(b"\n") for one in taken)
    rows.write(b"half")
    with pytest.raises(ValueError, match="within a row"):
        rows.flush()


POLICY, DIGEST = load_mask("test-copy")
TOLD = replace(
    POLICY,
    columns=(
        ColumnRule(match="*.kept_*", mask=Mask(algorithm=Algorithm.PASS), reason="a test"),
        ColumnRule(match="*.moved_*", mask=Mask(algorithm=Algorithm.SHIFT, shift=Shift(days=30))),
        ColumnRule(match="*.noise_*", mask=Mask(algorithm=Algorithm.NOISE, noise=Noise(most=5))),
        ColumnRule(match="*.mixed_*", mask=Mask(algorithm=Algorithm.SHUFFLE)),
        ColumnRule(match="*.empty_*", mask=Mask(algorithm=Algorithm.NULL)),
        ColumnRule(match="*.name", kind=Kind.NAME),
    ),
)
JOB = Job(
    policy=TOLD,
    digest=DIGEST,
    keys=Keys(id="k1", master=bytes(32)),
    finder=load_finder(),
    headers=load_headers(),
    today=date(2026, 11, 1),
)
TABLES = r"""
CREATE TABLE many (
  id bigint PRIMARY KEY, name text, "50% 列""q" text, kept_text text, kept_json jsonb,
  kept_time timestamptz, kept_bytes bytea, kept_float double precision, kept_list integer[],
  moved_day date, moved_time timestamptz, noise_exact numeric(10,2), noise_float real,
  noise_whole integer, mixed_text text, mixed_flag boolean, empty_json jsonb NOT NULL,
  plain_uuid uuid, plain_bytes bytea NOT NULL, plain_flag boolean NOT NULL, plain_day date NOT NULL
);
INSERT INTO many SELECT n, CASE n % 7 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE '某某' || chr(19968 + n)
  END, E'\\N \\.', CASE n % 3 WHEN 0 THEN E'a\tb\\c\nd\re\x01' WHEN 1 THEN E'\\N' END,
  '{"a": "\t"}', '2026-01-01 00:00+08'::timestamptz + n * interval '1 hour', '\x0a5c09'::bytea,
  n / 3.0, ARRAY[n, NULL], CASE n % 5 WHEN 0 THEN 'infinity' WHEN 1 THEN NULL
  ELSE date '2012-03-04' + n END, '2026-01-01 00:00+08'::timestamptz + n * interval '1 day',
  CASE n % 4 WHEN 0 THEN 'NaN' ELSE n / 4.0 END, n / 3.0, n, 'x' || n, n % 2 = 0, '[]',
  '00000000-0000-8000-8000-000000000000', 'x', true, '2020-01-01' FROM generate_series(1, 300) n;
CREATE TABLE nobody (id bigint PRIMARY KEY, name text);
CREATE TABLE parts (id bigint, year integer, name text, PRIMARY KEY (id, year))
  PARTITION BY RANGE (year);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (2000) TO (3000);
INSERT INTO parts SELECT n, 2026, '某某' FROM generate_series(1, 20) n;
CREATE TABLE dealt (id bigint PRIMARY KEY, name text, mixed_uuid uuid);
INSERT INTO dealt SELECT n, '某某', ('00000000-0000-8000-8000-00000000000' || n)::uuid
  FROM generate_series(1, 9) n;
"""


@pytest.mark.wire
def test_the_copy_is_what_the_ordinary_reader_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    with postgresql() as url:
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            for one in TABLES.split(";\n"):
                if one.strip():
                    connection.exec_driver_sql(one)
        found = {}
        for schema in ("quick", "slow"):
            if schema == "slow":
                monkeypatch.setattr(mask_db, "_copies", lambda _: False)
            done = mask_database(JOB, Place(url=url), Place(url=url, schema=schema))
            with engine.connect() as connection:
                found[schema] = {
                    name: connection.execute(
                        text(f"SELECT t::text FROM {schema}.{name} AS t ORDER BY id")
                    ).all()
                    for name in ("many", "nobody", "parts", "dealt")
                }
            assert done.published
            found[schema]["told"] = done.body["tables"]
        assert found["quick"] == found["slow"]
        assert len(found["quick"]["many"]) == 300


def test_only_tables_that_copy_can_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy import JSON, Column, MetaData, Table

    from audit.lifecycle.mask import Family, Field, Step
    from audit.lifecycle.model import By

    table = Table("t", MetaData(), Column("a", JSON))
    field = Field(name="a", family=Family.OTHER)

    def step(algorithm: Algorithm) -> Step:
        return Step(field=field, kind=None, by=By.NOTHING, mask=Mask(algorithm=algorithm))

    assert mask_copy.hows(table, [step(Algorithm.PASS)]) == [How.RAW]
    assert mask_copy.hows(table, [step(Algorithm.REDACT)]) == [How.TEXT]
    assert mask_copy.hows(table, [step(Algorithm.SHUFFLE)]) is None
