"""The DNS wire format of an ordinary exchange, by hand: bytes → Query, Query → answer bytes.

A query with one question, no compression and at most an EDNS OPT record is read
here in a few microseconds (RFC 1035 §4.1, RFC 6891). Everything else is left to
`odd`, which asks a full parser. No socket, clock or policy comes in.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

HEADER = struct.Struct("!HHHHHH")
FIXED = struct.Struct("!HHIH")  # TYPE CLASS TTL RDLENGTH, after an owner name
PAIR = struct.Struct("!HH")

MAX_NAME = 255  # bytes of a name on the wire, RFC 1035 §2.3.4
UDP_PLAIN = 512  # bytes of an answer to a client without EDNS, RFC 1035 §4.2.1
UDP_EDNS = 1232  # bytes we offer and send: no IPv6 fragment (DNS flag day 2020)
TCP_LIMIT = 65535

_SAFE = b"abcdefghijklmnopqrstuvwxyz0123456789-_."
_FLAGS_KEPT = 0x0110  # RD and CD go back as they came
_FLAGS_OURS = 0x8080  # QR, RA
_TC = 0x0200


class Type(IntEnum):
    """The RR types this filter treats in a way of their own."""

    A = 1
    NS = 2
    CNAME = 5
    SOA = 6
    PTR = 12
    HINFO = 13
    MX = 15
    AAAA = 28
    SRV = 33
    DNAME = 39
    OPT = 41
    RRSIG = 46
    SVCB = 64
    HTTPS = 65
    ANY = 255


class Rcode(IntEnum):
    """RFC 1035 §4.1.1, RFC 8945 and RFC 6891; BADVERS needs EDNS."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    NOTAUTH = 9
    BADVERS = 16


class Ede(IntEnum):
    """Extended DNS Errors (RFC 8914 §4) that we give."""

    BLOCKED = 15  # the operator's own duty: harmful content, malware
    FILTERED = 17  # what the school asked to be filtered
    UNREACHABLE = 22  # no upstream answers


class Query(NamedTuple):
    """One question. A NamedTuple, because one is made for every datagram.

    `question` is the section as sent (0x20 case kept), `key` its name in lower
    case on the wire, `name` the same as text without the trailing dot (odd bytes
    as \\DDD). `payload` is the client's EDNS size, 0 without EDNS.
    """

    id: int
    flags: int
    question: bytes
    key: bytes
    name: str
    qtype: int
    payload: int = 0
    do: bool = False
    version: int = 0

    @property
    def cd(self) -> bool:
        """Checking Disabled, which goes upstream with the question."""
        return bool(self.flags & 0x0010)


def text_of(wire: bytes) -> str:
    """A lower-case name on the wire (no compression) → text; the root is ''."""
    if not wire or wire[0] == 0:
        return ""
    letters = bytearray(wire[1:-1])
    position, dots = wire[0] + 1, 0
    while wire[position]:
        letters[position - 1] = 46
        dots += 1
        position += wire[position] + 1
    if letters.count(46) == dots and not letters.translate(None, _SAFE):
        return letters.decode("ascii")
    return ".".join(_escaped(label) for label in _labels(wire))


def _labels(wire: bytes) -> list[bytes]:
    found, position = [], 0
    while wire[position]:
        found.append(wire[position + 1 : position + 1 + wire[position]])
        position += wire[position] + 1
    return found


def _escaped(label: bytes) -> str:
    """RFC 1035 §5.1: a dot or a foreign byte inside a label can never pass for a name."""
    return "".join(chr(b) if b != 46 and b in _SAFE else f"\\{b:03d}" for b in label)


def wire_of(name: str) -> bytes:
    """Plain ASCII text → a name on the wire. Raises ValueError if it is none."""
    labels = [label.encode("ascii") for label in name.rstrip(".").split(".")] if name else []
    if any(not 0 < len(label) < 64 for label in labels):
        raise ValueError(f"`{name}` is not a DNS name")
    wire = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    if len(wire) > MAX_NAME:
        raise ValueError(f"`{name}` is longer than {MAX_NAME} bytes on the wire")
    return wire


