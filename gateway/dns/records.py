"""Upstream answers: bytes of a stranger → records with every name written out.

Names are decompressed where RFC 1035 and RFC 3597 §4 allow compression, so that
records can be dropped or changed and set into another message. A pointer must
lead backwards, so no loop can be built. Only the answer and authority sections
are read. Raises MalformedError; nothing else escapes.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from gateway.dns.wire import FIXED, HEADER, MAX_NAME, PAIR, Type

MAX_RECORDS = 512  # per section; more is nobody's honest answer
MAX_TTL = 0x7FFFFFFF  # RFC 2181 §8: with the top bit set it means 0


class MalformedError(ValueError):
    """An upstream answer that breaks the wire format. The message says how."""


class Record(NamedTuple):
    """One resource record; `owner` in lower case, `rdata` without pointers."""

    owner: bytes
    type: int
    cls: int
    ttl: int
    rdata: bytes


class Reply(NamedTuple):
    """An upstream answer: header flags, the question as echoed, two sections."""

    id: int
    flags: int
    question: bytes
    answers: tuple[Record, ...]
    authority: tuple[Record, ...]

    @property
    def rcode(self) -> int:
        return self.flags & 15

    @property
    def truncated(self) -> bool:
        return bool(self.flags & 0x0200)


_LAYOUT = {  # bytes before the names, how many names; the rest is copied
    Type.NS: (0, 1),
    3: (0, 1),  # MD
    4: (0, 1),  # MF
    Type.CNAME: (0, 1),
    Type.SOA: (0, 2),
    7: (0, 1),  # MB
    8: (0, 1),  # MG
    9: (0, 1),  # MR
    Type.PTR: (0, 1),
    14: (0, 2),  # MINFO
    Type.MX: (2, 1),
    17: (0, 2),  # RP
    18: (2, 1),  # AFSDB
    21: (2, 1),  # RT
    26: (2, 2),  # PX
    Type.SRV: (6, 1),
    36: (2, 1),  # KX
    Type.DNAME: (0, 1),
}


def read_name(data: bytes, position: int) -> tuple[bytes, int]:
    """The name at `position`, decompressed, and where the next field begins."""
    parts: list[bytes] = []
    size, end, floor = 1, -1, position
    while True:
        if position >= len(data):
            raise MalformedError("a name runs past the end")
        length = data[position]
        if length == 0:
            parts.append(b"\0")
            return b"".join(parts), position + 1 if end < 0 else end
        if length >= 0xC0:
            if position + 1 >= len(data):
                raise MalformedError("a pointer runs past the end")
            if end < 0:
                end = position + 2
            position = (length & 0x3F) << 8 | data[position + 1]
            if position >= floor or position < 12:
                raise MalformedError("a compression pointer does not lead backwards")
            floor = position
            continue
        if length > 63:
            raise MalformedError("a label type that nobody defined")
        size += length + 1
        if size > MAX_NAME or position + 1 + length > len(data):
            raise MalformedError("a name is too long")
        parts.append(data[position : position + 1 + length])
        position += length + 1


def read(data: bytes) -> Reply:
    """The whole answer. Raises MalformedError."""
    try:
        ident, flags, questions, answers, authorities, _ = HEADER.unpack_from(data)
        if questions != 1:
            raise MalformedError("not one question")
        _, position = read_name(data, 12)
        question = data[12 : position + 4]
        if len(question) != position - 8:
            raise MalformedError("the question runs past the end")
        found, position = _section(data, position + 4, answers)
        below, _ = _section(data, position, authorities)
    except struct.error as error:
        raise MalformedError("a field runs past the end") from error
    return Reply(ident, flags, question, found, below)


def _section(data: bytes, position: int, count: int) -> tuple[tuple[Record, ...], int]:
    if count > MAX_RECORDS:
        raise MalformedError("too many records")
    found = []
    for _ in range(count):
        owner, position = read_name(data, position)
        kind, cls, ttl, length = FIXED.unpack_from(data, position)
        position += 10
        end = position + length
        if end > len(data):
            raise MalformedError("a record runs past the end")
        rdata = _rdata(data, position, end, kind)
        found.append(Record(owner.lower(), kind, cls, ttl if ttl <= MAX_TTL else 0, rdata))
        position = end
    return tuple(found), position


def _rdata(data: bytes, position: int, end: int, kind: int) -> bytes:
    layout = _LAYOUT.get(kind)
    if layout is None:
        return data[position:end]
    skip, names = layout
    parts = [data[position : position + skip]]
    position += skip
    for _ in range(names):
        name, position = read_name(data, position)
        parts.append(name)
    if position > end:
        raise MalformedError("a name leaves its record")
    parts.append(data[position:end])
    return b"".join(parts)


def render(records: tuple[Record, ...], key: bytes, base: int) -> tuple[bytes, tuple[int, ...]]:
    """Records → bytes that follow `base` bytes of section body, and where each TTL stands.

    An owner equal to the question's name (`key`) becomes a pointer to offset 12;
    nothing else is compressed. Offsets count from the start of the body.
    """
    parts: list[bytes] = []
    offsets: list[int] = []
    size = base
    for owner, kind, cls, ttl, rdata in records:
        name = b"\xc0\x0c" if owner == key else owner
        offsets.append(size + len(name) + 4)
        parts += (name, FIXED.pack(kind, cls, ttl, len(rdata)), rdata)
        size += len(name) + 10 + len(rdata)
    return b"".join(parts), tuple(offsets)


def question(key: bytes, qtype: int) -> bytes:
    """A question section of class IN."""
    return key + PAIR.pack(qtype, 1)
