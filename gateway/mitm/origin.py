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
from mitmproxy.proxy.layers.http._http2 import Http2Client

if TYPE_CHECKING:
    from mitmproxy.proxy.context import Context

    from gateway.mitm.connection import EdgeClient

Commands = layer.CommandGenerator[None]

_INTERIM = re.compile(rb"HTTP/1\.[01] 1[0-9][0-9][ \r\n]").match
HEAD_LIMIT = 256 * 1024  # bytes of an answer's head, interim answers included


class GuardedHttp1Origin(_http1.Http1Client):
    """HTTP/1 to an origin: a head has a limit, interim answers are swallowed."""

    interim: int = 0  # bytes of interim answers to the request under way

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
    """HTTP/2 to an origin; known to its client, whose uploads must not outrun it."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        cast("EdgeClient", context.client).origins.add(self)
