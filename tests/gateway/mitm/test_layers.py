"""The first window of a page: held, judged, released, or replaced, whatever its pace."""

import asyncio
import contextlib
import gc
import socket
import ssl
from dataclasses import replace

import h2.events
import pytest

from gateway.content import WINDOW
from gateway.mitm.guard import waiting
from gateway.mitm.layers import MOST_ORIGINS, WINDOW_SECONDS, FilterHttpLayer
from gateway.mitm.loop import EdgeLoop
from gateway.mitm.origin import MOST_HELD
from gateway.pipeline import Deed
from tests.gateway.mitm.h2client import H2Client
from tests.gateway.mitm.harness import ORIGIN, Lab, status

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"
LABEL = b"<meta name=rating content=adult>"


class Dribble:
    """An origin that sends its pieces with pauses between them."""

    def __init__(self, lab: Lab, pieces: list[bytes], pause: float) -> None:
        self.lab = lab
        self.pieces = pieces
        self.pause = pause

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            for piece in self.pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(self.pause)
        except (ConnectionError, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def fetch(lab: Lab, monkeypatch: pytest.MonkeyPatch, pieces: list[bytes], pause: float) -> bytes:
    monkeypatch.setattr(lab, "_origin_answer", Dribble(lab, pieces, pause))
    return lab.get(lab.url("www.allowed.example"))


def test_a_dribbling_page_is_judged_on_what_has_come(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = [HEAD + b"<html>first", b" second", b" third</html>"]
    answer = fetch(lab, monkeypatch, pieces, WINDOW_SECONDS * 1.5)
    assert answer.endswith(b"<html>first second third</html>")
    assert len(lab.settled(1)) == 1


def test_a_label_in_the_first_piece_stops_a_dribbling_page(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = [HEAD + b"<html>" + LABEL, b"secret" * 10, b"</html>"]
    answer = fetch(lab, monkeypatch, pieces, WINDOW_SECONDS * 1.5)
    assert status(answer) == 403
    assert b"secret" not in answer
    assert len(lab.settled(1)) == 1


def test_a_large_page_in_pieces_is_released_after_its_window(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b"<html>" + b"x" * (3 * WINDOW) + b"</html>"
    pieces = [HEAD, *(body[at : at + 10_000] for at in range(0, len(body), 10_000))]
    assert fetch(lab, monkeypatch, pieces, 0).endswith(body)
    (seen,) = lab.settled(1)
    assert seen.bytes_down == len(body)


@pytest.mark.parametrize("cut", [b"", HEAD, HEAD + b"<html>half"], ids=["silent", "head", "half"])
def test_an_origin_that_breaks_off_is_one_event(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, cut: bytes
) -> None:
    pieces = [cut.replace(b"Connection: close", b"Content-Length: 5000")]
    answer = fetch(lab, monkeypatch, pieces, 0)
    assert status(answer) in (0, 200, 502)
    assert len(lab.settled(1)) == 1


def test_a_client_that_leaves_is_one_event(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "_origin_answer", Dribble(lab, [HEAD + b"a"] + [b"x"] * 50, 0.1))
    with lab.connect() as sock:
        sock.sendall(
            f"GET {lab.url('www.allowed.example')} HTTP/1.1\r\nHost: {ORIGIN}\r\n\r\n".encode()
        )
        sock.recv(100)
    assert len(lab.settled(1)) == 1


def test_a_refused_handshake_is_an_alert_at_depth_name(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = type(lab.filter).judge

    def refusing(filter_: object, facts: object, subject: object) -> object:
        outcome = judge(filter_, facts, subject)  # type: ignore[arg-type]
        return replace(outcome, deed=Deed.REFUSE)

    monkeypatch.setattr(type(lab.filter), "judge", refusing)
    with lab.tunnel(f"www.blocked.example:{lab.tls_port}") as sock:
        sock.settimeout(5)
        with pytest.raises(ssl.SSLError, match=r"ACCESS_DENIED|access denied"):
            lab.client_tls().wrap_socket(sock, server_hostname="www.blocked.example")
    assert len(lab.settled(1)) == 1


def http_layers_of(lab: Lab) -> list[FilterHttpLayer]:
    """Those of the one connection that is open."""
    (connection,) = lab.door.connections
    found = [one for one in gc.get_objects() if isinstance(one, FilterHttpLayer)]
    return [one for one in found if one.context.client is connection.client]


def answer_of(sock: socket.socket) -> bytes:
    """One answer with a Content-Length on a connection that stays open."""
    found = b""
    while b"\r\n\r\n" not in found:
        found += sock.recv(65536)
    head, _, body = found.partition(b"\r\n\r\n")
    size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < size:
        body += sock.recv(65536)
    return head


def test_refused_tunnels_leave_nothing_behind(lab: Lab) -> None:
    with lab.connect() as sock:
        for _ in range(50):
            sock.sendall(b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n")
            assert status(answer_of(sock)) == 403
        layers = http_layers_of(lab)
        assert max(len(one.streams) for one in layers) <= 1
    assert len(lab.settled(50)) == 50


@pytest.mark.wire
def test_failed_origins_leave_nothing_behind(lab: Lab) -> None:
    with lab.connect() as sock:
        for number in range(2 * MOST_ORIGINS):
            name = f"unknown-{number}.example"
            sock.sendall(f"GET http://{name}:9/ HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
            assert status(answer_of(sock)) == 502
        (connection,) = lab.door.connections
        lab.until(lambda: len(connection.transports) == 1)
        assert len(connection.transports) == 1
        assert not connection.edge.open
        assert not connection.max_conns
        layers = http_layers_of(lab)
        assert max(len(one.connections) for one in layers) <= MOST_ORIGINS + 2
    assert len(lab.settled(2 * MOST_ORIGINS)) == 2 * MOST_ORIGINS


def test_a_failure_is_not_remembered(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """An origin that is back is reached on the same client connection."""

    async def gone(*_: object, **__: object) -> list[object]:
        raise OSError("not now")

    request = f"GET {lab.url('www.allowed.example')} HTTP/1.1\r\nHost: www.allowed.example\r\n\r\n"
    if lab.loop is not None:
        lab.loop._answers.clear()
    with lab.connect() as sock:
        with monkeypatch.context() as patch:
            patch.setattr(EdgeLoop, "_resolve", gone)
            sock.sendall(request.encode())
            assert status(answer_of(sock)) == 502
        if lab.loop is not None:
            lab.loop._answers.clear()
        sock.sendall(request.encode())
        assert status(answer_of(sock)) == 200


def test_few_idle_origins_are_kept(lab: Lab) -> None:
    lab.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    if lab.loop is not None:
        lab.loop.static = dict(lab.loop.static) | {f"n{n}.example": ORIGIN for n in range(100)}
    with lab.connect() as sock:
        for number in range(100):
            url = lab.url(f"n{number}.example")
            sock.sendall(f"GET {url} HTTP/1.1\r\nHost: n{number}.example\r\n\r\n".encode())
            assert status(answer_of(sock)) == 200
        (connection,) = lab.door.connections
        assert len(connection.transports) <= MOST_ORIGINS + 2
    assert len(lab.settled(100)) == 100


def test_a_long_http2_connection_keeps_nothing_of_its_origins(lab: Lab) -> None:
    with H2Client(lab) as client:
        for stream in range(1, 101, 2):
            client.head(stream)
            assert client.read().answers[stream].status == 200
        layers = http_layers_of(lab)
        assert max(len(one.connections) for one in layers) < 10
        assert max(len(one.streams) for one in layers) < 5
    assert len(lab.settled(50)) == 50


def test_a_stream_that_is_not_read_holds_up_nobody(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A paused video: bounded memory, and the site's other answers go on."""
    sent = 0

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        head = await reader.readuntil(b"\r\n\r\n")
        size = 2 if b"x-small" in head else 64 * 1024 * 1024
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        with contextlib.suppress(OSError):
            if size == 2:
                writer.write(b"ok")
            while size > 2 and sent < size:
                writer.write(b"v" * 65536)
                await writer.drain()
                sent += 65536
        writer.close()

    monkeypatch.setattr(lab, "_origin_answer", script)
    with H2Client(lab) as client:
        client.head(1)
        client.sock.settimeout(5)
        got = 0
        while got < 65_535:  # all that its window lets through
            for event in client.h2.receive_data(client.sock.recv(65536)):
                if isinstance(event, h2.events.DataReceived):
                    got += event.flow_controlled_length
        client.h2.increment_flow_control_window(1 << 20)  # the connection's, not the stream's
        (connection,) = lab.door.connections
        guarded = connection.edge.h2
        assert guarded is not None
        lab.until(lambda: waiting(guarded) > MOST_HELD)
        for stream in range(3, 23, 2):
            client.head(stream, ("x-small", "1"))
            assert client.read().answers[stream].body == b"ok"
        assert waiting(guarded) < MOST_HELD + 256 * 1024
    assert sent < 64 * 1024 * 1024
