"""Tables in XLSX and Parquet files, in batches of columns, and which format a suffix means.

Only values are read and written: no formula, macro or comment of a source gets into a copy. A
door: it reads and writes files.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from audit.lifecycle.mask import Family
from audit.lifecycle.mask_formats import (
    BATCH,
    Columns,
    CsvReader,
    CsvWriter,
    Head,
    JsonReader,
    JsonWriter,
    Reader,
    Writer,
    full,
    named,
    wrong,
)

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".xlsx", ".parquet")
_LEADS = ("=", "+", "-", "@", "\t", "\r")


class XlsxReader:
    """Every sheet; the first row that holds text is the header. Formulas: their last results."""

    def __init__(self, path: Path) -> None:
        import openpyxl

        self.ragged = 0
        self._path = path
        try:
            self._book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        except (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError):
            message = "打不开：损坏或有密码 cannot be opened: damaged, or with a password"
            raise wrong(path, message, "save it again as .xlsx without a password") from None

    def tables(self) -> Iterator[Head]:
        for sheet in self._book.worksheets:
            for row in sheet.iter_rows(values_only=True):
                if any(cell not in (None, "") for cell in row):
                    names = named(row)
                    yield Head(
                        name=sheet.title, columns=names, families=(Family.TEXT,) * len(names)
                    )
                    break

    def batches(self, head: Head) -> Iterator[Columns]:
        width, begun = len(head.columns), False
        rows: list[tuple[Any, ...]] = []
        for row in self._book[head.name].iter_rows(values_only=True):
            if not begun:
                begun = any(cell not in (None, "") for cell in row)
                continue
            if len(row) != width:
                self.ragged += len(row) > width
                row = (tuple(row) + (None,) * width)[:width]  # noqa: PLW2901
            rows.append(row)
            if len(rows) >= BATCH:
                yield [list(column) for column in zip(*rows, strict=True)]
                rows = []
        if rows:
            yield [list(column) for column in zip(*rows, strict=True)]

    def close(self) -> None:
        """Let go of the file; also of what a reading that was not finished left open."""
        self._book.close()


class XlsxWriter:
    """The same sheets, values only."""

    def __init__(self, path: Path) -> None:
        import openpyxl

        self._path = path
        self._book = openpyxl.Workbook(write_only=True)
        self._sheet: Any = None

    def table(self, head: Head, kept: Sequence[bool]) -> None:  # noqa: ARG002
        self._sheet = self._book.create_sheet(head.name[:31])
        self._sheet.append(list(head.columns))

    def write(self, columns: Sequence[Sequence[Any]]) -> None:
        for row in zip(*columns, strict=True):
            self._sheet.append([_cell(one) for one in row])

    def close(self) -> None:
        try:
            self._book.save(self._path)
        except OSError as error:
            raise full(error) from error


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_LEADS):
        return "'" + value
    if isinstance(value, str | int | float | date | datetime | bool | None):
        return value
    return str(value)


class ParquetReader:
    """Row groups as they are."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.ragged = 0
        try:
            self._file = pq.ParquetFile(path)
        except (pa.ArrowInvalid, OSError):
            raise wrong(path, "不是 Parquet 文件 not a Parquet file") from None
        self._path = path
        self.schema = self._file.schema_arrow

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def tables(self) -> Iterator[Head]:
        families = tuple(_family(field.type) for field in self.schema)
        yield Head(name=self._path.stem, columns=tuple(self.schema.names), families=families)

    def batches(self, head: Head) -> Iterator[Columns]:
        import pyarrow as pa

        try:
            for batch in self._file.iter_batches(batch_size=BATCH):
                yield [column.to_pylist() for column in batch.columns]
        except (pa.ArrowInvalid, OSError):
            raise wrong(self._path, f"{head.name}: 数据损坏 the data is damaged") from None


def _family(kind: Any) -> Family:
    import pyarrow.types as of

    for holds, family in (
        (of.is_string, Family.TEXT), (of.is_large_string, Family.TEXT),
        (of.is_integer, Family.WHOLE), (of.is_floating, Family.NUMBER),
        (of.is_decimal, Family.NUMBER), (of.is_date, Family.DATE),
        (of.is_timestamp, Family.TIME), (of.is_boolean, Family.TRUTH),
        (of.is_binary, Family.BYTES),
    ):  # fmt: skip
        if holds(kind):
            return family
    return Family.OTHER


class ParquetWriter:
    """Kept columns keep their type, masked ones are text."""

    def __init__(self, path: Path, source: ParquetReader | None) -> None:
        self._path, self._source = path, source
        self._writer: Any = None
        self._schema: Any = None
        self._text: list[bool] = []

    def table(self, head: Head, kept: Sequence[bool]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        fields = []
        for name, stays in zip(head.columns, kept, strict=True):
            own = self._source.schema.field(name).type if stays and self._source else pa.string()
            fields.append(pa.field(name, own))
            self._text.append(own == pa.string())
        self._schema = pa.schema(fields)
        self._writer = pq.ParquetWriter(self._path, self._schema, compression="zstd")

    def write(self, columns: Sequence[Sequence[Any]]) -> None:
        import pyarrow as pa

        arrays = [
            pa.array(_texts(column) if text else column, type=field.type)
            for column, text, field in zip(columns, self._text, self._schema, strict=True)
        ]
        self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


def _texts(column: Sequence[Any]) -> list[str | None]:
    return [one if one is None or one.__class__ is str else str(one) for one in column]


def open_reader(path: Path) -> Reader:
    """A reader by the file's suffix. Raises DataError."""
    match path.suffix.lower():
        case ".csv":
            return CsvReader(path)
        case ".tsv":
            return CsvReader(path, "\t")
        case ".jsonl" | ".ndjson":
            return JsonReader(path)
        case ".xlsx":
            return XlsxReader(path)
        case ".parquet":
            return ParquetReader(path)
        case _:
            raise wrong(path, "不支持的格式 not a format that can be masked", " ".join(SUFFIXES))


def open_writer(path: Path, suffix: str, source: Reader, at: int = 0) -> Writer:
    """A writer of a format (by suffix) to a path that is not published yet.

    `at`: how many bytes of a text are there already; no other format can be gone on with.
    """
    match suffix.lower():
        case ".csv":
            return CsvWriter(path, at=at)
        case ".tsv":
            return CsvWriter(path, "\t", at)
        case ".jsonl" | ".ndjson":
            return JsonWriter(path, at)
        case ".xlsx":
            return XlsxWriter(path)
        case ".parquet":
            return ParquetWriter(path, source if isinstance(source, ParquetReader) else None)
        case _:
            raise wrong(Path(suffix), "不支持的格式 not a format that can be written")
