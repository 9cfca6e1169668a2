"""Proxy logins over real loopback sockets, with a directory that is told what to say."""

from __future__ import annotations

import asyncio
import base64
import functools
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.identity.directory import WhenDown
from gateway.identity.login_words import DOWN, Answer, Say
from gateway.mitm.door import hook_table, networks
from gateway.mitm.login import Logins, basic
from gateway.mitm.requests import Requests
from gateway.node import Address, Listener, ListenerKind
from gateway.rewrite.safesearch import SafeSearch
from policies.model import Role, Subject
from tests.gateway.mitm.harness import Lab, Seen, everything, status

TEACHER = Subject(role=Role.TEACHER, token="t-wang", source="ldap", confidence=0.95)
PUPIL = Subject(stage="junior", tier="12-16", token="g3101", source="ldap", confidence=0.95)


class Line:
    """Stands where the line to the identity service stands."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.down = False
        self.wait = 0.0
        self.until = 9e12

    async def ask(self, user: str, password: str, address: str) -> Answer:
        self.asked.append((user, password, address))
        await asyncio.sleep(self.wait)
        if self.down:
            return DOWN
        if password == "slow":
            return Answer(say=Say.LATER, wait=77)
        subject = {"t-wang": TEACHER, "g3101": PUPIL}.get(user)
        if password != "right" or subject is None:
            return Answer(say=Say.NO)
        return Answer(say=Say.YES, subject=subject, until=self.until)


class Gate:
    """The lab with a listener that asks for a login."""

    def __init__(self, lab: Lab, kind: ListenerKind) -> None:
        self.lab, self.line = lab, Line()
        self.logins = Logins(lab.filter, self.line)
        self._before = lab.door.hooks
        lab.door.hooks = hook_table(
            lab.filter, lab.tunnels, Requests(lab.filter, SafeSearch.load()), self.logins
        )
        listener = Listener(
            kind=kind, address=Address(host="127.0.0.1", port=0), clients=("127.0.0.0/8",),
            login=True,
        )  # fmt: skip
        lab.door._prefixes[listener] = networks(listener.clients)
        sock = socket.create_server(("127.0.0.1", 0))
        self.port = sock.getsockname()[1]

        async def serve() -> asyncio.Server:
            return await asyncio.start_server(
                functools.partial(lab.door.accepted, listener), sock=sock
            )

        self._server = self._run(serve())

    def _run[T](self, work: object) -> T:
        assert self.lab.loop is not None
        return asyncio.run_coroutine_threadsafe(work, self.lab.loop).result(10)  # type: ignore[arg-type]

    def close(self) -> None:
        async def shut() -> None:
            self._server.close()

        self._run(shut())
        self.lab.door.hooks = self._before

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def get(self, name: str, *headers: str, sock: socket.socket | None = None) -> bytes:
        close = () if sock else ("Connection: close",)
        lines = [f"GET {self.lab.url(name)} HTTP/1.1", f"Host: {name}", *headers, *close, "", ""]
        if sock is not None:
            sock.sendall("\r\n".join(lines).encode())
            return sock.recv(65_536)
        with self.connect() as fresh:
            fresh.sendall("\r\n".join(lines).encode())
            return everything(fresh)


def said(user: str, password: str) -> str:
    return "Proxy-Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture
def gate(lab: Lab) -> Iterator[Gate]:
    made = Gate(lab, ListenerKind.EXPLICIT)
    yield made
    made.close()


@pytest.fixture
def socks(lab: Lab) -> Iterator[Gate]:
    made = Gate(lab, ListenerKind.SOCKS5)
    yield made
    made.close()


def told(gate: Gate, problem: str) -> Seen:
    """The one exchange recorded with this problem."""
    gate.lab.until(lambda: any(one.problem == problem for one in gate.lab.ledger.seen))
    (seen,) = [one for one in gate.lab.ledger.seen if one.problem == problem]
    return seen


def test_without_a_login_nothing_goes_anywhere(gate: Gate) -> None:
    answer = gate.get("www.allowed.example", "Accept: text/html")
    assert status(answer) == 407
    assert b"Proxy-Authenticate: Basic" in answer
    assert "请先登录".encode() in answer
    assert b"Please log in" in answer
    assert gate.lab.asked == []
    seen = told(gate, "login-wanted")
    assert seen.outcome.verdict.enforced == "block"


def test_two_people_on_one_address(gate: Gate) -> None:
    answers = {
        user: status(gate.get("www.warned.example", said(user, "right")))
        for user in ("t-wang", "g3101")
    }
    assert answers == {"t-wang": 200, "g3101": 403}
    tokens = {seen.subject.token for seen in gate.lab.settled(2)}
    assert {"t-wang", "g3101"} <= tokens
    assert all(b"roxy-" not in head for head in gate.lab.asked)
    assert gate.line.asked[0] == ("t-wang", "right", "127.0.0.1")


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (said("t-wang", "wrong"), "login-no"),
        (said("nobody", "right"), "login-no"),
        (said("t-wang", "slow"), "login-later"),
        ("Proxy-Authorization: Bearer abc", "login-wanted"),
        ("Proxy-Authorization: Basic !!!", "login-wanted"),
        ("Proxy-Authorization: Basic " + base64.b64encode(b"nocolon").decode(), "login-wanted"),
        (said("a", "b") + "\r\n" + said("t-wang", "right"), "login-wanted"),
    ],
)
def test_no(gate: Gate, header: str, problem: str) -> None:
    answer = gate.get("www.allowed.example", header)
    assert status(answer) == 407
    assert (b"Retry-After: 77" in answer) is (problem == "login-later")
    assert gate.lab.asked == []
    seen = told(gate, problem)
    assert seen.subject.token not in ("t-wang", "g3101")


def test_one_connection_is_asked_once_and_another_s_words_again(gate: Gate) -> None:
    with gate.connect() as sock:
        for _ in range(3):
            assert (
                status(gate.get("www.allowed.example", said("t-wang", "right"), sock=sock)) == 200
            )
        assert len(gate.line.asked) == 1
        answer = gate.get("www.warned.example", said("g3101", "right"), sock=sock)
        assert status(answer) == 403
        assert len(gate.line.asked) == 2
        assert status(gate.get("www.allowed.example", sock=sock)) == 407  # nobody's words


def test_a_login_is_asked_again_when_it_is_over(gate: Gate) -> None:
    gate.line.until = 0.0
    with gate.connect() as sock:
        for _ in range(2):
            assert (
                status(gate.get("www.allowed.example", said("t-wang", "right"), sock=sock)) == 200
            )
    assert len(gate.line.asked) == 2


def connect(gate: Gate, target: str, *headers: str) -> tuple[socket.socket, bytes]:
    sock = gate.connect()
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}", *headers, "", ""]
    sock.sendall("\r\n".join(lines).encode())
    return sock, sock.recv(65_536)


def test_a_tunnel_belongs_to_whoever_asked_for_it(gate: Gate) -> None:
    target = f"www.warned.example:{gate.lab.tls_port}"
    sock, head = connect(gate, target)
    sock.close()
    assert status(head) == 407
    found = {}
    for user in ("t-wang", "g3101"):
        sock, head = connect(gate, target, said(user, "right"))
        assert status(head) == 200
        context = gate.lab.client_tls()
        context.check_hostname = False  # a teacher sees the origin's own
        with context.wrap_socket(sock, server_hostname="www.warned.example") as tls:
            tls.sendall(b"GET / HTTP/1.1\r\nHost: www.warned.example\r\nConnection: close\r\n\r\n")
            found[user] = status(tls.recv(65_536))
    assert found == {"t-wang": 200, "g3101": 403}


def test_407_then_the_right_password_on_the_same_connection(gate: Gate) -> None:
    with gate.connect() as sock:
        assert status(gate.get("www.allowed.example", sock=sock)) == 407
        again = gate.get("www.allowed.example", said("t-wang", "right"), sock=sock)
        assert status(again) in (200, 0)  # a browser may also begin anew


def test_while_nobody_can_check_the_subject_is_unknown(gate: Gate) -> None:
    gate.line.down = True
    assert status(gate.get("www.allowed.example")) == 407  # not even then without words
    assert status(gate.get("www.allowed.example", said("t-wang", "right"))) == 200
    assert status(gate.get("www.warned.example", said("t-wang", "right"))) == 403
    seen = next(one for one in gate.lab.settled(3) if one.subject.source == "unknown")
    assert seen.subject.role is Role.PUPIL
    assert seen.subject.confidence == 0.0
    gate.logins._when_down = WhenDown.REFUSE
    assert status(gate.get("www.allowed.example", said("t-wang", "right"))) == 407


def test_whoever_leaves_while_asked_about_leaves_nothing(gate: Gate) -> None:
    gate.line.wait = 0.3
    with gate.connect() as sock:
        sock.sendall(
            f"GET {gate.lab.url('www.allowed.example')} HTTP/1.1\r\nHost: www.allowed.example\r\n"
            f"{said('t-wang', 'right')}\r\n\r\n".encode()
        )
        gate.lab.until(lambda: len(gate.line.asked) == 1)
    gate.lab.settled(1)
    gate.lab.until(lambda: not gate.lab.door.connections)
    assert gate.lab.asked == []


def greet(sock: socket.socket, user: str, password: str) -> bytes:
    sock.sendall(b"\x05\x01\x02")
    assert sock.recv(2) == b"\x05\x02"
    name, secret = user.encode(), password.encode()
    sock.sendall(bytes((1, len(name))) + name + bytes((len(secret),)) + secret)
    return sock.recv(2)


def test_socks(socks: Gate) -> None:
    with socks.connect() as sock:
        sock.sendall(b"\x05\x01\x00")
        assert sock.recv(2) == b"\x05\xff"  # without a login: no
    with socks.connect() as sock:
        assert greet(sock, "t-wang", "wrong") == b"\x01\x01"
    with socks.connect() as sock:
        assert greet(sock, "g3101", "right") == b"\x01\x00"
        name = b"www.warned.example"
        port = socks.lab.origin_port.to_bytes(2)
        sock.sendall(b"\x05\x01\x00\x03" + bytes((len(name),)) + name + port)
        assert sock.recv(10)[:2] == b"\x05\x00"
        sock.sendall(b"GET / HTTP/1.1\r\nHost: www.warned.example\r\nConnection: close\r\n\r\n")
        assert status(everything(sock)) == 403
    socks.lab.settled(2)
    assert told(socks, "login-no").subject.token != "t-wang"
    assert any(one.subject.token == "g3101" for one in socks.lab.ledger.seen)


def test_a_listener_without_a_login_strips_what_is_said(lab: Lab) -> None:
    assert status(lab.get(lab.url("www.allowed.example"), said("t-wang", "right"))) == 200
    assert all(b"roxy-" not in head for head in lab.asked)


def test_the_strictest_is_a_pupil_even_where_the_default_is_not(lab: Lab) -> None:
    resolver = lab.filter.force.resolver
    before, resolver._default = resolver._default, replace(resolver._default, role=Role.TEACHER)
    assert resolver.unknown("10.0.0.1").role is Role.PUPIL
    resolver._default = before
    older = resolver.unknown("127.0.5.1")  # a place of seniors
    assert (older.school, older.stage, older.tier) == ("lab", "primary-upper", "8-12")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Basic dTpw", ("u", "p")),
        ("basic  dTpw ", ("u", "p")),
        ("Basic dTo=", ("u", "")),
        ("Basic OnA=", None),
        ("Basic", None),
        ("Digest dTpw", None),
        ("Basic " + base64.b64encode("张:密:码".encode()).decode(), ("张", "密:码")),
        ("Basic " + base64.b64encode("张:密".encode("gb18030")).decode(), ("张", "密")),
        ("Basic " + "A" * 100_000, None),
    ],
)
def test_basic(header: str, expected: tuple[str, str] | None) -> None:
    assert basic(header) == expected


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_header(text: str) -> None:
    found = basic("Basic " + text)
    assert found is None or found[0]
