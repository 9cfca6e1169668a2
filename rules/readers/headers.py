"""Which row of a table names its columns. Pure.

Tables made by people begin with a title over all columns, sometimes with two rows of headers.
The header is the first row of at least two names (or the only column's); what stands above it is
text. A table whose first row is already data has columns 列1, 列2 …
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice

LOOK = 8  # rows among which the header is sought
_DATA = re.compile(r"[0-9]{4}|@|^[0-9.,%/-]+$")


def name_like(cell: str) -> bool:
    """Whether a cell can be the name of a column."""
    return bool(cell) and len(cell) <= 40 and "\n" not in cell and _DATA.search(cell) is None


def header_row(rows: list[list[str]]) -> int:
    """Which of the first rows names the columns; -1 where none does."""
    widest = max((sum(map(bool, row)) for row in rows), default=0)
    for number, row in enumerate(rows):
        filled = [cell for cell in row if cell.strip()]
        if not filled or (widest >= 2 and len(filled) < 2):
            continue
        if all(name_like(cell.strip()) for cell in filled) and len(set(filled)) == len(filled):
            return number
        if len(filled) * 2 > widest:
            return -1
    return -1


def named(row: list[str]) -> list[str]:
    """Names of columns; one without a name is 列N."""
    return [cell.strip() or f"列{number}" for number, cell in enumerate(row, 1)]


def headed(rows: Iterable[list[str]]) -> Iterator[tuple[int, list[str] | None, list[str]]]:
    """Row number, names of its columns (None above the header), cells."""
    source = iter(rows)
    first = list(islice(source, LOOK))
    at = header_row(first)
    names = named(first[at]) if at >= 0 else named([""] * max(map(len, first), default=0))
    for number, row in enumerate(chain(first, source), 1):
        if number <= at:
            yield number, None, row
        elif number != at + 1:
            yield number, names, row
