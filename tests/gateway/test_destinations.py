"""Destinations the gateway refuses, by name, by literal, and after resolving."""

from ipaddress import ip_address
from pathlib import Path

import pytest

from gateway.destinations import Destinations
from gateway.node import Address, Listener, ListenerKind, Node

NODE = Node(
    name="n",
    data=Path("/nowhere"),
    listeners=(
        Listener(kind=ListenerKind.EXPLICIT, address=Address(host="10.0.0.1", port=8080)),
        Listener(kind=ListenerKind.SOCKS5, address=Address(host="0.0.0.0", port=1080)),
    ),
    dns=Address(host="127.0.0.1", port=5353),
    open_destinations=(
        Address(host="127.0.0.1", port=8000),
        Address(host="127.0.0.1", port=5353),
        Address(host="127.0.0.2", port=443),
    ),
)


@pytest.mark.parametrize(
    ("host", "port", "refused"),
    [
        ("www.example.cn", 80, False),
        ("203.0.113.5", 443, False),
        ("10.20.30.40", 80, False),
        ("127.0.0.1", 80, True),
        ("127.0.0.1", 8000, False),
        ("127.0.0.2", 443, False),
        ("127.0.0.2", 444, True),
        ("127.0.0.1", 5353, True),
        ("10.0.0.1", 8080, True),
        ("10.9.9.9", 1080, True),
        ("114.114.114.114", 1080, False),
        ("localhost", 80, True),
        ("localhost", 8000, False),
        ("a.localhost", 22, True),
        ("169.254.169.254", 80, True),
        ("100.100.100.200", 80, True),
        ("metadata.google.internal", 80, True),
        ("0.0.0.0", 80, True),
        ("::1", 80, True),
        ("::ffff:127.0.0.1", 80, True),
        ("fe80::1%eth0", 80, True),
        ("fd00:ec2::254", 80, True),
        ("64:ff9b::7f00:1", 80, True),
        ("64:ff9b:1::7f00:1", 80, True),
        ("168.63.129.16", 80, True),
        ("2001:db8::1", 443, False),
        ("224.0.0.251", 5353, True),
        ("", 80, False),
    ],
)
def test_by_name_or_literal(host: str, port: int, refused: bool) -> None:
    assert Destinations(NODE).refuses_name(host, port) is refused


def test_a_name_that_leads_inwards_is_refused_after_resolving() -> None:
    found = Destinations(NODE)
    assert not found.refuses_name("rebind.example.cn", 80)
    assert found.refuses(ip_address("127.0.0.1"), 80)
    assert not found.refuses(ip_address("127.0.0.1"), 8000)
