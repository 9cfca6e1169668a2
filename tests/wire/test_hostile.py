"""Limits and lies: heads without end, slow heads, names that differ, destinations within."""

from __future__ import annotations

import socket
import time

import pytest

from gateway.node import Address
from tests.conftest import World
from tests.running import Gateway, curl, resident
from tests.wire.test_tls import drain, tunnel

pytestmark = pytest.mark.wire


def connected(at: Address) -> socket.socket:
    return socket.create_connection((at.host, at.port), 30)


def test_a_head_without_end_is_cut_at_64_kib(gateway: Gateway) -> None:
    """100 MB are offered; the connection ends early and the worker does not grow."""
    pid = gateway.children()["worker-0"]
    before = resident(pid)
    sent = 0
    with connected(gateway.proxy) as sock:
        sock.sendall(b"GET http://www.allowed.example/ HTTP/1.1\r\nX-Long: ")
        try:
            while sent < 100_000_000:
                sent += sock.send(b"a" * 65536)
        except (ConnectionResetError, BrokenPipeError):
            pass
    assert sent < 20_000_000  # what the sockets' buffers may hold
    assert resident(pid) - before < 10_000_000


def test_the_answer_to_a_large_head(gateway: Gateway) -> None:
    with connected(gateway.proxy) as sock:
        sock.sendall(b"GET http://www.allowed.example/ HTTP/1.1\r\nX: " + b"a" * 66_000)
        assert drain(sock).startswith(b"HTTP/1.1 431 ")


def test_heads_up_to_the_limit_pass(gateway: Gateway, world: World) -> None:
    got = gateway.curl(
        f"http://www.allowed.example:{world.http.port}/small", "-H", "X-Long: " + "a" * 40_000
    )
    assert got.status == 200


@pytest.mark.parametrize("start", [b"GET http://www.allowed.example/ HTTP/1.1\r\nX: a", b"G"])
def test_a_slow_head_is_cut(gateway: Gateway, start: bytes) -> None:
    """A byte now and then does not keep it open: the head as a whole has 10 s."""
    begun = time.monotonic()
    with connected(gateway.proxy) as sock:
        sock.sendall(start)
        sock.settimeout(0.5)
        got = b""
        while time.monotonic() - begun < 25:
            try:
                data = sock.recv(65536)
            except TimeoutError:
                try:
                    sock.send(b"b")
                except (ConnectionResetError, BrokenPipeError):
                    break
                continue
            except ConnectionResetError:
                break
            if not data:
                break
            got += data
    taken = time.monotonic() - begun
    assert got.startswith(b"HTTP/1.1 408 ")
    assert 8 < taken < 25


def test_a_slow_hello_is_cut(gateway: Gateway, world: World) -> None:
    begun = time.monotonic()
    with tunnel(gateway.proxy, f"www.allowed.example:{world.h1.port}") as sock:
        sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
        sock.settimeout(25)
        assert drain(sock) == b""
    assert time.monotonic() - begun > 8


# names: (CONNECT target, SNI, Host) → status; the strictest of all claimed names decides
GOOD, BAD, BAD_URL = "www.allowed.example", "www.blocked.example", "www.mixed.example"
CONFLICTS = {
    "all the same": (GOOD, GOOD, GOOD, 200),
    "host blocked": (GOOD, GOOD, BAD, 403),
    "sni blocked": (GOOD, BAD, BAD, 403),
    "sni alone blocked": (GOOD, BAD, GOOD, 403),
    "target blocked": (BAD, GOOD, GOOD, 403),
    "an address, sni blocked": ("127.0.0.2", BAD, BAD, 403),
    "an address, sni allowed": ("127.0.0.2", GOOD, GOOD, 200),
    "a blocked address": ("127.0.0.4", GOOD, GOOD, 403),
}


@pytest.mark.parametrize("name", CONFLICTS)
def test_the_strictest_name_decides_over_tls(gateway: Gateway, world: World, name: str) -> None:
    target, sni, host, status = CONFLICTS[name]
    got = gateway.curl(
        f"https://{sni}:{world.h1.port}/small",
        *("--connect-to", f"{sni}:{world.h1.port}:{target}:{world.h1.port}"),
        *("-H", f"Host: {host}:{world.h1.port}", "--http1.1"),
    )
    assert got.status == status or (status == 403 and got.connect == 403), got


