"""The door to what discovery and grading know: lexicon of headers, grades, and their digest.

A digest over the data files tells an inventory made with other knowledge from this one's.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from audit.lifecycle.columns import Judge
from rules.load import load
from rules.personal_files import PERSONAL, load_finder
from rules.recognise.personal.headers import HeaderFile, Headers


@cache
def load_headers(folder: Path = PERSONAL) -> Headers:
    """The lexicon of headers. Raises DataError."""
    return Headers(load(HeaderFile, folder / "headers.yaml"))


def load_judge(roster: Path | None = None) -> Judge:
    """A Judge of the shipped knowledge."""
    return Judge(load_finder(roster), load_headers())


def digest(folder: Path = PERSONAL) -> str:
    """Twelve hex digits over the data files that judging rests on."""
    total = hashlib.sha256()
    for path in sorted(folder.glob("*.yaml")):
        total.update(path.name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:12]
