"""Applications on the wire: a request goes on to its server, an answer leaves masked or not at all.

The thinking is gateway/masking's; here flows are read and changed. A long body is masked in
one other thread, so that the loop goes on; nothing of it is kept, and no error quotes it.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from mitmproxy import http

from gateway.masking.answers import masked, typed
from gateway.masking.heads import answered, forwarded, length, refused
from gateway.masking.lens import Lens
from gateway.masking.site import Seat, Site, person_text
from gateway.masking.tables import Unmasked, UnmaskedError
from gateway.mitm.exchange import Exchange, Headers, reader
from gateway.page.model import PageKind
from gateway.page.ticket import COOKIE, strip_cookie
from gateway.pipeline import Deed
from rules.model import Stage

if TYPE_CHECKING:
    from gateway.mitm.connection import EdgeClient
    from gateway.mitm.filter import Filter
    from gateway.mitm.layers import Window

LONG = 96 * 1024  # bytes of a body that are masked in a thread
UPLOAD = 256 * 1024  # bytes of a request's body that are held
PROBLEM = 400  # characters of an event's words
_APART = ThreadPoolExecutor(1, thread_name_prefix="masking")  # its lenses are no other thread's
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})
"""Kept until the whole body is here: by them the engine knows whether the application's
connection can be used again."""


class Masked:
    """What the hooks of requests and answers do for applications."""

    def __init__(self, judge: Filter) -> None:
        self._filter = judge

    # requests

    def request(
        self, flow: http.HTTPFlow, client: EdgeClient, exchange: Exchange, headers: Headers
    ) -> None:
        """Find out who asks for what, and pass it on to the application's server."""
        request, facts = flow.request, exchange.facts
        site = self._filter.force.sites.by_host.get(client.sni_name)
        if site is None or facts.host != client.sni_name or facts.names:
            self._refuse(flow, client, exchange, headers, Unmasked.HOST)
            return
        fields = request.headers.fields
        seat = site.seat(request.method, request.path, fields, self._filter.clock())
        if isinstance(seat, Unmasked):
            self._refuse(flow, client, exchange, headers, seat)
            return
        if seat.person.known:
            ring = self._filter.force.resolver.known.ring
            token = ring.token("", person_text(site, seat.person))
            exchange.who = site.subject(client.subject, seat.person, token)
        exchange.seat = seat
        everything = seat.lens.everything
        wrong = None if everything else refused(request.method, fields)
        if wrong is None and request.method in ("TRACE", "CONNECT"):
            wrong = Unmasked.METHOD
        if wrong is not None:
            self._refuse(flow, client, exchange, headers, wrong)
            return
        self._forward(flow, client, exchange, headers, site)

    def _forward(
        self,
        flow: http.HTTPFlow,
        client: EdgeClient,
        exchange: Exchange,
        headers: Headers,
        site: Site,
    ) -> None:
        request, seat = flow.request, exchange.seat
        plain = seat is not None and seat.lens.everything
        fields = forwarded(
            request.headers.fields,
            host=client.sni_name,
            client=str(client.peername[0]),
            plain=plain,
        )
        request.headers = http.Headers(fields)
        if COOKIE in headers("cookie"):
            kept = strip_cookie(headers("cookie"))
            request.headers.pop("cookie", None)
            if kept:
                request.headers["cookie"] = kept
        if not request.is_http2:
            request.host_header = client.sni_name
            request.authority = ""
        request.data.host, request.data.port = site.served.address
        request.scheme = "https" if site.served.secure else "http"
        size = length(tuple(fields))
        unknown = size < 0 and (headers("transfer-encoding") or request.is_http2)
        if unknown or size > UPLOAD:
            request.stream = True
        exchange.bytes_up = max(0, size)

    def _refuse(
        self,
        flow: http.HTTPFlow,
        client: EdgeClient,
        exchange: Exchange,
        headers: Headers,
        why: Unmasked,
        status: int = 0,
    ) -> None:
        """Our page in place of what cannot be masked; the record says why, not what."""
        seat = exchange.seat
        exchange.outcome = replace(exchange.outcome, deed=Deed.PAGE)
        told = seat.told(why) if seat is not None else f"mask refused={why}"
        client.open.pop(flow.id, None)
        detail = self._filter.force.sites.detail(why)
        self._filter.show(
            flow, client, exchange, PageKind.MASKED, headers, told[:PROBLEM], detail=detail
        )
        if status >= 400 and flow.response is not None:  # what went wrong stays visible
            flow.response.status_code = status

    # answers

    def head(self, flow: http.HTTPFlow, exchange: Exchange, seat: Seat) -> None:
        """The application answers: pass its head without what speaks of the plain body."""
        response = flow.response
        if response is None:
            return
        response.headers.pop("alt-svc", None)
        kind = response.headers.get("content-type", "")
        exchange.facts = replace(exchange.facts, stage=Stage.RESPONSE, status=response.status_code)
        if seat.lens.everything:
            if not seat.lens.part.untouched:
                response.headers["cache-control"] = "no-store"
            response.stream = True
            return
        fields = response.headers.fields
        status = response.status_code
        seat.kind = kind
        seat.coding = response.headers.get("content-encoding", "")
        size = length(fields)
        head = flow.request.method == "HEAD"
        led = 300 <= status < 400
        seat.empty = led or status in (204, 205) or (size == 0 and not head)
        try:
            kept = answered(status, fields, seat.lens, seat.look, inside=seat.inside)
            if not seat.empty and (kind or not head):
                kind = typed(kind)
            if size > seat.lens.part.largest:
                raise UnmaskedError(Unmasked.TOO_LARGE)
        except UnmaskedError as error:
            self._refused(flow, exchange, error.why)
            return
        told = () if seat.empty or not kind else ((b"Content-Type", kind.encode("latin-1")),)
        framing = [one for one in fields if one[0].lower() in _FRAMING]
        response.headers = http.Headers((*kept, *told, *framing))
        response.reason = ""
        exchange.hold = True
        exchange.picture = seat.lens.part.largest

    def body(self, data: Window) -> Awaitable[None] | None:
        """The whole body is here, or more than may be."""
        exchange: Exchange | None = data.flow.metadata.get("exchange")
        if exchange is None or exchange.own or exchange.seat is None or data.flow.response is None:
            return None
        if exchange.seat.empty:
            data.flow.response.raw_content = b""
            return None
        if not data.whole:
            self._refused(data.flow, exchange, Unmasked.TOO_LARGE)
            return None
        if len(data.body) > LONG:
            return self._later(data, exchange, exchange.seat)
        try:
            self._put(data.flow, *_masked(data.body, exchange.seat))
        except UnmaskedError as error:
            self._refused(data.flow, exchange, error.why)
        return None

    async def _later(self, data: Window, exchange: Exchange, seat: Seat) -> None:
        try:
            lens = seat.site.lens(seat.part, seat.lens.view, apart=True)
            work = functools.partial(_masked, data.body, seat, lens)
            made = await asyncio.get_running_loop().run_in_executor(_APART, work)
        except UnmaskedError as error:
            self._refused(data.flow, exchange, error.why)
            return
        self._put(data.flow, *made)

    def _put(self, flow: http.HTTPFlow, body: bytes, kind: str) -> None:
        if flow.response is not None:
            flow.response.raw_content = body
            flow.response.headers["content-type"] = kind

    def _refused(self, flow: http.HTTPFlow, exchange: Exchange, why: Unmasked) -> None:
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        headers = reader(flow.request.headers.fields)
        status = flow.response.status_code if flow.response is not None else 0
        self._refuse(flow, client, exchange, headers, why, status)

    def finish(self, flow: http.HTTPFlow, seat: Seat) -> None:
        """Nothing but the masked body follows the head, and the head says how long it is."""
        response = flow.response
        if response is None or seat.lens.everything:
            return
        response.trailers = None
        response.headers.pop("transfer-encoding", None)
        response.headers.pop("content-length", None)
        bodiless = flow.request.method == "HEAD" or response.status_code in (204, 304)
        if not bodiless:
            response.headers["content-length"] = str(len(response.raw_content or b""))


def _masked(body: bytes, seat: Seat, lens: Lens | None = None) -> tuple[bytes, str]:
    """Raises UnmaskedError."""
    return masked(
        body,
        coding=seat.coding,
        kind=seat.kind,
        lens=lens or seat.lens,
        look=seat.look,
        inside=seat.inside,
    )
