"""Every exchange is recorded once: events + Σ aggregates = what was asked, end to end."""

from __future__ import annotations

import socket
import subprocess

import pytest

from gateway.node import ListenerKind
from tests.conftest import World
from tests.running import Gateway
from tests.wire.test_tls import drain, tunnel

pytestmark = [pytest.mark.wire, pytest.mark.timeout(180)]


def test_the_sum(own_gateway: Gateway, world: World) -> None:
    """A mix of everything, on a gateway of its own, where nobody else counts."""
    gateway = own_gateway
    http, h1, h2 = world.http.port, world.h1.port, world.h2.port
    socks = ["--socks5-hostname", str(gateway.listener(ListenerKind.SOCKS5))]
    allowed = [  # url, how often
        (f"http://www.allowed.example:{http}/page", 5),
        (f"http://www.allowed.example:{http}/no-such-page", 2),
        (f"https://www.allowed.example:{h1}/small", 3),
        (f"https://www.allowed.example:{h2}/page", 3),
        ("http://education.test.qinglang.invalid/", 2),
        ("https://education.test.qinglang.invalid/", 2),
        (f"https://www.bank.example:{h1}/small", 4),  # spliced by name: one connection, one record
    ]
    told = [  # url, how often, what its events say
        ("http://gambling.test.qinglang.invalid/", 4, "block"),
        ("https://gambling.test.qinglang.invalid/", 3, "block"),
        (f"https://www.blocked.example:{h2}/any?secret=1", 2, "block"),
        (f"http://www.warned.example:{http}/page", 3, "warn"),
        (f"http://www.mixed.example:{http}/bad/page", 1, "block"),
        (f"http://www.allowed.example:{http}/rta", 2, "block"),
        (f"http://www.allowed.example:{http}/badenc", 2, "block"),
        ("http://127.0.0.1:1/", 2, "block"),
        ("http://nowhere.invalid.example/", 1, "block"),
        (f"https://expired.allowed.example:{world.bad['expired'].port}/", 2, "block"),
    ]
    expected = {"allow": 0, "block": 0, "warn": 0}
    for url, often in allowed:
        trust = world.root if "bank" in url else None
        for _ in range(often):
            assert gateway.curl(url, trust=trust).status in (200, 404), url
        expected["allow"] += often
    for url, often, action in told:
        for _ in range(often):
            assert gateway.curl(url).status in (403, 502), url
        expected[action] += often

    # several on one connection, over HTTP/1.1 and HTTP/2
    for port in (h1, h2):
        urls = [f"https://www.allowed.example:{port}/small?{n}" for n in range(6)]
        gateway.curl(urls[0], *urls[1:])
        expected["allow"] += 6
    # other listeners
    assert gateway.curl("http://gambling.test.qinglang.invalid/", proxy=socks).status == 403
    assert gateway.curl(f"http://www.allowed.example:{http}/page", proxy=socks).status == 200
    expected["block"] += 1
    expected["allow"] += 1
    # never a request at all
    at = gateway.proxy
    for data in (b"GET / HTTP", b"\0\0\0", b"GET http://a/ HTTP/1.1\r\nHost:\r\n b\r\n\r\n"):
        with socket.create_connection((at.host, at.port), 10) as sock:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            drain(sock)
        expected["block"] += 1
    with tunnel(gateway.proxy, f"www.unknown.example:{world.strange.port}") as sock:
        sock.sendall(b"SSH-2.0-x\r\n")
        assert drain(sock) == b""
    expected["block"] += 1
    # a teacher's device is refused by name
    assert gateway.curl(f"https://www.blocked.example:{h1}/", source="127.0.2.9").exit == 35
    expected["block"] += 1
    # names
    for name, action in (("www.blocked.example", "block"), ("upstream.allowed.example", "allow")):
        for transport in ("+tcp", "+notcp"):
            argv = ["dig", f"@{gateway.dns.host}", "-p", str(gateway.dns.port), transport, name]
            subprocess.run([*argv, "+tries=1"], capture_output=True, timeout=20)
            expected[action] += 1

    total = sum(expected.values())
    got = gateway.settled(total)
    assert got["lost"] == 0
    events = gateway.events()
    problems = [(e["host"], e["layer"], e["action"], e["gap"], e["problem"]) for e in events]
    assert got["exchanges"] == total, (got, problems)
    assert got["events"] == {"block": expected["block"], "warn": expected["warn"]}, problems
    assert got["passed"] == expected["allow"]
    passed = gateway.aggregates()
    assert sum(one["count"] for one in passed) == expected["allow"]

    everything = str(events) + str(passed)
    for secret in ("secret=1", "127.0.2.9"):  # a query, a client's address
        assert secret not in everything
    assert len({event["code"] for event in events}) == len(events)
