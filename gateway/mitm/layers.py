"""Our layers over mitmproxy's: one exchange, the HTTP around it, and the end of a refused one.

FilterStream holds a page's first window until it is judged, answers without contacting
the origin, and drops what a blocked client still sends; RefuseLayer ends a handshake
with a TLS alert. Layers do no I/O: they yield hooks, which requests.py, responses.py
and tunnel.py answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from mitmproxy import http
from mitmproxy.connection import Connection, ConnectionState
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.commands import StartHook
from mitmproxy.proxy.layers.http import (
    DropStream,
    GetHttpConnection,
    HttpLayer,
    HTTPMode,
    HttpStream,
    SendHttp,
)
from mitmproxy.proxy.layers.http._base import HttpConnection
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    RequestTrailers,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)

from gateway.content import WINDOW
from gateway.mitm.guard import GuardedHttp1, GuardedHttp2
from gateway.mitm.messages import EdgeWebsocket
from gateway.mitm.sending import Sending, SendingHook

if TYPE_CHECKING:
    from mitmproxy.proxy.context import Context

    from gateway.mitm.connection import EdgeClient

Commands = layer.CommandGenerator[None]

MOST_ORIGINS = 32  # connections to origins kept for one client
WINDOW_SECONDS = 0.3  # a dribbling page is judged on what has come by then
ALERT_ACCESS_DENIED = bytes((0x15, 3, 3, 0, 2, 2, 49))  # RFC 8446 section 6.2


@dataclass(frozen=True, slots=True)
class Window:
    """The first bytes of a response, as sent; `whole`: there are no more."""

    flow: http.HTTPFlow
    body: bytes
    whole: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an origin could not be used, in the engine's words."""

    flow: http.HTTPFlow
    error: str


@dataclass
class WindowHook(StartHook):
    """The first window of a page is complete; the answer may replace `flow.response`."""

    data: Window


@dataclass
class PictureHook(StartHook):
    """An image is held; the answer takes its time, and only this stream waits for it."""

    data: Window
    blocking = True


@dataclass
class MaskHook(StartHook):
    """An application's answer is held whole; it leaves masked, or not at all."""

    data: Window
    blocking = True


@dataclass
class UpstreamFailedHook(StartHook):
    """The origin could not be reached or verified; the answer sets `flow.response`."""

    data: Failure


