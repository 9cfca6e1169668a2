"""A ClientHello to ask with, and what a server answers to it, taken apart. Pure.

We never finish these handshakes: a hello goes out that offers one version and a set of suites,
and the server's pick (or its refusal) is the fact. What comes back is foreign: `answer` is total
over every byte string, and what does not parse is `garbage`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from audit.probes.handshake.suites import name

VERSIONS = {
    "tlcp": 0x0101,
    "ssl3": 0x0300,
    "tls1_0": 0x0301,
    "tls1_1": 0x0302,
    "tls1_2": 0x0303,
    "tls1_3": 0x0304,
}
MAX_ANSWER = 65536
MAX_CHAIN = 10
_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
_GROUPS = (0x001D, 0x0017, 0x0018, 0x0019, 0x0029, 0x0100, 0x0101)  # x25519, P-256 …, curveSM2
_SIGNATURES = (
    0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201,
    0x0708, 0x0807,
)  # fmt: skip
_SHARE = bytes(range(9, 41))  # any 32 bytes are a point of x25519; the handshake goes no further


class Said(StrEnum):
    """What came back."""

    HELLO = "hello"
    REFUSED = "refused"  # an alert, or a close before anything was said
    GARBAGE = "garbage"  # something that is no TLS


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The server's hello and, up to TLS 1.2, what it says in the clear after it."""

    said: Said
    version: int = 0
    suite: int = 0
    compression: bool = False
    renegotiation: bool = False  # the secure renegotiation extension
    stapled: bool = False
    certificates: tuple[bytes, ...] = ()
    dh_bits: int = 0
    alert: int = -1


def _block(data: bytes, size: int) -> bytes:
    return len(data).to_bytes(size, "big") + data


def _extension(number: int, body: bytes) -> bytes:
    return struct.pack("!H", number) + _block(body, 2)


def _words(values: Iterable[int]) -> bytes:
    return b"".join(struct.pack("!H", one) for one in values)


def hello(version: int, suites: Iterable[int], random: bytes, server: str = "") -> bytes:
    """The bytes of one ClientHello in its record. `random` is 32 bytes."""
    old = version <= VERSIONS["ssl3"]
    spoken = min(version, VERSIONS["tls1_2"])
    body = struct.pack("!H", spoken) + random[:32].ljust(32, b"\0")
    body += _block(b"\1" * 32 if version == VERSIONS["tls1_3"] else b"", 1)
    body += _block(_words([*suites, 0x00FF]), 2) + _block(b"\0\1" if old else b"\0", 1)
    if not old:
        body += _block(_extensions(version, server), 2)
    message = b"\1" + _block(body, 3)
    record = spoken if old else VERSIONS["tls1_0"]
    return b"\x16" + struct.pack("!H", record) + _block(message, 2)


def _extensions(version: int, server: str) -> bytes:
    found = b""
    if server:
        found += _extension(0, _block(b"\0" + _block(server.encode("ascii", "ignore"), 2), 2))
    found += _extension(5, b"\1\0\0\0\0")  # a stapled OCSP answer, please
    found += _extension(10, _block(_words(_GROUPS), 2)) + _extension(11, b"\1\0")
    found += _extension(13, _block(_words(_SIGNATURES), 2))
    if version == VERSIONS["tls1_3"]:
        found += _extension(43, b"\2\3\4") + _extension(45, b"\1\1")
        found += _extension(51, _block(b"\0\x1d" + _block(_SHARE, 2), 2))
    return found


def answer(data: bytes) -> Answer:
    """What a server said to a hello. Total."""
    try:
        return _answer(data[:MAX_ANSWER])
    except (IndexError, ValueError, struct.error):
        return Answer(said=Said.GARBAGE)


def complete(data: bytes) -> bool:
    """Whether nothing more need be read: an alert, a closed hello of 1.3, or ServerHelloDone."""
    if len(data) >= MAX_ANSWER or (data and data[0] not in (0x15, 0x16)):
        return True
    said, alert = _messages(data)
    if alert >= 0:
        return True
    kinds = [kind for kind, _ in said]
    return 14 in kinds or (kinds[:1] == [2] and _real_version(said[0][1]) == VERSIONS["tls1_3"])


