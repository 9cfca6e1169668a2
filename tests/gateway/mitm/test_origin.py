"""Origins: endless heads, interim answers, and bodies that would be read as requests."""

import asyncio
import gc

import pytest
from mitmproxy.proxy.layers import http as http_layers

from gateway.mitm.origin import HEAD_LIMIT, GuardedHttp1Origin, GuardedHttp2Origin
from tests.gateway.mitm.h2client import H2Client
from tests.gateway.mitm.harness import Lab, status

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