def parse(data: bytes) -> Query | None:
    """An ordinary query, or None where only the full parser can tell what it is."""
    try:
        ident, flags, questions, answers, authorities, extra = HEADER.unpack_from(data)
        if flags & 0xFE40 or questions != 1 or answers or authorities or extra > 1:
            return None  # QR, opcode, AA, TC, Z: none of them in a plain question
        position = 12
        while length := data[position]:
            if length > 63:
                return None
            position += length + 1
        position += 1
        qtype, qclass = PAIR.unpack_from(data, position)
    except (struct.error, IndexError):
        return None
    if qclass != 1 or position > 12 + MAX_NAME or (qtype > 248 and qtype < 255) or qtype == 41:
        return None
    key = data[12:position].lower()
    question = data[12 : position + 4]
    position += 4
    if not extra:
        if position != len(data):
            return None
        return Query(ident, flags, question, key, text_of(key), qtype)
    if data[position : position + 3] != b"\0\0\x29" or len(data) < position + 11:
        return None
    payload, ttl, length = struct.unpack_from("!HIH", data, position + 3)
    if position + 11 + length != len(data) or not _options_hold(data, position + 11):
        return None
    return Query(
        ident,
        flags,
        question,
        key,
        text_of(key),
        qtype,
        max(payload, UDP_PLAIN),
        bool(ttl & 0x8000),
        ttl >> 16 & 0xFF,
    )


def _options_hold(data: bytes, position: int) -> bool:
    """Do the EDNS options fill the record exactly (RFC 6891 §6.1.2)?"""
    end = len(data)
    while position + 4 <= end:
        position += 4 + (data[position + 2] << 8 | data[position + 3])
    return position == end


def limit(query: Query, *, tcp: bool) -> int:
    """How many bytes the answer may have."""
    if tcp:
        return TCP_LIMIT
    return min(query.payload, UDP_EDNS) if query.payload else UDP_PLAIN


def opt(query: Query, rcode: int, options: bytes = b"") -> bytes:
    """The OPT record of an answer, or nothing where the client sent none."""
    if not query.payload:
        return b""
    ttl = (rcode >> 4) << 24 | (0x8000 if query.do else 0)
    return b"\0" + FIXED.pack(Type.OPT, UDP_EDNS, ttl, len(options)) + options


def extended_error(code: int, text: str) -> bytes:
    """The EDNS option of RFC 8914; `text` is cut to 160 bytes at a character."""
    extra = text.encode("utf-8", "replace")[:160].decode("utf-8", "ignore").encode()
    return struct.pack("!HHH", 15, len(extra) + 2, code) + extra


def message(
    query: Query,
    *,
    room: int,
    rcode: int = Rcode.NOERROR,
    answers: int = 0,
    authorities: int = 0,
    body: bytes = b"",
    options: bytes = b"",
) -> bytes:
    """A whole answer of at most `room` bytes; too long a one says TC and has no records.

    `body` is the answer and authority sections, rendered with the question at
    offset 12. Options are left out before anything is truncated.
    """
    flags = _FLAGS_OURS | (query.flags & _FLAGS_KEPT) | (rcode & 15)
    tail = opt(query, rcode, options)
    extra = 1 if tail else 0
    size = 12 + len(query.question) + len(body)
    if options and size + len(tail) > room:
        tail = opt(query, rcode)
    if size + len(tail) > room:
        return HEADER.pack(query.id, flags | _TC, 1, 0, 0, extra) + query.question + tail
    head = HEADER.pack(query.id, flags, 1, answers, authorities, extra)
    return head + query.question + body + tail


def truncated(query: Query) -> bytes:
    """Nothing but TC=1: 'come back over TCP'."""
    flags = _FLAGS_OURS | (query.flags & _FLAGS_KEPT) | _TC
    tail = opt(query, 0)
    return HEADER.pack(query.id, flags, 1, 0, 0, 1 if tail else 0) + query.question + tail


def bare(data: bytes, rcode: int) -> bytes:
    """The answer to bytes that have no usable question: header only, opcode kept."""
    ident, flags = PAIR.unpack_from(data)
    return HEADER.pack(ident, 0x8000 | flags & 0x7900 | rcode & 15, 0, 0, 0, 0)