class FilterStream(HttpStream):
    """One exchange: answers of our own, a first window judged, the rest streamed."""

    holding: bool = False  # a first window is being collected
    waiting: bool = False  # a small piece of a body waits for more
    answered: bool = False  # our own response has been sent; what still comes is dropped

    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, events.Wakeup):
            if self.holding and self.response_body_buf:
                yield from self._judge_window()
            elif self.waiting:
                yield from self._look_at_what_waits()
            return
        if isinstance(event, RequestTrailers):
            return  # an intermediary may drop them (RFC 9110 section 6.5.1)
        yield from super()._handle_event(event)

    def state_wait_for_request_headers(self, event: RequestHeaders) -> Commands:
        yield from super().state_wait_for_request_headers(event)
        waits = self.client_state == self.state_consume_request_body
        if waits and not event.end_stream and self.flow.metadata.pop("early", False):
            yield from self._answer()  # an upload that may not leave is not waited for

    def check_invalid(self, request: bool) -> layer.CommandGenerator[bool]:
        invalid = yield from super().check_invalid(request)
        if invalid:
            yield DropStream(self.stream_id)
        return invalid

    def handle_connect_finish(self) -> Commands:
        yield from super().handle_connect_finish()
        if self.client_state == self.state_errored:  # refused
            yield DropStream(self.stream_id)

    def flow_done(self) -> Commands:
        if self.flow.websocket is None:
            yield from super().flow_done()
            return
        self.child_layer = EdgeWebsocket(self.context, self.flow)
        self._handle_event = self.passthrough  # type: ignore[method-assign]
        yield from self.child_layer.handle_event(events.Start())
        yield SendHttp(ResponseEndOfMessage(self.stream_id), self.context.client)

    def check_body_size(self, request: bool) -> layer.CommandGenerator[bool]:  # noqa: ARG002
        return False
        yield  # pragma: no cover - makes this a generator

    def state_consume_request_body(self, event: events.Event) -> Commands:
        if isinstance(event, RequestData) and self.flow.response is not None:
            return  # refused already: what the client still sends is not kept
        if isinstance(event, RequestEndOfMessage) and self.flow.metadata.pop("leaving", False):
            yield SendingHook(Sending(self.flow, bytes(self.request_body_buf), whole=True))
            fresh = self.flow.metadata.pop("rewritten", None)
            if fresh is not None:
                self.request_body_buf.clear()
                self.request_body_buf += fresh
        yield from super().state_consume_request_body(event)
        most = self.flow.metadata.get("asking", 0)
        if most and len(self.request_body_buf) > most:  # too long to be read before it goes on
            sent = bytes(self.request_body_buf)
            self.request_body_buf.clear()
            if self.flow.metadata.pop("leaving", False):
                yield SendingHook(Sending(self.flow, b"", whole=False))
                if self.flow.response is not None:
                    yield from self._answer()
                    return
            self.flow.request.stream = True
            self.flow.metadata["exchange"].unread()
            yield from self.start_request_stream()
            if self.client_state == self.state_stream_request_body:
                yield from self.state_stream_request_body(RequestData(self.stream_id, sent))

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
        yield UpstreamFailedHook(Failure(self.flow, error))
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
        self.holding = False
        if isinstance(event, ResponseProtocolError) and unsent and not self.answered:
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
        if self.flow.response is not event.response:
            yield from self._replace()
        elif self.server_state == self.state_consume_response_body:
            exchange = self.flow.metadata.get("exchange")
            self.holding = exchange is not None and exchange.hold

    def _replace(self) -> Commands:
        """Our page instead of the origin's answer, of which nothing has left yet."""
        error = RequestProtocolError(self.stream_id, "refused", ErrorCode.CANCEL)
        self.server_state = self.state_errored
        yield SendHttp(error, self.context.server)
        yield from self._answer()

    def state_consume_response_body(self, event: events.Event) -> Commands:
        if self.answered:
            return
        if not self.holding or not isinstance(event, ResponseData):
            yield from super().state_consume_response_body(event)
            return
        origin = self.flow.response
        exchange = self.flow.metadata.get("exchange")
        picture = exchange.picture if exchange is not None else 0  # an image is held whole
        first = not (self.response_body_buf or picture)
        if first and origin and "content-length" not in origin.headers:
            yield commands.RequestWakeup(WINDOW_SECONDS)
        self.response_body_buf += event.data
        if len(self.response_body_buf) >= (picture or WINDOW):
            yield from self._judge_window()

    def _window(self, body: bytes, *, whole: bool) -> StartHook:
        exchange = self.flow.metadata.get("exchange")
        kind: type[PictureHook | WindowHook | MaskHook]
        kind = PictureHook if exchange is not None and exchange.picture else WindowHook
        if exchange is not None and exchange.seat is not None:
            kind = MaskHook
        return kind(Window(self.flow, body, whole))

    def _judge_window(self) -> Commands:
        self.holding = False
        origin = self.flow.response
        window = bytes(self.response_body_buf)
        yield self._window(window, whole=False)
        if (yield from self.check_killed(True)):
            return
        self.response_body_buf.clear()
        if self.flow.response is not origin:
            yield from self._replace()
            return
        yield from self.start_response_stream()
        yield from self.state_stream_response_body(ResponseData(self.stream_id, window))

    def state_stream_response_body(self, event: events.Event) -> Commands:
        if self.answered:
            return
        exchange = self.flow.metadata.get("exchange")
        if exchange is not None and isinstance(event, ResponseData):
            if exchange.watch is not None:
                passed = exchange.watch(event.data)
                if passed is None:
                    yield from self._cut()
                    return
                if not passed:
                    if not self.waiting:
                        self.waiting = True
                        yield commands.RequestWakeup(WINDOW_SECONDS)
                    return
                event = ResponseData(self.stream_id, passed)
            exchange.bytes_down += len(event.data)
        elif exchange is not None and exchange.watch and isinstance(event, ResponseEndOfMessage):
            rest = exchange.watch(b"")
            if rest is None:
                yield from self._cut()
                return
            if rest:
                exchange.bytes_down += len(rest)
                rest_event = ResponseData(self.stream_id, rest)
                yield from super().state_stream_response_body(rest_event)
        yield from super().state_stream_response_body(event)

    def _look_at_what_waits(self) -> Commands:
        """Nothing more came for a while: what is there is looked at and may leave."""
        self.waiting = False
        exchange = self.flow.metadata.get("exchange")
        streaming = self.server_state == self.state_stream_response_body
        if exchange is None or exchange.watch is None or not streaming or self.answered:
            return
        passed = exchange.watch(None)
        if passed is None:
            yield from self._cut()
        elif passed:
            exchange.bytes_down += len(passed)
            yield from super().state_stream_response_body(ResponseData(self.stream_id, passed))

    def _cut(self) -> Commands:
        """Both sides are told that this ends here: what comes may not be seen."""
        self.answered = True
        self.client_state = self.server_state = self.state_errored
        self.flow.live = False
        refused = (self.stream_id, "refused", ErrorCode.KILL)
        yield SendHttp(RequestProtocolError(*refused), self.context.server)
        yield SendHttp(ResponseProtocolError(*refused), self.context.client)
        yield DropStream(self.stream_id)

    def send_response(self, already_streamed: bool = False) -> Commands:
        if self.holding:  # the whole body is smaller than the window
            self.holding = False
            response = self.flow.response
            if response is not None and response.raw_content:
                yield self._window(response.raw_content, whole=True)
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
        elif isinstance(event, events.ConnectionEvent) and self._forgotten(event.connection):
            return
        yield from super()._handle_event(event)
        if isinstance(event, events.ConnectionClosed):
            self._pass_over(event.connection)
        elif isinstance(event, events.OpenConnectionCompleted) and event.reply:
            self._pass_over(event.command.connection)

    def _pass_over(self, connection: Connection) -> None:
        """A tunnel's own connections have ended: the HTTP around it need not route to them."""
        if isinstance(self.connections.get(connection), HttpStream):
            del self.connections[connection]

    def _forgotten(self, connection: Connection) -> bool:
        return connection is not self.context.server and connection not in self.connections

    def get_connection(self, event: GetHttpConnection, *, reuse: bool = True) -> Commands:
        """As mitmproxy's, but a failure is not remembered, and few idle origins are kept."""
        crowded = len(self.connections) > MOST_ORIGINS
        used = {id(stream.context.server) for stream in self.streams.values()} if crowded else ()
        for connection in list(self.connections):
            if connection in self.waiting_for_establishment or connection is self.context.client:
                continue
            gone = connection.state is ConnectionState.CLOSED
            if gone and event.connection_spec_matches(connection):
                del self.connections[connection]
            elif crowded and id(connection) not in used:
                if gone:
                    del self.connections[connection]
                else:
                    yield commands.CloseConnection(connection)
        yield from super().get_connection(event, reuse=reuse)

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
