"""Development corpora that are not ours: read from a folder of `*.jsonl.zst`, never shipped.

The shipped model takes from them what any purpose allows (encyclopedia, statutes); a
district that may use more trains with all of it. Rows are named by a digest of their text,
so that reports can point at a row without showing it. Splits are by key: the same words
always fall into the same part. This module is a door: it reads files.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import zstandard

from rules.load import DataError, Problem

PARTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One text of a corpus."""

    id: str  # digest of the text
    text: str
    label: str
    corpus: str  # harm, wiki, law, weibo, news
    hard: bool = False

    @property
    def part(self) -> int:
        """0 … 99, by the text alone."""
        return part(self.id)


def part(name: str) -> int:
    """The part of a hundred that a text of this digest falls into."""
    return int(name[:8], 16) % PARTS


def digest(text: str) -> str:
    """The name of a text: spaces and case do not matter."""
    return hashlib.sha256("".join(text.split()).casefold().encode()).hexdigest()[:16]


def read(folder: Path, name: str) -> tuple[Row, ...]:
    """The rows of `<folder>/<name>-dev.jsonl.zst`. Raises DataError where it is not there."""
    path = folder / f"{name}-dev.jsonl.zst"
    try:
        with path.open("rb") as file:
            stream = zstandard.ZstdDecompressor().stream_reader(file)
            return tuple(_rows(io.TextIOWrapper(stream, "utf-8"), name))
    except (OSError, zstandard.ZstdError, ValueError, KeyError) as error:
        problem = Problem(file=str(path), line=1, column=1, message=f"cannot be read: {error}")
        raise DataError([problem]) from error


def _rows(lines: Iterator[str] | io.TextIOWrapper, name: str) -> Iterator[Row]:
    for line in lines:
        value = json.loads(line)
        source = str(value.get("source", ""))
        corpus = {"weibo": "weibo", "peoples_daily": "news"}.get(source, name)
        yield Row(
            id=digest(value["text"]),
            text=value["text"],
            label=str(value["label"]),
            corpus=corpus,
            hard=bool(value.get("hard", False)),
        )
