"""Heads from clients: limited, unambiguous, and never refused without a word.

GuardedHttp1 and GuardedHttp2 stand where mitmproxy's own client-side connections
stand. What never becomes a request yields a RejectedHook; errors show our page, in
which no byte of the client's is echoed.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import h2.errors
import h2.events
import h11
from mitmproxy.net.http import http1
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.commands import StartHook
from mitmproxy.proxy.layers import http as http_layers
from mitmproxy.proxy.layers import tls as tls_layers
from mitmproxy.proxy.layers.http import _http1
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestHeaders,
    RequestProtocolError,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._hooks import HttpConnectHook, HttpRequestHeadersHook
from mitmproxy.proxy.layers.http._http2 import Http2Connection, Http2Server
from mitmproxy.proxy.layers.modes import Socks5AuthHook

from gateway.mitm.exchange import head_bytes
from gateway.mitm.origin import GuardedHttp1Origin, GuardedHttp2Origin
from gateway.mitm.origin_tls import GuardedServerTLS
from gateway.page.model import Page
from rules.model import Gap

if TYPE_CHECKING:
    from mitmproxy.proxy.context import Context

    from gateway.mitm.connection import EdgeClient

Commands = layer.CommandGenerator[None]

HEAD_LIMIT = 64 * 1024  # bytes of a request head
HEAD_SECONDS = 10.0  # a head slower than this is cut (enforced by the door's sweep)
AHEAD = 64 * 1024  # bytes a client may send beyond the request under way, or of one chunk's head
MOST_OPEN = 500  # exchanges under way on one connection; HTTP/2 grants 100 streams at a time


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


@dataclass
class RejectedHook(StartHook):
    """Bytes that never became a request: `data` says what was wrong, and takes the answer."""

    data: Rejection


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
        if self.request.data.http_version not in (b"HTTP/1.1", b"HTTP/1.0"):
            yield from self._reject(Gap.MALFORMED, "not HTTP/1.0 or 1.1", 400)
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
        if status and rejection.answer:
            yield commands.SendData(self.conn, rejection.answer)
        yield commands.CloseConnection(self.conn)

    def wait(self, event: events.Event) -> Commands:
        """The answer is under way; what is sent ahead of it is kept, up to a limit."""
        if isinstance(event, events.DataReceived) and len(self.buf) > AHEAD:
            stream_id = self.stream_id
            yield from self._reject(Gap.TOO_LARGE, "too much sent ahead of an answer", 0)
            yield ReceiveHttp(
                RequestProtocolError(stream_id, "sent too much", ErrorCode.CLIENT_DISCONNECTED)
            )
            return
        yield from super().wait(event)

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

    def handle_h2_event(self, event: Any) -> layer.CommandGenerator[bool]:
        client = cast("EdgeClient", self.context.client)
        if isinstance(event, h2.events.RequestReceived) and len(client.open) >= MOST_OPEN:
            # begun and reset, over and over (CVE-2023-44487): no browser does that
            yield from self.protocol_error(
                "too many requests under way", h2.errors.ErrorCodes.ENHANCE_YOUR_CALM
            )
            return True
        return (yield from super().handle_h2_event(event))

    def protocol_error(
        self, message: str, error_code: int = h2.errors.ErrorCodes.PROTOCOL_ERROR
    ) -> Commands:
        """Frames that are no request end the connection: they are recorded, too."""
        client = cast("EdgeClient", self.context.client)
        calm = error_code == h2.errors.ErrorCodes.ENHANCE_YOUR_CALM
        gap = Gap.TOO_LARGE if calm else Gap.MALFORMED
        yield RejectedHook(
            Rejection(client=client, gap=gap, detail="broken HTTP/2 frames", status=0)
        )
        yield from super().protocol_error(message, error_code)

    def _can_answer(self, event: ResponseProtocolError) -> bool:
        """May a whole answer still be sent on this stream?"""
        if event.code.http_status_code() is None or self.is_closed(event.stream_id):
            return False
        stream = self.h2_conn.streams[event.stream_id]
        return self.is_open_for_us(event.stream_id) and not stream.state_machine.headers_sent


def waiting(connection: Http2Connection) -> int:
    """Bytes that the other side's flow-control windows hold back in our memory."""
    return sum(
        len(chunk.data) for buffer in connection.h2_conn.stream_buffers.values() for chunk in buffer
    )


class TrailerlessReader:
    """A body reader that drops trailers, as an intermediary may (RFC 9110 section 6.5.1).

    What frames a chunk (its size, extensions, trailers) is limited: mitmproxy would
    keep an endless one.
    """

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def __call__(self, buffer: Any) -> Any:
        event = self._plain(self._reader(buffer))
        if event is None and len(buffer) > AHEAD:
            raise h11.RemoteProtocolError("a chunk's head or the trailers are too large")
        return event

    def read_eof(self) -> Any:
        return self._plain(self._reader.read_eof())

    @staticmethod
    def _plain(event: Any) -> Any:
        if isinstance(event, h11.EndOfMessage) and event.headers:
            return h11.EndOfMessage()
        return event


def install() -> None:
    """The places where we change mitmproxy's own names; tests hold them to 12.2.

    Its HTTP/1 code gives up on trailers: ours drops them. Its hooks pause a layer until
    an answer comes back through the whole stack: ours are answered while the layer is
    still yielding, so nothing needs to pause. But a request's head still does: a pipelined
    one may only go on when the exchange before it has wholly ended; and so do CONNECT and
    SOCKS5's password, of which the identity service may have to be asked. Its sides to origins
    have no limits and do not say how much they hold back: ours do. Its TLS to an origin
    keeps a fatal alert to itself: ours tells.
    """
    tls_layers.ServerTLSLayer = GuardedServerTLS  # type: ignore[misc]
    http_layers.Http1Client = GuardedHttp1Origin  # type: ignore[attr-defined]
    http_layers.Http2Client = GuardedHttp2Origin  # type: ignore[attr-defined]
    StartHook.blocking = False
    for hook in (HttpRequestHeadersHook, HttpConnectHook, Socks5AuthHook):
        hook.blocking = True
    plain = _http1.make_body_reader
    if getattr(plain, "trailerless", False):
        return

    def make(size: int | None) -> Any:
        return TrailerlessReader(plain(size))

    cast(Any, make).trailerless = True
    _http1.make_body_reader = cast(Any, make)
