"""How the test origins speak: HTTP/1.1 with WebSocket, and HTTP/2. What they say is pages.py.

Every request is noted in `Origins.seen` before it is answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
from websockets.frames import Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from tests.pages import Asked, Reply

if TYPE_CHECKING:
    from tests.origins import Origins

READ = 256 * 1024
KEPT = 1024  # bytes of a request body that are kept


class Body:
    """A request body, hashed as it comes."""

    def __init__(self) -> None:
        self.length = 0
        self.first = b""
        self._hash = hashlib.sha256()

    def add(self, data: bytes) -> None:
        self.length += len(data)
        self._hash.update(data)
        if len(self.first) < KEPT:
            self.first += data[: KEPT - len(self.first)]

    def about(self) -> dict[str, Any]:
        return {"length": self.length, "sha256": self._hash.hexdigest(), "body": self.first}


class Http1:
    """One HTTP/1.1 connection of an origin."""

    def __init__(
        self,
        origins: Origins,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        port: int,
    ) -> None:
        self.origins = origins
        self.reader = reader
        self.writer = writer
        self.port = port

    async def serve(self) -> None:
        while True:
            try:
                head = await self.reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                return
            lines = head[:-4].decode("latin-1").split("\r\n")
            method, target, _ = lines[0].split(" ", 2)
            fields = tuple(
                (name.lower(), value.strip())
                for name, _, value in (line.partition(":") for line in lines[1:])
            )
            asked = Asked(
                method=method, target=target, version="1.1", headers=fields, port=self.port
            )
            if asked.header("upgrade").lower() == "websocket":
                self.origins.seen.append(asked)
                await self._websocket(head)
                return
            if asked.header("expect").lower() == "100-continue":
                self.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = Body()
            await self._read_body(asked, body)
            asked = Asked(
                method=method,
                target=target,
                version="1.1",
                headers=fields,
                port=self.port,
                **body.about(),
            )
            self.origins.seen.append(asked)
            made = self.origins.answer(asked)
            if not await self._answer(asked, made):
                return

    async def _read_body(self, asked: Asked, body: Body) -> None:
        if "chunked" in asked.header("transfer-encoding"):
            while size := int((await self.reader.readline()).split(b";")[0], 16):
                body.add(await self.reader.readexactly(size))
                await self.reader.readexactly(2)
            while (await self.reader.readline()) not in (b"\r\n", b""):
                continue
            return
        left = int(asked.header("content-length") or 0)
        while left:
            data = await self.reader.read(min(left, READ))
            if not data:
                raise EOFError
            left -= len(data)
            body.add(data)

    async def _answer(self, asked: Asked, made: Reply) -> bool:
        """Send one answer; False where the connection is to be closed."""
        if made.raw is not None:
            self.writer.write(made.raw)
            await self.writer.drain()
            return False
        fields = list(made.headers)
        if made.parts is None:
            fields.append(("content-length", str(len(made.body))))
        elif made.length is not None:
            fields.append(("content-length", str(made.length)))
        else:
            fields.append(("transfer-encoding", "chunked"))
        lines = [f"HTTP/1.1 {made.status} Said", *(f"{name}: {value}" for name, value in fields)]
        self.writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        if asked.method != "HEAD":
            await self._send_body(made)
        await self.writer.drain()
        return True

    async def _send_body(self, made: Reply) -> None:
        if made.parts is None:
            self.writer.write(made.body)
            return
        for part in made.parts():
            if made.length is None:
                self.writer.write(b"%x\r\n%b\r\n" % (len(part), part))
            else:
                self.writer.write(part)
            await self.writer.drain()
            if made.pause:
                await asyncio.sleep(made.pause)
        if made.length is None:
            after = "".join(f"{name}: {value}\r\n" for name, value in made.trailers)
            self.writer.write(f"0\r\n{after}\r\n".encode())

    async def _websocket(self, head: bytes) -> None:
        """Accept and echo every message until the client closes."""
        protocol = ServerProtocol()
        protocol.receive_data(head)
        async for event in self._socket_events(protocol):
            if isinstance(event, Request):
                protocol.send_response(protocol.accept(event))
            elif event.opcode is Opcode.TEXT:
                protocol.send_text(event.data)
            elif event.opcode is Opcode.BINARY:
                protocol.send_binary(event.data)

    async def _socket_events(self, protocol: ServerProtocol) -> AsyncIterator[Any]:
        while True:
            for event in protocol.events_received():
                yield event
            for data in protocol.data_to_send():
                if data:
                    self.writer.write(data)
            await self.writer.drain()
            if protocol.close_expected():
                return
            data = await self.reader.read(READ)
            if not data:
                return
            protocol.receive_data(data)


@dataclass(slots=True)
class Stream:
    """One HTTP/2 request in the making."""

    headers: list[tuple[str, str]]
    body: Body = field(default_factory=Body)


class Http2:
    """One HTTP/2 connection of an origin."""

    def __init__(
        self,
        origins: Origins,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        port: int,
    ) -> None:
        self.origins = origins
        self.reader = reader
        self.writer = writer
        self.port = port
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        self.connection = h2.connection.H2Connection(config)
        self.streams: dict[int, Stream] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.moved = asyncio.Event()

    async def serve(self) -> None:
        self.connection.initiate_connection()
        self._flush()
        try:
            while data := await self.reader.read(READ):
                for event in self.connection.receive_data(data):
                    self._event(event)
                self._flush()
        finally:
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)

    def _flush(self) -> None:
        self.writer.write(self.connection.data_to_send())

    def _event(self, event: h2.events.Event) -> None:
        self.moved.set()
        if isinstance(event, h2.events.RequestReceived):
            self.streams[event.stream_id] = Stream(
                headers=[(str(n), str(v)) for n, v in event.headers]
            )
        elif isinstance(event, h2.events.DataReceived):
            self.streams[event.stream_id].body.add(event.data)
            self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            task = asyncio.get_running_loop().create_task(self._answer(event.stream_id))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _answer(self, number: int) -> None:
        stream = self.streams.pop(number)
        pseudo = dict(stream.headers)
        asked = Asked(
            method=pseudo[":method"],
            target=pseudo[":path"],
            version="2",
            headers=tuple(stream.headers),
            port=self.port,
            **stream.body.about(),
        )
        self.origins.seen.append(asked)
        made = self.origins.answer(asked)
        if made.raw is not None:
            self.connection.reset_stream(number, h2.errors.ErrorCodes.INTERNAL_ERROR)
            self._flush()
            return
        fields = [(":status", str(made.status)), *made.headers]
        if made.parts is None:
            fields.append(("content-length", str(len(made.body))))
        elif made.length is not None:
            fields.append(("content-length", str(made.length)))
        self.connection.send_headers(number, fields)
        parts: Iterable[bytes] = [made.body] if made.parts is None else made.parts()
        with contextlib.suppress(h2.exceptions.StreamClosedError):
            for part in parts if asked.method != "HEAD" else ():
                await self._send(number, part)
                if made.pause:
                    await asyncio.sleep(made.pause)
            self.connection.end_stream(number)
        self._flush()

    async def _send(self, number: int, data: bytes) -> None:
        """Send within the client's windows."""
        at = 0
        while at < len(data):
            window = self.connection.local_flow_control_window(number)
            size = min(window, self.connection.max_outbound_frame_size, len(data) - at)
            if size <= 0:
                self.moved.clear()
                await self.moved.wait()
                continue
            self.connection.send_data(number, data[at : at + size])
            at += size
        self._flush()
        await self.writer.drain()
