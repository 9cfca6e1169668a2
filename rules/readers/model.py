"""What a reader gives: pieces of text with their header, and what could not be read.

A Piece is one cell under its header, or a paragraph or block of lines without one. An Unread is
a value in the same stream: a part that was skipped (`fatal`) or read with a reservation. Neither
a problem nor a limit ever quotes what the file holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from rules.model import Text


class Piece(NamedTuple):
    """`path`: file, then its part (`a.zip/b.xlsx#Sheet1`, `dump.sql#pupils`, `c.json#$.rows[]`).

    All cells of one `path` and `row` belong to one record. `row` counts from 1 in its part.
    """

    path: str
    header: str  # column or key; "" for a paragraph
    text: str
    row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A part that was not read (`fatal`), or read with a reservation."""

    path: str
    what: Text
    row: int | None = None
    fatal: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one file may cost. Beyond it a part is left out, and said so."""

    unpacked: int = 2 * 1024**3  # bytes an archive may come to
    ratio: int = 200  # unpacked to packed, beyond the first 10 MiB
    members: int = 10_000
    depth: int = 3  # archives in archives
    sheet: int = 48 * 1024**2  # bytes of a sheet's XML that are read at once
    whole: int = 64 * 1024**2  # bytes of a document that must be read whole (PDF, mail, one JSON)
    cell: int = 1024**2  # characters of a cell or a line
    columns: int = 16_384
    pages: int = 5_000


BOUNDS = Bounds()
