"""The recordings of this folder, read."""

from __future__ import annotations

import io
from pathlib import Path

from audit.importers.formats import read
from audit.importers.model import Imported, ImportedFinding

RECORDINGS = Path(__file__).parent / "recordings"


def recording(name: str) -> Imported:
    with (RECORDINGS / name).open("rb") as stream:
        return read(stream)


def of(data: bytes, format_: str = "auto") -> Imported:
    return read(io.BytesIO(data), format_)


def by_rule(imported: Imported) -> dict[str, ImportedFinding]:
    return {one.rule: one for one in imported.findings}
