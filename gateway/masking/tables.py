"""JSON, lines of JSON, CSV and plain text, masked through a Lens. Pure.

What is written is one reading of what came: keys stand once, numbers are numbers, no byte
order mark, UTF-8. Whatever can be read in two ways is refused, not guessed.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from gateway.masking.lens import Lens, Look, Spot

DEEPEST = 64
WIDEST = 1024  # columns


class Unmasked(StrEnum):
    """Why an answer cannot be masked, and so does not pass."""

    RANGE = "range"
    STREAM = "stream"
    WEBSOCKET = "websocket"
    TYPE = "type"
    NOT_NAMED = "not-named"  # the part names fields, and this form has none
    ENCODING = "encoding"
    BOMB = "bomb"
    CHARSET = "charset"
    BROKEN = "broken"  # not well-formed
    AMBIGUOUS = "ambiguous"  # could be read in two ways
    TOO_LARGE = "too-large"
    TOO_DEEP = "too-deep"
    SCRIPT = "script"  # personal data in a script, written so that it cannot be masked
    HEADER = "header"
    NO_PART = "no-part"
    PATH = "path"
    METHOD = "method"
    HOST = "host"
    STATUS = "status"


class UnmaskedError(Exception):
    """An answer that cannot be masked. Never with anything of it."""

    def __init__(self, why: Unmasked) -> None:
        super().__init__(why.value)
        self.why = why


def json_body(text: str, lens: Lens, look: Look, *, inside: bool) -> str:
    """A JSON document. Raises UnmaskedError."""
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_constant)
        masked = _walk(value, lens, lens.root, look, inside, DEEPEST)
        return json.dumps(masked, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except RecursionError:
        raise UnmaskedError(Unmasked.TOO_DEEP) from None
    except ValueError:
        raise UnmaskedError(Unmasked.BROKEN) from None


def json_lines(text: str, lens: Lens, look: Look, *, inside: bool) -> str:
    """One JSON document a line; empty lines stay. Raises UnmaskedError."""
    made = [
        json_body(line, lens, look, inside=inside) if line.strip() else ""
        for line in text.split("\n")
    ]
    return "\n".join(made)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise UnmaskedError(Unmasked.AMBIGUOUS)
    return made


def _constant(_: str) -> Any:
    raise UnmaskedError(Unmasked.BROKEN)


def _walk(value: Any, lens: Lens, spot: Spot, look: Look, inside: bool, left: int) -> Any:
    if left == 0:
        raise UnmaskedError(Unmasked.TOO_DEEP)
    if value.__class__ is list:
        return [_walk(one, lens, spot, look, inside, left - 1) for one in value]
    if value.__class__ is not dict:
        return lens.leaf(value, spot, look, inside=inside)
    made: dict[str, Any] = {}
    children, somebody = spot.children, False
    if lens.field:
        inside = _inside(value.get(lens.field), look, inside)
    for key, item in value.items():
        child = children.get(key) or lens.child(spot, key)
        name = child.key
        if name in made:
            name = _apart(name, made)
        somebody = somebody or child.personal
        kind = item.__class__
        if kind is dict or kind is list:
            made[name] = _walk(item, lens, child, look, inside, left - 1)
        else:
            made[name] = item if child.open else lens.leaf(item, child, look, inside=inside)
    look.subjects += somebody
    return made


def _apart(name: str, made: dict[str, Any]) -> str:
    """Another key for what would stand twice once keys are masked."""
    number = 2
    while f"{name}#{number}" in made:
        number += 1
    return f"{name}#{number}"


def _inside(value: Any, look: Look, above: bool) -> bool:
    """Whether a record is the person's own: its field says so, else the record around it."""
    if value is None:
        return above
    return value.__class__ in (str, int) and str(value) in look.own


def csv_body(text: str, lens: Lens, look: Look, *, inside: bool, tabs: bool = False) -> str:
    """A table with a head line. Raises UnmaskedError."""
    rows = _rows(text, tabs)
    first = next(rows, None)
    if first is None:
        return text
    out = io.StringIO()
    write = csv.writer(out, delimiter=_comma(text, tabs), lineterminator="\r\n").writerow
    headed = not any(_is_value(cell, lens) for cell in first) and len(set(first)) == len(first)
    spots = [lens.column(cell if headed else "") for cell in first]
    place = first.index(lens.field) if headed and lens.field in first else -1
    if headed:
        write([spot.key for spot in spots])
    else:
        write(_row(first, spots, lens, look, inside))
    somebody = any(spot.personal for spot in spots)
    for row in rows:
        mine = inside
        if 0 <= place < len(row):
            mine = _inside(row[place], look, inside)
        write(_row(row, spots, lens, look, mine))
        look.subjects += somebody
    return out.getvalue()


def _rows(text: str, tabs: bool) -> Iterator[list[str]]:
    try:
        for row in csv.reader(
            io.StringIO(text, newline=""), delimiter=_comma(text, tabs), strict=True
        ):
            if len(row) > WIDEST:
                raise UnmaskedError(Unmasked.TOO_LARGE)
            yield row
    except csv.Error:
        raise UnmaskedError(Unmasked.BROKEN) from None


def _comma(text: str, tabs: bool) -> str:
    if tabs:
        return "\t"
    head = text[: text.find("\n")] if "\n" in text else text
    return ";" if ";" in head and "," not in head else ","


def _is_value(cell: str, lens: Lens) -> bool:
    return bool(lens.hits(cell)) or cell.strip().isdigit()


def _row(row: list[str], spots: list[Spot], lens: Lens, look: Look, inside: bool) -> list[str]:
    """A row; cells beyond the head line are of a column that nothing is known of."""
    beyond = lens.column("") if len(row) > len(spots) else None
    return [
        lens.cell(cell, spots[at] if at < len(spots) else beyond or lens.root, look, inside=inside)
        for at, cell in enumerate(row)
    ]


def text_body(text: str, lens: Lens, look: Look, *, inside: bool) -> str:
    """Plain text: what is recognised in it. Raises UnmaskedError where fields are named."""
    if not lens.scan:
        raise UnmaskedError(Unmasked.NOT_NAMED)
    return lens.found(text, look, inside=inside)
