"""Files as a Source: each sheet, table or text inside a file is a table with seeded sample rows.

A file is read once, to its end, with a reservoir of rows for each of its parts, so that memory
does not grow with the file. What a reader could not read is the problem of that part.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from audit.lifecycle.discover import Found, Sample
from rules.load import DataError, Problem
from rules.model import Text
from rules.readers.files import open_pieces
from rules.readers.model import Piece

TEXT = ""  # the column of text without a header
MOST_PARTS = 5000
MOST_COLUMNS = 2000
MOST_FILES = 100_000


@dataclass(slots=True)
class _Part:
    """One sheet or table while its file is read."""

    columns: dict[str, int] = field(default_factory=dict)
    rows: list[dict[int, str]] = field(default_factory=list)
    seen: int = 0
    row: int = -1
    current: dict[int, str] = field(default_factory=dict)
    problem: Text | None = None
    note: Text | None = None


class Files:
    """A file, or all files below a folder."""

    def __init__(self, path: Path, *, size: int = 1000, seed: int = 0) -> None:
        if not path.exists():
            raise DataError([Problem(file=str(path), line=1, column=1,
                                     message="没有这个文件 no such file")])  # fmt: skip
        self.id = f"file:{path.name or path.resolve().name}"
        self._path = path
        self._size, self._seed = size, seed
        self._parts: dict[str, _Part] = {}

    def tables(self) -> Iterator[Found]:
        """Every part of every file; each is read when its turn comes."""
        paths = [self._path] if self._path.is_file() else _below(self._path)
        for path in paths:
            folder = "" if path == self._path else path.relative_to(self._path).parent.as_posix()
            folder = "" if folder == "." else folder
            try:
                parts = self._read(path)
                stat = path.stat()
            except OSError as error:
                what = Text(
                    zh=f"无法打开：{error.strerror}", en=f"can not be opened: {error.strerror}"
                )
                yield Found(source=self.id, schema=folder, name=path.name, columns=(),
                            kind="file", problem=what)  # fmt: skip
                continue
            for name, part in parts.items():
                self._parts = {name: part}
                yield Found(
                    source=self.id, schema=folder, name=name, rows=part.seen, kind="file",
                    columns=tuple((one, "") for one in part.columns),
                    size=f"{stat.st_size}/{stat.st_mtime_ns}",
                    problem=part.problem if not part.columns else None,
                )  # fmt: skip

    def sample(self, table: Found, size: int, seed: int) -> Sample:  # noqa: ARG002
        """The rows kept of the part that was listed last."""
        part = self._parts[table.name]
        width = len(part.columns)
        rows = [[row.get(place) for place in range(width)] for row in part.rows]
        return Sample(rows=rows, note=part.note or part.problem, counted=part.seen)

    def _read(self, path: Path) -> dict[str, _Part]:
        parts: dict[str, _Part] = {}
        drawn = random.Random(self._seed)
        for piece in open_pieces(path):
            if piece.path not in parts and len(parts) >= MOST_PARTS:
                break
            part = parts.setdefault(piece.path, _Part())
            if not isinstance(piece, Piece):
                if piece.fatal:
                    part.problem = piece.what
                else:
                    part.note = piece.what
                continue
            if piece.row != part.row or piece.row == 0:
                self._close(part, drawn)
                part.row = piece.row
            place = part.columns.get(piece.header)
            if place is None:
                if len(part.columns) >= MOST_COLUMNS:
                    continue
                place = part.columns[piece.header] = len(part.columns)
            part.current[place] = piece.text[:4000]
        for part in parts.values():
            self._close(part, drawn)
        return parts or {path.name: _Part(problem=None)}

    def _close(self, part: _Part, drawn: random.Random) -> None:
        """The row that ends goes into the reservoir, or not."""
        if not part.current:
            return
        part.seen += 1
        if len(part.rows) < self._size:
            part.rows.append(part.current)
        elif (place := drawn.randrange(part.seen)) < self._size:
            part.rows[place] = part.current
        part.current = {}


def _below(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return found[:MOST_FILES]
