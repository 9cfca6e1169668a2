"""Origin servers of the end-to-end tests: HTTP/1.1, HTTP/2, WebSocket and DNS on loopback.

One thread runs an event loop with every origin; `Origins.seen` is what they received,
which is how a test knows that something was *not* contacted. What they answer is pages.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import dns.message
import dns.rdatatype
import dns.rrset
import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from tests.origin_http import READ, Http1, Http2
from tests.pages import Asked, Reply, reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an origin listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Origins:
    """Every origin of a test session, in one thread. Use as a context manager."""

    def __init__(self) -> None:
        self.seen: list[Asked] = []
        self.accepted: list[int] = []  # the port of every connection, also of silent ones
        self.asked_names: list[str] = []  # DNS questions
        self.said: dict[str, Reply] = {}  # answers of a test's own, by path
        self.program: Callable[[Asked], Reply | None] = lambda _: None  # what a test serves
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._servers: list[asyncio.Server] = []
        self._datagrams: list[asyncio.DatagramTransport] = []
        self._demanding: list[socket.socket] = []

    def __enter__(self) -> Origins:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for listener in self._demanding:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def web(self, host: str, context: ssl.SSLContext | None = None, port: int = 0) -> Place:
        """Start an HTTP origin (HTTPS with `context`, HTTP/2 where its ALPN says so)."""
        return self._run(self._web(host, context, port))

    def raw(self, host: str, answer: bytes, port: int = 0) -> Place:
        """Start an origin that says `answer` to the first bytes and then echoes."""
        return self._run(self._raw(host, answer, port))

    def demanding(self, host: str, context: ssl.SSLContext) -> Place:
        """Start an HTTPS origin that wants a client certificate and says so by a TLS alert.

        It has a thread of its own: asyncio closes a failed handshake without the alert.
        """
        listener = socket.create_server((host, 0))
        threading.Thread(target=self._demand, args=(listener, context), daemon=True).start()
        self._demanding.append(listener)
        return Place(host=host, port=listener.getsockname()[1])

    def _demand(self, listener: socket.socket, context: ssl.SSLContext) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                self.accepted.append(listener.getsockname()[1])
                sock.settimeout(5)
                with contextlib.suppress(OSError), context.wrap_socket(sock, server_side=True) as s:
                    s.recv(READ)
                    s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                sock.close()

    def resolver(self, host: str, addresses: dict[str, str]) -> Place:
        """Start a DNS upstream (UDP): A or CNAME records for `addresses`, else NXDOMAIN."""
        return self._run(self._resolver(host, addresses))

    def answer(self, asked: Asked) -> Reply:
        """What a request is answered with."""
        said = self.said.get(asked.target.partition("?")[0])
        return said or self.program(asked) or reply(asked)

    def requests(self, path: str) -> list[Asked]:
        """What was received for one path."""
        return [one for one in self.seen if one.target.partition("?")[0] == path]

    def _run[T](self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for transport in self._datagrams:
            transport.close()
        mine = asyncio.current_task()
        for task in [task for task in asyncio.all_tasks() if task is not mine]:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await task
        await asyncio.sleep(0.05)

    async def _web(self, host: str, context: ssl.SSLContext | None, port: int) -> Place:
        return await self._listen(self._serve, host, port, context)

    async def _raw(self, host: str, answer: bytes, port: int) -> Place:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.accepted.append(writer.get_extra_info("sockname")[1])
            if await reader.read(READ):
                writer.write(answer)
            while data := await reader.read(READ):
                writer.write(data)

        return await self._listen(serve, host, port, None)

    async def _listen(
        self, serve: Any, host: str, port: int, context: ssl.SSLContext | None
    ) -> Place:
        async def door(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await serve(reader, writer)
            except (OSError, EOFError, ssl.SSLError, ValueError, h2.exceptions.H2Error):
                pass  # a client that went away; the test asserts what it needs elsewhere
            finally:
                writer.close()
                with contextlib.suppress(OSError, ssl.SSLError):
                    await writer.wait_closed()

        server = await asyncio.start_server(door, host, port, ssl=context, limit=READ, backlog=512)
        self._servers.append(server)
        return Place(host=host, port=server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("sockname")[1]
        self.accepted.append(port)
        secure = writer.get_extra_info("ssl_object")
        if secure is not None and secure.selected_alpn_protocol() == "h2":
            await Http2(self, reader, writer, port).serve()
        else:
            await Http1(self, reader, writer, port).serve()

    async def _resolver(self, host: str, addresses: dict[str, str]) -> Place:
        transport, _ = await self._loop.create_datagram_endpoint(
            lambda: Names(self, addresses), local_addr=(host, 0)
        )
        self._datagrams.append(transport)
        return Place(host=host, port=transport.get_extra_info("sockname")[1])


class Names(asyncio.DatagramProtocol):
    """A DNS upstream of a few names."""

    def __init__(self, origins: Origins, addresses: dict[str, str]) -> None:
        self.origins = origins
        self.addresses = addresses
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: Any) -> None:
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.origins.asked_names.append(name)
        address = self.addresses.get(name)
        if address is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif not address[-1].isdigit():
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", "CNAME", address))
        elif question.rdtype == dns.rdatatype.A:
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", "A", address))
        if self.transport is not None:
            self.transport.sendto(answer.to_wire(), addr)