@pytest.mark.parametrize(
    ("uri", "host", "status"),
    [
        (GOOD, GOOD, 200),
        (GOOD, BAD, 403),
        (BAD, GOOD, 403),
        (GOOD, f"{BAD}.", 403),
        (GOOD, "WWW.BLOCKED.EXAMPLE", 403),
        ("WWW.ALLOWED.EXAMPLE", GOOD, 200),
        (f"{GOOD}.", GOOD, 200),
        (f"user@{BAD}", GOOD, 403),
    ],
)
def test_the_strictest_name_decides_in_plain_http(
    gateway: Gateway, world: World, uri: str, host: str, status: int
) -> None:
    port = world.http.port
    with connected(gateway.proxy) as sock:
        head = f"GET http://{uri}:{port}/small HTTP/1.1\r\nHost: {host}:{port}\r\n"
        sock.sendall(f"{head}Connection: close\r\n\r\n".encode())
        got = drain(sock)
    assert int(got.split(b" ")[1]) in ((status,) if status == 200 else (400, 403)), got[:200]


def test_the_origin_sees_the_name_that_was_judged(gateway: Gateway, world: World) -> None:
    """A Host that differs from the URI is replaced (RFC 9112 section 3.2.2)."""
    port = world.http.port
    with connected(gateway.proxy) as sock:
        head = f"GET http://{GOOD}:{port}/empty?seen HTTP/1.1\r\nHost: plain.allowed.example\r\n"
        sock.sendall(f"{head}Connection: close\r\n\r\n".encode())
        drain(sock)
    asked = next(one for one in world.origins.seen if one.target == "/empty?seen")
    assert asked.header("host") == f"{GOOD}:{port}"


def test_forbidden_destinations(gateway: Gateway, world: World) -> None:
    """Our own ports, loopback, link-local, metadata: refused whatever they are called."""
    with socket.create_server(("127.0.0.1", 0)) as victim:
        victim.settimeout(0.2)
        port = victim.getsockname()[1]
        for host in (
            *("127.0.0.1", "localhost", "LOCALHOST.", "x.localhost", "127.1", "0.0.0.0"),
            *("[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0177.0.0.1", "[::]"),
        ):
            for scheme in ("http", "https"):
                got = gateway.curl(f"{scheme}://{host}:{port}/", "--proxytunnel", "--path-as-is")
                refused = {got.status, got.connect} & {400, 403, 502}
                assert refused or got.exit, (host, scheme, got)
                assert 200 not in (got.status, got.connect) or got.status in (403, 502), host
        with pytest.raises(TimeoutError):
            victim.accept()
    for target in ("169.254.169.254:80", "100.100.100.200:80", f"127.0.0.2:{port}"):
        assert gateway.curl(f"http://{target}/").status == 403
    for address in (gateway.proxy, gateway.dns, gateway.node.metrics):
        assert gateway.curl(f"http://{address}/metrics").status == 403
        assert gateway.curl(f"http://{address}/metrics", "--proxytunnel").status in (0, 403)


def test_a_name_that_leads_inwards_is_refused(gateway: Gateway, world: World) -> None:
    """DNS rebinding: the address a name leads to is judged again."""
    with socket.create_server(("127.0.0.2", 0)) as victim:  # not among the opened ones
        victim.settimeout(0.2)
        got = gateway.curl(f"http://{GOOD}:{victim.getsockname()[1]}/")
        assert got.status == 403
        with pytest.raises(TimeoutError):
            victim.accept()


def test_foreign_clients_are_refused(gateway: Gateway) -> None:
    """Behind the balancer a public address asks: no answer at all, one event."""
    at = gateway.listener(next(iter(gateway.node.listeners)).kind, behind_balancer=True)
    before = gateway.settled(0)["exchanges"]
    with connected(at) as sock:
        sock.sendall(b"PROXY TCP4 203.0.113.9 127.0.0.1 4000 80\r\n")
        sock.sendall(b"GET http://education.test.qinglang.invalid/ HTTP/1.1\r\nHost: x\r\n\r\n")
        assert drain(sock) == b""
    assert gateway.settled(before + 1)["exchanges"] == before + 1
    assert gateway.events()[-1]["gap"] == "foreign-client"


def test_a_direct_request_is_no_open_relay(gateway: Gateway) -> None:
    """Origin-form at the proxy port names no destination but ourselves."""
    got = curl(f"http://{gateway.proxy}/", "-H", f"Host: {gateway.proxy}")
    assert got.status in (400, 403)


def test_websocket_to_a_blocked_host(gateway: Gateway, world: World) -> None:
    got = gateway.curl(
        f"http://www.blocked.example:{world.http.port}/ws",
        *("-H", "Upgrade: websocket", "-H", "Connection: Upgrade"),
        *("-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
    )
    assert got.status == 403
