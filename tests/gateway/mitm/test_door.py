"""Who may come in, and what happens to those who may not."""

import socket

import pytest

from gateway.mitm.door import networks
from gateway.node import ListenerKind
from rules.model import Gap
from tests.gateway.mitm.harness import Lab, everything


def test_a_foreign_client_is_one_event_and_no_answer(lab: Lab) -> None:
    with lab.connect(ListenerKind.TRANSPARENT) as sock:
        sock.sendall(b"PROXY TCP4 198.51.100.7 203.0.113.9 40000 80\r\nGET / HTTP/1.1\r\n\r\n")
        assert everything(sock) == b""
    (seen,) = lab.settled(1)
    assert seen.facts.gap is Gap.FOREIGN_CLIENT
    assert lab.asked == []


def test_a_missing_proxy_header_is_one_event(lab: Lab) -> None:
    with lab.connect(ListenerKind.TRANSPARENT) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" + bytes(200))
        everything(sock)
    (seen,) = lab.settled(1)
    assert seen.facts.gap is Gap.MALFORMED


def test_a_health_check_of_the_balancer_is_no_exchange(lab: Lab) -> None:
    with lab.connect(ListenerKind.TRANSPARENT) as sock:
        sock.sendall(b"PROXY UNKNOWN\r\n")
        assert everything(sock) == b""
    assert lab.settled(0) == []


def test_a_transparent_listener_addressed_directly_refuses(lab: Lab) -> None:
    with lab.connect(ListenerKind.TRANSPARENT) as sock:
        sock.sendall(b"PROXY TCP4 127.0.0.9 127.0.0.1 40000 22\r\nSSH-2.0-x\r\n")
        everything(sock)
    (seen,) = lab.settled(1)
    assert seen.facts.gap is Gap.FORBIDDEN_DESTINATION


def test_connections_are_forgotten_when_they_end(lab: Lab) -> None:
    socks = [lab.connect() for _ in range(20)]
    lab.until(lambda: len(lab.door.connections) >= 20)
    for sock in socks:
        sock.shutdown(socket.SHUT_RDWR)
        sock.close()
    lab.until(lambda: not lab.door.connections)
    assert not lab.door.connections
    assert lab.settled(0) == []


def test_the_subject_follows_the_client_address(lab: Lab) -> None:
    with lab.connect(source="127.0.5.7") as sock:
        sock.sendall(
            b"GET http://www.blocked.example/ HTTP/1.1\r\nHost: www.blocked.example\r\n"
            b"Connection: close\r\n\r\n"
        )
        everything(sock)
    (seen,) = lab.settled(1)
    assert (seen.subject.school, seen.subject.stage) == ("lab", "senior")
    assert "127.0.5.7" not in repr(seen.subject)


def test_only_a_balancer_is_believed(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = next(one for one in lab.door._balancers if one.kind is ListenerKind.TRANSPARENT)
    monkeypatch.setitem(lab.door._balancers, listener, networks(("192.0.2.0/24",)))
    with lab.connect(ListenerKind.TRANSPARENT) as sock:
        sock.sendall(b"PROXY TCP4 127.0.5.9 203.0.113.9 40000 80\r\nGET / HTTP/1.1\r\n\r\n")
        assert everything(sock) == b""
    (seen,) = lab.settled(1)
    assert seen.facts.gap is Gap.FOREIGN_CLIENT
    assert seen.subject.school == ""


def test_one_address_cannot_hold_every_connection(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.mitm.door.MOST_OF_A_PEER", 2)
    with lab.connect(), lab.connect():
        lab.until(lambda: len(lab.door.connections) >= 2)
        with lab.connect() as third:
            assert everything(third) == b""
        assert len(lab.settled(1)) == 1
    lab.until(lambda: not lab.door.connections)
    with lab.connect() as again:
        again.sendall(b"HELLO\r\n\r\n")
        assert everything(again)
