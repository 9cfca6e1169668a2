"""Tunnels: CONNECT, SOCKS5, transparent redirection, and the TLS inside them.

The first bytes decide which layer comes next: a ClientHello is judged by name
(splice, refuse, or open), HTTP is filtered, and anything else has the policy's
verdict for what cannot be looked into.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from mitmproxy import http, tls
from mitmproxy.connection import Server
from mitmproxy.proxy import layer
from mitmproxy.proxy.layers import TCPLayer
from mitmproxy.proxy.layers.tls import ClientTLSLayer
from OpenSSL import SSL

from gateway.ja4 import ja4
from gateway.mitm import hello as hellos
from gateway.mitm.exchange import Exchange, other_names, respond
from gateway.mitm.layers import RefuseLayer, http_layer
from gateway.mitm.tls import Authority, Upstream
from gateway.node import ListenerKind
from gateway.page.model import PageKind, Want
from gateway.pipeline import Deed, Outcome
from rules.hosts import canonical, is_address
from rules.model import MARKER_ZONE, Facts, Gap, Signal, Stage
from rules.recognise.evasion import named
from rules.recognise.handshakes import greeted, tunnelled

if TYPE_CHECKING:
    from mitmproxy.proxy.context import Context

    from gateway.masking.site import Site
    from gateway.mitm.connection import EdgeClient
    from gateway.mitm.filter import Filter
    from rules.recognise.apps import AppBook

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]"
_METHOD = re.compile(rb"[A-Z]{3,24} ")
# What a lenient origin takes for a request is one: empty lines before it, any method.
_REQUEST = re.compile(_TOKEN + rb"+ [^\n]*HTTP/[0-9]")
_REQUEST_BEGUN = re.compile(_TOKEN + rb"*(?: [^\r\n]*)?\Z")
_UNDECIDED = 16 * 1024  # bytes that may still become a request
_PRIOR_KNOWLEDGE = b"PRI * HTTP/2"
_ORIGINS = 20_000  # origins remembered as HTTP/1 only

# Outer names of encrypted hellos (RFC 9849): behind these the real name is hidden.
ECH_OUTER = frozenset({"cloudflare-ech.com"})


class EdgeTLSLayer(ClientTLSLayer):
    """TLS with the client; the ClientHello has been parsed and judged already."""

    def __init__(self, context: Context, found: hellos.Hello) -> None:
        super().__init__(context)
        self._found = found

    def receive_handshake_data(
        self, data: bytes
    ) -> layer.CommandGenerator[tuple[bool, str | None]]:
        if not self.client_hello_parsed:
            self.client_hello_parsed = True
            self.conn.sni = self._found.sni or None
            self.conn.alpn_offers = [name.encode("latin-1") for name in self._found.alpn]
            yield from self.start_tls()
            if not self.conn.connected:
                return False, "connection closed early"
        return (yield from super().receive_handshake_data(data))


class Tunnels:
    """Hooks about what is not yet, or never becomes, an HTTP request."""

    def __init__(
        self,
        judge: Filter,
        authority: Authority,
        upstream: Upstream,
        fronts: Mapping[str, SSL.Context] | None = None,
        backs: Mapping[str, Upstream] | None = None,
    ) -> None:
        """By application: `fronts` their own certificates, `backs` how servers are verified."""
        self._fronts = fronts or {}
        self._backs = backs or {}
        self._filter = judge
        self.authority = authority
        self._upstream = upstream
        self._http1_only: dict[tuple[str, int], None] = {}  # origins by name and port

    # CONNECT

    def connect(self, flow: http.HTTPFlow) -> None:
        """An explicit proxy's tunnel: remember the real destination, refuse forbidden ones."""
        client = cast("EdgeClient", flow.client_conn)
        request = flow.request
        try:
            host = canonical(request.host)
        except ValueError:
            self._refuse_connect(flow, Gap.MALFORMED, "")
            return
        if self._filter.destinations.refuses_name(host, request.port):
            self._refuse_connect(flow, Gap.FORBIDDEN_DESTINATION, host)
            return
        client.target = (host, request.port)
        client.hello_since = time.monotonic()
        facts = Facts(stage=Stage.TLS, host=host, port=request.port, scheme="connect")
        client.tunnel = (facts, self._filter.judge(facts, client.subject))

    def _refuse_connect(self, flow: http.HTTPFlow, gap: Gap, host: str) -> None:
        client = cast("EdgeClient", flow.client_conn)
        outcome, code = self._filter.reject(client, gap, f"CONNECT: {gap.value}", host)
        respond(
            flow,
            self._filter.page(
                PageKind.REFUSED, client, outcome, code, host=host, gap=gap, want=Want.HTML
            ),
        )

    # what comes next

    def next_layer(self, data: layer.NextLayer) -> None:
        """Choose by the first bytes; leave unset while they do not suffice."""
        context = data.context
        client = cast("EdgeClient", context.client)
        if client.target is None:
            address = context.server.address
            if address is None:
                return
            if not self._accept_target(client, address[0], address[1]):
                data.layer = RefuseLayer(context, alert=False)
                return
        first = data.data_client()
        if not first:
            return
        data.layer = self._choose(context, client, first)
        if data.layer is not None:
            client.hello_since = 0.0

    def _accept_target(self, client: EdgeClient, host: str, port: int) -> bool:
        """SOCKS5 and transparent connections name their destination here."""
        client.hello_since = time.monotonic()
        if self._page_listener(client):
            client.target = ("", port)
            return True
        try:
            name = canonical(host)
        except ValueError:
            self._filter.reject(client, Gap.MALFORMED, "hostile destination name")
            return False
        client.target = (name, port)
        if self._filter.destinations.refuses_name(name, port):
            self._filter.reject(client, Gap.FORBIDDEN_DESTINATION, "forbidden destination", name)
            return False
        return True

    def _choose(self, context: Context, client: EdgeClient, first: bytes) -> layer.Layer | None:
        if client.tls_established:
            return self._inside_tls(context, client, first)
        if hellos.starts_tlcp(first):
            return self._foreign(context, client, Gap.TLCP, first)
        if hellos.starts_tls(first):
            try:
                found = hellos.parse(first)
            except ValueError as error:
                self._filter.reject(client, Gap.MALFORMED, f"ClientHello: {error}", _host(client))
                return RefuseLayer(context, alert=False)
            return None if found is None else self._hello(context, client, found)
        return self._plain(context, client, first)

    def _inside_tls(self, context: Context, client: EdgeClient, first: bytes) -> layer.Layer | None:
        if client.alpn in (b"h2", b"http/1.1", b"http/1.0"):
            return http_layer(context, explicit=False)
        return self._plain(context, client, first)

    def _plain(self, context: Context, client: EdgeClient, first: bytes) -> layer.Layer | None:
        clear = client.listener.kind is ListenerKind.APPLICATIONS and not client.tls_established
        if clear:  # what is masked is not sent in clear
            return self._foreign(context, client, Gap.NOT_HTTP, first)
        if first.startswith(_PRIOR_KNOWLEDGE):
            return self._foreign(context, client, Gap.NOT_HTTP, first)
        line = first.lstrip(b"\r\n")
        if _METHOD.match(line) or _REQUEST.match(line):
            return http_layer(context, explicit=False)
        if first in (b"\x16", b"\x16\x01"):
            return None
        if _REQUEST_BEGUN.match(line):
            if len(first) <= _UNDECIDED:
                return None
            self._filter.reject(client, Gap.TOO_LARGE, "an endless request line", _host(client))
            return RefuseLayer(context, alert=False)
        return self._foreign(context, client, Gap.NOT_HTTP, first)

    def _foreign(self, context: Context, client: EdgeClient, gap: Gap, first: bytes) -> layer.Layer:
        """Bytes we cannot look into: the policy's clause for the gap decides by destination."""
        host, port = client.target or ("", 0)
        seen = tunnelled(first)
        if client.tunnel is not None:
            seen = client.tunnel[0].seen + seen  # what its ClientHello showed
        facts = Facts(stage=Stage.TLS, host=host, port=port, scheme="tcp", gap=gap, seen=seen)
        outcome = self._filter.judge(facts, client.subject)
        # a rewrite cannot be done to bytes that are not read, so it does not let them pass
        passed = outcome.deed is Deed.PASS
        passed = passed and not client.tls_established and not self._page_listener(client)
        self._filter.record(client, facts, outcome, "" if passed else gap.value)
        if passed:
            self._count("bypass", gap.value)
            client.spliced = spliced(client, facts, outcome)
            context.server.address = (host, port)
            return TCPLayer(context, ignore=True)
        return RefuseLayer(context, alert=False)

    # TLS

    def _hello(self, context: Context, client: EdgeClient, found: hellos.Hello) -> layer.Layer:
        try:
            sni = canonical(found.sni) if found.sni else ""
        except ValueError:
            self._filter.reject(client, Gap.MALFORMED, "ClientHello: hostile name", _host(client))
            return RefuseLayer(context, alert=True)
        host, port = client.target or (sni, 443)
        address = ""
        if (is_address(host) or self._page_listener(client)) and sni:
            address, host = host, sni
        names = other_names(host, sni)
        client.seen = _program(self._filter.force.apps, found)
        facts = Facts(
            stage=Stage.TLS,
            host=host,
            names=names,
            address=address,
            port=port,
            scheme="https",
            gap=_hello_gap(found, sni, host, names),
            seen=client.seen
            + greeted(sni, found.alpn, host, port)
            + named(host, self._filter.force.base),
        )
        client.sni_name = sni
        client.claims = names
        applications = client.listener.kind is ListenerKind.APPLICATIONS
        if applications and self._site(client) is None:
            self._filter.reject(client, Gap.NO_NAME, "no such application", host)
            return RefuseLayer(context, alert=True)
        outcome = self._filter.judge(facts, client.subject)
        return self._act(context, client, found, facts, outcome)

    def _act(
        self,
        context: Context,
        client: EdgeClient,
        found: hellos.Hello,
        facts: Facts,
        outcome: Outcome,
    ) -> layer.Layer:
        own = facts.host.endswith(MARKER_ZONE) or self._page_listener(client)
        if outcome.deed is Deed.PASS and not own:
            self._filter.record(client, facts, outcome)
            self._count("bypass", "name")
            client.spliced = spliced(client, facts, outcome)
            # to the name that was judged, not to an address somebody claims it has
            context.server.address = (facts.host, facts.port)
            return TCPLayer(context, ignore=True)
        if outcome.deed is Deed.REFUSE:
            self._filter.record(client, facts, outcome)
            return RefuseLayer(context, alert=True)
        client.tunnel = (facts, outcome)
        context.server.address = (facts.host, facts.port)
        context.server.tls = True
        return EdgeTLSLayer(context, found)

    def tls_start_client(self, data: tls.TlsData) -> None:
        """Our certificate for the name the client asked for."""
        client = cast("EdgeClient", data.context.client)
        name = client.sni_name or _host(client) or str(client.sockname[0])
        site = self._site(client)
        front = self._fronts.get(site.served.application) if site is not None else None
        connection = SSL.Connection(front or self.authority.context(name))
        if (name, _port(client)) in self._http1_only:
            connection.set_app_data((b"http/1.1", b"http/1.0"))
        connection.set_accept_state()
        data.ssl_conn = connection

    def tls_start_server(self, data: tls.TlsData) -> None:
        """A verified connection to the origin, in the HTTP version the client speaks."""
        server, client = data.conn, data.context.client
        name = getattr(server, "sni", None) or client.sni
        if name is None:
            address = cast(Server, server).address
            name = address[0] if address else ""
        site = self._site(cast("EdgeClient", client))
        if site is not None:
            name = site.served.name or site.served.address[0]
        upstream = self._upstream if site is None else self._backs.get(site.served.application)
        if upstream is None:
            return
        server.sni = name
        offers = [b"h2", b"http/1.1"] if client.alpn == b"h2" else [b"http/1.1"]
        server.alpn_offers = offers
        data.ssl_conn = upstream.connection(name, offers)

    def tls_established_server(self, data: tls.TlsData) -> None:
        """Remember origins without HTTP/2, so that the next client is not offered it."""
        client = cast("EdgeClient", data.context.client)
        name = data.conn.sni if self._site(client) is None else client.sni_name
        if client.alpn == b"h2" and data.conn.alpn != b"h2" and name:
            if len(self._http1_only) >= _ORIGINS:
                self._http1_only.clear()
            self._http1_only[name, _port(client)] = None

    def tls_failed_client(self, data: tls.TlsData) -> None:
        """The device refused our certificate: it lacks the CA, or the app pins its own."""
        client = cast("EdgeClient", data.context.client)
        error = client.error or ""
        reason = "untrusted" if "unknown ca" in error or "bad certificate" in error else "other"
        if self._filter.metrics is not None:
            self._filter.metrics.tls_failure(f"client-{reason}")
        if client.tunnel is not None:
            facts, outcome = client.tunnel
            self._filter.record(client, facts, outcome, f"client-tls-{reason}")

    def _page_listener(self, client: EdgeClient) -> bool:
        """Whether it is ourselves who are spoken to, and not a destination behind us."""
        return client.listener.kind in (
            ListenerKind.PAGE_HTTP,
            ListenerKind.PAGE_HTTPS,
            ListenerKind.APPLICATIONS,
        )

    def _site(self, client: EdgeClient) -> Site | None:
        """The application that a connection is to; None where it is to none."""
        if client.listener.kind is not ListenerKind.APPLICATIONS:
            return None
        return self._filter.force.sites.by_host.get(client.sni_name)

    def _count(self, what: str, reason: str) -> None:
        if self._filter.metrics is not None and what == "bypass":
            self._filter.metrics.bypass(reason)


def spliced(client: EdgeClient, facts: Facts, outcome: Outcome) -> Exchange:
    """A tunnel that flows through unread, recorded already, for who looks at it again."""
    exchange = Exchange(facts, outcome)
    exchange.recorded = True
    exchange.counted = client.moved
    return exchange


def _host(client: EdgeClient) -> str:
    return client.target[0] if client.target else ""


def _port(client: EdgeClient) -> int:
    return client.target[1] if client.target else 0


def _program(apps: AppBook | None, found: hellos.Hello) -> tuple[Signal, ...]:
    """Which app's program says this; its JA4 is worked out only where any app has one."""
    if apps is None:
        return ()
    try:
        mark = ja4(found.message) if apps.wants_ja4 else ""
    except ValueError:
        mark = ""
    return apps.tls(found.alpn, mark)


def _hello_gap(found: hellos.Hello, sni: str, host: str, names: tuple[str, ...]) -> Gap | None:
    if found.ech and sni in ECH_OUTER:
        return Gap.ENCRYPTED_HELLO
    if not sni and (not host or is_address(host)):
        return Gap.NO_NAME
    return Gap.NAME_CONFLICT if names else None
