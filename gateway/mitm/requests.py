"""Requests on the wire: decided by their head, before anything is contacted."""

from __future__ import annotations

from dataclasses import replace

from mitmproxy import http

from gateway.content import acceptable
from gateway.mitm.connection import EdgeClient
from gateway.mitm.exchange import Exchange, Headers, reader, request_facts, respond
from gateway.mitm.filter import Filter
from gateway.node import ListenerKind
from gateway.page.model import PageKind
from gateway.page.ticket import CONTINUE_PATH, COOKIE, continue_page, continue_target, strip_cookie
from gateway.pipeline import Deed
from gateway.rewrite.safesearch import SafeSearch
from rules.model import MARKER_ZONE, Facts, Gap, Stage

_HOP = frozenset(
    {
        b"proxy-connection",
        b"proxy-authorization",
        b"proxy-authenticate",
        b"http2-settings",
        b"sec-websocket-extensions",  # messages come uncompressed: see messages.py
    }
)
_UPLOAD = 256 * 1024  # bytes; a larger request body is streamed


class Requests:
    """The hook of a request's head, and what it may lead to."""

    def __init__(self, judge: Filter, safesearch: SafeSearch) -> None:
        self._filter = judge
        self._safesearch = safesearch

    def request(self, flow: http.HTTPFlow) -> None:
        """The request's head is known: decide before anything is contacted."""
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        request = flow.request
        headers = reader(request.headers.fields)
        try:
            facts = request_facts(client, request, headers)
        except ValueError:
            self._hostile_name(flow, client, headers)
            return
        if self._filter.destinations.refuses_name(facts.host, facts.port):
            facts = replace(facts, gap=Gap.FORBIDDEN_DESTINATION)
        outcome = self._filter.judge(facts, client.subject)
        exchange = Exchange(facts, outcome)
        flow.metadata["exchange"] = exchange
        client.open[flow.id] = exchange
        client.tunnel = None
        if request.path.startswith(CONTINUE_PATH):
            self._continue(flow, client, exchange)
            return
        deed = outcome.deed
        if deed is Deed.WARN and self._filter.continued(client, facts, headers):
            deed = Deed.PASS
            self._filter.settle(client, exchange, "warn-continued")
        if deed is Deed.PAGE or deed is Deed.REFUSE:
            self._filter.show(flow, client, exchange, PageKind.BLOCK, headers)
        elif deed is Deed.WARN:
            self._filter.show(flow, client, exchange, PageKind.WARN, headers)
        elif facts.gap is Gap.FORBIDDEN_DESTINATION:  # whatever the policy says
            self._filter.show(flow, client, exchange, PageKind.REFUSED, headers)
        elif facts.host.endswith(MARKER_ZONE) or self._is_page_listener(client):
            self._own_site(flow, client, exchange, headers)
        else:
            self._forward(flow, exchange, headers, rewrite=deed is Deed.REWRITE)

    def _is_page_listener(self, client: EdgeClient) -> bool:
        return client.listener.kind in (ListenerKind.PAGE_HTTP, ListenerKind.PAGE_HTTPS)

    def _hostile_name(self, flow: http.HTTPFlow, client: EdgeClient, headers: Headers) -> None:
        facts = Facts(stage=Stage.REQUEST, host="", method=flow.request.method, gap=Gap.MALFORMED)
        exchange = Exchange(facts, self._filter.judge(facts, client.subject))
        flow.metadata["exchange"] = exchange
        client.open[flow.id] = exchange
        self._filter.show(flow, client, exchange, PageKind.REFUSED, headers, problem="hostile name")

    def _continue(self, flow: http.HTTPFlow, client: EdgeClient, exchange: Exchange) -> None:
        """The warning page's button: only a warned exchange can be continued."""
        facts, outcome = exchange.facts, exchange.outcome
        ticket, path = continue_target(flow.request.path.partition("?")[2])
        good = self._filter.tickets.valid(
            ticket, client.subject.token, facts.host, self._filter.clock()
        )
        if good and outcome.deed is Deed.WARN:
            exchange.own = True
            self._filter.settle(client, exchange, "warn-accepted")
            page = continue_page(
                ticket=ticket,
                path=path,
                secure=facts.scheme == "https",
                lifetime=self._filter.tickets.lifetime,
            )
            respond(flow, page)
            return
        kind = PageKind.BLOCK if outcome.deed is Deed.PAGE else PageKind.WARN
        if outcome.deed not in (Deed.PAGE, Deed.WARN):
            kind = PageKind.PORTAL
        self._filter.show(flow, client, exchange, kind, reader(flow.request.headers.fields))

    def _own_site(
        self, flow: http.HTTPFlow, client: EdgeClient, exchange: Exchange, headers: Headers
    ) -> None:
        marker = exchange.facts.host.endswith(MARKER_ZONE)
        kind = PageKind.MARKER if marker else PageKind.PORTAL
        self._filter.show(flow, client, exchange, kind, headers)

    def _forward(
        self, flow: http.HTTPFlow, exchange: Exchange, headers: Headers, *, rewrite: bool
    ) -> None:
        """Let the request go on, without what only concerns us, to the name that was judged."""
        request, facts = flow.request, exchange.facts
        fields = request.headers.fields
        upgrade = headers("upgrade")
        drop = _HOP
        if upgrade and upgrade.strip().lower() != "websocket":
            drop = _HOP | {b"upgrade"}  # to a protocol nobody here could judge
        if any(name.lower() in drop for name, _ in fields):
            fields = tuple(field for field in fields if field[0].lower() not in drop)
            request.headers = http.Headers(fields)
        asked = headers("accept-encoding")
        if asked and (readable := acceptable(asked)) != asked:
            request.headers["accept-encoding"] = readable or "identity"
        if COOKIE in headers("cookie"):
            kept = strip_cookie(headers("cookie"))
            request.headers.pop("cookie", None)
            if kept:
                request.headers["cookie"] = kept
        request.data.host = facts.host  # connect to the very name that was judged
        if facts.names and not request.is_http2 and flow.client_conn.target is None:  # type: ignore[attr-defined]
            request.host_header = _authority(facts)  # RFC 9112 section 3.2.2
        if rewrite:
            self._rewrite(request, facts, headers)
        length = headers("content-length")
        unknown = not length and (headers("transfer-encoding") or request.is_http2)
        if unknown or (length.isdigit() and int(length) > _UPLOAD):
            request.stream = True
        exchange.bytes_up = int(length) if length.isdigit() and len(length) < 16 else 0

    def _rewrite(self, request: http.Request, facts: Facts, headers: Headers) -> None:
        change = self._safesearch.rewrite(facts, headers)
        if change is None:
            return
        if change.path is not None:
            request.path = change.path
        for name, value in change.set_headers:
            request.headers[name] = value


def _authority(facts: Facts) -> str:
    """The real destination as a Host header says it."""
    host = f"[{facts.host}]" if ":" in facts.host else facts.host
    return host if facts.port == 80 else f"{host}:{facts.port}"
