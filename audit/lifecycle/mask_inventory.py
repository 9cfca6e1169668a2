"""What an inventory says of the columns that a masking job meets. Pure.

A column that the inventory does not list is unknown, however harmless it looks: it is redacted,
never passed. The same holds for a text with personal data inside it, and for a column of which
header and values, or two schemas, say different things that are no direct identifier.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from audit.lifecycle import inventory
from audit.lifecycle.model import Judged, Table
from policies.masks_model import DIRECT
from rules.load import DataError, Problem
from rules.recognise.personal.kinds import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """`table.column` → kind; `whole`: what is not in `columns` is not to be trusted."""

    columns: dict[str, Kind | None] = field(default_factory=dict)
    plain: frozenset[str] = frozenset()  # looked at, and nothing personal was found
    whole: bool = False

    def unknown(self, place: str) -> bool:
        """Whether nobody may judge this column by a look at it."""
        if not self.whole:
            return False
        return self.columns.get(place) is None and place not in self.plain


def read(text: str, file: str, schema: str = "") -> Known:
    """`{"table.column": "kind"}`, or what `data discover --json` writes. Raises DataError."""
    try:
        found = json.loads(text)
        if not isinstance(found, dict):
            raise ValueError
        if "qinglang" not in found:
            return Known(columns={str(place): Kind(kind) for place, kind in found.items()})
    except (ValueError, TypeError, RecursionError):
        raise DataError(
            [Problem(file=file, line=1, column=1, message="不是清单 not an inventory",
                     remedy='qinglang data discover … --json, or {"table.column": "kind"}')]
        ) from None  # fmt: skip
    return _of(inventory.read(text, file).tables, schema)


def _of(tables: Iterable[Table], schema: str) -> Known:
    kinds: dict[str, Kind | None] = {}
    plain: set[str] = set()
    for table in tables:
        if schema and table.schema not in ("", schema):
            continue
        for one in table.columns:
            place = f"{named(table.name)}.{one.at.column}"
            kind = _sure(one)
            if place in kinds and kinds[place] is not kind:
                kind = None
                plain.discard(place)
            elif place not in kinds and one.kind is None and not one.mixed and not one.conflict:
                plain.add(place)
            kinds[place] = kind
    return Known(columns=kinds, plain=frozenset(plain), whole=True)


def named(table: str) -> str:
    """An inventory's name of a file's part, as a masking job calls it: sheet, or file's stem."""
    last = table.rpartition("#")[2] if "#" in table else table
    stem, dot, suffix = last.rpartition(".")
    return stem if dot and stem and "#" not in table and suffix.isalnum() else last


def _sure(one: Judged) -> Kind | None:
    if one.mixed or (one.conflict and one.kind not in DIRECT):
        return None
    return one.kind
