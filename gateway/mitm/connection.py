"""One client connection: mitmproxy's handler with a straight path through it.

Stock mitmproxy starts a task for every hook and asks every addon by name. Here a
table made once maps each hook's class to one function; what is synchronous runs
in place, and hooks nobody listens to cost nothing. The rest (opening upstream
connections, timeouts, back-pressure) is mitmproxy's own code.
"""

from __future__ import annotations

import asyncio
import collections
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakSet

from loguru import logger
from mitmproxy.connection import Client, Connection, ConnectionState, Server
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.server import ConnectionHandler, ConnectionIO
from mitmproxy.utils import asyncio_utils

from gateway.mitm.guard import waiting
from gateway.mitm.options import EngineOptions
from gateway.mitm.origin import MOST_HELD, held
from gateway.node import Listener
from policies.model import Subject
from rules.model import Facts, Signal

if TYPE_CHECKING:
    from mitmproxy.proxy.layers.http._http2 import Http2Connection

    from gateway.mitm.exchange import Exchange
    from gateway.mitm.filter import Filter
    from gateway.mitm.guard import GuardedHttp1, GuardedHttp2
    from gateway.mitm.origin import GuardedHttp1Origin, GuardedHttp2Origin
    from gateway.pipeline import Outcome

Hooks = Mapping[type[commands.StartHook], tuple[Callable[..., Awaitable[None] | None], str]]
"""Hook class → the function that answers it, and the name of the hook's one field. An
answer that has to wait for something (a login) is awaited beside the connection's layers,
which hold what follows meanwhile."""

STALLED = 0.5  # seconds
H2_WAITING = 12 * 1024 * 1024  # bytes held back on a whole connection before the other side waits
OPTIONS = EngineOptions()
LOGIN_OPTIONS = EngineOptions(proxyauth="any")


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A login on one connection. `mark` is a keyed digest of what was said; times are Unix
    seconds: until when the same words suffice, and when the connection ends."""

    mark: bytes
    until: float
    ends: float


@dataclass(kw_only=True, eq=False, repr=False)
class EdgeClient(Client):
    """The client side of a connection, and what the filter knows of it."""

    filter: Filter
    listener: Listener
    subject: Subject
    claims: tuple[str, ...] = ()  # names claimed so far: CONNECT target, SNI
    target: tuple[str, int] | None = None  # the real destination of a tunnel
    sni_name: str = ""  # the canonical SNI
    seen: tuple[Signal, ...] = ()  # which program the ClientHello looks like
    tunnel: tuple[Facts, Outcome] | None = None  # the tunnel's own verdict, until it carried one
    received: bool = False  # any byte at all
    recorded: int = 0  # exchanges recorded on this connection
    hello_since: float = 0.0
    heads: dict[int, GuardedHttp1] = field(default_factory=dict)
    certificate_wanted: bool = False  # an origin asked for the device's own certificate
    h2: GuardedHttp2 | None = None
    origins: WeakSet[GuardedHttp2Origin] = field(default_factory=WeakSet)
    feeds: WeakSet[GuardedHttp1Origin] = field(default_factory=WeakSet)  # each for one stream
    open: dict[str, Any] = field(default_factory=dict)  # flows not yet recorded, by id
    sockets: dict[str, Any] = field(default_factory=dict)  # WebSockets' exchanges, by flow
    spliced: Exchange | None = None  # the tunnel that flows through unread
    moved: int = 0  # bytes received from either side
    login: Login | None = None  # whoever said a password on this connection

    def flowing(self) -> list[Exchange]:
        """What is open on this connection now."""
        tunnel = () if self.spliced is None else (self.spliced,)
        return [*tunnel, *self.open.values(), *self.sockets.values()]


def traces(error: BaseException) -> str:
    """Where an error arose, without its message: that may quote a pupil's request or address."""
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"


