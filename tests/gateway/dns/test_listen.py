"""gateway.dns.listen: real UDP and TCP on loopback, clients that behave and clients that do not."""

import asyncio
import contextlib
import socket
from functools import partial

import dns.message
import dns.rcode
import pytest

from gateway.dns.listen import MAX_QUERY, PER_CLIENT, Datagrams, Streams, plain
from gateway.dns.wire import bare

QUERY = dns.message.make_query("a.cn", "A").to_wire()


class Answers:
    """In the Filter's place: echoes, late where asked, wrong where asked."""

    def __init__(self):
        self.counts = type("Counts", (), {"errors": 0, "unsent": 0, "turned_away": 0})()
        self.seen = []

    def answer(self, data, client, here, *, tcp):
        self.seen.append((client, here, tcp, len(data)))
        name = data[13:14]
        if name == b"f":
            raise RuntimeError("a fault of ours")
        if name == b"n":
            return None
        if name in b"lg":
            return self.later(data, fail=name == b"g")
        return bare(data, 0) + data[12:]

    async def later(self, data, *, fail):
        await asyncio.sleep(0.05)
        if fail:
            raise RuntimeError("a late fault of ours")
        return bare(data, 0)


def ask(first, ident=7):
    data = bytearray(dns.message.make_query(f"{first}.cn", "A").to_wire())
    data[:2] = ident.to_bytes(2)
    return bytes(data)


@pytest.fixture
def serving(sockets):
    """A factory of running listeners: `async with serving(host, family) as (filter, port)`."""
    return partial(run_listeners, sockets)


@contextlib.asynccontextmanager
async def run_listeners(sockets, host="127.0.0.1", family=socket.AF_INET, idle=5.0, frame=5.0):
    dns_filter = Answers()
    udp, tcp = sockets(host, family)
    datagrams, streams = Datagrams(udp, dns_filter), Streams(dns_filter, idle=idle, frame=frame)
    datagrams.start()
    await streams.start(tcp)
    try:
        yield dns_filter, udp.getsockname()[1]
    finally:
        await asyncio.gather(datagrams.stop(1.0), streams.stop(1.0))
        udp.close()


async def udp_ask(data, port, host="127.0.0.1", family=socket.AF_INET, wait=2.0):
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect((host, port))
        sock.send(data)
        async with asyncio.timeout(wait):
            return await asyncio.get_running_loop().sock_recv(sock, 65535)


def framed(data):
    return len(data).to_bytes(2) + data


async def read_frame(reader):
    async with asyncio.timeout(3):
        return await reader.readexactly(int.from_bytes(await reader.readexactly(2)))


@pytest.mark.wire
@pytest.mark.parametrize(("first", "rcode"), [("a", 0), ("l", 0), ("f", 2), ("g", 2)])
@pytest.mark.parametrize("tcp", [False, True])
def test_at_once_late_and_faulty(first, rcode, tcp, serving):
    async def run():
        async with serving() as (dns_filter, port):
            if tcp:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(framed(ask(first)))
                found = await read_frame(reader)
                writer.close()
                await writer.wait_closed()
            else:
                found = await udp_ask(ask(first), port)
            assert found[:2] == b"\0\7"
            assert found[3] & 15 == rcode
            assert dns_filter.counts.errors == (rcode == dns.rcode.SERVFAIL)
            assert dns_filter.seen[0][:3] == ("127.0.0.1", "127.0.0.1", tcp)

    asyncio.run(run())


@pytest.mark.wire
@pytest.mark.parametrize(
    ("bind", "family", "host", "client"),
    [
        ("0.0.0.0", socket.AF_INET, "127.0.0.9", socket.AF_INET),
        ("::", socket.AF_INET6, "::1", socket.AF_INET6),
        ("::", socket.AF_INET6, "127.0.0.9", socket.AF_INET),
        ("::1", socket.AF_INET6, "::1", socket.AF_INET6),
    ],
)
def test_the_answer_leaves_from_where_the_query_came_to(bind, family, host, client, serving):
    """A connected client drops answers from any other address."""

    async def run():
        async with serving(bind, family) as (dns_filter, port):
            await udp_ask(ask("a"), port, host, client)
            await udp_ask(ask("l"), port, host, client)
            assert {seen[1] for seen in dns_filter.seen} == {host}

    asyncio.run(run())


