"""Where connections come in: who may, on which listener, and through which first layer.

Also the sweep that ends what is slower than it may be. No process, no signals, no
files: gateway/mitm/worker.py has those.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, cast

from loguru import logger
from mitmproxy import platform
from mitmproxy.connection import ConnectionState
from mitmproxy.proxy import layer, server_hooks
from mitmproxy.proxy.commands import StartHook
from mitmproxy.proxy.layers import modes, tls, websocket
from mitmproxy.proxy.layers.http import _hooks as http_hooks

from gateway.identity.resolve import parse_address
from gateway.mitm import guard, layers
from gateway.mitm.connection import EdgeClient, EdgeConnection, Hooks, traces
from gateway.mitm.filter import Filter
from gateway.mitm.login import Logins
from gateway.mitm.proxyline import read as read_proxy_line
from gateway.mitm.requests import Requests
from gateway.mitm.responses import Responses
from gateway.mitm.sending import SendingHook
from gateway.mitm.tunnel import Tunnels
from gateway.node import Listener, ListenerKind
from rules.model import Gap

MOST_CONNECTIONS = 20_000  # per worker; beyond it new ones are refused and recorded
MOST_OF_A_PEER = 5_000  # one address may be a whole school behind its router, but not all of us
SWEEP = 1.0  # seconds

Peer = tuple[str, int]


def hook_table(
    judge: Filter, tunnels: Tunnels, requests: Requests, logins: Logins | None = None
) -> Hooks:
    """Hook class → the one function that answers it; a class not here costs nothing."""
    responses = Responses(judge)
    logins = logins or Logins(judge, None)
    answers: dict[type[StartHook], Callable[..., Awaitable[None] | None]] = {
        server_hooks.ClientConnectedHook: judge.client_connected,
        server_hooks.ClientDisconnectedHook: judge.client_disconnected,
        server_hooks.ServerConnectHook: judge.server_connect,
        layer.NextLayerHook: tunnels.next_layer,
        tls.TlsStartClientHook: tunnels.tls_start_client,
        tls.TlsStartServerHook: tunnels.tls_start_server,
        tls.TlsEstablishedServerHook: tunnels.tls_established_server,
        tls.TlsFailedClientHook: tunnels.tls_failed_client,
        modes.Socks5AuthHook: logins.socks,
        http_hooks.HttpConnectHook: logins.guarded(tunnels.connect),
        http_hooks.HttpRequestHeadersHook: logins.guarded(requests.request),
        http_hooks.HttpRequestHook: requests.complete,
        http_hooks.HttpResponseHeadersHook: responses.response_head,
        http_hooks.HttpResponseHook: responses.response,
        http_hooks.HttpErrorHook: responses.error,
        websocket.WebsocketMessageHook: responses.websocket_message,
        websocket.WebsocketEndHook: responses.websocket_end,
        layers.WindowHook: responses.window,
        layers.PictureHook: responses.pictures.judge,
        layers.MaskHook: responses.masked.body,
        SendingHook: requests.leaving.judge,
        layers.UpstreamFailedHook: responses.upstream_failed,
        guard.RejectedHook: judge.rejected,
    }
    return {hook: (answer, fields(cast(Any, hook))[0].name) for hook, answer in answers.items()}


class Door:
    """Accepts connections for one Filter; `connections` are those now open."""

    def __init__(self, judge: Filter, hooks: Hooks, listeners: Sequence[Listener]) -> None:
        guard.install()
        self.filter = judge
        self.hooks = hooks
        self.connections: set[EdgeConnection] = set()
        self._prefixes = {listener: networks(listener.clients) for listener in listeners}
        self._balancers = {listener: networks(listener.balancers) for listener in listeners}
        self._peers: Counter[str] = Counter()

    async def accepted(
        self, listener: Listener, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """One connection, from accept to close. Raises nothing."""
        try:
            await self._handle(listener, reader, writer)
        except Exception as error:  # the outermost door of one connection
            if self.filter.metrics is not None:
                self.filter.metrics.failure("connection")
            logger.error("a connection failed: {}", traces(error))
        finally:
            if not writer.is_closing():
                writer.close()

    async def _handle(
        self, listener: Listener, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        name = writer.get_extra_info("peername")
        if name is None:  # gone before we looked
            return
        peer: Peer = (str(name[0]), int(name[1]))
        destination: Peer | None = None
        if listener.proxy_protocol:
            if not within(peer[0], self._balancers[listener]):
                self._turn_away(listener, writer, peer, Gap.FOREIGN_CLIENT, "not a balancer")
                return
            try:
                proxied = await read_proxy_line(reader)
            except ValueError as error:
                self._turn_away(listener, writer, peer, Gap.MALFORMED, str(error))
                return
            if proxied.source is None:
                return  # the balancer's own health check
            peer, destination = proxied.source, proxied.destination
        if not within(peer[0], self._prefixes[listener]):
            self._turn_away(listener, writer, peer, Gap.FOREIGN_CLIENT, "foreign client")
            return
        if len(self.connections) >= MOST_CONNECTIONS or self._peers[peer[0]] >= MOST_OF_A_PEER:
            self._turn_away(listener, writer, peer, Gap.TOO_LARGE, "too many connections")
            return
        if listener.kind is ListenerKind.TRANSPARENT and destination is None:
            destination = original_destination(writer)
            if destination is None:
                self._turn_away(listener, writer, peer, Gap.FORBIDDEN_DESTINATION, "not redirected")
                return
        connection = EdgeConnection(
            reader, writer, self._client(listener, writer, peer), self.hooks
        )
        top_layer(connection, listener.kind, destination)
        self.connections.add(connection)
        self._peers[peer[0]] += 1
        try:
            await connection.handle_client()
        finally:
            self.connections.discard(connection)
            self._peers[peer[0]] -= 1
            if not self._peers[peer[0]]:
                del self._peers[peer[0]]

    def _client(self, listener: Listener, writer: asyncio.StreamWriter, peer: Peer) -> EdgeClient:
        return EdgeClient(
            peername=peer,
            sockname=writer.get_extra_info("sockname"),
            timestamp_start=time.time(),
            state=ConnectionState.OPEN,
            filter=self.filter,
            listener=listener,
            subject=self.filter.force.resolver.subject(peer[0]),
        )

    def _turn_away(
        self,
        listener: Listener,
        writer: asyncio.StreamWriter,
        peer: Peer,
        gap: Gap,
        why: str,
    ) -> None:
        """A connection that is not served: one event, no answer."""
        self.filter.reject(self._client(listener, writer, peer), gap, why)

    async def sweep_forever(self) -> None:
        """Once a second, end what is slower than it may be."""
        while True:
            await asyncio.sleep(SWEEP)
            self.sweep(time.monotonic() - guard.HEAD_SECONDS)

    def sweep(self, late: float) -> None:
        """End connections whose head or ClientHello began before `late` (monotonic seconds)."""
        for connection in list(self.connections):
            client = connection.edge
            slow = client.hello_since and client.hello_since < late
            if slow or any(head.head_since < late for head in client.heads.values()):
                self._too_slow(connection, client)

    def _too_slow(self, connection: EdgeConnection, client: EdgeClient) -> None:
        for head in list(client.heads.values()):
            head.give_up()
        client.hello_since = 0.0
        rejection = guard.Rejection(
            client=client, gap=Gap.TOO_SLOW, detail="slower than 10 s", status=408
        )
        self.filter.rejected(rejection)
        io = connection.transports.get(client)
        if io is not None and io.writer is not None and client.target is None:
            cast(asyncio.StreamWriter, io.writer).write(rejection.answer)
        connection.end()


def networks(prefixes: Sequence[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    """The networks that these prefixes name."""
    return tuple(ip_network(prefix) for prefix in prefixes)


def within(peer: str, prefixes: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Is this address in one of the networks?"""
    address = parse_address(peer)
    return any(prefix.version == address.version and address in prefix for prefix in prefixes)


def original_destination(writer: asyncio.StreamWriter) -> Peer | None:
    """Where a redirected connection was going; None where it was not redirected at all."""
    find = platform.original_addr
    try:
        address = find(writer.get_extra_info("socket")) if find is not None else None
    except OSError:
        return None
    if address is None or tuple(address[:2]) == writer.get_extra_info("sockname")[:2]:
        return None
    return str(address[0]), int(address[1])


def top_layer(connection: EdgeConnection, kind: ListenerKind, destination: Peer | None) -> None:
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
        port = 443 if kind in (ListenerKind.PAGE_HTTPS, ListenerKind.APPLICATIONS) else 0
        context.server.address = destination or ("", port)
        connection.layer = modes.TransparentProxy(context)
