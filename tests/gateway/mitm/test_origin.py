"""Origins: endless heads, interim answers, and bodies that would be read as requests."""

import asyncio
import contextlib
import gc
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived
from mitmproxy.proxy.layers import http as http_layers

from gateway.mitm.origin import (
    HEAD_LIMIT,
    MOST_HELD,
    STREAM_WINDOW,
    GuardedHttp1Origin,
    GuardedHttp2Origin,
)
from tests.gateway.mitm.h2client import H2Client
from tests.gateway.mitm.harness import ORIGIN, Lab, status

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize(
    "before",
    [
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3,
        b"HTTP/1.0 102 \r\n\r\nHTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n",
    ],
    ids=["early hints", "three times continue", "mixed"],
)
def test_interim_answers_are_not_the_answer(lab: Lab, before: bytes) -> None:
    lab.answer = before + OK
    answer = lab.get(lab.url("www.allowed.example"))
    assert status(answer) == 200
    assert answer.endswith(b"ok")
    (seen,) = lab.settled(1)
    assert seen.facts.status == 200


def test_an_interim_answer_in_pieces(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in (b"HTTP/1.1 1", b"03 Early\r\nX: ", b"y\r\n", b"\r\nHTTP/1.1 200 OK\r\n"):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.05)
        writer.write(b"Content-Length: 2\r\n\r\nok")
        writer.close()

    monkeypatch.setattr(lab, "_origin_answer", script)
    assert lab.get(lab.url("www.allowed.example")).endswith(b"ok")


@pytest.mark.parametrize(
    "piece",
    [b"X-A: " + b"a" * 60_000 + b"\r\n", b"HTTP/1.1 103 x\r\nX: %s\r\n\r\n" % (b"a" * 60_000)],
)
def test_an_endless_head_is_given_up(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, piece: bytes
) -> None:
    sent = 0

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"" if piece.startswith(b"HTTP") else b"HTTP/1.1 200 OK\r\n")
        try:
            while sent < 64 * 1024 * 1024:
                writer.write(piece)
                await writer.drain()
                sent += len(piece)
        except OSError:
            pass
        writer.close()

    monkeypatch.setattr(lab, "_origin_answer", script)
    assert status(lab.get(lab.url("www.allowed.example"))) == 502
    assert len(lab.settled(1)) == 1
    assert sent < 64 * 1024 * 1024
    kept = [len(one.buf) for one in gc.get_objects() if isinstance(one, GuardedHttp1Origin)]
    assert max(kept) <= 2 * HEAD_LIMIT


def test_a_body_without_length_is_no_second_request(lab: Lab) -> None:
    with H2Client(lab) as client:
        client.head(1, method="POST", end=False)
        client.h2.send_data(1, b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n", end_stream=True)
        client.flush()
        assert client.read().answers[1].body == b"ok"
    assert b"transfer-encoding: chunked" in lab.asked[0].lower()
    assert not any(asked.startswith(b"GET /smuggled") for asked in lab.asked)


def test_request_trailers_are_dropped(lab: Lab) -> None:
    with H2Client(lab) as client:
        client.head(1, method="POST", end=False)
        client.h2.send_data(1, b"abc")
        client.h2.send_headers(1, [("x-trailer", "1")], end_stream=True)
        client.flush()
        assert client.read().answers[1].status == 200
    (seen,) = lab.settled(1)
    assert seen.problem == ""


def test_they_stand_in_the_engine(lab: Lab) -> None:
    assert lab.door is not None
    assert http_layers.Http1Client is GuardedHttp1Origin  # type: ignore[attr-defined]
    assert http_layers.Http2Client is GuardedHttp2Origin  # type: ignore[attr-defined]


class H2Origin:
    """An HTTP/2 origin: /big is 24 MiB, as fast as the windows allow; all else is `ok`."""

    SIZE = 12 * 1024 * 1024

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.sent = 0
        first = lab.origin_context
        context = lab._origin_tls()
        lab.origin_context = first  # the lab's own origin keeps its name
        context.set_alpn_protocols(["h2"])
        self.server: asyncio.Server = self._run(
            asyncio.start_server(self._serve, ORIGIN, lab.tls_port + 1, ssl=context)
        )

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        if self.lab.loop is None:
            raise RuntimeError("the lab does not run")
        return asyncio.run_coroutine_threadsafe(work, self.lab.loop).result(10)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        h2.initiate_connection()
        left: dict[int, int] = {}
        with contextlib.suppress(OSError):
            while True:
                writer.write(h2.data_to_send())
                await writer.drain()
                data = await reader.read(65536)
                if not data:
                    break
                for event in h2.receive_data(data):
                    if isinstance(event, RequestReceived):
                        big = dict(event.headers)[":path"] == "/big"
                        left[event.stream_id] = self.SIZE if big else 2
                        h2.send_headers(event.stream_id, [(":status", "200")])
                for stream in list(left):
                    self._send(h2, left, stream)
        writer.close()

    def _send(self, h2: H2Connection, left: dict[int, int], stream: int) -> None:
        while left.get(stream) and (room := h2.local_flow_control_window(stream)) > 0:
            size = min(room, left[stream], h2.max_outbound_frame_size)
            left[stream] -= size
            self.sent += size
            h2.send_data(stream, b"v" * size, end_stream=not left[stream])
        if not left.get(stream):
            left.pop(stream, None)


@pytest.fixture
def h2_origin(lab: Lab) -> Iterator[H2Origin]:
    origin = H2Origin(lab)
    port = lab.tls_port
    lab.tls_port += 1
    lab.filter.destinations._opened.add((ORIGIN, lab.tls_port))
    yield origin
    lab.tls_port = port
    if lab.loop is not None:
        lab.loop.call_soon_threadsafe(origin.server.close)


def test_http2_all_the_way(lab: Lab, h2_origin: H2Origin) -> None:
    with H2Client(lab) as client:
        client.h2.increment_flow_control_window(1 << 26)
        client.head(1, path="/big")
        client.h2.increment_flow_control_window(1 << 26, 1)
        client.flush()
        assert len(client.read().answers[1].body) == H2Origin.SIZE


def test_a_stream_that_is_not_read_stops_its_origin(lab: Lab, h2_origin: H2Origin) -> None:
    with H2Client(lab) as client:
        client.h2.increment_flow_control_window(1 << 26)
        client.head(1, path="/big")  # its own window is never opened further
        lab.until(lambda: h2_origin.sent > STREAM_WINDOW)
        for stream in range(3, 43, 2):
            client.head(stream)
            assert client.read().answers[stream].body == b"vv"
        assert h2_origin.sent <= STREAM_WINDOW + 2 * MOST_HELD
        client.h2.increment_flow_control_window(1 << 26, 1)  # the video goes on
        client.flush()
        client.read()
    assert h2_origin.sent >= H2Origin.SIZE
