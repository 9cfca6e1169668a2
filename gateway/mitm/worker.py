"""One worker process: inherited sockets in, filtered traffic out.

Started by the supervisor as `python -O -m gateway.mitm.worker --node FILE --index K
--listeners JSON`. SIGHUP: look for a new snapshot and CA. SIGTERM: stop accepting,
let flows finish, flush the events, end. Nothing is read or written on the event
loop but sockets.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import gc
import json
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast

from loguru import logger
from mitmproxy import platform
from mitmproxy.connection import ConnectionState
from mitmproxy.proxy import commands, layer, server_hooks
from mitmproxy.proxy.layers import modes, tls, websocket
from mitmproxy.proxy.layers.http import _hooks as http_hooks

from gateway.authority import read_keys
from gateway.destinations import Destinations
from gateway.events import Recorder
from gateway.identity.resolve import Resolver, parse_address
from gateway.metrics import Metrics
from gateway.mitm import layers
from gateway.mitm.connection import EdgeClient, EdgeConnection, Hooks
from gateway.mitm.filter import Filter, InForce
from gateway.mitm.loop import EdgeLoop
from gateway.mitm.proxyline import Proxied
from gateway.mitm.proxyline import read as read_proxy_line
from gateway.mitm.tls import Authority, Upstream
from gateway.mitm.tunnel import Tunnels
from gateway.node import Listener, ListenerKind, Node
from gateway.page.maker import PageMaker
from gateway.page.ticket import Tickets
from gateway.reload import Follower, Loaded
from gateway.rewrite.safesearch import SafeSearch
from rules.load import WorldError
from rules.model import Gap

GRACE = 30.0  # seconds that flows may take to finish after SIGTERM
FOLLOW = 2.0  # seconds between looks at what is in force
MOST_CONNECTIONS = 20_000  # per worker; beyond it new ones are closed and counted


def hook_table(judge: Filter, tunnels: Tunnels) -> Hooks:
    """Hook class → the one function that answers it; a class not here costs nothing."""
    table: dict[type[commands.StartHook], Callable[..., None]] = {
        server_hooks.ClientConnectedHook: judge.client_connected,
        server_hooks.ClientDisconnectedHook: judge.client_disconnected,
        server_hooks.ServerConnectHook: judge.server_connect,
        layer.NextLayerHook: tunnels.next_layer,
        tls.TlsStartClientHook: tunnels.tls_start_client,
        tls.TlsStartServerHook: tunnels.tls_start_server,
        tls.TlsEstablishedServerHook: tunnels.tls_established_server,
        tls.TlsFailedClientHook: tunnels.tls_failed_client,
        http_hooks.HttpConnectHook: tunnels.connect,
        http_hooks.HttpRequestHeadersHook: judge.request,
        http_hooks.HttpResponseHeadersHook: judge.response_head,
        http_hooks.HttpResponseHook: judge.response,
        http_hooks.HttpErrorHook: judge.error,
        websocket.WebsocketMessageHook: judge.websocket_message,
        layers.WindowHook: judge.window,
        layers.UpstreamFailedHook: judge.upstream_failed,
        layers.RejectedHook: judge.rejected,
    }
    return table


class Worker:
    """The accepting side: sockets, connections, reload and the sweep."""

    def __init__(self, node: Node, index: int, loop: EdgeLoop) -> None:
        keys = read_keys(node.data / "keys")
        self.node = node
        self.index = index
        self.loop = loop
        self.metrics = Metrics()
        self.follower = Follower(node)
        self._pseudonym = keys.pseudonym
        force = self._make_force(self.follower.load())
        destinations = Destinations(node)
        loop.destinations = destinations
        loop.static = dict(entry.split("=", 1) for entry in node.resolve)
        self.recorder = Recorder(
            node,
            role="proxy",
            index=index,
            metrics=self.metrics,
            rulebase=force.base.hash,
        )
        self.filter = Filter(
            force=force,
            recorder=self.recorder,
            metrics=self.metrics,
            tickets=Tickets(keys.ticket),
            destinations=destinations,
            safesearch=SafeSearch.load(),
        )
        self._ca_file = node.ca / "mitmproxy-ca.pem"
        self._ca_pem = self._ca_file.read_bytes()
        self.tunnels = Tunnels(self.filter, Authority(self._ca_pem), Upstream(node.trusted_ca))
        self.hooks = hook_table(self.filter, self.tunnels)
        self.connections: set[EdgeConnection] = set()
        self._servers: list[asyncio.Server] = []
        self._stopping = asyncio.Event()
        self._prefixes = {
            listener: tuple(ip_network(prefix) for prefix in listener.clients)
            for listener in node.listeners
        }
        self._tasks: set[asyncio.Task[Any]] = set()

    # what is in force

    def _make_force(self, loaded: Loaded) -> InForce:
        snapshot = loaded.snapshot
        return InForce(
            base=loaded.base,
            snapshot=snapshot,
            resolver=Resolver(snapshot.prefixes, snapshot.default_subject, self._pseudonym),
            pages=PageMaker.load(loaded.base.categories),
        )

    async def reload(self) -> None:
        """Put a new snapshot in force, if there is one; in a thread, then one assignment."""
        try:
            if self.follower.changed():
                force = await asyncio.to_thread(lambda: self._make_force(self.follower.load()))
                self.filter.force = force
                self.recorder.rulebase = force.base.hash
                self.metrics.reload("published", force.snapshot.hash, force.base.hash, time.time())
                logger.info("in force: snapshot {}", force.snapshot.hash)
            pem = await asyncio.to_thread(self._ca_file.read_bytes)
            if pem != self._ca_pem:
                self.tunnels.authority = await asyncio.to_thread(Authority, pem)
                self._ca_pem = pem
                logger.info("a new CA is in use")
        except (WorldError, OSError, ValueError) as error:
            self.metrics.reload("failed", "", "", time.time())
            logger.error("nothing new is in force: {}", error)

    async def _follow(self) -> None:
        while not self._stopping.is_set():
            await asyncio.sleep(FOLLOW)
            if self.follower.changed():
                await self.reload()

    # connections

    async def serve(self, sockets: Sequence[tuple[Listener, socket.socket]]) -> None:
        """Accept on all sockets until asked to stop; then let flows finish."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self.loop.add_signal_handler(number, self._stopping.set)
        self.loop.add_signal_handler(signal.SIGHUP, self._start, self.reload)
        for listener, sock in sockets:
            self._servers.append(
                await asyncio.start_server(
                    functools.partial(self._accepted, listener), sock=sock, backlog=1024
                )
            )
        self._start(self._sweep)
        self._start(self._follow)
        ready = self.node.run / f"worker-{self.index}.ready"
        await asyncio.to_thread(ready.write_text, str(os.getpid()))
        await self._stopping.wait()
        for server in self._servers:
            server.close()
        end = time.monotonic() + GRACE
        while self.connections and time.monotonic() < end:
            self._close_idle()
            await asyncio.sleep(0.1)
        for connection in list(self.connections):
            connection.end()
        await asyncio.sleep(0.1 if self.connections else 0)
        await asyncio.to_thread(self.recorder.close)
        await asyncio.to_thread(_withdraw, ready)

    def _start(self, work: Callable[[], Any]) -> None:
        task = self.loop.create_task(work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _close_idle(self) -> None:
        for connection in list(self.connections):
            if not connection.edge.open:
                connection.end()

    async def _accepted(
        self, listener: Listener, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            await self._handle(listener, reader, writer)
        except Exception:  # the outermost door of one connection
            self.metrics.failure("connection")
            logger.exception("a connection failed")
        finally:
            if not writer.is_closing():
                writer.close()

    async def _handle(
        self, listener: Listener, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        peer = writer.get_extra_info("peername")
        if peer is None:
            return
        destination = None
        proxied: Proxied | None = None
        if listener.proxy_protocol:
            try:
                proxied = await read_proxy_line(reader)
            except ValueError as error:
                self._refuse(listener, writer, str(peer[0]), str(error))
                return
            if proxied.source is None:
                return  # the balancer's own health check
            peer, destination = proxied.source, proxied.destination
        if not self._serves(listener, str(peer[0])):
            self._refuse(listener, writer, str(peer[0]), "foreign client")
            return
        if len(self.connections) >= MOST_CONNECTIONS:
            self._refuse(listener, writer, str(peer[0]), "too many connections")
            return
        client = self._client(listener, writer, (str(peer[0]), int(peer[1])))
        connection = EdgeConnection(reader, writer, client, self.hooks)
        if listener.kind is ListenerKind.TRANSPARENT and destination is None:
            destination = self._original(writer)
            if destination is None:
                self.filter.reject(client, Gap.MALFORMED, "no original destination")
                return
        top_layer(connection, listener.kind, destination)
        self.connections.add(connection)
        try:
            await connection.handle_client()
        finally:
            self.connections.discard(connection)

    def _client(
        self, listener: Listener, writer: asyncio.StreamWriter, peer: tuple[str, int]
    ) -> EdgeClient:
        return EdgeClient(
            peername=peer,
            sockname=writer.get_extra_info("sockname"),
            timestamp_start=time.time(),
            state=ConnectionState.OPEN,
            filter=self.filter,
            listener=listener,
            subject=self.filter.force.resolver.subject(peer[0]),
        )

    def _serves(self, listener: Listener, peer: str) -> bool:
        address = parse_address(peer)
        return any(
            prefix.version == address.version and address in prefix
            for prefix in self._prefixes[listener]
        )

    def _refuse(
        self, listener: Listener, writer: asyncio.StreamWriter, peer: str, why: str
    ) -> None:
        """A client that this listener does not serve: one event, no answer."""
        client = self._client(listener, writer, (peer, 0))
        self.filter.reject(client, Gap.FOREIGN_CLIENT, why)

    @staticmethod
    def _original(writer: asyncio.StreamWriter) -> tuple[str, int] | None:
        find = platform.original_addr
        try:
            address = find(writer.get_extra_info("socket")) if find is not None else None
        except OSError:
            return None
        if address is None or tuple(address[:2]) == writer.get_extra_info("sockname")[:2]:
            return None  # not redirected: somebody connected to the listener itself
        return str(address[0]), int(address[1])

    # time

    async def _sweep(self) -> None:
        """Once a second: end what is slower than it may be."""
        while not self._stopping.is_set():
            await asyncio.sleep(1.0)
            late = time.monotonic() - layers.HEAD_SECONDS
            for connection in list(self.connections):
                client = connection.edge
                slow = client.hello_since and client.hello_since < late
                if slow or any(guard.head_since < late for guard in client.heads.values()):
                    self._too_slow(connection, client)

    def _too_slow(self, connection: EdgeConnection, client: EdgeClient) -> None:
        client.heads.clear()
        client.hello_since = 0.0
        rejection = layers.Rejection(
            client=client, gap=Gap.TOO_SLOW, detail="slower than 10 s", status=408
        )
        self.filter.rejected(rejection)
        io = connection.transports.get(client)
        if io is not None and io.writer is not None and client.target is None:
            cast(asyncio.StreamWriter, io.writer).write(rejection.answer)
        connection.end()


def top_layer(
    connection: EdgeConnection, kind: ListenerKind, destination: tuple[str, int] | None
) -> None:
    """Set the first layer of a connection, by the kind of its listener."""
    context = connection.layer.context
    context.layers.clear()
    if kind is ListenerKind.EXPLICIT:
        connection.layer = layers.http_layer(context, explicit=True)
    elif kind is ListenerKind.SOCKS5:
        connection.edge.hello_since = time.monotonic()
        connection.layer = modes.Socks5Proxy(context)
    elif kind is ListenerKind.PAGE_HTTP:
        connection.edge.target = ("", 80)
        context.server.address = ("", 80)
        connection.layer = layers.http_layer(context, explicit=False)
    else:
        port = 443 if kind is ListenerKind.PAGE_HTTPS else 0
        context.server.address = destination or ("", port)
        connection.layer = modes.TransparentProxy(context)


def _withdraw(ready: Path) -> None:
    """Remove our word that we serve, unless a replacement has written its own."""
    with contextlib.suppress(OSError):
        if ready.read_text() == str(os.getpid()):
            ready.unlink()


def raise_limits() -> None:
    """As many open files as the system lets us have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one worker until it is told to stop."""
    parser = argparse.ArgumentParser(prog="gateway.mitm.worker")
    parser.add_argument("--node", type=Path, required=True)
    parser.add_argument("--index", type=int, required=True)
    parser.add_argument("--listeners", required=True)
    arguments = parser.parse_args(argv)
    node = Node.read(arguments.node)
    sockets = [
        (node.listeners[entry["listener"]], socket.socket(fileno=entry["fd"]))
        for entry in json.loads(arguments.listeners)
    ]
    for _, sock in sockets:
        sock.setblocking(False)
    raise_limits()
    layers.install()
    gc.freeze()

    async def run() -> None:
        loop = cast(EdgeLoop, asyncio.get_running_loop())
        loop.set_task_factory(asyncio.eager_task_factory)
        await Worker(node, arguments.index, loop).serve(sockets)

    with asyncio.Runner(loop_factory=EdgeLoop) as runner:
        runner.run(run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
