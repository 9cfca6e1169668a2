"""Programs on the wire: a User-Agent, an ALPN or a JA4 tightens; nothing they say loosens."""

import ssl
from collections.abc import Iterator
from dataclasses import replace

import pytest

from gateway.ja4 import ja4
from gateway.mitm.hello import parse
from rules.recognise.apps import AppBook, AppRow
from tests.gateway.mitm.harness import Lab, everything, status

BLOCKS = "Mozilla/5.0 clash-verge/2.0"


def python_ja4(name: str, context: ssl.SSLContext) -> str:
    """What the client of these tests looks like."""
    sent = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname=name).do_handshake()
    found = parse(sent.read())
    assert found is not None
    return ja4(found.message)


@pytest.fixture
def known(lab: Lab) -> Iterator[Lab]:
    mark = python_ja4("www.allowed.example", lab.client_tls("h2", "http/1.1"))
    before = lab.filter.force
    book = AppBook(
        [
            AppRow(id="clash", agents=("clash-verge",)),
            AppRow(id="softether", ja4=(mark,)),
            AppRow(id="ipfs", alpn=("libp2p",)),
        ]
    )
    lab.filter.force = replace(before, apps=book)
    yield lab
    lab.filter.force = before


def through_tls(lab: Lab, *alpn: str) -> bytes:
    host = "www.allowed.example"
    context = lab.client_tls(*alpn)
    with (
        lab.tunnel(f"{host}:{lab.tls_port}") as raw,
        context.wrap_socket(raw, server_hostname=host) as sock,
    ):
        sock.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return everything(sock)


def test_a_user_agent_tightens(known: Lab) -> None:
    url = known.url("www.unlisted.example")
    assert status(known.get(url, "User-Agent: Mozilla/5.0")) == 200
    answer = known.get(url, f"User-Agent: {BLOCKS}", "Accept: text/html")
    assert status(answer) == 403
    assert "Clash" in answer.decode() or "client:clash" in answer.decode()
    assert known.settled(2)[-1].outcome.verdict.deciding == ("client:clash",)


def test_a_ja4_tightens_from_the_hello_on(known: Lab) -> None:
    assert status(through_tls(known, "http/1.1")) == 200  # another ALPN, another JA4
    known.reset()
    mark = known.filter.force.apps
    assert mark is not None
    with known.tunnel(f"www.allowed.example:{known.tls_port}") as raw:
        context = known.client_tls("h2", "http/1.1")
        with context.wrap_socket(raw, server_hostname="www.allowed.example") as sock:
            assert sock.version()
    assert [s.category for s in known.settled(1)[0].facts.seen] == ["client:softether"]


def test_without_a_book_nothing_is_asked(lab: Lab) -> None:
    before = lab.filter.force
    lab.filter.force = replace(before, apps=None)
    assert status(through_tls(lab, "http/1.1")) == 200
    assert status(lab.get(lab.url("www.unlisted.example"), f"User-Agent: {BLOCKS}")) == 200
    lab.filter.force = before
