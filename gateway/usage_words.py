"""What workers and the usage service say to each other: frames of MessagePack, checked.

worker → service: `marks` (boot, seq, marks), `reset`, `rename`. service → worker: `rows`
(with `whole` for the first of all), `ack`, `done`. Whatever does not read is a
WordError: the one who said it is hung up on. Pure: bytes in, values out.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import msgpack

from gateway.usage import Mark, Place, Row

LENGTH = struct.Struct(">I")
LARGEST = 16 * 1024 * 1024
ROWS_PER_FRAME = 5_000
LONGEST_NAME = 256
MOST_BYTES = 1 << 50


class WordError(ValueError):
    """Bytes that say nothing sensible."""


def pack(message: Mapping[str, Any]) -> bytes:
    """A frame."""
    payload: bytes = msgpack.packb(message)
    return LENGTH.pack(len(payload)) + payload


def unpack(payload: bytes) -> dict[str, Any]:
    """The message of a frame's payload. Raises WordError."""
    try:
        found = msgpack.unpackb(payload, strict_map_key=True)
    except Exception as error:  # foreign bytes: the library raises many kinds
        raise WordError(f"no message: {error}") from error
    if not isinstance(found, dict):
        raise WordError("a message is a map")
    return found


def marks_message(boot: str, seq: int, marks: Mapping[Place, Mark]) -> dict[str, Any]:
    told = [[*place, sorted(mark.minutes), mark.bytes, mark.told] for place, mark in marks.items()]
    return {"say": "marks", "boot": boot, "seq": seq, "marks": told}


def marks_of(message: Mapping[str, Any]) -> tuple[str, int, dict[Place, Mark]]:
    """(boot, seq, marks) of a `marks` message. Raises WordError."""
    boot, seq = _name(message.get("boot")), _count(message.get("seq"), 1 << 62)
    marks: dict[Place, Mark] = {}
    for item in _list(message.get("marks")):
        token, counter, day, minutes, size, told = _parts(item, 6)
        place = (_name(token), _name(counter), _day(day))
        mark = Mark({_count(minute, 1439) for minute in _list(minutes)}, _count(size, MOST_BYTES))
        mark.told = _truth(told)
        marks[place] = mark
    return boot, seq, marks


def rows_messages(
    rows: Iterable[tuple[Place, Row]], *, whole: bool = False
) -> list[dict[str, Any]]:
    """Rows in as many messages as it takes; the first of a whole says so."""
    told = [[*place, row.minutes, row.last, row.bytes, row.told] for place, row in rows]
    parts = [told[at : at + ROWS_PER_FRAME] for at in range(0, len(told), ROWS_PER_FRAME)]
    parts = parts or ([[]] if whole else [])
    return [
        {"say": "rows", "whole": whole and number == 0, "rows": part}
        for number, part in enumerate(parts)
    ]


def rows_of(message: Mapping[str, Any]) -> tuple[bool, list[tuple[Place, Row]]]:
    """(whole, rows) of a `rows` message. Raises WordError."""
    rows: list[tuple[Place, Row]] = []
    for item in _list(message.get("rows")):
        token, counter, day, minutes, last, size, told = _parts(item, 7)
        row = Row(
            _count(minutes, 1440), _count(last, 1439, -1), _count(size, 1 << 62), _truth(told)
        )
        rows.append(((_name(token), _name(counter), _day(day)), row))
    return _truth(message.get("whole")), rows


def names_of(message: Mapping[str, Any]) -> tuple[str, str]:
    """(token, counter) of a `reset` message, each possibly empty. Raises WordError."""
    return _name(message.get("token"), empty=True), _name(message.get("counter"), empty=True)


def pairs_of(message: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(old token, new token) of a `rename` message. Raises WordError."""
    found = [_parts(pair, 2) for pair in _list(message.get("pairs"))]
    return [(_name(old), _name(new)) for old, new in found]


def _name(value: object, *, empty: bool = False) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_NAME or not (value or empty):
        raise WordError("a name is wanted")
    return value


def _day(value: object) -> str:
    try:
        return date.fromisoformat(_name(value)).isoformat()
    except ValueError as error:
        raise WordError("a day is wanted") from error


def _count(value: object, most: int, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise WordError("a number is wanted")
    return value


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise WordError("true or false is wanted")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise WordError("a list is wanted")
    return value


def _parts(value: object, count: int) -> list[Any]:
    found = _list(value)
    if len(found) != count:
        raise WordError(f"{count} parts are wanted")
    return found