def _real_version(body: bytes) -> int:
    try:
        return _server_hello(body).version
    except (IndexError, ValueError, struct.error):
        return 0


def _messages(data: bytes) -> tuple[list[tuple[int, bytes]], int]:
    """Handshake messages in the clear, and the first alert (or -1)."""
    stream, alert, at = b"", -1, 0
    while at + 5 <= len(data):
        kind, size = data[at], int.from_bytes(data[at + 3 : at + 5], "big")
        body = data[at + 5 : at + 5 + size]
        if kind == 0x16:
            stream += body
        elif kind == 0x15 and len(body) >= 2:
            alert = body[1]
            break
        else:
            break
        at += 5 + size
    found, at = [], 0
    while at + 4 <= len(stream):
        size = int.from_bytes(stream[at + 1 : at + 4], "big")
        if at + 4 + size > len(stream):
            break
        found.append((stream[at], stream[at + 4 : at + 4 + size]))
        at += 4 + size
    return found, alert


def _answer(data: bytes) -> Answer:
    if not data:
        return Answer(said=Said.REFUSED)
    if data[0] not in (0x15, 0x16) or (len(data) > 1 and data[1] not in (1, 3)):
        return Answer(said=Said.GARBAGE)
    said, alert = _messages(data)
    if not said or said[0][0] != 2:
        return Answer(said=Said.REFUSED if alert >= 0 else Said.GARBAGE, alert=alert)
    start = _server_hello(said[0][1])
    chain: tuple[bytes, ...] = ()
    stapled, bits = False, 0
    for kind, body in said[1:]:
        if kind == 11:
            chain = _chain(body)
        elif kind == 22:
            stapled = len(body) > 4
        elif kind == 12 and "_DHE_" in name(start.suite):
            bits = _dh_bits(body)
    return Answer(
        said=Said.HELLO,
        version=start.version,
        suite=start.suite,
        compression=start.compression,
        renegotiation=start.renegotiation,
        stapled=stapled,
        certificates=chain,
        dh_bits=bits,
    )


def _server_hello(body: bytes) -> Answer:
    version = int.from_bytes(body[:2], "big")
    if version >> 8 not in (1, 3) or len(body) < 38:
        raise ValueError("no ServerHello")
    at = 35 + body[34]
    suite, compression = int.from_bytes(body[at : at + 2], "big"), body[at + 2]
    extensions = _listed(body[at + 5 :])
    if 43 in extensions and len(extensions[43]) == 2:
        version = int.from_bytes(extensions[43], "big")
    elif body[2:34] == _RETRY:
        version = VERSIONS["tls1_3"]
    return Answer(
        said=Said.HELLO,
        version=version,
        suite=suite,
        compression=compression != 0,
        renegotiation=0xFF01 in extensions,
    )


def _listed(data: bytes) -> dict[int, bytes]:
    found, at = {}, 0
    while at + 4 <= len(data):
        number, size = struct.unpack("!HH", data[at : at + 4])
        found[number] = data[at + 4 : at + 4 + size]
        at += 4 + size
    return found


def _chain(body: bytes) -> tuple[bytes, ...]:
    found: list[bytes] = []
    at = 3
    while at + 3 <= len(body) and len(found) < MAX_CHAIN:
        size = int.from_bytes(body[at : at + 3], "big")
        one = body[at + 3 : at + 3 + size]
        if len(one) < size or not one:
            break
        found.append(one)
        at += 3 + size
    return tuple(found)


def _dh_bits(body: bytes) -> int:
    """The size of the group in a ServerKeyExchange of a DHE suite."""
    size = int.from_bytes(body[:2], "big")
    prime = body[2 : 2 + size]
    return int.from_bytes(prime, "big").bit_length() if len(prime) == size else 0
