"""Origins that cannot be trusted or cannot be looked into: each has a defined answer."""

from __future__ import annotations

import socket

import pytest

from gateway.node import Address
from tests.conftest import World
from tests.running import Gateway

pytestmark = pytest.mark.wire

TEACHER = "127.0.2.5"


@pytest.mark.parametrize("fault", ["expired", "self", "wrong", "partial"])
def test_a_bad_certificate_gets_a_page_never_a_pass(
    gateway: Gateway, world: World, fault: str
) -> None:
    seen = len(world.origins.seen)
    got = gateway.curl(f"https://{fault}.allowed.example:{world.bad[fault].port}/page")
    assert got.status in (403, 502)
    assert "证书" in got.text
    assert len(world.origins.seen) == seen  # not one request was sent to it


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_an_origin_that_wants_a_client_certificate(
    gateway: Gateway, world: World, version: str
) -> None:
    port = world.bad[f"mutual {version}"].port
    got = gateway.curl(f"https://mutual.allowed.example:{port}/page")
    assert got.status in (403, 502)
    assert "数字证书" in got.text


def test_an_unreachable_origin(gateway: Gateway, world: World) -> None:
    for scheme in ("http", "https"):
        got = gateway.curl(f"{scheme}://203-0-113-1.no-such.example:9/")
        assert got.status == 502
        assert got.headers["x-qinglang-code"]


def tunnel(proxy: Address, target: str, source: str = "127.0.0.1") -> socket.socket:
    """A CONNECT tunnel, established."""
    sock = socket.create_connection((proxy.host, proxy.port), 15, source_address=(source, 0))
    sock.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        data = sock.recv(4096)
        if not data:
            break
        head += data
    assert head.split(b" ")[1] == b"200", head[:100]
    return sock


def drain(sock: socket.socket) -> bytes:
    """Everything until the other side closes."""
    got = b""
    try:
        while data := sock.recv(65536):
            got += data
    except ConnectionResetError:
        pass
    return got


def answer(sock: socket.socket) -> bytes:
    """One HTTP/1.1 answer with a Content-Length, whole."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += sock.recv(65536)
    head, _, body = got.lower().partition(b"\r\n\r\n")
    length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    while len(body) < length:
        data = sock.recv(65536)
        body += data
        got += data
    return got


FOREIGN = {
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
    "tlcp": b"\x16\x01\x01\x00\x2f\x01\x00\x00\x2b\x01\x01" + bytes(41),
    "h2 prior knowledge": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "zeros": bytes(64),
    "text": "你好\r\n".encode(),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_bytes_to_an_unknown_place_are_refused(
    gateway: Gateway, world: World, name: str
) -> None:
    accepted = world.origins.accepted.count(world.strange.port)
    with tunnel(gateway.proxy, f"www.unknown.example:{world.strange.port}") as sock:
        sock.sendall(FOREIGN[name])
        assert drain(sock) == b""
    assert world.origins.accepted.count(world.strange.port) == accepted


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_bytes_to_a_known_place_pass_both_ways(
    gateway: Gateway, world: World, name: str
) -> None:
    with tunnel(gateway.proxy, f"www.allowed.example:{world.strange.port}") as sock:
        sock.sendall(FOREIGN[name])
        assert sock.recv(4096) == b"220 greetings\r\n"
        sock.sendall(b"again")
        assert sock.recv(4096) == b"again"


def test_plain_http_inside_connect_is_filtered(gateway: Gateway, world: World) -> None:
    with tunnel(gateway.proxy, f"www.mixed.example:{world.http.port}") as sock:
        for path, status in (("/small", b"200"), ("/bad/x", b"403")):
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: www.mixed.example\r\n\r\n".encode())
            assert answer(sock).split(b" ")[1] == status


@pytest.mark.parametrize("path", ["/badenc", "/lies", "/bomb"])
@pytest.mark.parametrize("kind", ["http", "h2"])
def test_what_cannot_be_read_is_not_handed_to_a_pupil(
    gateway: Gateway, world: World, kind: str, path: str
) -> None:
    scheme = "http" if kind == "http" else "https"
    url = f"{scheme}://www.allowed.example:{getattr(world, kind).port}{path}"
    got = gateway.curl(url)
    assert got.status == 403
    assert got.headers["content-type"].startswith("text/html")
    assert "content-encoding" not in got.headers
    assert "校园网测试页" not in got.text


def test_a_teacher_may_read_what_only_we_cannot(gateway: Gateway, world: World) -> None:
    url = f"http://www.allowed.example:{world.http.port}"
    assert gateway.curl(f"{url}/badenc", source=TEACHER).status == 200
    assert gateway.curl(f"{url}/bomb", source=TEACHER).status == 403  # an attack on anybody


@pytest.mark.parametrize(
    "path",
    [
        "/bad-chunk",
        "/two-lengths",
        "/length-and-chunked",
        "/inject",
        "/garbage",
        "/cut",
        "/nothing",
    ],
)
def test_malformed_answers_never_pass_as_good_ones(
    gateway: Gateway, world: World, path: str
) -> None:
    for scheme, place in (("http", world.http), ("https", world.h1)):
        got = gateway.curl(f"{scheme}://plain.allowed.example:{place.port}{path}", seconds=10)
        assert got.exit or got.status == 502, (scheme, got)
        assert "x-b" not in got.headers
    assert gateway.curl(f"http://plain.allowed.example:{world.http.port}/small").status == 200


def test_trailers_do_not_break_a_page(gateway: Gateway, world: World) -> None:
    got = gateway.curl(f"http://www.allowed.example:{world.http.port}/trailers")
    assert (got.status, got.exit) == (200, 0)
    assert "校园网测试页" in got.text
