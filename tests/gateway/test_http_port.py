"""So many connections at once and no more; a silent client does not hold its place for ever."""

import socket
from collections.abc import Iterator

import pytest

from gateway.http_port import Handler, HttpPort


class Echo(Handler):
    timeout = 0.3

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(self.server.desk)


@pytest.fixture
def port() -> Iterator[HttpPort]:
    served = HttpPort(socket.create_server(("127.0.0.1", 0)), Echo, name="t", desk=b"ok", most=2)
    thread = served.start()
    try:
        yield served
    finally:
        served.shutdown()
        served.server_close()
        thread.join(5)


def ask(port: HttpPort) -> bytes:
    with socket.create_connection(("127.0.0.1", port.server_port), timeout=5) as line:
        try:
            line.sendall(b"GET / HTTP/1.0\r\n\r\n")
            found = b""
            while more := line.recv(4096):
                found += more
        except ConnectionError:
            return b""
        return found


def test_it_answers_from_its_desk_and_names_no_version(port: HttpPort) -> None:
    answer = ask(port)
    assert answer.endswith(b"\r\n\r\nok")
    assert b"Python" not in answer


def test_silent_clients_are_let_go(port: HttpPort) -> None:
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", port.server_port), 5) as line:
            assert line.recv(1) == b""
    assert ask(port).endswith(b"ok")


def test_the_third_of_two_is_turned_away(port: HttpPort) -> None:
    held = [socket.create_connection(("127.0.0.1", port.server_port), 5) for _ in range(2)]
    try:
        for line in held:
            line.sendall(b"GET /")  # begun, not finished
        with socket.create_connection(("127.0.0.1", port.server_port), 5) as third:
            assert third.recv(1) == b""
    finally:
        for line in held:
            line.close()