@pytest.mark.wire
def test_a_thousand_datagrams_are_a_thousand_answers(serving):
    async def run():
        async with serving() as (dns_filter, port):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.setblocking(False)
                sock.connect(("127.0.0.1", port))
                loop, idents = asyncio.get_running_loop(), set()
                for start in range(0, 1000, 100):
                    for number in range(start, start + 100):
                        sock.send(ask("a", number))
                    for _ in range(100):
                        async with asyncio.timeout(3):
                            idents.add(int.from_bytes((await loop.sock_recv(sock, 512))[:2]))
            assert idents == set(range(1000))
            assert len(dns_filter.seen) == 1000

    asyncio.run(run())


@pytest.mark.wire
def test_frames_are_pipelined_and_the_fast_overtake_the_slow(serving):
    async def run():
        async with serving() as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(framed(ask("l", 1)) + framed(ask("n", 2)) + framed(ask("a", 3)))
            found = [int.from_bytes((await read_frame(reader))[:2]) for _ in range(2)]
            assert found == [3, 1]
            writer.write_eof()
            assert await reader.read() == b""
            writer.close()
            await writer.wait_closed()

    asyncio.run(run())


@pytest.mark.wire
def test_what_is_under_way_is_answered_before_the_connection_ends(serving):
    async def run():
        async with serving() as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(framed(ask("l")))
            writer.write_eof()
            assert (await read_frame(reader))[:2] == b"\0\7"
            writer.close()
            await writer.wait_closed()

    asyncio.run(run())


DRIBBLERS = {
    "says nothing": b"",
    "half a length": b"\0",
    "half a frame": framed(QUERY)[:-5],
    "an empty frame": b"\0\0",
    "a frame too long": (65535).to_bytes(2) + bytes(MAX_QUERY + 10),
}


@pytest.mark.wire
@pytest.mark.parametrize("data", DRIBBLERS.values(), ids=DRIBBLERS)
def test_a_client_that_dribbles_is_closed(data, serving):
    async def run():
        async with serving(idle=0.2, frame=0.2) as (dns_filter, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(data)
            async with asyncio.timeout(3):
                with contextlib.suppress(ConnectionError):
                    await reader.read()
            writer.transport.abort()
            assert all(seen[3] <= MAX_QUERY for seen in dns_filter.seen)
            assert (await udp_ask(ask("a"), port))[:2] == b"\0\7"

    asyncio.run(run())


@pytest.mark.wire
def test_a_client_that_reads_nothing_is_closed(serving):
    async def run():
        async with serving(frame=0.2) as (dns_filter, port):
            _, writer = await asyncio.open_connection("127.0.0.1", port, limit=64)
            long = framed(ask("a") + bytes(4000))
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(20):
                    for _ in range(20_000):
                        writer.write(long)
                        await writer.drain()
            assert writer.transport.is_closing()
            assert len(dns_filter.seen) < 20_000
            writer.transport.abort()

    asyncio.run(run())


@pytest.mark.wire
def test_one_client_cannot_take_all_connections(serving):
    async def run():
        async with serving() as (dns_filter, port):
            held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(PER_CLIENT)]
            held[-1][1].write(framed(ask("a")))
            assert await read_frame(held[-1][0])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            assert dns_filter.counts.turned_away == 1
            held[0][1].transport.abort()
            await asyncio.sleep(0.05)
            again, other = await asyncio.open_connection("127.0.0.1", port)
            other.write(framed(ask("a")))
            assert await read_frame(again)
            for _, one in (*held, (None, writer), (None, other)):
                one.transport.abort()

    asyncio.run(run())


@pytest.mark.wire
def test_stop_answers_what_is_under_way(serving):
    async def run():
        async with serving() as (_, port):
            pending = asyncio.create_task(udp_ask(ask("l"), port))
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(framed(ask("l", 8)))
            await asyncio.sleep(0.02)
        assert (await pending)[:2] == b"\0\7"
        assert (await read_frame(reader))[:2] == b"\0\x08"
        assert await reader.read() == b""
        writer.transport.abort()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("fd00::1", "fd00::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
    ],
)
def test_addresses_as_policies_know_them(host, known):
    assert plain(host) == known
