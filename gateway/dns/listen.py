"""The sockets of the DNS filter: datagrams in batches, TCP frames with limits for everything.

UDP is read straight off the socket, a bounded number of datagrams at a time, since
this loop is what the figure "answers per second" is made of. On a wildcard
address the answer leaves from the address the query came to (IP_PKTINFO). TCP is
RFC 7766: framed, pipelined, answered in any order; a client that dribbles, idles,
reads nothing or opens too many connections is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import Counter
from collections.abc import Coroutine
from ipaddress import IPv6Address, ip_address

from loguru import logger

from gateway.dns.core import Filter
from gateway.dns.wire import Rcode, bare

BATCH = 64  # datagrams per turn of the loop, so that others get their turn too
MAX_QUERY = 4096  # bytes; an honest query has 300
IDLE = 10.0  # seconds between two frames (RFC 7766 §6.2.3)
FRAME = 3.0  # seconds for a frame once begun, and for the client to read an answer
PER_CLIENT = 20  # connections
CONNECTIONS = 1000
PIPELINE = 32  # frames of one connection being answered at once

_IP_PKTINFO = 8  # linux/in.h; Python has no name for it before 3.14
_PKTINFO4 = struct.Struct("=I4s4s")
_PKTINFO6 = struct.Struct("=16sI")
_ANCILLARY = 128


def plain(host: str) -> str:
    """A peer's address as policies know it: no zone, IPv4-mapped IPv6 as IPv4."""
    host = host.partition("%")[0]
    if ":" not in host:
        return host
    address = IPv6Address(host)
    return str(address.ipv4_mapped or address)


class Datagrams:
    """One UDP socket. `start` reads until `stop`."""

    def __init__(self, sock: socket.socket, dns: Filter) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._dns = dns
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        host = sock.getsockname()[0]
        self._here = plain(host)
        self._wild = ip_address(host.partition("%")[0]).is_unspecified
        if self._wild:
            self._want_destination()

    def _want_destination(self) -> None:
        with contextlib.suppress(OSError):  # an IPv6 socket without IPv4 refuses this one
            self._sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        if self._sock.family == socket.AF_INET6:
            self._sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)

    def start(self) -> None:
        self._loop.add_reader(self._sock, self._wild_batch if self._wild else self._batch)

    async def stop(self, patience: float) -> None:
        """No more queries; those under way get `patience` seconds."""
        self._loop.remove_reader(self._sock)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience)
        for task in self._tasks:
            task.cancel()

    def _batch(self) -> None:
        receive = self._sock.recvfrom
        for _ in range(BATCH):
            try:
                data, peer = receive(MAX_QUERY + 1)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue  # an ICMP error of an earlier answer
            self._one(data, peer, self._here, ())

    def _wild_batch(self) -> None:
        for _ in range(BATCH):
            try:
                data, extra, _, peer = self._sock.recvmsg(MAX_QUERY + 1, _ANCILLARY)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue
            here, source = _destination(extra)
            self._one(data, peer, here or self._here, source)

    def _one(
        self, data: bytes, peer: tuple[str, int], here: str, source: tuple[_Ancillary, ...]
    ) -> None:
        try:
            answer = self._dns.answer(data, plain(peer[0]), here, tcp=False)
        except Exception:  # the outermost door: one query must not end the service
            answer = self._fault(data)
        if isinstance(answer, bytes):
            self._send(answer, peer, source)
        elif answer is not None:
            task = self._loop.create_task(self._later(answer, data, peer, source))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _later(
        self,
        answer: Coroutine[None, None, bytes],
        data: bytes,
        peer: tuple[str, int],
        source: tuple[_Ancillary, ...],
    ) -> None:
        try:
            self._send(await answer, peer, source)
        except Exception:  # as above
            self._send(self._fault(data), peer, source)

    def _send(self, answer: bytes, peer: tuple[str, int], source: tuple[_Ancillary, ...]) -> None:
        try:
            if source:
                self._sock.sendmsg((answer,), source, 0, peer)
            else:
                self._sock.sendto(answer, peer)
        except OSError:
            self._dns.counts.unsent += 1  # a full buffer or a vanished route: UDP may lose

    def _fault(self, data: bytes) -> bytes:
        self._dns.counts.errors += 1
        logger.exception("dns: a query could not be answered")
        return bare(data, Rcode.SERVFAIL)


type _Ancillary = tuple[int, int, bytes]


