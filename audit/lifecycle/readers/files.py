"""Any file → pieces of text. The way in; a door.

What a file is, its first bytes say before its name does. Whatever goes wrong inside one file
or one part of it is a value in the stream; the rest is read on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from audit.lifecycle.readers.model import BOUNDS, Bounds, Piece, Unread
from audit.lifecycle.readers.tables import csv_pieces
from audit.lifecycle.readers.texts import text_pieces
from rules.model import Text

Reader = Callable[[str, BinaryIO, Bounds], Iterator[Piece | Unread]]
BROKEN = Text(zh="文件已损坏或不是其名称所示的格式", en="damaged, or not what its name says")
BY_NAME: dict[str, Reader] = {".csv": csv_pieces, ".tsv": csv_pieces}


def open_pieces(path: Path, bounds: Bounds = BOUNDS) -> Iterator[Piece | Unread]:
    """All pieces of a file. Raises OSError where the file itself can not be opened."""
    with path.open("rb") as stream:
        yield from stream_pieces(path.name, stream, bounds)


def stream_pieces(name: str, stream: BinaryIO, bounds: Bounds) -> Iterator[Piece | Unread]:
    """The same of an open, seekable stream."""
    reader = BY_NAME.get(Path(name).suffix.lower(), text_pieces)
    yield from reader(name, stream, bounds)