class EdgeConnection(ConnectionHandler):
    """Runs the layers of one client connection; hooks are answered in place."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        client: EdgeClient,
        hooks: Hooks,
    ) -> None:
        options = LOGIN_OPTIONS if client.listener.login else OPTIONS
        super().__init__(Context(client, cast(Any, options)))
        self.transports[client] = ConnectionIO(handler=None, reader=reader, writer=writer)
        self._hooks = hooks
        self._events: collections.deque[events.Event] = collections.deque()
        self._unsent: dict[Connection, list[bytes]] = {}
        self._busy = False
        self._progress = asyncio.Event()

    @property
    def edge(self) -> EdgeClient:
        return cast(EdgeClient, self.client)

    def log(self, message: str, level: int = 20, exc_info: Any = None) -> None:
        """mitmproxy's own log lines: only crashes are worth keeping, and never an address."""
        if level >= 40:
            error = exc_info[1] if isinstance(exc_info, tuple) else None
            logger.error("engine: {}", message if error is None else traces(error))

    async def handle_hook(self, hook: commands.StartHook) -> None:
        """Hooks that the handler itself fires (connect, disconnect)."""
        found = self._hooks.get(type(hook))
        if found is not None:
            answer, field_name = found
            waits = answer(getattr(hook, field_name))
            if waits is not None:
                await waits

    async def server_event(self, event: events.Event) -> None:
        """Feed one event through the layers. Reentrant calls queue behind the running one."""
        self._events.append(event)
        if isinstance(event, events.DataReceived):
            self.edge.received = True
            self.edge.moved += len(event.data)
        if self._busy:
            return
        self._busy = True
        self.timeout_watchdog.last_activity = time.time()
        try:
            while self._events:
                self._step(self._events.popleft())
            if self._unsent:
                self._send()
            self._progress.set()
        except Exception as error:
            self.edge.filter.crashed(self.edge)
            logger.error("engine: a connection's layers have crashed: {}", traces(error))
            self._abort()
        finally:
            self._busy = False

    def _step(self, event: events.Event) -> None:
        transports = self.transports
        for command in self.layer.handle_event(event):
            if isinstance(command, commands.SendData):
                self._unsent.setdefault(command.connection, []).append(command.data)
            elif isinstance(command, commands.StartHook):
                found = self._hooks.get(type(command))
                later = None
                if found is not None:
                    answer, field_name = found
                    later = answer(getattr(command, field_name))
                if later is not None:
                    self._later(command, later)
                elif command.blocking:
                    self._events.append(events.HookCompleted(command))
            elif isinstance(command, commands.Log):
                if "certificate required" in command.message:  # said nowhere else (TLS 1.3)
                    self.edge.certificate_wanted = True
            elif isinstance(command, commands.OpenConnection):
                self._open(command)
            elif isinstance(command, commands.RequestWakeup):
                timer = asyncio_utils.create_task(
                    self.wakeup(command), name="wakeup", keep_ref=False
                )
                self.wakeup_timer.add(timer)
            elif isinstance(command, commands.CloseConnection) and command.connection in transports:
                self._close(command)

    def _later(self, command: commands.StartHook, answer: Awaitable[None]) -> None:
        """An answer that takes its time: the layers go on when it is there."""
        asyncio_utils.create_task(self._wait(command, answer), name="answer", keep_ref=True)

    async def _wait(self, command: commands.StartHook, answer: Awaitable[None]) -> None:
        await asyncio.sleep(0)  # the task is eager, and `server_event` is running
        try:
            await answer
        except Exception as error:  # the outermost door of one answer: nothing goes on
            self.edge.filter.crashed(self.edge)
            logger.error("engine: an answer has failed: {}", traces(error))
            self._abort()
            return
        if command.blocking and self.client in self.transports:
            await self.server_event(events.HookCompleted(command))

    def _open(self, command: commands.OpenConnection) -> None:
        # the transport must be known before the (eager) task may run
        self.transports[command.connection] = io = ConnectionIO()
        io.handler = asyncio_utils.create_task(
            self.open_connection(command), name="upstream", keep_ref=False
        )

    async def open_connection(self, command: commands.OpenConnection) -> None:
        """Connect and read until the end; then keep nothing of it (clients stay for hours)."""
        connection, address = command.connection, command.connection.address
        try:
            await super().open_connection(command)
        finally:
            if connection.state is ConnectionState.CLOSED:
                self.transports.pop(connection, None)
            servers = [other for other in self.transports if isinstance(other, Server)]
            if all(other.address != address for other in servers):
                self.max_conns.pop(cast(Any, address), None)

    def _send(self) -> None:
        """Write what the layers have said since the last time: one system call a side."""
        for connection, pieces in self._unsent.items():
            io = self.transports.get(connection)
            if io is None or io.writer is None or io.writer.is_closing():
                continue
            writer = cast(asyncio.StreamWriter, io.writer)
            if len(pieces) == 1:
                writer.write(pieces[0])
            else:
                writer.writelines(pieces)
        self._unsent.clear()

    def _close(self, command: commands.CloseConnection) -> None:
        self._send()  # what was said before the close goes out before it
        half = isinstance(command, commands.CloseTcpConnection) and command.half_close
        self.close_connection(command.connection, half)

    def _abort(self) -> None:
        for io in list(self.transports.values()):
            if io.handler is not None:
                io.handler.cancel("engine error")

    async def handle_connection(self, connection: Connection) -> None:
        """Read from one side until it closes.

        The task is eager: where bytes are waiting already it would run before its own
        handle is known, and could not be closed; so the client's waits one turn.
        """
        if connection is self.client:
            await asyncio.sleep(0)
        await super().handle_connection(connection)

    def end(self) -> None:
        """Close this client's connection from outside (slow head, shutdown)."""
        io = self.transports.get(self.client)
        if io is not None and io.handler is not None:
            io.handler.cancel("ended")

    async def drain_writers(self) -> None:
        """Back-pressure, HTTP/2's windows included: stop reading what the other side cannot take.

        A wait ends after STALLED seconds, and one more piece is read: where both sides
        wait for each other, one of them holds the window update that frees both.
        """
        edge = self.edge
        if edge.h2 is not None or edge.origins:
            await self._windows(edge)
        for io in self.transports.values():
            writer = cast("asyncio.StreamWriter | None", io.writer)
            if writer is not None and writer.transport.get_write_buffer_size():
                await super().drain_writers()
                return

    async def _windows(self, edge: EdgeClient) -> None:
        """Wait for HTTP/2's windows; an HTTP/1 origin serves one stream and waits for that one."""
        task = asyncio.current_task()
        reading = next((one for one, io in self.transports.items() if io.handler is task), None)
        sides: Iterable[Http2Connection] = edge.origins
        if reading is not self.client and edge.h2 is not None:
            sides = (edge.h2,)
            for feed in [one for one in edge.feeds if one.conn is reading]:
                while feed.stream_id is not None and held(edge.h2, feed.stream_id) > MOST_HELD:
                    self._progress.clear()
                    await self._progress.wait()
        elif reading is not self.client:
            return
        while any(waiting(side) > H2_WAITING for side in sides):
            self._progress.clear()
            try:
                async with asyncio.timeout(STALLED):
                    await self._progress.wait()
            except TimeoutError:
                break
