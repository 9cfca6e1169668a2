"""Our side of a connection to an origin: bounded, and framed so that no bytes are left over.

GuardedHttp1Origin and GuardedHttp2Origin stand where mitmproxy's own server-side
connections stand. An origin is a stranger as much as a client is: what it sends
before its answer's body has a limit, and interim answers never pass for the final one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from mitmproxy import http
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers.http import _http1
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import ErrorCode, RequestHeaders, ResponseProtocolError
from mitmproxy.proxy.layers.http._http2 import Http2Client, Http2Connection

if TYPE_CHECKING:
    from mitmproxy.proxy.context import Context

    from gateway.mitm.connection import EdgeClient

Commands = layer.CommandGenerator[None]

_INTERIM = re.compile(rb"HTTP/1\.[01] 1[0-9][0-9][ \r\n]").match
STREAM_WINDOW = 2 * 1024 * 1024  # bytes an HTTP/2 origin may send ahead on one stream
MOST_HELD = 1024 * 1024  # bytes of one stream that wait for its client to read
POLL = 0.05  # seconds between looks whether it has
HEAD_LIMIT = 256 * 1024  # bytes of an answer's head, interim answers included


class GuardedHttp1Origin(_http1.Http1Client):
    """HTTP/1 to an origin: a head has a limit, interim answers are swallowed."""

    interim: int = 0  # bytes of interim answers to the request under way

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        if context.client.alpn == b"h2":
            cast("EdgeClient", context.client).feeds.add(self)

    def send(self, event: Any) -> Commands:
        if isinstance(event, RequestHeaders) and not event.end_stream:
            _frame(event.request)
        if isinstance(event, RequestHeaders):
            self.interim = 0
        yield from super().send(event)

    def read_headers(self, event: events.ConnectionEvent) -> Commands:
        """As mitmproxy's, but 1xx (RFC 9110 section 15.2) is not an answer: drop it."""
        if isinstance(event, events.DataReceived) and self.request:
            while (end := self._interim_end()) > 0:
                self.interim += end
                self.buf.maybe_extract_at_most(end)
            if self.interim + len(self.buf) > HEAD_LIMIT and _head_end(bytes(self.buf)) < 0:
                yield from self._give_up("the answer's head is too large")
                return
        yield from super().read_headers(event)

    def _interim_end(self) -> int:
        """Where an interim answer at the buffer's start ends; 0 where there is none."""
        data = bytes(self.buf)
        if not _INTERIM(data) or data[9:12] == b"101":
            return 0
        return max(_head_end(data), 0)

    def _give_up(self, message: str) -> Commands:
        yield commands.CloseConnection(self.conn)
        self.state = self.done
        if self.stream_id is not None:
            yield ReceiveHttp(
                ResponseProtocolError(self.stream_id, message, ErrorCode.GENERIC_SERVER_ERROR)
            )


def _head_end(data: bytes) -> int:
    """Where the first head in these bytes ends; -1 while it is not complete."""
    ends = [at + len(mark) for mark in (b"\n\r\n", b"\n\n") if (at := data.find(mark)) >= 0]
    return min(ends, default=-1)


def _frame(request: http.Request) -> None:
    """A body that came over HTTP/2 without a length is sent in chunks.

    Without either the origin would read the body as a request of its own.
    """
    if request.is_http2 and "content-length" not in request.headers:
        request.headers["transfer-encoding"] = "chunked"


class GuardedHttp2Origin(Http2Client):
    """HTTP/2 to an origin; known to its client, whose uploads must not outrun it.

    A stream that the client does not read (a paused video) gets no further window,
    so it holds up neither the other streams nor our memory.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.h2_conn.local_settings.initial_window_size = STREAM_WINDOW
        self.h2_conn.local_settings.acknowledge()
        self._grant = self.h2_conn.acknowledge_received_data
        self.h2_conn.acknowledge_received_data = self._received  # type: ignore[method-assign, assignment]
        self._owed: dict[int, int] = {}  # bytes received and not granted again, by stream
        self._poll: commands.RequestWakeup | None = None
        cast("EdgeClient", context.client).origins.add(self)

    def _unread(self, stream_id: int) -> bool:
        client = cast("EdgeClient", self.context.client)
        theirs = self.their_stream_id.get(stream_id)
        return client.h2 is not None and theirs is not None and held(client.h2, theirs) > MOST_HELD

    def _received(self, size: int, stream_id: int) -> None:
        if stream_id in self._owed or self._unread(stream_id):
            self._owed[stream_id] = self._owed.get(stream_id, 0) + size
        else:
            self._grant(size, stream_id)

    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, events.Wakeup) and event.command is self._poll:
            self._poll = None
            for stream_id in [one for one in self._owed if not self._unread(one)]:
                self._grant(self._owed.pop(stream_id), stream_id)
            if data := self.h2_conn.data_to_send():
                yield commands.SendData(self.conn, data)
        else:
            yield from super()._handle_event(event)
        if self._owed and self._poll is None and self.conn.connected:
            self._poll = commands.RequestWakeup(POLL)
            yield self._poll


def held(connection: Http2Connection, stream_id: int) -> int:
    """Bytes of one stream that the other side's windows hold back in our memory."""
    buffer = connection.h2_conn.stream_buffers.get(stream_id)
    return sum(len(chunk.data) for chunk in buffer) if buffer else 0
