"""Heads and bodies that are no requests: each is refused with a page and one event."""

import asyncio
import contextlib
import gc
import socket
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mitmproxy.proxy.layers.http import _http1

from gateway.mitm import guard
from gateway.mitm.guard import HEAD_LIMIT, TrailerlessReader, head_problem, install
from gateway.mitm.loop import EdgeLoop
from rules.model import Gap
from tests.gateway.mitm.h2client import H2Client
from tests.gateway.mitm.harness import Lab, status


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (b"GET / HTTP/1.1\nHost: a", ""),
        (b"GET / HTTP/1.1\nHost: a\n folded", "folded"),
        (b"GET / HTTP/1.1\nX: a\n\tb", "folded"),
        (b"GET / HTTP/1.1\nHost: a\x00b", "control"),
        (b"GET / HTTP/1.1\nHost: a\x7f", "control"),
        (b"GET / HTTP/1.1\nHost: a\rX: b", "bare CR"),
        (b"GET / HTTP/1.1\nHost: a\nhOST : b", "more than one"),
        (b"GET / HTTP/1.1\nX: a\tb", ""),
        ("GET /路径 HTTP/1.1\nHost: a".encode(), ""),
    ],
)
def test_head_problem(head: bytes, word: str) -> None:
    found = head_problem(head)
    assert (word in found) if word else found == ""


BAD = {
    "not a request line": b"HELLO\r\n\r\n",
    "h2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "version 3": b"GET http://www.allowed.example/ HTTP/3.0\r\nHost: a\r\n\r\n",
    "no version": b"GET http://www.allowed.example/\r\n\r\n",
    "folded": b"GET http://www.allowed.example/ HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
    "NUL": b"GET http://www.allowed.example/ HTTP/1.1\r\nHost: a\x00\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "length is no number": b"POST http://a.example/ HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    "two lengths": b"POST http://a.example/ HTTP/1.1\r\nContent-Length: 1\r\n"
    b"Content-Length: 2\r\n\r\nab",
    "length and chunks": b"POST http://a.example/ HTTP/1.1\r\nContent-Length: 1\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bad chunk": b"POST http://www.allowed.example/ HTTP/1.1\r\nHost: www.allowed.example\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
    "header name": b"GET http://a.example/ HTTP/1.1\r\nBad Name: x\r\n\r\n",
    "TLS to a plain port": b"\x16\x03\x01\x00\x05hello\r\n\r\n",
    "huge head": b"GET http://a.example/ HTTP/1.1\r\n" + b"X-A: " + b"a" * 70_000 + b"\r\n\r\n",
    "scheme": b"GET ftp://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n",
    "hostile name": b"GET http://a..example/ HTTP/1.1\r\nHost: a..example\r\n\r\n",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_bad_heads_are_one_event_each(lab: Lab, data: bytes) -> None:
    answer = lab.say(data)
    assert status(answer) in (0, 400, 403, 431)
    assert b"mitmproxy" not in answer
    assert b"Bad Name" not in answer
    assert len(lab.settled(1)) == 1
    assert lab.ledger.seen[0].facts.gap in (Gap.MALFORMED, Gap.TOO_LARGE)
    assert lab.asked == []


def test_an_endless_head_is_cut_at_its_limit(lab: Lab) -> None:
    with lab.connect() as sock:
        sent = 0
        try:
            while sent < 20 * HEAD_LIMIT:
                sent += sock.send(b"X" * 65536)
                time.sleep(0.01)
        except OSError:
            pass
    assert sent < 20 * HEAD_LIMIT
    (seen,) = lab.settled(1)
    assert seen.facts.gap is Gap.TOO_LARGE


def test_a_cut_head_is_one_event(lab: Lab) -> None:
    with lab.connect() as sock:
        sock.sendall(b"GET http://www.allowed.example/ HTT")
        sock.shutdown(socket.SHUT_WR)
        sock.recv(100)
    (seen,) = lab.settled(1)
    assert seen.facts.gap is Gap.MALFORMED


def test_a_slow_head_is_swept(lab: Lab) -> None:
    with lab.connect() as sock:
        sock.sendall(b"GET http://www.allowed.example/ HTTP/1.1\r\nHost:")
        lab.until(lambda: any(c.edge.heads for c in lab.door.connections))
        lab.loop.call_soon_threadsafe(lab.door.sweep, time.monotonic() + 60)
        assert status(sock.recv(4096)) == 408
    (seen,) = lab.settled(1)
    assert seen.facts.gap is Gap.TOO_SLOW


def test_a_waiting_keep_alive_connection_is_not_swept(lab: Lab) -> None:
    with lab.connect() as sock:
        request = f"GET {lab.url('www.allowed.example')} HTTP/1.1\r\nHost: x\r\n\r\n"
        request = request.replace("Host: x", f"Host: www.allowed.example:{lab.origin_port}")
        for _ in range(2):
            sock.sendall(request.encode())
            answer = b""
            while not answer.endswith(b"\r\n\r\nok"):
                answer += sock.recv(4096)
            lab.loop.call_soon_threadsafe(lab.door.sweep, time.monotonic() + 60)
            time.sleep(0.05)
    assert len(lab.settled(2)) == 2


def test_pipelined_requests_are_each_an_exchange(lab: Lab) -> None:
    one = f"GET {lab.url('www.allowed.example')} HTTP/1.1\r\nHost: www.allowed.example:"
    one += f"{lab.origin_port}\r\n"
    data = (one + "\r\n" + one + "Connection: close\r\n\r\n").encode()
    assert lab.say(data).count(b"HTTP/1.1 200") == 2
    assert len(lab.settled(2)) == 2


def test_expect_continue(lab: Lab) -> None:
    lab.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    answer = lab.get(
        lab.url("www.allowed.example"), "Expect: 100-continue", method="POST", body=b"hello"
    )
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")


def test_trailers_are_dropped_by_the_reader_installed_in_the_engine() -> None:
    install()
    install()
    reader = _http1.make_body_reader(None)
    assert isinstance(reader, TrailerlessReader)
    buffer = _http1.ReceiveBuffer()
    buffer += b"2\r\nok\r\n0\r\nX-T: 1\r\n\r\n"
    assert bytes(reader(buffer).data) == b"ok"
    assert not reader(buffer).headers


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.binary(min_size=1, max_size=200))
def test_any_bytes_are_one_event_and_the_engine_lives(lab: Lab, data: bytes) -> None:
    lab.reset()
    with lab.connect() as sock:
        sock.sendall(data + b"\r\n\r\n")
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65536):
            pass
    expected = 0 if not data.strip(b"\r\n") else 1
    lab.until(lambda: len(lab.ledger.seen) >= expected)
    assert len(lab.ledger.seen) >= expected


