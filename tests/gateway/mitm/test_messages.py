"""WebSocket messages in constant memory, judged before they leave."""

import asyncio
import contextlib
import gc
import socket
import zlib

import pytest

from gateway.mitm.messages import EdgeWebsocket
from tests.gateway.mitm.harness import Lab
from tests.gateway.mitm.test_responses import RTA

TEXT, BINARY, CLOSE = 1, 2, 8
HEAD = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: x\r\n%s\r\n"
)
DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"


def frame(opcode: int, data: bytes, *, last: bool = True, packed: bool = False) -> bytes:
    size = len(data)
    length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2)
    return bytes([opcode | (0x80 if last else 0) | (0x40 if packed else 0)]) + length + data


def from_origin(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, *frames: bytes, extra: bytes = b""
) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lab.asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(HEAD % extra)
        with contextlib.suppress(OSError):
            for one in frames:
                writer.write(one)
                await writer.drain()
            await reader.read()
        writer.close()

    monkeypatch.setattr(lab, "_origin_answer", script)


def opened(lab: Lab) -> socket.socket:
    sock = lab.connect()
    sock.sendall(
        f"GET {lab.url('www.allowed.example')} HTTP/1.1\r\nHost: www.allowed.example\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: x\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n".encode()
    )
    return sock


def until(sock: socket.socket, end: bytes, most: int = 1 << 30) -> tuple[int, bytes]:
    """How much came until `end` (or silence for a second), and the last of it."""
    sock.settimeout(1)
    count, last = 0, b""
    with contextlib.suppress(TimeoutError, ConnectionError):
        while end not in last and count < most and (more := sock.recv(65536)):
            count += len(more)
            last = (last + more)[-200_000:]
    return count, last


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_an_endless_message_is_relayed_and_not_kept(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, opcode: int
) -> None:
    part = b"a" * 60_000
    frames = [frame(opcode, part, last=False)] + [frame(0, part, last=False)] * 200
    from_origin(lab, monkeypatch, *frames, frame(0, b"the end"))
    with opened(lab) as sock:
        count, last = until(sock, b"the end")
        assert last.endswith(b"the end")
        assert count > 200 * len(part)
        kept = [
            sum(map(len, side.frame_buf)) + one._size
            for one in gc.get_objects()
            if isinstance(one, EdgeWebsocket)
            for side in (one.client_ws, one.server_ws)
        ]
        assert max(kept) < 200_000


def test_compression_is_not_negotiated(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(bytes(30_000_000)) + packer.flush(zlib.Z_SYNC_FLUSH)
    from_origin(lab, monkeypatch, frame(BINARY, bomb[:-4], packed=True), extra=DEFLATE)
    with opened(lab) as sock:
        count, last = until(sock, b"never")
    assert b"permessage-deflate" not in last
    assert count < 1000  # a compressed frame that nobody asked for ends the connection
    assert b"permessage-deflate" not in lab.asked[0]


@pytest.mark.parametrize("split", [False, True], ids=["one frame", "two fragments"])
def test_a_labelled_message_does_not_leave(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, split: bool
) -> None:
    frames = [frame(TEXT, RTA)]
    if split:
        frames = [frame(TEXT, RTA[:50], last=False), frame(0, RTA[50:])]
    from_origin(lab, monkeypatch, *frames, frame(TEXT, b"harmless"))
    with opened(lab) as sock:
        _, last = until(sock, b"harmless")
    assert b"RTA-5042" not in last
    assert last.endswith(b"harmless")
    assert "websocket-message" in {seen.problem for seen in lab.settled(2)}


def test_both_sides_closing_at_once_is_no_fault(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    from_origin(lab, monkeypatch, frame(CLOSE, b"\x03\xe8"), frame(TEXT, b"after the end"))
    with opened(lab) as sock:
        until(sock, b"\x88")
        with contextlib.suppress(OSError):
            sock.sendall(b"\x88\x80\x00\x00\x00\x00")
        until(sock, b"never")
    (seen,) = lab.settled(1)
    assert seen.problem == ""


VLESS = bytes.fromhex("0000112233445546778899aabbccddeeff000101bb020b6578616d706c652e636f6d")


def masked(opcode: int, data: bytes, *, last: bool = True) -> bytes:
    return bytes([opcode | (0x80 if last else 0), 0x80 | len(data)]) + bytes(4) + data


@pytest.mark.parametrize(
    ("frames", "caught"),
    [
        ((masked(BINARY, VLESS),), True),
        ((masked(BINARY, VLESS[:9], last=False), masked(0, VLESS[9:])), True),
        ((masked(BINARY, b"hello"), masked(BINARY, b""), masked(BINARY, VLESS)), True),
        ((masked(BINARY, b"a" * 100), masked(BINARY, b"b"), masked(TEXT, b"c")), False),
        ((*(masked(BINARY, b"plain"),) * 3, masked(BINARY, VLESS)), False),
        ((masked(TEXT, VLESS[:1] + b"text"),), False),
    ],
    ids=["one frame", "fragments", "the third message", "ordinary", "the fourth", "text"],
)
def test_a_tunnel_inside_a_websocket_is_closed(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, frames: tuple[bytes, ...], caught: bool
) -> None:
    from_origin(lab, monkeypatch, frame(TEXT, b"welcome"))
    with opened(lab) as sock:
        until(sock, b"welcome")
        for one in frames:
            sock.sendall(one)
        _, last = until(sock, b"\x88\x02\x03\xf0")
    assert last.endswith(b"\x88\x02\x03\xf0") is caught
    problems = {seen.problem for seen in lab.settled(2 if caught else 1)}
    assert ("websocket-tunnel" in problems) is caught
