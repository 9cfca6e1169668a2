"""JSON and JSON lines: every value under its path (`$.rows[].phone`) and its key.

A list at the top is read element by element, so a file of any size needs the memory of its
largest element. Depth is bounded; numbers stay as they are written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from rules.model import Text
from rules.readers.model import Bounds, Piece, Unread
from rules.readers.texts import codec, lines

DEPTH = 60
BROKEN = Text(zh="不是完整的 JSON", en="no whole JSON")
LARGE = Text(zh="单个 JSON 值过大，未读取", en="one JSON value is too large, not read")
DEEP = Text(zh="嵌套过深，内层未读取", en="nested too deeply, the inside was not read")
_CHUNK = 1024 * 1024
_SPACE = re.compile(r"[ \t\r\n,]*")
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


def jsonl_pieces(path: str, stream: BinaryIO, bounds: Bounds) -> Iterator[Piece | Unread]:
    """One document a line."""
    for number, line in enumerate(lines(stream, bounds.whole), 1):
        if not line.strip():
            continue
        try:
            value = _DECODER.decode(line)
        except (ValueError, RecursionError):
            yield Unread(path=path, what=BROKEN, row=number)
            continue
        yield from walk(path, value, number, bounds)


def json_pieces(path: str, stream: BinaryIO, bounds: Bounds) -> Iterator[Piece | Unread]:
    """One document, a list of them, or several behind one another."""
    reader = _chunks(stream)
    held = next(reader, "").removeprefix("\ufeff")
    at = _space(held, 0)
    listed = held[at : at + 1] == "["
    place, number = at + listed, 0
    while True:
        place = _space(held, place)
        if place >= len(held) or (listed and held[place] == "]"):
            more = next(reader, None) if place >= len(held) else None
            if more is None:
                if listed and place >= len(held):
                    yield Unread(path=path, what=BROKEN, row=number + 1)
                return
            held, place = more, 0
            continue
        try:
            value, end = _DECODER.raw_decode(held, place)
        except RecursionError:
            yield Unread(path=path, what=DEEP, row=number + 1)
            return
        except ValueError:
            end = len(held)
        if end >= len(held) - 1:  # perhaps cut by the end of the chunk
            more = next(reader, None)
            if more is not None:
                if len(held) - place > bounds.whole:
                    yield Unread(path=path, what=LARGE, row=number + 1)
                    return
                held, place = held[place:] + more, 0
                continue
            try:
                value, end = _DECODER.raw_decode(held, place)
            except (ValueError, RecursionError):
                yield Unread(path=path, what=BROKEN, row=number + 1)
                return
        number += 1
        yield from walk(path, value, number, bounds)
        held, place = (held[end:], 0) if end > _CHUNK else (held, end)


def _space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _chunks(stream: BinaryIO) -> Iterator[str]:
    import codecs

    decoder = codecs.getincrementaldecoder(codec(stream))("replace")
    while data := stream.read(_CHUNK):
        if text := decoder.decode(data):
            yield text


def walk(path: str, value: Any, row: int, bounds: Bounds) -> Iterator[Piece | Unread]:
    """Every scalar of a document; the key is the header."""
    todo: list[tuple[str, str, Any, int]] = [("$", "", value, 0)]
    deep = False
    while todo:
        where, key, one, depth = todo.pop()
        if depth > DEPTH:
            if not deep:
                yield Unread(path=path, what=DEEP, row=row, fatal=False)
            deep = True
        elif isinstance(one, dict):
            todo += [
                (f"{where}.{name}"[:500], name, inner, depth + 1)
                for name, inner in reversed(one.items())
            ]
        elif isinstance(one, list):
            todo += [(f"{where}[]"[:500], key, inner, depth + 1) for inner in reversed(one)]
        elif one is not None and one != "" and not isinstance(one, bool):
            place = f"{path}#{where.rpartition('.')[0] or '$'}"
            yield Piece(place, key, str(one)[: bounds.cell], row)
