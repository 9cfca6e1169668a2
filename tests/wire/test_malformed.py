"""A thousand malformed requests over raw sockets: one record for each, and nobody dies.

The requests are mutations of valid ones with a fixed seed, so a failure names a case that
can be sent again. Each has a connection of its own, half-closed after sending.
"""

from __future__ import annotations

import random
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from gateway.node import Address, ListenerKind
from tests.conftest import World
from tests.running import Gateway, resident

pytestmark = pytest.mark.wire

HOW_MANY = 1000
SEED = 20261123
SECONDS = 25.0
ROOM = 40_000_000
GOOD, BAD = "www.allowed.example", "www.blocked.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Bytes for one connection to one kind of listener."""

    name: str
    data: bytes
    kind: ListenerKind = ListenerKind.EXPLICIT


def get(host: str, port: int, path: str = "/small", more: bytes = b"") -> bytes:
    head = f"GET http://{host}:{port}{path} HTTP/1.1\r\nHost: {host}:{port}\r\n".encode()
    return head + b"Accept: */*\r\nConnection: close\r\n" + more + b"\r\n"


def post(host: str, port: int, framing: bytes, body: bytes) -> bytes:
    head = f"POST http://{host}:{port}/upload HTTP/1.1\r\nHost: {host}:{port}\r\n".encode()
    return head + b"Connection: close\r\n" + framing + b"\r\n" + body


def connect(host: str, port: int, then: bytes = b"") -> bytes:
    return f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode() + then


# one mutation of a valid request's bytes; every one leaves something to send
Mutation = Callable[[random.Random, bytes], bytes]


