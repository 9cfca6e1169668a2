"""Events as Parquet, for DuckDB, Spark and spreadsheets that outgrew themselves.

Needs the extra `parquet` (pyarrow). Lists stay lists, `time` is a timestamp with its
zone. This module is a door: it writes one file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import Any

from gateway.batch import Aggregate, Event
from gateway.export import Record
from rules.load import WorldError

GROUP = 50_000  # rows of one row group
_LISTS = {"names", "categories"}


def write_parquet(records: Iterable[Record], kind: type[Record], path: Path) -> int:
    """Write them all; the number written. Raises WorldError where pyarrow is not installed."""
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ModuleNotFoundError as error:
        raise WorldError(
            "导出 Parquet 需要 / Parquet needs the extra: pip install 'qinglang[parquet]'"
        ) from error
    schema = _schema(arrow, kind)
    written = 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with (
        os.fdopen(handle, "wb") as file,
        parquet.ParquetWriter(file, schema, compression="zstd") as writer,
    ):
        for rows in _groups(records):
            writer.write_table(arrow.Table.from_pylist(rows, schema=schema))
            written += len(rows)
    return written


def _schema(arrow: Any, kind: type[Record]) -> Any:
    time = arrow.timestamp("us", tz="Asia/Shanghai")
    columns = [("time", time)]
    for item in fields(kind):
        if item.name in _LISTS:
            found = arrow.list_(arrow.string())
        elif item.name == "signals":
            found = arrow.list_(arrow.list_(arrow.string()))
        else:
            found = {"int": arrow.int64(), "float": arrow.float64()}.get(
                str(item.type), arrow.string()
            )
        columns.append((item.name, found))
    return arrow.schema(columns)


def _groups(records: Iterable[Record]) -> Iterator[list[dict[str, Any]]]:
    source = iter(records)
    while group := [_row(record) for record in islice(source, GROUP)]:
        yield group


def _row(record: Event | Aggregate) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for item in fields(record):
        value = getattr(record, item.name)
        row[item.name] = (
            [list(each) if isinstance(each, tuple) else each for each in value]
            if isinstance(value, tuple)
            else str(value)
            if isinstance(value, str)
            else value
        )
    row["time"] = record.ts if isinstance(record, Event) else record.bucket * 1_000_000
    return row
