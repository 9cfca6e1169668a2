"""The judgement of every exchange on the wire: answers to the engine's hooks.

One synchronous function per hook: make Facts, ask gateway.pipeline.judge, act on the
Outcome, record it once. No I/O here: what must be written goes to the Recorder's
buffers, what must be looked up was compiled before. Tunnels (CONNECT, SOCKS5,
transparent, TLS) are gateway/mitm/tunnel.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mitmproxy import http
from mitmproxy.proxy import server_hooks

from gateway.content import DECODERS, is_page, is_text, readable
from gateway.destinations import Destinations
from gateway.events import Recorder
from gateway.identity.resolve import Resolver
from gateway.mitm.connection import EdgeClient
from gateway.mitm.exchange import Exchange, head_bytes, reader, request_facts, respond
from gateway.mitm.layers import Rejection
from gateway.node import ListenerKind
from gateway.page.maker import PageMaker
from gateway.page.model import Page, PageKind, Want
from gateway.page.ticket import (
    CONTINUE_PATH,
    COOKIE,
    Tickets,
    continue_link,
    continue_page,
    continue_target,
    strip_cookie,
    ticket_of,
)
from gateway.page.want import language_of, want_of
from gateway.pipeline import Deed, Outcome, judge
from gateway.rewrite.safesearch import SafeSearch
from policies.compile import Snapshot
from policies.model import Moment, Subject
from policies.moment import moment
from rules.base import RuleBase
from rules.model import MARKER_ZONE, Facts, Gap, Stage
from rules.recognise.labels import header_labels, labels

if TYPE_CHECKING:
    from gateway.metrics import Metrics

Headers = Callable[[str], str]

_HOP = frozenset(
    {b"proxy-connection", b"proxy-authorization", b"proxy-authenticate", b"http2-settings"}
)
_UPLOAD = 256 * 1024  # bytes; a larger request body is streamed


@dataclass(frozen=True, slots=True)
class InForce:
    """What judges: swapped as one value on reload, so no exchange sees half of each."""

    base: RuleBase
    snapshot: Snapshot
    resolver: Resolver
    pages: PageMaker


class Filter:
    """Everything one worker knows; its methods are the engine's hooks."""

    def __init__(
        self,
        *,
        force: InForce,
        recorder: Recorder,
        metrics: Metrics | None,
        tickets: Tickets,
        destinations: Destinations,
        safesearch: SafeSearch,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.force = force
        self.recorder = recorder
        self.metrics = metrics
        self.tickets = tickets
        self.destinations = destinations
        self.safesearch = safesearch
        self._clock = clock
        self._second = 0
        self._moment: Moment = moment(clock())

    # judging and recording

    def now(self) -> Moment:
        """The moment, made once a second."""
        at = self._clock()
        if int(at) != self._second:
            self._second = int(at)
            self._moment = moment(at)
        return self._moment

    def judge(self, facts: Facts, subject: Subject) -> Outcome:
        force = self.force
        return judge(facts, subject, force.base, force.snapshot, self.now())

    def record(
        self, client: EdgeClient, facts: Facts, outcome: Outcome, problem: str = "", **more: Any
    ) -> str:
        """Record one exchange of this connection; the Event's code."""
        client.recorded += 1
        client.tunnel = None
        return self.recorder.record(
            facts, client.subject, outcome, problem=problem, connection=client.id, **more
        )

    def settle(self, client: EdgeClient, exchange: Exchange, problem: str = "") -> None:
        """Record an exchange that has come to its end, if it has not been recorded before."""
        if exchange.recorded:
            return
        exchange.recorded = True
        self.record(
            client,
            exchange.facts,
            exchange.outcome,
            problem,
            bytes_up=exchange.bytes_up,
            bytes_down=exchange.bytes_down,
            duration_ms=int((time.monotonic() - exchange.started) * 1000),
        )

    # connections

    def client_connected(self, _client: EdgeClient) -> None:
        if self.metrics is not None:
            self.metrics.flow(1)

    def client_disconnected(self, client: EdgeClient) -> None:
        """Nothing a client began may stay unrecorded."""
        if self.metrics is not None:
            self.metrics.flow(-1)
        for exchange in client.open.values():
            self.settle(client, exchange, "cut-off")
        client.open.clear()
        if client.tunnel is not None:
            facts, outcome = client.tunnel
            self.record(client, facts, outcome, "unused-tunnel")
        elif client.received and not client.recorded:
            self.reject(client, Gap.MALFORMED, "closed before a request")

    def crashed(self, client: EdgeClient) -> None:
        """Our own fault: every exchange under way is recorded as such."""
        for exchange in client.open.values():
            self.settle(client, exchange, "engine-error")
        client.open.clear()
        if not client.recorded:
            self.reject(client, Gap.MALFORMED, "engine-error")

    def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        """The last word before connecting: an address literal is judged here, a name when
        it is resolved (gateway/mitm/loop.py)."""
        address = data.server.address
        if address is not None and self.destinations.refuses_name(address[0], address[1]):
            data.server.error = Gap.FORBIDDEN_DESTINATION.value

    # requests that never were

    def reject(
        self, client: EdgeClient, gap: Gap, detail: str, host: str = ""
    ) -> tuple[Outcome, str]:
        """Judge and record bytes that are no request; the outcome and the Event's code."""
        facts = Facts(stage=Stage.REQUEST, host=host, port=client.listener.address.port, gap=gap)
        outcome = self.judge(facts, client.subject)
        return outcome, self.record(client, facts, outcome, detail)

    def rejected(self, rejection: Rejection) -> None:
        client = rejection.client
        outcome, code = self.reject(client, rejection.gap, rejection.detail)
        page = self.page(
            PageKind.REFUSED, client, outcome, code, host="", gap=rejection.gap, want=Want.HTML
        )
        rejection.answer = head_bytes(replace(page, status=rejection.status))

    def error_page(self, rejection: Rejection) -> None:
        """Only the bytes of an answer: the exchange itself is recorded by its own hooks."""
        client = rejection.client
        facts = Facts(stage=Stage.REQUEST, host="", gap=rejection.gap)
        outcome = self.judge(facts, client.subject)
        page = self.page(
            PageKind.REFUSED, client, outcome, "", host="", gap=rejection.gap, want=Want.HTML
        )
        rejection.answer = head_bytes(replace(page, status=rejection.status))

    # requests

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
        if self.destinations.refuses_name(facts.host, facts.port):
            facts = replace(facts, gap=Gap.FORBIDDEN_DESTINATION)
        outcome = self.judge(facts, client.subject)
        exchange = Exchange(facts, outcome)
        flow.metadata["exchange"] = exchange
        client.open[flow.id] = exchange
        client.tunnel = None
        if request.path.startswith(CONTINUE_PATH):
            self._continue(flow, client, exchange)
            return
        deed = outcome.deed
        if deed is Deed.WARN and self._continued(client, facts, headers):
            deed = Deed.PASS
            self.settle(client, exchange, "warn-continued")
        if deed is Deed.PAGE or deed is Deed.REFUSE:
            self._show(flow, client, exchange, PageKind.BLOCK, headers)
        elif deed is Deed.WARN:
            self._show(flow, client, exchange, PageKind.WARN, headers)
        elif facts.gap is Gap.FORBIDDEN_DESTINATION:  # whatever the policy says
            self._show(flow, client, exchange, PageKind.REFUSED, headers)
        elif facts.host.endswith(MARKER_ZONE) or self._is_page_listener(client):
            self._own_site(flow, client, exchange, headers)
        else:
            self._forward(flow, exchange, headers, rewrite=deed is Deed.REWRITE)

    def _is_page_listener(self, client: EdgeClient) -> bool:
        return client.listener.kind in (ListenerKind.PAGE_HTTP, ListenerKind.PAGE_HTTPS)

    def _hostile_name(self, flow: http.HTTPFlow, client: EdgeClient, headers: Headers) -> None:
        facts = Facts(stage=Stage.REQUEST, host="", method=flow.request.method, gap=Gap.MALFORMED)
        exchange = Exchange(facts, self.judge(facts, client.subject))
        flow.metadata["exchange"] = exchange
        client.open[flow.id] = exchange
        self._show(flow, client, exchange, PageKind.REFUSED, headers, problem="hostile name")

    def _continued(self, client: EdgeClient, facts: Facts, headers: Headers) -> bool:
        cookie = headers("cookie")
        if COOKIE not in cookie:
            return False
        return self.tickets.valid(
            ticket_of(cookie), client.subject.token, facts.host, self._clock()
        )

    def _continue(self, flow: http.HTTPFlow, client: EdgeClient, exchange: Exchange) -> None:
        """The warning page's button: only a warned exchange can be continued."""
        facts, outcome = exchange.facts, exchange.outcome
        ticket, path = continue_target(flow.request.path.partition("?")[2])
        good = self.tickets.valid(ticket, client.subject.token, facts.host, self._clock())
        if good and outcome.deed is Deed.WARN:
            exchange.own = True
            self.settle(client, exchange, "warn-accepted")
            page = continue_page(
                ticket=ticket,
                path=path,
                secure=facts.scheme == "https",
                lifetime=self.tickets.lifetime,
            )
            respond(flow, page)
            return
        kind = PageKind.BLOCK if outcome.deed is Deed.PAGE else PageKind.WARN
        if outcome.deed not in (Deed.PAGE, Deed.WARN):
            kind = PageKind.PORTAL
        self._show(flow, client, exchange, kind, reader(flow.request.headers.fields))

    def _own_site(
        self, flow: http.HTTPFlow, client: EdgeClient, exchange: Exchange, headers: Headers
    ) -> None:
        marker = exchange.facts.host.endswith(MARKER_ZONE)
        kind = PageKind.MARKER if marker else PageKind.PORTAL
        self._show(flow, client, exchange, kind, headers)

    def _show(
        self,
        flow: http.HTTPFlow,
        client: EdgeClient,
        exchange: Exchange,
        kind: PageKind,
        headers: Headers,
        problem: str = "",
    ) -> None:
        """Answer with our own page, and record the exchange with the code it shows."""
        facts, outcome = exchange.facts, exchange.outcome
        code = self.recorder.reserve()
        exchange.own = True
        exchange.recorded = True
        self.record(client, facts, outcome, problem, code=code)
        link = ""
        if kind is PageKind.WARN:
            ticket = self.tickets.issue(client.subject.token, facts.host, self._clock())
            link = continue_link(ticket, flow.request.path)
        page = self.page(
            kind,
            client,
            outcome,
            code,
            host=facts.host,
            gap=facts.gap,
            want=want_of(headers, flow.request.path),
            language=language_of(headers("accept-language")),
            link=link,
        )
        respond(flow, page)

    def page(
        self,
        kind: PageKind,
        client: EdgeClient,
        outcome: Outcome,
        code: str,
        *,
        host: str,
        want: Want,
        gap: Gap | None = None,
        language: str = "zh",
        link: str = "",
        detail: str = "",
    ) -> Page:
        return self.force.pages.make(
            kind,
            want=want,
            language=language,
            host=host,
            verdict=outcome.verdict,
            code=code,
            gap=None if gap is Gap.NAME_CONFLICT else gap,
            stage=client.subject.stage,
            continue_url=link,
            moment=self._moment,
            detail=detail,
        )

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
        if COOKIE in headers("cookie"):
            kept = strip_cookie(headers("cookie"))
            request.headers.pop("cookie", None)
            if kept:
                request.headers["cookie"] = kept
        if facts.address:
            request.data.host = facts.host  # connect to the name that was judged
        elif facts.names and not request.is_http2 and flow.client_conn.target is None:  # type: ignore[attr-defined]
            request.host_header = request.pretty_url.split("/", 3)[2]  # RFC 9112 section 3.2.2
        if rewrite:
            self._rewrite(request, facts, headers)
        length = headers("content-length")
        if (length.isdigit() and int(length) > _UPLOAD) or (
            headers("transfer-encoding") and not length
        ):
            request.stream = True
        exchange.bytes_up = int(length) if length.isdigit() and len(length) < 16 else 0

    def _rewrite(self, request: http.Request, facts: Facts, headers: Headers) -> None:
        change = self.safesearch.rewrite(facts, headers)
        if change is None:
            return
        if change.path is not None:
            request.path = change.path
        for name, value in change.set_headers:
            request.headers[name] = value

    # responses

    def response_head(self, flow: http.HTTPFlow) -> None:
        """The origin answers: stream it, or hold the first window of a page."""
        exchange: Exchange | None = flow.metadata.get("exchange")
        response = flow.response
        if exchange is None or exchange.own or response is None:
            return
        headers = reader(response.headers.fields)
        if headers("alt-svc"):
            del response.headers["alt-svc"]  # an invitation to HTTP/3, which nobody filters
        media = headers("content-type").partition(";")[0].strip().lower()
        exchange.encoding = headers("content-encoding")
        found = header_labels(headers("rating"))
        exchange.facts = replace(
            exchange.facts, stage=Stage.RESPONSE, media_type=media, status=response.status_code
        )
        if found:
            self._judge_labels(flow, exchange, found)
            if exchange.own:
                return
        bodiless = (
            flow.request.method == "HEAD"
            or response.status_code in (204, 304)
            or response.status_code < 200
        )
        if bodiless:
            return
        exchange.hold = is_page(media) or (is_text(media) and not _known(exchange.encoding))
        if not exchange.hold:
            response.stream = True

    def window(self, flow: http.HTTPFlow, data: bytes) -> None:
        """The first window of a page is here: may it leave?"""
        exchange: Exchange | None = flow.metadata.get("exchange")
        if exchange is None or exchange.own:
            return
        text = readable(data, exchange.encoding)
        if isinstance(text, Gap):
            exchange.facts = replace(exchange.facts, gap=text)
            self._judge_again(flow, exchange)
            return
        found = labels(text, exchange.facts.media_type)
        if found:
            self._judge_labels(flow, exchange, found)

    def _judge_labels(
        self, flow: http.HTTPFlow, exchange: Exchange, found: tuple[str, ...]
    ) -> None:
        exchange.facts = replace(exchange.facts, labels=found)
        self._judge_again(flow, exchange)

    def _judge_again(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        """More is known of an exchange that was let through: the verdict may change."""
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        outcome = self.judge(exchange.facts, client.subject)
        exchange.outcome = outcome
        headers = reader(flow.request.headers.fields)
        if outcome.deed is Deed.WARN and self._continued(client, exchange.facts, headers):
            self.settle(client, exchange, "warn-continued")
        elif outcome.deed in (Deed.PAGE, Deed.REFUSE):
            self._replace(flow, client, exchange, PageKind.BLOCK, headers)
        elif outcome.deed is Deed.WARN:
            self._replace(flow, client, exchange, PageKind.WARN, headers)

    def _replace(
        self,
        flow: http.HTTPFlow,
        client: EdgeClient,
        exchange: Exchange,
        kind: PageKind,
        headers: Headers,
    ) -> None:
        if exchange.recorded:  # a warning was continued: only a block is still to be told
            exchange.own = True
            page = self.page(
                kind,
                client,
                exchange.outcome,
                "",
                host=exchange.facts.host,
                gap=exchange.facts.gap,
                want=want_of(headers, flow.request.path),
                language=language_of(headers("accept-language")),
            )
            respond(flow, page)
            return
        self._show(flow, client, exchange, kind, headers)

    def upstream_failed(self, flow: http.HTTPFlow, error: str) -> None:
        """The origin could not be reached or verified: a page that says so, never a silent pass."""
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        exchange: Exchange | None = flow.metadata.get("exchange")
        if exchange is None:
            return
        gap = upstream_gap(error)
        exchange.facts = replace(exchange.facts, stage=Stage.RESPONSE, gap=gap)
        exchange.outcome = self.judge(exchange.facts, client.subject)
        headers = reader(flow.request.headers.fields)
        kind = PageKind.REFUSED if gap is Gap.FORBIDDEN_DESTINATION else PageKind.ERROR
        if self.metrics is not None and gap is not Gap.UPSTREAM:
            self.metrics.tls_failure(gap.value)
        if exchange.recorded:
            self._replace(flow, client, exchange, kind, headers)
        else:
            self._show(flow, client, exchange, kind, headers, problem=gap.value)

    def response(self, flow: http.HTTPFlow) -> None:
        """The exchange is complete."""
        exchange: Exchange | None = flow.metadata.get("exchange")
        if exchange is None:
            return
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        client.open.pop(flow.id, None)
        response = flow.response
        if response is not None and not exchange.bytes_down and response.raw_content:
            exchange.bytes_down = len(response.raw_content)
        self.settle(client, exchange)

    def error(self, flow: http.HTTPFlow) -> None:
        """The exchange broke off, or was no proper request after all."""
        exchange: Exchange | None = flow.metadata.get("exchange")
        if exchange is None:
            return
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        client.open.pop(flow.id, None)
        message = flow.error.msg if flow.error else ""
        if not exchange.recorded and message.startswith(_MALFORMED):
            exchange.facts = replace(exchange.facts, gap=Gap.MALFORMED)
            exchange.outcome = self.judge(exchange.facts, client.subject)
            self.settle(client, exchange, "malformed")
        self.settle(client, exchange, "broken-off")

    # WebSocket

    def websocket_message(self, flow: http.HTTPFlow) -> None:
        """Judge a message by the labels it carries; keep none of them (constant memory)."""
        socket = flow.websocket
        exchange: Exchange | None = flow.metadata.get("exchange")
        if socket is None or exchange is None or not socket.messages:
            return
        message = socket.messages[-1]
        socket.messages.clear()
        if message.from_client or not message.is_text:
            return
        found = labels(message.content, "text/html")
        if not found:
            return
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        facts = replace(exchange.facts, stage=Stage.RESPONSE, labels=found)
        outcome = self.judge(facts, client.subject)
        if outcome.deed in (Deed.PAGE, Deed.WARN, Deed.REFUSE):
            message.drop()
            self.record(client, facts, outcome, "websocket-message")


def _known(encoding: str) -> bool:
    return all(coding.strip().lower() in DECODERS for coding in encoding.split(","))


_MALFORMED = ("Received ", "Invalid request", "mitmproxy received", "HTTP/1 protocol error")
_GAPS = (
    ("certificate required", Gap.CLIENT_CERT),
    ("handshake failure", Gap.CLIENT_CERT),
    ("Certificate verify failed", Gap.BAD_CERT),
    ("certificate verify failed", Gap.BAD_CERT),
    (Gap.FORBIDDEN_DESTINATION.value, Gap.FORBIDDEN_DESTINATION),
)


def upstream_gap(error: str) -> Gap:
    """Which Gap an error of the engine's upstream side stands for."""
    return next((gap for words, gap in _GAPS if words in error), Gap.UPSTREAM)
