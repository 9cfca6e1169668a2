"""Inventory ↔ JSON: one document with a version, without a value of anybody. Pure.

What reads it back is the loader of all data files, so an error says line and column, and a
document of another version is refused, not guessed at.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from audit.lifecycle.model import Inventory
from rules.load import DataError, Problem, loads

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The file: what it is, its version, and the inventory."""

    qinglang: str
    version: int
    inventory: Inventory


def plain(value: Any) -> Any:
    """A noun of the lifecycle as JSON values, without fields that say nothing."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            one.name: plain(found)
            for one in dataclasses.fields(value)
            if (found := getattr(value, one.name)) != one.default
        }
    if isinstance(value, (tuple, list)):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    return value


def dumps(inventory: Inventory) -> str:
    """The document."""
    whole = {"qinglang": "inventory", "version": VERSION, "inventory": plain(inventory)}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def read(text: str, file: str) -> Inventory:
    """An inventory of a document. Raises DataError."""
    document = loads(Document, text, file)
    if document.qinglang != "inventory" or document.version != VERSION:
        raise DataError(
            [Problem(file=file, line=1, column=1,
                     message=f"不是版本 {VERSION} 的数据资产清单 no inventory of version {VERSION}",
                     remedy="make it again: qinglang data discover … --json")]
        )  # fmt: skip
    return document.inventory