def flipped(dice: random.Random, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(dice.randint(1, 6)):
        out[dice.randrange(len(out))] ^= 1 << dice.randrange(8)
    return bytes(out)


def cut(dice: random.Random, data: bytes) -> bytes:
    return data[: dice.randint(1, len(data) - 1)]


def injected(dice: random.Random, data: bytes) -> bytes:
    at = dice.randint(1, data.index(b"\r\n\r\n"))
    what = dice.choice([b"\0", b"\r", b"\n", b"\r\n ", b"\x0b", b"\x7f", b"\xff", b"\r\n\t", b"\t"])
    return data[:at] + what + data[at:]


def field(*choices: bytes) -> Mutation:
    """A further header line after the request line."""

    def mutation(dice: random.Random, data: bytes) -> bytes:
        line, _, rest = data.partition(b"\r\n")
        return line + b"\r\n" + dice.choice(choices) + b"\r\n" + rest

    return mutation


def line(*choices: bytes) -> Mutation:
    """Another request line."""

    def mutation(dice: random.Random, data: bytes) -> bytes:
        return dice.choice(choices) + data[data.index(b"\r\n") :]

    return mutation


def shuffled(dice: random.Random, data: bytes) -> bytes:
    head = bytearray(data)
    dice.shuffle(head)
    return bytes(head)


def huge(dice: random.Random, data: bytes) -> bytes:
    first, _, rest = data.partition(b"\r\n")
    size = dice.choice([66_000, 70_000, 200_000])
    if dice.random() < 0.5:
        return first + b"\r\n" + b"X-Huge: " + b"h" * size + b"\r\n" + rest
    return first.replace(b" HTTP", b"?" + b"u" * size + b" HTTP") + b"\r\n" + rest


def many(dice: random.Random, data: bytes) -> bytes:
    first, _, rest = data.partition(b"\r\n")
    lines = b"".join(b"X-%d: %d\r\n" % (n, n) for n in range(dice.choice([500, 3000, 9000])))
    return first + b"\r\n" + lines + rest


MUTATIONS: dict[str, Mutation] = {
    "flipped": flipped,
    "cut": cut,
    "injected": injected,
    "shuffled": shuffled,
    "huge": huge,
    "many fields": many,
    "second host": field(b"Host: www.blocked.example", b"host: a\r\nHOST: b"),
    "folded": field(b"Host:\r\n www.blocked.example", b"X: a\r\n\tb", b" X: first line folded"),
    "bad name": field(b"X Y: 1", b": 1", b"X\x00: 1", b"X : 1", "X-é: 1".encode(), b"no colon"),
    "bad version": line(
        b"GET / HTTP/9.9",
        b"GET /",
        b"GET  /  HTTP/1.1",
        b"GET / HTTP/1.1 HTTP/1.1",
        b"GET / http/1.1",
        b"\x00\x00\x00",
    ),
    "bad target": line(
        b"GET http:// HTTP/1.1",
        b"GET http://[::1 HTTP/1.1",
        b"GET http://a:99999/ HTTP/1.1",
        b"GET http://a:-1/ HTTP/1.1",
        b"GET http://%00/ HTTP/1.1",
        b"GET http://a b/ HTTP/1.1",
        "GET http://例え。テスト/ HTTP/1.1".encode(),
        b"GET ftp://www.blocked.example/ HTTP/1.1",
        b"GET * HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"GET //www.blocked.example/ HTTP/1.1",
        b"GET http://" + b"a." * 200 + b"com/ HTTP/1.1",
    ),
    "bad method": line(
        b"G@T http://www.allowed.example/ HTTP/1.1",
        b"M" * 3000 + b" http://www.allowed.example/ HTTP/1.1",
        b" GET http://www.allowed.example/ HTTP/1.1",
        "清朗 http://www.allowed.example/ HTTP/1.1".encode(),
    ),
}
FRAMINGS = (
    (b"Content-Length: 5\r\nContent-Length: 6\r\n", b"hello!"),
    (b"Content-Length: 5, 5\r\n", b"hello"),
    (b"Content-Length: -1\r\n", b"hello"),
    (b"Content-Length: +5\r\n", b"hello"),
    (b"Content-Length: 0x5\r\n", b"hello"),
    (b"Content-Length: 5_0\r\n", b"hello" * 10),
    (b"Content-Length: 99999999999999999999\r\n", b"hello"),
    (b"Content-Length: 50\r\n", b"hello"),
    (b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n"),
    (b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n"),
    (b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"),
    (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    (b"Transfer-Encoding:\x0bchunked\r\n", b"0\r\n\r\n"),
    (b"Transfer-Encoding: chunked\r\n", b"ZZ\r\nhello\r\n0\r\n\r\n"),
    (b"Transfer-Encoding: chunked\r\n", b"5\r\nhel"),
    (b"Transfer-Encoding: chunked\r\n", b"-1\r\nhello\r\n0\r\n\r\n"),
    (b"Transfer-Encoding: chunked\r\n", b"ffffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    (b"Transfer-Encoding: chunked\r\n", b"5;" + b"e" * 70_000 + b"\r\nhello\r\n0\r\n\r\n"),
    (b"Transfer-Encoding: chunked\r\n", b"5\r\nhelloXX0\r\n\r\n"),
    (b"Expect: 200-maybe\r\nContent-Length: 5\r\n", b"hello"),
    (b"Expect: 100-continue\r\nContent-Length: 5\r\n", b""),
)
HELLO = bytes.fromhex("16030100bf010000bb0303") + bytes(range(32)) + bytes(20)
TUNNELLED = (
    b"",
    b"\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"\x16\x01\x01\x00\x2f\x01\x00\x00\x2b\x01\x01" + bytes(41),
    HELLO,
    HELLO[:30],
    b"\x16\x03\x01\x00\x00",
    b"\x16\x03\x01\xff\xff" + bytes(100),
    b"\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00",
    b"\x80\x2e\x01\x03\x01" + bytes(40),
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
    b"GET /small HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /small HTTP/1.1\r\nHost:\r\n a\r\n\r\n",
    b"\xff" * 500,
    bytes(500),
)
TARGETS = (
    b"CONNECT : HTTP/1.1\r\n\r\n",
    b"CONNECT a HTTP/1.1\r\n\r\n",
    b"CONNECT a:b HTTP/1.1\r\n\r\n",
    b"CONNECT a:0 HTTP/1.1\r\n\r\n",
    b"CONNECT a:443:443 HTTP/1.1\r\n\r\n",
    b"CONNECT http://a:443/ HTTP/1.1\r\n\r\n",
    b"CONNECT [::1]:443 HTTP/1.1\r\n\r\n",
    b"CONNECT 127.0.0.1:22 HTTP/1.1\r\n\r\n",
    b"CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n",
    b"CONNECT a\x00b:443 HTTP/1.1\r\n\r\n",
    b"CONNECT / HTTP/1.1\r\n\r\n",
    b"CONNECT *:443 HTTP/1.1\r\n\r\n",
    b"CONNECT " + b"a" * 300 + b".example:443 HTTP/1.1\r\n\r\n",
    b"CONNECT a:443 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
    b"CONNECT a:443 HTTP/0.9\r\n\r\n",
)
SOCKS = (
    b"\x05",
    b"\x05\x00",
    b"\x05\x01\x02",
    b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00",
    b"\x05\x01\x00\x05\x02\x00\x03\x01a\x00\x50",
    b"\x05\x01\x00\x05\x01\x00\x09\x01a\x00\x50",
    b"\x05\x01\x00\x05\x01\x00\x03\x00\x00\x50",
    b"\x05\x01\x00\x05\x01\x00\x03\xff" + b"a" * 255 + b"\x00\x50",
    b"\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x16",
    b"\x05\x01\x00\x05\x01\x00\x03\x05a\x00b\r\n\x00\x50",
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\xff" * 300,
)
OTHERS = (
    b"\r\n",
    b"\r\n\r\n\r\n\r\n",
    b"\n",
    b"\0",
    b"\xff\xfe",
    b" ",
    b"G",
    "你好\r\n\r\n".encode(),
    "😀 / HTTP/1.1\r\n\r\n".encode(),
    b"SSH-2.0-x\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0",
    HELLO,
    b"\x05\x01\x00",
    b"QUIT\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n\r\n",
    b"a" * 70_000,
    b"\n" * 70_000,
)


def cases(port: int, secure: int, how_many: int = HOW_MANY, seed: int = SEED) -> list[Case]:
    """`how_many` cases: every fixed one, then mutations, deterministic for the same ports."""
    dice = random.Random(seed)
    found = list(_fixed(port, secure))
    names = sorted(MUTATIONS)
    while len(found) < how_many:
        name = names[len(found) % len(names)]
        host = GOOD if dice.random() < 0.7 else BAD
        base = get(host, port)
        if name in ("flipped", "cut", "shuffled") and dice.random() < 0.4:
            body = b"5\r\nhello\r\n0\r\n\r\n"
            base = post(host, port, b"Transfer-Encoding: chunked\r\n", body)
        kind = ListenerKind.PAGE_HTTP if dice.random() < 0.1 else ListenerKind.EXPLICIT
        found.append(Case(name=name, data=MUTATIONS[name](dice, base), kind=kind))
    return found[:how_many]


def _fixed(port: int, secure: int) -> Iterator[Case]:
    for framing, body in FRAMINGS:
        yield Case(name=f"framing {framing!r}", data=post(GOOD, port, framing, body))
    for then in TUNNELLED:
        yield Case(name=f"tunnel {then[:20]!r}", data=connect(GOOD, secure, then))
        yield Case(name=f"blocked tunnel {then[:20]!r}", data=connect(BAD, secure, then))
    for data in TARGETS:
        yield Case(name=f"target {data[:40]!r}", data=data)
    for data in SOCKS:
        yield Case(name=f"socks {data[:20]!r}", data=data, kind=ListenerKind.SOCKS5)
    for data in OTHERS:
        yield Case(name=f"other {data[:20]!r}", data=data)
        yield Case(name=f"page {data[:20]!r}", data=data, kind=ListenerKind.PAGE_HTTP)


def speak(at: Address, data: bytes) -> bytes:
    """Send, half-close, read to the end. Raises TimeoutError where the end never comes."""
    got = b""
    with socket.create_connection((at.host, at.port), SECONDS) as sock:
        try:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            while part := sock.recv(65536):
                got += part
        except (ConnectionResetError, BrokenPipeError):
            pass
        except OSError as error:
            if isinstance(error, TimeoutError):
                raise
    return got


def sent(gateway: Gateway, batch: list[Case]) -> tuple[list[str], list[bytes]]:
    """Send a batch, a few at a time; who hung, and every answer."""
    hung, answers = [], []

    def one(case: Case) -> None:
        try:
            answers.append(speak(gateway.listener(case.kind), case.data))
        except TimeoutError:
            hung.append(case.name)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(one, batch))
    return hung, answers


@pytest.mark.timeout(240)
def test_a_thousand_malformed_requests(gateway: Gateway, world: World) -> None:
    batch = cases(world.http.port, world.h1.port)
    assert len(batch) == HOW_MANY
    pids = gateway.children("")
    before = gateway.settled(0)
    memory = resident(pids["worker-0"])
    crashes = gateway.log(10**7).count("have crashed")
    seen = len(world.origins.seen)

    hung, answers = sent(gateway, batch)

    assert hung == []
    after = gateway.settled(before["exchanges"] + HOW_MANY)
    assert after["exchanges"] - before["exchanges"] == HOW_MANY
    assert after["lost"] == before["lost"]
    assert gateway.children("") == pids
    assert resident(pids["worker-0"]) - memory < ROOM
    assert gateway.log(10**7).count("have crashed") == crashes
    starts = Counter(answer[:5] for answer in answers)
    assert set(starts) <= {b"", b"HTTP/", *(s for s in starts if s[:1] in b"\x05\x15")}, starts
    blocked = [one for one in world.origins.seen[seen:] if BAD in one.header("host")]
    assert blocked == []
    assert gateway.curl(f"http://{GOOD}:{world.http.port}/small").status == 200


def test_every_kind_of_case_is_recorded_alone(gateway: Gateway, world: World) -> None:
    """The fixed cases one by one in groups, so that a wrong count names its group."""
    groups: dict[str, list[Case]] = {}
    for case in _fixed(world.http.port, world.h1.port):
        groups.setdefault(case.name.partition(" ")[0], []).append(case)
    wrong = {}
    for name, batch in groups.items():
        before = gateway.settled(0)["exchanges"]
        hung, _ = sent(gateway, batch)
        after = gateway.settled(before + len(batch))["exchanges"]
        if hung or after - before != len(batch):
            wrong[name] = (after - before, len(batch), hung)
    assert wrong == {}
