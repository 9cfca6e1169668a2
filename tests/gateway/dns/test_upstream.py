"""gateway.dns.upstream on loopback: upstreams that answer, lie, fold, cut and keep still."""

import asyncio
import socket
import struct
import time

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from gateway.dns.core import UnreachableError
from gateway.dns.upstream import Upstreams, _fitting
from gateway.dns.wire import text_of, wire_of
from gateway.node import Address

pytestmark = pytest.mark.wire
NAME = wire_of("www.example.com")


def good(query, address="203.0.114.1"):
    made = dns.message.make_response(query)
    made.answer = [dns.rrset.from_text(query.question[0].name, 60, "IN", "A", address)]
    return made


def lying(query):
    """First what a forger would send, then the truth."""
    wrong_id = good(query, "6.6.6.6")
    wrong_id.id ^= 1
    other = dns.message.make_query("www.example.org", "A")
    other.id = query.id
    other_type = dns.message.make_query("www.example.com", "AAAA")
    other_type.id = query.id
    for forged in (good(other, "6.6.6.6"), good(other_type, "6.6.6.6")):
        yield forged.to_wire()
    yield wrong_id.to_wire()
    yield b"short"
    yield query.to_wire()  # an echo: QR is clear
    yield good(query).to_wire()


def folding(query):
    made = good(query).to_wire()
    end = 12 + len(NAME)
    yield made[:12] + made[12:end].lower() + made[end:]


def cut(query):
    made = dns.message.make_response(query)
    made.flags |= dns.flags.TC
    yield made.to_wire()


def failing(query):
    made = dns.message.make_response(query)
    made.set_rcode(dns.rcode.SERVFAIL)
    yield made.to_wire()


def before_edns(query):
    if query.edns >= 0:
        yield struct.pack("!6H", query.id, 0x8181, 0, 0, 0, 0)
    else:
        yield good(query).to_wire()


def plain(query):
    yield good(query).to_wire()


def silent(query):
    return ()


def broken(query):
    yield good(query).to_wire()[:-3]


class Server(asyncio.DatagramProtocol):
    """One upstream: `how(query)` gives the datagrams; TCP always tells the truth."""

    def __init__(self, how):
        self.how, self.seen, self.ports, self.over_tcp = how, [], [], 0

    async def start(self, sockets):
        loop = asyncio.get_running_loop()
        udp, tcp = sockets("127.0.0.1", socket.AF_INET)
        self.udp, _ = await loop.create_datagram_endpoint(lambda: self, sock=udp)
        self.tcp = await asyncio.start_server(self.stream, sock=tcp)
        host, port = tcp.getsockname()
        self.address = Address(host=host, port=port)
        return self

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        query = dns.message.from_wire(data)
        self.seen.append(query)
        self.ports.append(peer[1])
        for answer in self.how(query):
            self.transport.sendto(answer, peer)

    async def stream(self, reader, writer):
        length = int.from_bytes(await reader.readexactly(2))
        self.over_tcp += 1
        answer = good(dns.message.from_wire(await reader.readexactly(length))).to_wire()
        writer.write(len(answer).to_bytes(2) + answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def stop(self):
        self.udp.close()
        self.tcp.close()
        await asyncio.sleep(0)


def talk(sockets, hows, questions=1, **options):
    """Ask `questions` times with these upstreams → (replies or errors, servers)."""

    async def run():
        servers = [await Server(how).start(sockets) for how in hows]
        ask = Upstreams([s.address for s in servers], clock=time.monotonic, timeouts=(0.3,))
        found = []
        for _ in range(questions):
            try:
                found.append(await ask(NAME, 1, do=options.get("do", False), cd=False))
            except UnreachableError as error:
                found.append(error)
        for server in servers:
            await server.stop()
        return found, servers

    return asyncio.run(run())


ANSWERED = [
    (plain, 0),
    (lying, 0),
    (folding, 1),
    (cut, 1),
    (before_edns, 0),
]


@pytest.mark.parametrize(("how", "tcp"), ANSWERED, ids=[how.__name__ for how, _ in ANSWERED])
def test_ends_in_the_true_answer(how, tcp, sockets):
    [found], [server] = talk(sockets, [how])
    assert [record.rdata for record in found.answers] == [bytes((203, 0, 114, 1))]
    assert server.over_tcp == tcp


def test_every_question_is_hard_to_guess(sockets):
    _, [server] = talk(sockets, [plain], questions=20)
    assert len({query.id for query in server.seen}) > 15
    assert len(set(server.ports)) > 10
    assert len({query.question[0].name.labels for query in server.seen}) > 10
    assert {text_of(q.question[0].name.to_wire().lower()) for q in server.seen} == {
        "www.example.com"
    }


@pytest.mark.parametrize("do", [False, True])
def test_asks_with_edns_and_the_clients_do(do, sockets):
    _, [server] = talk(sockets, [plain], do=do)
    assert server.seen[0].edns == 0
    assert bool(server.seen[0].ednsflags & dns.flags.DO) is do
    assert server.seen[0].flags & dns.flags.RD


@pytest.mark.parametrize("bad", [silent, failing, broken])
def test_another_upstream_steps_in(bad, sockets):
    found, _ = talk(sockets, [bad, plain], questions=2)
    assert all(len(reply.answers) == 1 for reply in found)


def test_a_silent_upstream_stands_behind_for_a_while(sockets):
    found, [still, _] = talk(sockets, [silent, plain], questions=6)
    assert all(reply.answers for reply in found)
    assert len(still.seen) == 1


def test_upstreams_take_turns(sockets):
    _, servers = talk(sockets, [plain, plain], questions=6)
    assert [len(server.seen) for server in servers] == [3, 3]


def test_one_lost_datagram_is_sent_again(sockets):
    lost = []

    def forgetful(query):
        if not lost:
            lost.append(query)
            return
        yield good(query).to_wire()

    [found], _ = talk(sockets, [forgetful])
    assert found.answers


def test_all_fail_is_servfail_and_all_silent_is_unreachable(sockets):
    [found], _ = talk(sockets, [failing, failing])
    assert found.rcode == dns.rcode.SERVFAIL
    [found], _ = talk(sockets, [silent])
    assert isinstance(found, UnreachableError)
    [found], _ = talk(sockets, [])
    assert isinstance(found, UnreachableError)


def test_a_closed_port_is_noticed_at_once(sockets):
    async def run():
        server = await Server(plain).start(sockets)
        await server.stop()
        ask = Upstreams([server.address], clock=time.monotonic)
        with pytest.raises(UnreachableError):
            await ask(NAME, 1, do=False, cd=False)

    asyncio.run(run())


def test_a_stranger_is_never_parsed():
    """Another id: not even looked at, however broken."""
    packet = bytes((0, 1)) + bytes(10) + NAME + b"\0\1\0\1"
    assert _fitting(b"\0\2\x80\0" + b"\xff" * 40, packet) is None
