"""Until when a database's maker mends its version: a dated list beside this file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from rules.load import load
from rules.model import Status

FILE = Path(__file__).parent / "support.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """Last days of support, by product and version."""

    id: str
    status: Status
    versions: Mapping[str, Mapping[str, str]]


@cache
def support() -> Support:
    return load(Support, FILE)


def described(product: str, said: str, listed: Support | None = None) -> dict[str, Any]:
    """A version as facts: its number, its line, and the last day of support (Unix seconds).

    `supported_until` is absent where the list does not know the line: then nobody has looked.
    """
    found = re.search(r"\d+(?:\.\d+){0,4}", said[:400])
    if not found:
        return {"text": said[:200]}
    number = found[0]
    lines = (listed or support()).versions.get(product, {})
    pieces = number.split(".")
    made: dict[str, Any] = {"text": said[:200], "number": number}
    for count in (2, 1):
        line = ".".join(pieces[:count])
        if line in lines:
            day = datetime.strptime(lines[line], "%Y-%m-%d").replace(tzinfo=UTC)
            made["line"] = line
            made["supported_until"] = int(day.timestamp()) + 86399
            break
    return made
