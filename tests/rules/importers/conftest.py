"""Runs one importer over bytes and gives back what it handed over."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from rules.importers.rows import Flag, Rows
from rules.importers.streams import Lines


@dataclass
class Caught:
    """The rows of an import as (key, word), words as readable text."""

    rows: Rows
    found: list[tuple[str, str]] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.found]

    @property
    def bad(self) -> list[tuple[int, str]]:
        return [(one.line, one.reason) for one in self.rows.tally.samples]


def catcher(scope: Flag = Flag.NONE, unmapped: frozenset[str] = frozenset()) -> Caught:
    """Rows whose words are written out: `games`, `!games` (exception), `=`, `<` (below)."""
    words: list[str] = []

    def word(names: tuple[str, ...], flag: Flag) -> int:
        known = [name for name in names if name not in unmapped]
        if (names and not known) or (not names and "" in unmapped):
            return -1
        mark = "!" * bool(flag & Flag.NOT) + "=" * bool(flag & Flag.SELF)
        words.append(mark + "<" * bool(flag & Flag.BELOW) + (" ".join(known) or "default"))
        return len(words) - 1

    def drain(keys: list[bytes], marks: list[int]) -> None:
        caught.found += [(key.decode(), words[mark]) for key, mark in zip(keys, marks, strict=True)]

    refused = frozenset((b"com.cn", b"co.uk"))
    caught = Caught(Rows(word, drain, scope=scope, refused=refused.__contains__))
    return caught


@pytest.fixture
def catch() -> Callable[..., Caught]:
    return catcher


@pytest.fixture
def run() -> Callable[..., Caught]:
    def imported(importer: Callable[..., None], body: bytes | str, **options: object) -> Caught:
        caught = catcher(**{k: options.pop(k) for k in ("scope", "unmapped") if k in options})  # type: ignore[arg-type]
        raw = body.encode() if isinstance(body, str) else body
        importer(Lines("list", io.BytesIO(raw)), caught.rows, **options)
        return caught

    return imported
