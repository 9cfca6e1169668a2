"""A node with the shipped rules and policies compiled, as the supervisor would publish them."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.authority import ensure_keys
from gateway.node import Node
from gateway.reload import Publisher


def pair(host: str, family: socket.AddressFamily) -> tuple[socket.socket, socket.socket]:
    """(UDP, listening TCP) on one free port."""
    while True:
        udp = socket.socket(family, socket.SOCK_DGRAM)
        tcp = socket.socket(family, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        udp.bind((host, 0))
        try:
            tcp.bind((host, udp.getsockname()[1]))
        except OSError:  # somebody else's TCP port; the next one may do
            udp.close()
            tcp.close()
            continue
        tcp.listen()
        return udp, tcp


@pytest.fixture(scope="session")
def sockets() -> Callable[..., tuple[socket.socket, socket.socket]]:
    return pair


MONDAY_MORNING = 1_788_141_600.0  # 2026-08-31 10:00 +08:00


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Node:
    data = tmp_path_factory.mktemp("node")
    node = Node(name="test", data=data)
    node.run.mkdir()
    ensure_keys(Path(data) / "keys")
    publication = Publisher(node).publish(MONDAY_MORNING)
    assert publication.good, publication.problems
    return node
