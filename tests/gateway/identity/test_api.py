"""The portal's port over a real socket: replies, lengths, methods; nothing about anybody."""

import http.client
import json
import socket
from collections.abc import Iterator

import pytest

from gateway.identity.api import Api
from gateway.identity.portal import PATH, Gate, Login


class Desk:
    def __init__(self) -> None:
        self.gate = Gate(b"k" * 32, 600.0)
        self.pages = None
        self.said: list[Login] = []
        self.asked: list[str] = []
        self.room = True

    def portal(self, said: Login, now: float) -> bool:
        self.said.append(said)
        return self.room

    def asked_for(self, result: str) -> None:
        self.asked.append(str(result))


@pytest.fixture
def served() -> Iterator[tuple[Desk, int]]:
    desk = Desk()
    opened = socket.create_server(("127.0.0.1", 0))
    api = Api(opened, desk)
    api.start(look=0.01)
    try:
        yield desk, opened.getsockname()[1]
    finally:
        api.shutdown()
        api.server_close()


KEY = {"Authorization": f"Bearer {(b'k' * 32).hex()}"}
BODY = json.dumps({"address": "10.0.0.1", "user": "u"})


def ask(port: int, method: str, path: str, body: str | None, headers: dict[str, str]) -> int:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        line.request(method, path, body, headers)
        answer = line.getresponse()
        text = answer.read()
        assert isinstance(json.loads(text), dict)
        assert b'"u"' not in text
        return answer.status
    finally:
        line.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("POST", PATH, BODY, KEY, 200),
        ("DELETE", PATH, BODY, KEY, 200),
        ("POST", PATH, BODY, {}, 401),
        ("POST", "/", BODY, KEY, 404),
        ("GET", PATH, None, KEY, 405),
        ("PUT", PATH, BODY, KEY, 405),
        ("POST", PATH, "{}", KEY, 400),
        ("POST", PATH, "x" * 5000, KEY, 400),
        ("POST", PATH, None, KEY, 400),
        ("POST", PATH, BODY, {**KEY, "Content-Length": "-1"}, 400),
    ],
)
def test_replies(
    served: tuple[Desk, int],
    method: str,
    path: str,
    body: str | None,
    headers: dict[str, str],
    status: int,
) -> None:
    desk, port = served
    assert ask(port, method, path, body, headers) == status
    assert bool(desk.said) is (status == 200)
    assert len(desk.asked) == 1


def test_no_room(served: tuple[Desk, int]) -> None:
    desk, port = served
    desk.room = False
    assert ask(port, "POST", PATH, BODY, KEY) == 503
    assert desk.asked == ["full"]


def test_noise_leaves_it_standing(served: tuple[Desk, int]) -> None:
    desk, port = served
    for noise in (b"", b"\0" * 100, b"POST " + b"x" * 70_000, b"POST / HTTP/1.1\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(noise)
            line.shutdown(socket.SHUT_WR)
            try:
                while line.recv(4096):
                    pass
            except ConnectionError:
                pass
    assert ask(port, "POST", PATH, BODY, KEY) == 200
    assert len(desk.said) == 1