def _destination(extra: list[_Ancillary]) -> tuple[str, tuple[_Ancillary, ...]]:
    """(our address the datagram came to, the same as the source of the answer)."""
    for level, kind, data in extra:
        if level == socket.IPPROTO_IPV6 and kind == socket.IPV6_PKTINFO:
            packed, interface = _PKTINFO6.unpack(data[:20])
            address = IPv6Address(packed)
            keep = interface if address.is_link_local else 0
            source = (level, kind, _PKTINFO6.pack(packed, keep))
            return str(address.ipv4_mapped or address), (source,)
    for level, kind, data in extra:
        if level == socket.IPPROTO_IP and kind == _IP_PKTINFO:
            _, _, packed = _PKTINFO4.unpack(data[:12])
            return socket.inet_ntoa(packed), ((level, kind, _PKTINFO4.pack(0, packed, bytes(4))),)
    return "", ()


class Streams:
    """One listening TCP socket."""

    def __init__(self, dns: Filter, *, idle: float = IDLE, frame: float = FRAME) -> None:
        self._dns = dns
        self._idle = idle
        self._frame = frame
        self._peers: Counter[str] = Counter()
        self._connections: dict[asyncio.Task[None], _Connection] = {}
        self._server: asyncio.Server | None = None

    async def start(self, sock: socket.socket) -> None:
        self._server = await asyncio.start_server(self._accepted, sock=sock, limit=MAX_QUERY * 2)

    async def stop(self, patience: float) -> None:
        """No more connections; frames under way get `patience` seconds."""
        if self._server is not None:
            self._server.close()
        for connection in self._connections.values():
            connection.read_no_more()
        if self._connections:
            await asyncio.wait(self._connections, timeout=patience)
        for task in self._connections:
            task.cancel()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        client = plain(peer[0]) if peer else ""
        full = len(self._connections) >= CONNECTIONS or self._peers[client] >= PER_CLIENT
        if full or not client:
            self._dns.counts.turned_away += 1
            writer.transport.abort()
            return
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a connection is served inside a task")
        connection = _Connection(
            self._dns, client, reader, writer, idle=self._idle, frame=self._frame
        )
        self._connections[task] = connection
        self._peers[client] += 1
        try:
            await connection.serve()
        except asyncio.CancelledError:
            pass  # `stop` ran out of patience; nobody waits for this task's outcome
        finally:
            del self._connections[task]
            self._peers[client] -= 1
            if not self._peers[client]:
                del self._peers[client]
            writer.transport.abort()


class _Connection:
    """One TCP client: reads frames, answers each as soon as it can."""

    def __init__(
        self,
        dns: Filter,
        client: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        idle: float,
        frame: float,
    ) -> None:
        self._dns = dns
        self._client = client
        self._reader = reader
        self._writer = writer
        self._idle = idle
        self._frame = frame
        self._here = plain(writer.get_extra_info("sockname")[0])
        self._room = asyncio.Semaphore(PIPELINE)
        writer.transport.set_write_buffer_limits(high=65536)

    def read_no_more(self) -> None:
        """As if the client had said it is done: what is under way is still answered."""
        self._writer.transport.pause_reading()  # type: ignore[attr-defined]
        self._reader.feed_eof()

    async def serve(self) -> None:
        try:
            async with asyncio.TaskGroup() as answers:
                await self._frames(answers)
            async with asyncio.timeout(self._frame):
                self._writer.close()
                await self._writer.wait_closed()
        except* (OSError, TimeoutError):
            pass  # the client is gone, or takes nothing

    async def _frames(self, answers: asyncio.TaskGroup) -> None:
        while True:
            try:
                async with asyncio.timeout(self._idle):
                    first = await self._reader.readexactly(1)
                async with asyncio.timeout(self._frame):
                    length = int.from_bytes(first + await self._reader.readexactly(1))
                    data = await self._reader.readexactly(min(length, MAX_QUERY))
            except (asyncio.IncompleteReadError, TimeoutError, OSError):
                return
            await self._room.acquire()
            answers.create_task(self._answer(data))
            if length > MAX_QUERY:
                return  # answered as malformed, then closed: we will not read 64 KiB of it

    async def _answer(self, data: bytes) -> None:
        """Holds its place in the pipeline until the client has taken the answer."""
        try:
            await self._write(await self._made(data))
        finally:
            self._room.release()

    async def _made(self, data: bytes) -> bytes | None:
        try:
            answer = self._dns.answer(data, self._client, self._here, tcp=True)
            if answer is None or isinstance(answer, bytes):
                return answer
            return await answer
        except Exception:  # the outermost door: one query must not end the service
            self._dns.counts.errors += 1
            logger.exception("dns: a query could not be answered")
            return bare(data, Rcode.SERVFAIL)

    async def _write(self, answer: bytes | None) -> None:
        if answer is None:
            return
        self._writer.write(len(answer).to_bytes(2) + answer)
        async with asyncio.timeout(self._frame):
            await self._writer.drain()
