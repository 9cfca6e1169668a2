"""PROXY protocol headers, v1 and v2: what a balancer sends, and what others send."""

import asyncio
import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mitm.proxyline import LOCAL, SIGNATURE, Proxied, parse_v1, parse_v2, read

V4 = bytes([10, 1, 2, 3, 203, 0, 113, 9]) + struct.pack("!HH", 1234, 443)
CLIENT = Proxied(source=("10.1.2.3", 1234), destination=("203.0.113.9", 443))


def v2(command: int, family: int, body: bytes) -> bytes:
    return SIGNATURE + bytes([command, family]) + struct.pack("!H", len(body)) + body


def through(data: bytes) -> tuple[Proxied, bytes]:
    async def run() -> tuple[Proxied, bytes]:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        return await read(reader), await reader.read()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"PROXY TCP4 10.1.2.3 203.0.113.9 1234 443\r\n", CLIENT),
        (b"PROXY UNKNOWN\r\n", LOCAL),
        (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", LOCAL),
        (v2(0x21, 0x11, V4), CLIENT),
        (v2(0x21, 0x11, V4 + b"\x03\x00\x04abcd"), CLIENT),
        (v2(0x20, 0x00, b""), LOCAL),
        (
            v2(0x21, 0x21, bytes(15) + b"\1" + bytes(15) + b"\2" + struct.pack("!HH", 5, 6)),
            Proxied(source=("::1", 5), destination=("::2", 6)),
        ),
    ],
    ids=["v1", "v1 unknown", "v1 unknown with words", "v2", "v2 with TLV", "v2 local", "v2 IPv6"],
)
def test_headers(data: bytes, expected: Proxied) -> None:
    assert through(data + b"GET /") == (expected, b"GET /")


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"PROXY TCP4 10.1.2.3 203.0.113.9 1234 443 extra\r\n",
        b"PROXY TCP4 999.1.2.3 203.0.113.9 1234 443\r\n",
        b"PROXY TCP4 10.1.2.3 203.0.113.9 1234 70000\r\n",
        b"PROXY " + b"A" * 200,
        b"PROXY TCP4",
        v2(0x11, 0x11, V4),
        v2(0x21, 0x12, V4),
        v2(0x21, 0x11, V4[:5]),
        SIGNATURE,
        b"",
    ],
    ids=["http", "words", "address", "port", "long", "cut", "version", "udp", "short", "sig", "-"],
)
def test_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        through(data)


@given(st.binary(max_size=64))
def test_any_line(data: bytes) -> None:
    with contextlib.suppress(ValueError, OSError):
        assert isinstance(parse_v1(data), Proxied)


@given(st.integers(0, 255), st.integers(0, 255), st.binary(max_size=64))
def test_any_binary(command: int, family: int, body: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(parse_v2(command, family, body), Proxied)
