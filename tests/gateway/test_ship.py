"""Events reach a log server over verified TLS, framed; nothing goes to one that is not verified."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.ship import Server, ship
from rules.load import WorldError
from tests import certificates
from tests.gateway.event_samples import event


@contextmanager
def receiver(tmp_path: Path, name: str = "localhost") -> Iterator[tuple[Server, list[bytes]]]:
    """A log server that keeps what it is sent."""
    issuer = certificates.authority("log CA")
    pem = certificates.write(certificates.leaf([name], issuer), tmp_path / "server.pem", issuer)
    (tmp_path / "ca.pem").write_bytes(issuer.pem)
    context = certificates.server(pem)
    kept: list[bytes] = []

    def serve(opened: socket.socket) -> None:
        peer, _ = opened.accept()
        with peer:
            try:
                with context.wrap_socket(peer, server_side=True) as line:
                    while piece := line.recv(65536):
                        kept.append(piece)
            except (ssl.SSLError, OSError):
                return

    with socket.create_server(("127.0.0.1", 0)) as opened:
        thread = threading.Thread(target=serve, args=(opened,))
        thread.start()
        port = opened.getsockname()[1]
        try:
            yield Server(host="localhost", port=port, ca=tmp_path / "ca.pem"), kept
        finally:
            thread.join(30)


def frames(data: bytes) -> list[bytes]:
    found = []
    while data:
        length, _, rest = data.partition(b" ")
        found.append(rest[: int(length)])
        data = rest[int(length) :]
    return found


@pytest.mark.wire
def test_every_event_arrives_framed(tmp_path: Path) -> None:
    with receiver(tmp_path) as (server, kept):
        assert ship((event(seq=n) for n in range(1, 1001)), server, "1.0") == 1000
    found = frames(b"".join(kept))
    assert len(found) == 1000
    body = json.loads(found[-1].partition(b"\xef\xbb\xbf")[2])
    assert (body["event.sequence"], body["rule.id"]) == (1000, "district/block")


@pytest.mark.wire
@pytest.mark.parametrize("wrong", ["name", "issuer"])
def test_a_server_that_is_not_verified_gets_nothing(tmp_path: Path, wrong: str) -> None:
    name = "other.example" if wrong == "name" else "localhost"
    with receiver(tmp_path, name) as (server, kept):
        if wrong == "issuer":
            (tmp_path / "ca.pem").write_bytes(certificates.authority("another").pem)
        with pytest.raises(WorldError, match="0 were handed over"):
            ship([event()], server)
    assert kept == []


def test_no_server_no_ca(tmp_path: Path) -> None:
    with pytest.raises(WorldError):
        ship([event()], Server(host="127.0.0.1", port=1))
    with pytest.raises(WorldError, match="TLS"):
        ship([], Server(host="localhost", ca=tmp_path / "none.pem"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("log.example", ("log.example", 6514)),
        ("log.example:7000", ("log.example", 7000)),
        ("[::1]:6514", ("::1", 6514)),
    ],
)
def test_names_of_servers(text: str, found: tuple[str, int]) -> None:
    assert Server.parse(text) == found


@pytest.mark.parametrize("text", ["", ":1", "a:0", "a:99999", "a:b", "[::1"])
def test_names_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Server.parse(text)
