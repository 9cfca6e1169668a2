"""Any file → pieces of text. The way in; a door.

What a file is, its first bytes say before its name does. Whatever goes wrong inside one file
or one part of it is a value in the stream; the rest is read on.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from rules.model import Text
from rules.readers.archives import gzip_pieces, zip_pieces
from rules.readers.columns import parquet_pieces
from rules.readers.documents import json_pieces, jsonl_pieces
from rules.readers.dumps import sql_pieces
from rules.readers.mail import mail_pieces
from rules.readers.model import BOUNDS, Bounds, Piece, Unread
from rules.readers.papers import docx_pieces, pdf_pieces
from rules.readers.sheets import OLE, sheet_pieces
from rules.readers.signatures import Sort, sort_of
from rules.readers.tables import csv_pieces
from rules.readers.texts import text_pieces

Reader = Callable[[str, BinaryIO, Bounds], Iterator[Piece | Unread]]
UNKNOWN = Text(
    zh="这种文件不能读取（二进制或旧式 Office 文档）",
    en="this kind of file can not be read (binary, or an old Office document)",
)
BY_NAME: dict[str, Reader] = {
    ".csv": csv_pieces, ".tsv": csv_pieces, ".json": json_pieces, ".geojson": json_pieces,
    ".jsonl": jsonl_pieces, ".ndjson": jsonl_pieces, ".sql": sql_pieces, ".xls": sheet_pieces,
    ".xlsx": sheet_pieces, ".xlsm": sheet_pieces, ".xlsb": sheet_pieces, ".ods": sheet_pieces,
    ".docx": docx_pieces, ".pdf": pdf_pieces, ".parquet": parquet_pieces,
}  # fmt: skip
OFFICE = {".xlsx", ".xlsm", ".xlsb", ".ods", ".docx"}


def open_pieces(path: Path, bounds: Bounds = BOUNDS) -> Iterator[Piece | Unread]:
    """All pieces of a file. Raises OSError where the file itself can not be opened."""
    with path.open("rb") as stream:
        yield from stream_pieces(path.name, stream, bounds)


def stream_pieces(
    name: str, stream: BinaryIO, bounds: Bounds = BOUNDS, depth: int | None = None
) -> Iterator[Piece | Unread]:
    """The same of an open, seekable stream."""
    left = bounds.depth if depth is None else depth
    head = stream.read(4096)
    stream.seek(0)
    end = PurePosixPath(name).suffix.lower()
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        reader = BY_NAME[end] if end in OFFICE else _office(stream)
        if reader is None:
            yield from zip_pieces(name, stream, bounds, stream_pieces, left)
        else:
            yield from reader(name, stream, bounds)
    elif head.startswith(b"\x1f\x8b"):
        yield from gzip_pieces(name, stream, bounds, stream_pieces, left)
    elif end == ".eml":
        yield from mail_pieces(name, stream, bounds, stream_pieces, left)
    elif (known := _by_content(head, end)) is not None:
        yield from known(name, stream, bounds)
    else:
        sort = sort_of(head)
        yield Unread(path=name, what=UNKNOWN if sort in (None, Sort.OTHER) else sort.value)


def _by_content(head: bytes, end: str) -> Reader | None:
    if head.startswith(OLE):
        return sheet_pieces if end in (".xls", ".xlsx", ".xlsm") else None
    if b"%PDF-" in head[:1024]:
        return pdf_pieces
    if head.startswith(b"PAR1"):
        return parquet_pieces
    if sort_of(head) is not None:
        return None
    return BY_NAME.get(end, text_pieces)


def _office(stream: BinaryIO) -> Reader | None:
    """A workbook or a document under another name."""
    try:
        names = set(zipfile.ZipFile(stream).namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, UnicodeError):
        return None
    finally:
        stream.seek(0)
    if "word/document.xml" in names:
        return docx_pieces
    return sheet_pieces if "xl/workbook.xml" in names or "xl/workbook.bin" in names else None
