"""The tables hold every field of the records, under the same names."""

from __future__ import annotations

from dataclasses import fields

import pytest

from gateway.batch import Aggregate, Event, Trace
from gateway.tables import AggregateRow, Base, EventRow, TraceRow


@pytest.mark.parametrize(
    ("record", "row", "own"),
    [
        (Event, EventRow, {"id"}),
        (Aggregate, AggregateRow, {"key", "node", "seal"}),
        (Trace, TraceRow, {"seal"}),
    ],
)
def test_a_column_for_every_field(record: type, row: type[Base], own: set[str]) -> None:
    columns = {column.name for column in row.__table__.columns}
    assert columns == {item.name for item in fields(record)} | own


def test_no_column_may_be_empty_by_accident() -> None:
    for table in Base.metadata.tables.values():
        assert [column.name for column in table.columns if column.nullable] == []


def test_no_column_for_an_address_or_a_name_of_a_person() -> None:
    names = {column.name for table in Base.metadata.tables.values() for column in table.columns}
    assert not names & {"address", "client", "ip", "mac", "user", "name", "person"}
