"""Our layers over mitmproxy's: what stands between hostile bytes and the judgement.

GuardedHttp1 limits heads and reports what never becomes a request; FilterStream
holds a page's first window until it is judged, answers without contacting the
origin, and drops what a blocked client still sends; RefuseLayer ends a handshake
with a TLS alert. Layers do no I/O: they yield hooks, and gateway/mitm/filter.py
answers them.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import h11
from mitmproxy import http
from mitmproxy.net.http import http1
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.commands import StartHook
from mitmproxy.proxy.layers.http import (
    DropStream,
    GetHttpConnection,
    HttpLayer,
    HTTPMode,
    HttpStream,
    SendHttp,
    _http1,
)
from mitmproxy.proxy.layers.http._base import HttpConnection, ReceiveHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestData,
    RequestHeaders,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._http2 import Http2Server

from gateway.content import WINDOW
from gateway.mitm.exchange import head_bytes
from gateway.page.model import Page
from rules.model import Gap

if TYPE_CHECKING:
    from mitmproxy.proxy.context import Context

    from gateway.mitm.connection import EdgeClient

Commands = layer.CommandGenerator[None]

HEAD_LIMIT = 64 * 1024  # bytes of a request head
HEAD_SECONDS = 10.0  # a head slower than this is cut (enforced by the worker's sweep)
WINDOW_SECONDS = 0.3  # a dribbling page is judged on what has come by then
ALERT_ACCESS_DENIED = bytes((0x15, 3, 3, 0, 2, 2, 49))  # RFC 8446 section 6.2


@dataclass
class RejectedHook(StartHook):
    """Bytes that never became a request: `data` says what was wrong, and takes the answer."""

    data: Rejection


@dataclass
class WindowHook(StartHook):
    """The first window of a page is complete; the filter may replace `flow.response`."""

    flow: http.HTTPFlow
    window: bytes

    def args(self) -> list[Any]:
        return [self.flow, self.window]


@dataclass
class UpstreamFailedHook(StartHook):
    """The origin could not be reached or verified; the filter sets `flow.response`."""

    flow: http.HTTPFlow
    error: str

    def args(self) -> list[Any]:
        return [self.flow, self.error]


@dataclass
class Rejection:
    """What was wrong with a head; the filter fills in the bytes to answer with."""

    client: EdgeClient
    gap: Gap
    detail: str
    status: int
    page: Page | None = None

    @property
    def answer(self) -> bytes:
        """The page as HTTP/1.1 bytes; empty where there is none."""
        return b"" if self.page is None else head_bytes(self.page)


# A field line that begins with white space is folding (RFC 9112 section 5.2: reject);
# control characters other than HTAB never belong in a head (section 5.5).
_FOLDED = re.compile(rb"\n[ \t]")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BARE_CR = re.compile(rb"\r(?!\n)")
_HOST = re.compile(rb"\n[Hh][Oo][Ss][Tt][ \t]*:")


def head_problem(head: bytes) -> str:
    """What makes a request head (without its final blank line) ambiguous; empty if nothing."""
    if _CONTROL.search(head):
        return "control characters in the request head"
    if _BARE_CR.search(head):
        return "a bare CR in the request head"
    if _FOLDED.search(head):
        return "a folded header line"
    if len(_HOST.findall(head)) > 1:
        return "more than one Host header"
    return ""


class GuardedHttp1(_http1.Http1Server):
    """HTTP/1 from a client, with limits, and with a word about everything refused."""

    head_since: float = 0.0

    def read_headers(self, event: events.ConnectionEvent) -> Commands:
        if isinstance(event, events.ConnectionClosed):
            if bytes(self.buf).strip():
                yield from self._reject(Gap.MALFORMED, "the head was never completed", 400)
            else:
                yield commands.CloseConnection(self.conn)
            return
        lines = self.buf.maybe_extract_lines()
        while lines is not None and not lines:  # empty lines before a request (RFC 9112 2.2)
            lines = self.buf.maybe_extract_lines()
        if lines is None:
            if len(self.buf) > HEAD_LIMIT:
                yield from self._reject(Gap.TOO_LARGE, "the head is larger than 64 KiB", 431)
            elif not self.head_since and len(self.buf):
                self._wait()
            return
        self._arrived()
        head = [bytes(line) for line in lines]
        if sum(map(len, head)) > HEAD_LIMIT:
            yield from self._reject(Gap.TOO_LARGE, "the head is larger than 64 KiB", 431)
            return
        if problem := head_problem(b"\n".join(head)):
            yield from self._reject(Gap.MALFORMED, problem, 400)
            return
        try:
            self.request = http1.read_request_head(head)
            size = http1.expected_http_body_size(self.request)
        except ValueError:
            yield from self._reject(Gap.MALFORMED, "the request line or framing is broken", 400)
            return
        yield ReceiveHttp(RequestHeaders(self.stream_id, self.request, size == 0))
        self.body_reader = _http1.make_body_reader(size)
        self.state = self.read_body
        yield from self.state(event)

    def _wait(self) -> None:
        self.head_since = time.monotonic()
        cast("EdgeClient", self.context.client).heads[id(self)] = self

    def _arrived(self) -> None:
        if self.head_since:
            self.head_since = 0.0
            cast("EdgeClient", self.context.client).heads.pop(id(self), None)

    def give_up(self) -> None:
        """The head took too long and has been recorded: take no notice of what still comes."""
        self._arrived()
        self.state = self.done

    def _reject(self, gap: Gap, detail: str, status: int) -> Commands:
        self._arrived()
        client = cast("EdgeClient", self.context.client)
        rejection = Rejection(client=client, gap=gap, detail=detail, status=status)
        self.state = self.done
        yield RejectedHook(rejection)
        if rejection.answer:
            yield commands.SendData(self.conn, rejection.answer)
        yield commands.CloseConnection(self.conn)

    def send(self, event: Any) -> Commands:
        if isinstance(event, ResponseProtocolError) and not self.response:
            status = event.code.http_status_code()
            if event.code is ErrorCode.DESTINATION_UNKNOWN:  # no hook tells of this one
                yield from self._reject(Gap.MALFORMED, "no host in the request", 400)
                return
            if status is not None:
                yield commands.SendData(self.conn, _error(self.context, status).answer)
            yield commands.CloseConnection(self.conn)
            return
        yield from super().send(event)


def _error(context: Context, status: int) -> Rejection:
    """Our page for an error whose exchange is recorded by hooks of its own."""
    client = cast("EdgeClient", context.client)
    rejection = Rejection(client=client, gap=Gap.MALFORMED, detail="", status=status)
    client.filter.error_page(rejection)
    return rejection


class GuardedHttp2(Http2Server):
    """HTTP/2 from a client; our error pages, and how much waits in its send buffers."""

    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, ResponseProtocolError) and self._can_answer(event):
            page = _error(self.context, event.code.http_status_code() or 502).page
            if page is not None:
                fields = [(b":status", b"%d" % page.status)]
                fields += [(name.lower().encode(), value.encode()) for name, value in page.headers]
                self.h2_conn.send_headers(event.stream_id, fields)
                self.h2_conn.send_data(event.stream_id, page.body, end_stream=True)
                yield commands.SendData(self.conn, self.h2_conn.data_to_send())
                return
        yield from super()._handle_event(event)

    def _can_answer(self, event: ResponseProtocolError) -> bool:
        """May a whole answer still be sent on this stream?"""
        if event.code.http_status_code() is None or self.is_closed(event.stream_id):
            return False
        stream = self.h2_conn.streams[event.stream_id]
        return self.is_open_for_us(event.stream_id) and not stream.state_machine.headers_sent

    def waiting(self) -> int:
        """Bytes that the client's flow-control windows hold back."""
        return sum(
            len(chunk.data) for buffer in self.h2_conn.stream_buffers.values() for chunk in buffer
        )