@pytest.mark.parametrize("begun", ["request", "chunk"])
def test_what_is_sent_ahead_has_a_limit(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, begun: str
) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    monkeypatch.setattr(lab, "_origin_answer", script)
    head = f"POST {lab.url('www.allowed.example')} HTTP/1.1\r\nHost: www.allowed.example\r\n"
    head += "\r\n" if begun == "request" else "Transfer-Encoding: chunked\r\n\r\n5;"
    with lab.connect() as sock:
        sock.sendall(head.encode())
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            sock.sendall(b"x" * 64 * 1024 * 1024)
    kept = [len(one.buf) for one in gc.get_objects() if isinstance(one, guard.GuardedHttp1)]
    assert max(kept, default=0) < 1_000_000
    seen = lab.settled(1)
    assert seen


def test_an_origins_endless_chunk_head_is_given_up(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;")
        with contextlib.suppress(OSError):
            for _ in range(1000):
                writer.write(b"a" * 65536)
                await writer.drain()
        writer.close()

    monkeypatch.setattr(lab, "_origin_answer", script)
    lab.get(lab.url("www.allowed.example"))
    assert len(lab.settled(1)) == 1


def test_frames_that_are_no_request_are_one_event(lab: Lab) -> None:
    with H2Client(lab) as client:
        client.head(1)
        assert client.read().answers[1].status == 200
        client.h2.send_headers(3, [(":method", "GET"), (":path", "/")], end_stream=True)
        client.flush()
        assert client.read().closed
    good, bad = lab.settled(2)
    assert (good.facts.gap, bad.facts.gap) == (None, Gap.MALFORMED)


def test_requests_begun_and_reset_end_the_connection(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CVE-2023-44487: while the origin is being looked up, streams would pile up."""

    release = asyncio.Event()

    async def never(*_: object, **__: object) -> list[object]:
        await release.wait()
        return []

    monkeypatch.setattr(EdgeLoop, "_resolve", never)
    with H2Client(lab, "slow.example") as client, contextlib.suppress(OSError):
        for wave in range(1, 4 * guard.MOST_OPEN, 100):
            for stream in range(wave, wave + 100, 2):
                client.head(stream, end=False)
            time.sleep(0.05)  # else a reset may overtake its request
            for stream in range(wave, wave + 100, 2):
                client.h2.reset_stream(stream, 8)
            client.flush()
        assert client.read().closed
    lab.until(lambda: not lab.door.connections)
    if lab.loop is not None:
        lab.loop.call_soon_threadsafe(release.set)
    gaps = [seen.facts.gap for seen in lab.settled(guard.MOST_OPEN + 1)]
    assert gaps.count(Gap.TOO_LARGE) == 1
    assert guard.MOST_OPEN < len(gaps) < 2 * guard.MOST_OPEN
