"""The BER that LDAP may use (RFC 4511 §5.1): definite lengths, primitive strings. Pure.

Bytes from a directory are foreign bytes: every length is checked before it is believed,
nothing is read twice, and nesting is walked by the caller, who knows how deep it goes.
"""

from __future__ import annotations

from collections.abc import Iterator

SEQUENCE, INTEGER, OCTETS, ENUMERATED, BOOLEAN, SET = 0x30, 0x02, 0x04, 0x0A, 0x01, 0x31
HEAD = 6  # bytes of the longest head that is taken: a tag and a length of five
LARGEST = 1024 * 1024  # bytes of one message


class BerError(ValueError):
    """Bytes that are no BER of the kind LDAP may use."""


def tlv(tag: int, *parts: bytes) -> bytes:
    """One element."""
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + body


def number(value: int, tag: int = INTEGER) -> bytes:
    """A whole number from 0 on."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1))


def text(value: str | bytes, tag: int = OCTETS) -> bytes:
    return tlv(tag, value.encode() if isinstance(value, str) else value)


def frame(data: bytes | bytearray) -> int:
    """How many bytes the first element has; 0 where more are needed to say. Raises BerError."""
    if not data:
        return 0
    if data[0] != SEQUENCE:
        raise BerError("not a sequence")
    found = _head(data, 0, len(data))
    if found is None:
        return 0
    start, size = found
    if start + size > LARGEST:
        raise BerError(f"a message of {size} bytes")
    return start + size


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements that stand side by side in `data`: (tag, content). Raises BerError."""
    at = 0
    while at < len(data):
        tag = data[at]
        if tag & 0x1F == 0x1F:
            raise BerError("a tag of several bytes")
        found = _head(data, at, len(data))
        if found is None:
            raise BerError("cut off")
        start, size = found
        if start + size > len(data):
            raise BerError("longer than what it stands in")
        yield tag, data[start : start + size]
        at = start + size


def integer(content: bytes) -> int:
    """The value of an INTEGER or ENUMERATED. Raises BerError."""
    if not 0 < len(content) <= 4:
        raise BerError("a number of no or too many bytes")
    return int.from_bytes(content, signed=True)


def _head(data: bytes | bytearray, at: int, end: int) -> tuple[int, int] | None:
    """(where the content begins, its size) of the element at `at`; None where it is cut off."""
    if at + 2 > end:
        return None
    first = data[at + 1]
    if first < 0x80:
        return at + 2, first
    count = first & 0x7F
    if not 0 < count <= HEAD - 2:
        raise BerError("a length without end, or too long")
    if at + 2 + count > end:
        return None
    return at + 2 + count, int.from_bytes(data[at + 2 : at + 2 + count])
