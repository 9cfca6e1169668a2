"""A log of any size as whole records: by line, by quotes, by indent, by braces.

Each splitter takes lines with their places and gives records with the byte at which the next
one begins, so that reading can go on later exactly there. A record that is not yet whole at the
end is not given. One that grows beyond all measure is given as bad, with its lines. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from audit.lifecycle.logs.model import Record

LONGEST = 4 * 1024 * 1024  # bytes of one record
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+"')

type Line = tuple[int, bytes, int]  # number, bytes (empty: too long), end
type Split = Callable[[Iterator[Line]], Iterator[Record]]


def lines_of(stream: BinaryIO, line: int = 1, offset: int = 0) -> Iterator[Line]:
    """Whole lines from here on; what is too long comes as an empty one."""
    while data := stream.readline(LONGEST + 1):
        offset += len(data)
        if len(data) > LONGEST and not data.endswith(b"\n"):
            while data and not data.endswith(b"\n"):
                data = stream.readline(LONGEST)
                offset += len(data)
            yield line, b"", offset
        elif not data.endswith(b"\n"):
            return  # still being written
        else:
            yield line, data, offset
        line += 1


def text_of(data: bytes) -> str:
    """UTF-8, or else GB18030, or else with marks where it is neither."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


class _Held:
    """Lines of a record that is not whole yet."""

    __slots__ = ("end", "first", "parts", "size")

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.first = 0
        self.size = 0
        self.end = 0

    def add(self, line: Line) -> None:
        number, data, self.end = line
        if not self.parts:
            self.first = number
        self.parts.append(data)
        self.size += len(data)

    def record(self, bad: str = "") -> Record:
        made = Record(
            line=self.first,
            text="" if bad else text_of(b"".join(self.parts)).rstrip("\r\n"),
            end=self.end,
            lines=len(self.parts),
            bad=bad,
        )
        self.parts, self.size = [], 0
        return made


def by_line(lines: Iterator[Line]) -> Iterator[Record]:
    """One record a line; empty ones are passed over."""
    held = _Held()
    for line in lines:
        held.add(line)
        yield held.record("" if line[1] else "too long")


def by_quotes(lines: Iterator[Line]) -> Iterator[Record]:
    """CSV: a record ends with the line after which all quotes are closed."""
    held = _Held()
    quotes = 0
    for line in lines:
        held.add(line)
        if not line[1]:
            quotes = 0
            yield held.record("too long")
            continue
        quotes += line[1].count(b'"')
        if quotes % 2 == 0:
            quotes = 0
            yield held.record()
        elif held.size > LONGEST:
            quotes = 0
            yield held.record("a quote is never closed")


def by_indent(lines: Iterator[Line]) -> Iterator[Record]:
    """Lines that begin with a tab go on with the record before."""
    held = _Held()
    for line in lines:
        if held.parts and not line[1].startswith(b"\t"):
            yield held.record()
        held.add(line)
        if not line[1] or held.size > LONGEST:
            yield held.record("too long")
    if held.parts:
        yield held.record()


def by_braces(lines: Iterator[Line]) -> Iterator[Record]:
    """JSON objects of any layout, in an array or not; a line that opens anew ends a broken one."""
    held = _Held()
    depth = 0
    for line in lines:
        if depth > 0 and line[1].lstrip().startswith(b"{"):
            yield held.record("a brace is never closed")
            depth = 0
        held.add(line)
        bare = _STRINGS.sub(b"", line[1])
        depth += bare.count(b"{") - bare.count(b"}")
        if not line[1] or held.size > LONGEST or depth < 0:
            depth = 0
            yield held.record("a brace is never closed" if line[1] else "too long")
        elif depth == 0:
            yield held.record()
