"""Responses on the wire: streamed, or a page's first window held until it is judged."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from mitmproxy import http
from mitmproxy.websocket import WebSocketMessage

from gateway.content import (
    DECODERS,
    READ,
    all_codings,
    charset_of,
    is_page,
    is_text,
    media_type,
    readable,
)
from gateway.mitm.connection import EdgeClient
from gateway.mitm.exchange import Exchange, Headers, reader, respond
from gateway.mitm.filter import Filter
from gateway.mitm.layers import Failure, Window
from gateway.mitm.masked import Masked
from gateway.mitm.pictures import Pictures
from gateway.page.model import PageKind
from gateway.page.want import language_of, want_of
from gateway.pipeline import Deed
from gateway.reading import STREAM, Watch, is_read, united
from rules.model import Facts, Gap, Signal, Stage
from rules.recognise.evasion import served
from rules.recognise.handshakes import message as first_message
from rules.recognise.labels import header_labels, labels

CUT_SHORT = "harm-further-down"  # why a body that had begun to leave breaks off
MESSAGE = 16 * 1024  # bytes of a WebSocket message that are read
LABELLED = 32 * 1024  # bytes of a page in which its self-labels stand (the head)


class Responses:
    """The hooks from a response's head to the end of its exchange."""

    def __init__(self, judge: Filter) -> None:
        self._filter = judge
        self.pictures = Pictures(judge, self._judge_again)
        self.masked = Masked(judge)

    def response_head(self, flow: http.HTTPFlow) -> None:
        """The origin answers: stream it, or hold the first window of a page."""
        exchange: Exchange | None = flow.metadata.get("exchange")
        response = flow.response
        if exchange is None or exchange.own or response is None:
            return
        if exchange.seat is not None:
            self.masked.head(flow, exchange, exchange.seat)
            return
        headers = reader(response.headers.fields)
        if headers("alt-svc"):
            del response.headers["alt-svc"]  # an invitation to HTTP/3, which nobody filters
        if response.status_code == 101:
            response.headers.pop("sec-websocket-extensions", None)  # see messages.py
        media = media_type(headers("content-type"))
        exchange.encoding = all_codings(headers("content-encoding"), headers("transfer-encoding"))
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
        if response.status_code == 206 and _beginning_unseen(media, headers("content-range")):
            exchange.facts = replace(exchange.facts, gap=Gap.UNDECODABLE)
            self._judge_again(flow, exchange)
            if exchange.own:
                return
        exchange.picture = self.pictures.wanted(flow, exchange)
        if exchange.picture:
            exchange.hold = True
            return
        exchange.charset = charset_of(headers("content-type"))
        known = _known(exchange.encoding)
        reads = self._filter.force.recogniser is not None and exchange.outcome.verdict.read
        exchange.hold = is_page(media) or (is_text(media) and not known)
        if reads and is_read(media) and not exchange.hold:
            if media == STREAM:
                self._watch(flow, exchange, judged=False)
            else:
                exchange.hold = True
        if not exchange.hold:
            response.stream = True

    def window(self, data: Window) -> None:
        """The first window of a page is here: may it leave?"""
        flow = data.flow
        exchange: Exchange | None = flow.metadata.get("exchange")
        if exchange is None or exchange.own:
            return
        text = readable(data.body, exchange.encoding)
        if isinstance(text, Gap):
            exchange.facts = replace(exchange.facts, gap=text)
            self._judge_again(flow, exchange)
            return
        facts = exchange.facts
        found = labels(text[:LABELLED], facts.media_type)
        seen = self._read(exchange, text) + served(text)
        gap = facts.gap
        if len(text) >= READ and exchange.outcome.verdict.read:
            gap = gap or Gap.OVER_BUDGET  # it unpacks to more than is looked at
        if found or seen or gap is not facts.gap:
            exchange.facts = replace(
                facts, labels=found or facts.labels, seen=united(facts.seen, seen), gap=gap
            )
            self._judge_again(flow, exchange)
        if not data.whole and not exchange.own:
            self._watch(flow, exchange, judged=True)

    def _read(self, exchange: Exchange, text: bytes) -> tuple[Signal, ...]:
        """What recognisers of content make of the first window, and what is known of the page."""
        recogniser = self._filter.force.recogniser
        facts = exchange.facts
        if recogniser is None or not exchange.outcome.verdict.read:
            return ()
        known = self._filter.remembered.get(facts.host, facts.path, self._filter.clock())
        return known or recogniser.read(text, facts.media_type, exchange.charset).signals

    def _watch(self, flow: http.HTTPFlow, exchange: Exchange, *, judged: bool) -> None:
        """Have the rest of a body read as it streams by."""
        recogniser = self._filter.force.recogniser
        if recogniser is None or not exchange.outcome.verdict.read:
            return
        facts = exchange.facts
        watch = Watch(
            recogniser, facts.media_type, exchange.charset, exchange.encoding, judged=judged
        )
        exchange.watch = partial(self._passes, flow, exchange, watch)

    def _passes(
        self, flow: http.HTTPFlow, exchange: Exchange, watch: Watch, chunk: bytes | None
    ) -> bytes | None:
        """What may leave of a body now that a further piece was read; None: nothing more."""
        judged = watch.hurry() if chunk is None else watch.feed(chunk) if chunk else watch.end()
        if not judged:
            return watch.release()
        facts = exchange.facts
        seen = united(facts.seen, judged.signals)
        facts = replace(facts, seen=seen, gap=judged.gap or facts.gap)
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        outcome = self._filter.judge(facts, client.subject)
        exchange.facts, exchange.outcome = facts, outcome
        if outcome.deed not in (Deed.PAGE, Deed.REFUSE, Deed.WARN):
            return watch.release()
        headers = reader(flow.request.headers.fields)
        if outcome.deed is Deed.WARN and self._continued(flow, client, facts, headers):
            return watch.release()
        client.open.pop(flow.id, None)
        if facts.seen:
            now = self._filter.clock()
            self._filter.remembered.put(facts.host, facts.path, facts.seen, now)
        if exchange.recorded:
            self._filter.record(client, facts, outcome, CUT_SHORT)
        else:
            self._filter.settle(client, exchange, CUT_SHORT)
        return None

    def _continued(
        self, flow: http.HTTPFlow, client: EdgeClient, facts: Facts, headers: Headers
    ) -> bool:
        """Whether the warning was read: the request said so before its cookie was taken off."""
        return "continued" in flow.metadata or self._filter.continued(client, facts, headers)

    def _judge_labels(
        self, flow: http.HTTPFlow, exchange: Exchange, found: tuple[str, ...]
    ) -> None:
        exchange.facts = replace(exchange.facts, labels=found)
        self._judge_again(flow, exchange)

    def _judge_again(self, flow: http.HTTPFlow, exchange: Exchange) -> None:
        """More is known of an exchange that was let through: the verdict may change."""
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        outcome = self._filter.judge(exchange.facts, client.subject)
        exchange.outcome = outcome
        headers = reader(flow.request.headers.fields)
        if outcome.deed is Deed.WARN and self._continued(flow, client, exchange.facts, headers):
            self._filter.settle(client, exchange, "warn-continued")
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
        client.open.pop(flow.id, None)  # no further hook will tell of its end
        if exchange.recorded:  # a warning was continued: only a block is still to be told
            exchange.own = True
            page = self._filter.page(
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
        self._filter.show(flow, client, exchange, kind, headers)

    def upstream_failed(self, data: Failure) -> None:
        """The origin could not be reached or verified: a page that says so, never a silent pass."""
        flow, error = data.flow, data.error
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        exchange: Exchange | None = flow.metadata.get("exchange")
        if exchange is None:
            return
        gap = upstream_gap(error)
        if gap is Gap.UPSTREAM and client.certificate_wanted:
            gap, client.certificate_wanted = Gap.CLIENT_CERT, False
        exchange.facts = replace(exchange.facts, stage=Stage.RESPONSE, gap=gap)
        exchange.outcome = self._filter.judge(exchange.facts, client.subject)
        headers = reader(flow.request.headers.fields)
        kind = PageKind.REFUSED if gap is Gap.FORBIDDEN_DESTINATION else PageKind.ERROR
        if self._filter.metrics is not None and gap is not Gap.UPSTREAM:
            self._filter.metrics.tls_failure(gap.value)
        if exchange.recorded:
            self._replace(flow, client, exchange, kind, headers)
        else:
            client.open.pop(flow.id, None)
            self._filter.show(flow, client, exchange, kind, headers, problem=gap.value)

    def response(self, flow: http.HTTPFlow) -> None:
        """The exchange is complete."""
        exchange: Exchange | None = flow.metadata.get("exchange")
        if exchange is None:
            return
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        client.open.pop(flow.id, None)
        response = flow.response
        if response is not None and exchange.seat is not None and not exchange.own:
            self.masked.finish(flow, exchange.seat)
        if response is not None and not exchange.bytes_down and response.raw_content:
            exchange.bytes_down = len(response.raw_content)
        self._filter.count(client, exchange)
        self._filter.settle(client, exchange)
        if response is not None and response.status_code == 101 and not exchange.own:
            exchange.counted = client.moved
            client.sockets[flow.id] = exchange

    def error(self, flow: http.HTTPFlow) -> None:
        """The exchange broke off, or was no proper request after all."""
        exchange: Exchange | None = flow.metadata.get("exchange")
        if exchange is None:
            return
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        client.open.pop(flow.id, None)
        client.sockets.pop(flow.id, None)
        self._filter.count(client, exchange)
        message = flow.error.msg if flow.error else ""
        if not exchange.recorded and message.startswith(_MALFORMED):
            exchange.facts = replace(exchange.facts, gap=Gap.MALFORMED)
            exchange.outcome = self._filter.judge(exchange.facts, client.subject)
            self._filter.settle(client, exchange, "malformed")
        self._filter.settle(client, exchange, "broken-off")

    def websocket_end(self, flow: http.HTTPFlow) -> None:
        """The WebSocket is closed: what it moved is counted, and nobody looks at it again."""
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        exchange: Exchange | None = client.sockets.get(flow.id)
        if exchange is not None:
            self._filter.count(client, exchange, open_still=True)
            client.sockets.pop(flow.id, None)

    def websocket_message(self, flow: http.HTTPFlow) -> None:
        """Judge a message by the labels it carries; keep none of them (constant memory)."""
        socket = flow.websocket
        exchange: Exchange | None = flow.metadata.get("exchange")
        if socket is None or exchange is None or not socket.messages:
            return
        message = socket.messages[-1]
        socket.messages.clear()
        if message.from_client:
            self._first_message(flow, exchange, message)
            return
        if not message.is_text:
            return
        found = labels(message.content, "text/html")
        seen = self._said(exchange, message.content)
        if not found and not seen:
            return
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        facts = replace(exchange.facts, stage=Stage.RESPONSE, labels=found, seen=seen)
        outcome = self._filter.judge(facts, client.subject)
        if outcome.deed in (Deed.PAGE, Deed.WARN, Deed.REFUSE):
            message.drop()
            self._filter.record(client, facts, outcome, "websocket-message")

    def _first_message(
        self, flow: http.HTTPFlow, exchange: Exchange, message: WebSocketMessage
    ) -> None:
        """Does a client's first binary message begin another connection in here?"""
        listed = not exchange.outcome.signals.mask & self._filter.force.base.unknown
        plausible = listed or bool(flow.request.headers.get("origin"))
        seen = first_message(message.content, plausible=plausible)
        if not seen:
            return
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        facts = replace(exchange.facts, seen=exchange.facts.seen + seen)
        outcome = self._filter.judge(facts, client.subject)
        if outcome.deed in (Deed.PAGE, Deed.WARN, Deed.REFUSE):
            message.drop()
            self._filter.record(client, facts, outcome, "websocket-tunnel")

    def _said(self, exchange: Exchange, message: bytes) -> tuple[Signal, ...]:
        """What recognisers make of a text message, of its first kilobytes."""
        recogniser = self._filter.force.recogniser
        if recogniser is None or not exchange.outcome.verdict.read:
            return ()
        return recogniser.text(message[:MESSAGE].decode("utf-8", "replace"), place="message")


def _beginning_unseen(media: str, content_range: str) -> bool:
    """A part of a page without its beginning, where what it is would be seen."""
    page = is_page(media) and media != "text/plain"
    return page and not content_range.strip().lower().startswith("bytes 0-")


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
