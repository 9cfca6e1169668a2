"""ClientHello → Hello: what a TLS client says before anything is encrypted. Pure.

Bytes of strangers: bounded, total, and either a Hello, "not enough yet", or a
ValueError. Sources: RFC 8446 section 4.1.2, RFC 6066 section 3 (SNI), RFC 7301
(ALPN), RFC 9849 (ECH), GB/T 38636-2020 (TLCP: record version 1.1, bytes 01 01).
"""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_HELLO = 64 * 1024  # bytes; post-quantum hellos are about 2 KiB
SNI, ALPN, ECH = 0x0000, 0x0010, 0xFE0D


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What the ClientHello names. `sni` is as sent (ASCII), empty where absent.

    `message` is all of it without its header, for who wants to know which program this is.
    """

    sni: str = ""
    alpn: tuple[str, ...] = ()
    ech: bool = False
    message: bytes = field(default=b"", compare=False, repr=False)


def starts_tls(data: bytes) -> bool:
    """Could these be the first bytes of a TLS record (handshake, version 3.x)?

    Any x: servers ignore it in a first record (RFC 8446 section 5.1, legacy_record_version).
    """
    return data[:1] == b"\x16" and data[1:2] in (b"", b"\x03")


def starts_tlcp(data: bytes) -> bool:
    """Could these be the first bytes of a 国密 TLCP record (version 1.1)?"""
    return data[:3] == b"\x16\x01\x01"


def _handshake(data: bytes) -> bytes | None:
    """Join the handshake records; None while the ClientHello is not complete."""
    body = bytearray()
    at = 0
    while len(data) - at >= 5:
        if data[at] != 0x16 or data[at + 1] != 3:
            raise ValueError("not a TLS handshake record")
        size = int.from_bytes(data[at + 3 : at + 5])
        if size == 0 or size > 16_640:
            raise ValueError("a TLS record of a length the protocol forbids")
        body += data[at + 5 : at + 5 + size]
        at += 5 + size
        if len(body) >= 4:
            if body[0] != 1:
                raise ValueError("not a ClientHello")
            wanted = 4 + int.from_bytes(body[1:4])
            if wanted > MAX_HELLO:
                raise ValueError("the ClientHello is too large")
            if len(body) >= wanted:
                return bytes(body[4:wanted])
    if at > MAX_HELLO or len(data) > MAX_HELLO + 4096:
        raise ValueError("the ClientHello is too large")
    return None


class _Cursor:
    """Reads length-prefixed fields; running out is a ValueError."""

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        self.data = data
        self.at = at
        self.end = len(data) if end is None else end

    def take(self, size: int) -> int:
        """Skip `size` bytes and give the place where they began."""
        begin = self.at
        if size < 0 or begin + size > self.end:
            raise ValueError("a field of the ClientHello runs past its end")
        self.at = begin + size
        return begin

    def number(self, size: int) -> int:
        begin = self.take(size)
        return int.from_bytes(self.data[begin : begin + size])

    def block(self, size: int) -> bytes:
        length = self.number(size)
        begin = self.take(length)
        return self.data[begin : begin + length]


def parse(data: bytes) -> Hello | None:
    """The Hello in these bytes; None while more are needed. Raises ValueError."""
    body = _handshake(data)
    if body is None:
        return None
    cursor = _Cursor(body)
    cursor.take(2 + 32)  # legacy_version, random
    cursor.block(1)  # session id
    cursor.block(2)  # cipher suites
    cursor.block(1)  # compression methods
    if cursor.at == cursor.end:
        return Hello(message=body)
    extensions = _Cursor(cursor.block(2))
    sni, ech = "", False
    alpn: tuple[str, ...] = ()
    while extensions.at < extensions.end:
        kind = extensions.number(2)
        content = extensions.block(2)
        if kind == SNI:
            sni = _server_name(content)
        elif kind == ALPN:
            alpn = _protocols(content)
        elif kind == ECH:
            ech = True
    return Hello(sni=sni, alpn=alpn, ech=ech, message=body)


def _server_name(content: bytes) -> str:
    names = _Cursor(_Cursor(content).block(2))
    while names.at < names.end:
        kind = names.number(1)
        name = names.block(2)
        if kind == 0:
            return name.decode("ascii")  # UnicodeDecodeError is a ValueError
    return ""


def _protocols(content: bytes) -> tuple[str, ...]:
    names = _Cursor(_Cursor(content).block(2))
    found = []
    while names.at < names.end:
        found.append(names.block(1).decode("latin-1"))
    return tuple(found)
