"""The PROXY protocol's header, versions 1 and 2: who the client behind a balancer is.

Source: HAProxy's proxy-protocol.txt, sections 2.1 and 2.2. Bytes are only
believed on listeners that expect the header. `parse` is pure; `read` is the door.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
V1_LIMIT = 107  # bytes, section 2.1
SECONDS = 5.0  # a balancer sends its header at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxied:
    """Source and destination as the balancer saw them; None for its own health checks."""

    source: tuple[str, int] | None
    destination: tuple[str, int] | None


LOCAL = Proxied(source=None, destination=None)


def parse_v1(line: bytes) -> Proxied:
    """One text line without its CRLF. Raises ValueError."""
    words = line.decode("ascii").split(" ")
    if words[:2] == ["PROXY", "UNKNOWN"]:
        return LOCAL
    if len(words) != 6 or words[0] != "PROXY" or words[1] not in ("TCP4", "TCP6"):
        raise ValueError("not a PROXY v1 line")
    family = socket.AF_INET if words[1] == "TCP4" else socket.AF_INET6
    for text in words[2:4]:
        socket.inet_pton(family, text)
    ports = [int(text) for text in words[4:]]
    if not all(0 <= port <= 65535 for port in ports):
        raise ValueError("a port out of range")
    return Proxied(source=(words[2], ports[0]), destination=(words[3], ports[1]))


def parse_v2(command: int, family: int, body: bytes) -> Proxied:
    """The binary header's fields after the signature. Raises ValueError."""
    if command >> 4 != 2 or command & 15 > 1:
        raise ValueError("not PROXY version 2")
    if command & 15 == 0:
        return LOCAL
    kinds = {0x11: (socket.AF_INET, 4), 0x21: (socket.AF_INET6, 16)}
    if family not in kinds:
        raise ValueError("a PROXY address family that is not TCP over IP")
    kind, size = kinds[family]
    if len(body) < 2 * size + 4:
        raise ValueError("the PROXY addresses are cut off")
    return Proxied(
        source=(socket.inet_ntop(kind, body[:size]), _port(body, 2 * size)),
        destination=(socket.inet_ntop(kind, body[size : 2 * size]), _port(body, 2 * size + 2)),
    )


def _port(body: bytes, at: int) -> int:
    return int.from_bytes(body[at : at + 2])


async def read(reader: asyncio.StreamReader) -> Proxied:
    """Read the header off a fresh connection. Raises ValueError for anything else."""
    try:
        async with asyncio.timeout(SECONDS):
            return await _read(reader)
    except (TimeoutError, asyncio.IncompleteReadError, OSError) as error:
        raise ValueError(f"no PROXY header: {error!r}") from error


async def _read(reader: asyncio.StreamReader) -> Proxied:
    start = await reader.readexactly(6)
    if start == b"PROXY ":
        line = bytearray(start)
        while not line.endswith(b"\r\n"):
            if len(line) >= V1_LIMIT:
                raise ValueError("the PROXY line is too long")
            line += await reader.readexactly(1)
        return parse_v1(bytes(line[:-2]))
    start += await reader.readexactly(10)
    if start[:12] != SIGNATURE:
        raise ValueError("not a PROXY header")
    body = await reader.readexactly(int.from_bytes(start[14:16]))
    return parse_v2(start[12], start[13], body)