class TrailerlessReader:
    """A body reader that drops trailers, as an intermediary may (RFC 9110 section 6.5.1)."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def __call__(self, buffer: Any) -> Any:
        return self._plain(self._reader(buffer))

    def read_eof(self) -> Any:
        return self._plain(self._reader.read_eof())

    @staticmethod
    def _plain(event: Any) -> Any:
        if isinstance(event, h11.EndOfMessage) and event.headers:
            return h11.EndOfMessage()
        return event


class FilterStream(HttpStream):
    """One exchange: answers of our own, a first window judged, the rest streamed."""

    holding: bool = False  # a first window is being collected
    answered: bool = False  # our own response has been sent; what still comes is dropped

    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, events.Wakeup):
            if self.holding and self.response_body_buf:
                yield from self._judge_window()
            return
        yield from super()._handle_event(event)

    def check_body_size(self, request: bool) -> layer.CommandGenerator[bool]:  # noqa: ARG002
        return False
        yield  # pragma: no cover - makes this a generator

    def state_consume_request_body(self, event: events.Event) -> Commands:
        if isinstance(event, RequestData) and self.flow.response is not None:
            return  # refused already: what the client still sends is not kept
        yield from super().state_consume_request_body(event)

    def make_server_connection(self) -> layer.CommandGenerator[bool]:
        connection, error = yield GetHttpConnection(
            (self.flow.request.host, self.flow.request.port),
            self.flow.request.scheme == "https",
            self.flow.server_conn.via,
            self.flow.server_conn.transport_protocol,
        )
        if not error and connection.connected:
            self.context.server = self.flow.server_conn = connection
            return True
        yield from self._fail(error or "server closed connection")
        return False

    def _fail(self, error: str) -> Commands:
        """The origin failed before anything of its answer was sent: our page instead."""
        yield UpstreamFailedHook(self.flow, error)
        if (yield from self.check_killed(True)):
            return
        yield from self._answer()

    def handle_protocol_error(
        self, event: RequestProtocolError | ResponseProtocolError
    ) -> Commands:
        unsent = self.server_state in (
            self.state_wait_for_response_headers,
            self.state_consume_response_body,
        )
        if isinstance(event, ResponseProtocolError) and unsent and not self.answered:
            self.holding = False
            yield from self._fail(event.message)
            return
        yield from super().handle_protocol_error(event)

    def _answer(self) -> Commands:
        """Send `flow.response`, which is our own page, and finish the stream."""
        response = self.flow.response
        if response is None:
            yield SendHttp(
                ResponseProtocolError(self.stream_id, "no answer", ErrorCode.KILL),
                self.context.client,
            )
            self.client_state = self.server_state = self.state_errored
            return
        self.answered = True
        content = response.raw_content or b""
        yield SendHttp(ResponseHeaders(self.stream_id, response, not content), self.context.client)
        if content:
            yield SendHttp(ResponseData(self.stream_id, content), self.context.client)
        unfinished = self.client_state != self.state_done
        self.server_state = self.state_done
        self.flow.live = False
        yield SendHttp(ResponseEndOfMessage(self.stream_id), self.context.client)
        if unfinished:  # an upload is still coming: say no more and close
            self.client_state = self.state_errored
            yield SendHttp(
                ResponseProtocolError(self.stream_id, "refused", ErrorCode.KILL),
                self.context.client,
            )
        yield DropStream(self.stream_id)

    def state_wait_for_response_headers(self, event: ResponseHeaders) -> Commands:
        yield from super().state_wait_for_response_headers(event)
        if self.server_state == self.state_consume_response_body:
            exchange = self.flow.metadata.get("exchange")
            self.holding = exchange is not None and exchange.hold
            if self.holding and "content-length" not in event.response.headers:
                yield commands.RequestWakeup(WINDOW_SECONDS)

    def state_consume_response_body(self, event: events.Event) -> Commands:
        if self.answered:
            return
        if not self.holding or not isinstance(event, ResponseData):
            yield from super().state_consume_response_body(event)
            return
        self.response_body_buf += event.data
        if len(self.response_body_buf) >= WINDOW:
            yield from self._judge_window()

    def _judge_window(self) -> Commands:
        self.holding = False
        origin = self.flow.response
        window = bytes(self.response_body_buf)
        yield WindowHook(self.flow, window)
        if (yield from self.check_killed(True)):
            return
        self.response_body_buf.clear()
        if self.flow.response is not origin:
            server = self.context.server
            self.server_state = self.state_errored
            yield SendHttp(
                RequestProtocolError(self.stream_id, "refused", ErrorCode.CANCEL), server
            )
            yield from self._answer()
            return
        yield from self.start_response_stream()
        yield from self.state_stream_response_body(ResponseData(self.stream_id, window))

    def state_stream_response_body(self, event: events.Event) -> Commands:
        if self.answered:
            return
        exchange = self.flow.metadata.get("exchange")
        if exchange is not None and isinstance(event, ResponseData):
            exchange.bytes_down += len(event.data)
        yield from super().state_stream_response_body(event)

    def send_response(self, already_streamed: bool = False) -> Commands:
        if self.holding:  # the whole body is smaller than the window
            self.holding = False
            response = self.flow.response
            if response is not None and response.raw_content:
                yield WindowHook(self.flow, response.raw_content)
                if (yield from self.check_killed(True)):
                    return
        yield from super().send_response(already_streamed)


class FilterHttpLayer(HttpLayer):
    """HttpLayer with our client-side connections and our streams."""

    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, events.Start):
            client = self.context.client
            guarded: HttpConnection
            if client.alpn == b"h2":
                guarded = GuardedHttp2(self.context.fork())
                cast("EdgeClient", client).h2 = guarded
            else:
                guarded = GuardedHttp1(self.context.fork())
            self.connections[client] = guarded
        yield from super()._handle_event(event)

    def make_stream(self, stream_id: int) -> Commands:
        stream = self.streams[stream_id] = FilterStream(self.context.fork(), stream_id)
        yield from self.event_to_child(stream, events.Start())


def http_layer(context: Context, *, explicit: bool) -> FilterHttpLayer:
    """The layer for HTTP from a client: an explicit proxy's, or inside a tunnel."""
    return FilterHttpLayer(context, HTTPMode.regular if explicit else HTTPMode.transparent)


class RefuseLayer(layer.Layer):
    """Ends the connection: with a TLS alert where the client speaks TLS, else at once."""

    def __init__(self, context: Context, *, alert: bool) -> None:
        super().__init__(context)
        self._alert = alert

    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, events.Start):
            if self._alert:
                yield commands.SendData(self.context.client, ALERT_ACCESS_DENIED)
            yield commands.CloseConnection(self.context.client)


def install() -> None:
    """Teach mitmproxy's HTTP/1 code to drop trailers instead of giving up on them.

    The one name of its modules that we replace; tests hold it against the pinned version.
    """
    plain = _http1.make_body_reader
    if getattr(plain, "trailerless", False):
        return

    def make(size: int | None) -> Any:
        return TrailerlessReader(plain(size))

    cast(Any, make).trailerless = True
    _http1.make_body_reader = cast(Any, make)
