"""CSV of any dialect and encoding, row by row."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from rules.model import Text
from rules.readers.headers import headed
from rules.readers.model import Bounds, Piece, Unread
from rules.readers.texts import SPOILED, lines

SAMPLE = 64 * 1024
DELIMITERS = ",\t;|"
BROKEN = Text(zh="此行不是完整的 CSV 行", en="this row is no whole CSV row")
RAGGED = Text(zh="行的列数不一", en="rows differ in their number of cells")


def delimiter(sample: str) -> str:
    """What parts cells: the sign that most rows have equally often."""
    rows = [row for row in sample.split("\n")[:50] if row.strip()]
    best, most = ",", 0.0
    for sign in DELIMITERS:
        counts = [row.count(sign) for row in rows]
        top = max(set(counts), key=counts.count) if counts else 0
        score = top and counts.count(top) / len(counts) + min(top, 50) / 1000
        if score > most:
            best, most = sign, score
    return best


def csv_pieces(path: str, stream: BinaryIO, bounds: Bounds) -> Iterator[Piece | Unread]:
    """Cells under their headers."""
    source = lines(stream, bounds.cell, newline="")
    first: list[str] = []
    size = 0
    for line in source:
        first.append(line)
        size += len(line)
        if size > SAMPLE or len(first) >= 50:
            break
    problems: list[Unread] = []
    rows = _rows(path, _chained(first, source), delimiter("".join(first)), bounds, problems)
    yield from cells(path, rows, bounds, problems)


def _chained(first: list[str], rest: Iterator[str]) -> Iterator[str]:
    yield from first
    yield from rest


def _rows(
    path: str, source: Iterator[str], sign: str, bounds: Bounds, problems: list[Unread]
) -> Iterator[list[str]]:
    csv.field_size_limit(bounds.cell)
    reader = csv.reader(source, delimiter=sign)
    spoiled = False
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            problems.append(Unread(path=path, what=BROKEN, row=reader.line_num))
            continue
        if not spoiled and any("�" in cell for cell in row):
            spoiled = True
            problems.append(Unread(path=path, what=SPOILED, fatal=False))
        yield row


def cells(
    path: str, rows: Iterable[list[str]], bounds: Bounds, problems: list[Unread]
) -> Iterator[Piece | Unread]:
    """Rows of any table as pieces; problems found on the way stand in between."""
    ragged = 0
    for number, names, row in headed(rows):
        if problems:
            yield from problems
            problems.clear()
        if names is None:
            text = " ".join(cell for cell in row if cell)
            if text:
                yield Piece(path, "", text, number)
            continue
        width = len(names)
        if not ragged and len(row) != width and any(row):
            ragged = number
        for place, cell in enumerate(row[: bounds.columns]):
            if cell:
                yield Piece(path, names[place] if place < width else "", cell, number)
    yield from problems
    if ragged:
        yield Unread(path=path, what=RAGGED, row=ragged, fatal=False)
