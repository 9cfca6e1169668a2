"""Parts of a long text that are read apart: blocks that cut nothing, and what is near places.

A part ends with its line where it can; a line without end is cut behind punctuation that no
value and no label reaches across, and only where there is none of it anywhere else. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

REACH = 400  # characters to each side of a place that are read, within its line
BLOCK = 2000  # characters of a block at most, where a line or a clause ends in time
_END = "\n"
_CLAUSE = re.compile(r"[。；;！!？?，,、|](?![0-9])")
_BETWEEN = re.compile(r"[^0-9A-Za-z@._%+:()/ \-](?![0-9A-Za-z@._%+:()/ \-])")
Window = tuple[int, int, int]
"""Start, end, and a bit for every family that can be there."""


def blocks(text: str) -> Iterator[tuple[int, int]]:
    """The whole text in parts of about BLOCK characters; ordered, without gaps."""
    start, size = 0, len(text)
    while start < size:
        stop = start + BLOCK
        if stop >= size:
            yield start, size
            return
        line = text.rfind(_END, start, stop)
        end = line + 1 if line > start else _cut(text, start, stop)
        yield start, end
        start = end


def _cut(text: str, start: int, stop: int) -> int:
    """Where a part of a long line ends: a line's end soon after, a clause's, or between two
    characters that no number or address of mail has."""
    line = text.find(_END, stop, stop + BLOCK // 2)
    if line >= 0:
        return line + 1
    for shape, low in ((_CLAUSE, start + BLOCK // 2), (_BETWEEN, stop - BLOCK // 4)):
        last = -1
        for found in shape.finditer(text, low, stop):
            last = found.end()
        if last > 0:
            return last
    return stop


def around(text: str, places: Iterable[tuple[int, int]]) -> Iterator[Window]:
    """The lines, or parts of long lines, around places with their bits; in order, none over
    another. Lines that follow one another are one part."""
    low = high = -1
    mask = 0
    whole = False  # the part ends with its line
    for place, bit in places:
        if place < high and (whole or place + REACH // 2 <= high):
            mask |= bit
            continue
        line = text.rfind(_END, max(0, place - REACH), place)
        begin = line + 1 if line >= 0 else max(0, place - REACH)
        line = text.find(_END, place, place + REACH)
        end = line if line >= 0 else min(len(text), place + REACH)
        whole = line >= 0
        if low >= 0 and begin <= high + 1:
            high = max(high, end)
            mask |= bit
            continue
        if low >= 0:
            yield low, high, mask
        low, high, mask = begin, end, bit
    if low >= 0:
        yield low, high, mask
