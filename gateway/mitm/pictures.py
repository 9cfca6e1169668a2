"""Images on the wire: held whole, looked at off the loop, then let through, replaced or blurred.

Only where the node names a model and policy has what comes back read. The hook that answers a
held image is a coroutine: the connection's other streams go on meanwhile. What is too large,
too slow, cut or broken is the gap OVER_BUDGET, and policy says what happens then.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING

from mitmproxy import http

from gateway.content import readable
from gateway.mitm.exchange import Exchange, reader, respond
from gateway.node import Cover
from gateway.page.model import Page, Want
from gateway.page.want import want_of
from gateway.pipeline import Deed
from rules.model import Gap
from rules.recognise.raster import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.images import Gallery
    from gateway.mitm.connection import EdgeClient
    from gateway.mitm.filter import Filter
    from gateway.mitm.layers import Window

OPAQUE = ("", "application/octet-stream", "binary/octet-stream")
"""Types under which a browser still shows what stands in an <img>."""


class Pictures:
    """What happens to a held image."""

    def __init__(self, judge: Filter, again: Callable[[http.HTTPFlow, Exchange], None]) -> None:
        """`again` judges an exchange anew and puts our own page in place where it must."""
        self._filter = judge
        self._again = again

    def wanted(self, flow: http.HTTPFlow, exchange: Exchange) -> int:
        """How many bytes of this answer are to be held as an image; 0: it is none that is read."""
        gallery = self._filter.images
        if gallery is None or flow.response is None or not exchange.outcome.verdict.read:
            return 0
        media, settings = exchange.facts.media_type, gallery.settings
        if media == "image/svg+xml":
            return 0
        if not media.startswith("image/") and not (media in OPAQUE and _shown(flow)):
            return 0
        length = flow.response.headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length) < settings.least:
            return 0
        return settings.bytes

    async def judge(self, data: Window) -> None:
        """Look at a held image, and let policy have its way with it."""
        flow, gallery = data.flow, self._filter.images
        exchange: Exchange | None = flow.metadata.get("exchange")
        response = flow.response
        if exchange is None or exchange.own or gallery is None or response is None:
            return
        body = readable(data.body, exchange.encoding) if exchange.encoding else data.body
        whole = data.whole and response.status_code == 200
        if isinstance(body, Gap):
            exchange.facts = replace(exchange.facts, gap=body)
        elif not whole:
            exchange.facts = replace(exchange.facts, gap=Gap.OVER_BUDGET)
        elif len(body) >= gallery.settings.least:
            await self._look(gallery, exchange, body)
        else:
            return
        if exchange.own:
            return
        facts = exchange.facts
        if facts.seen or facts.gap is not None:
            if gallery.settings.action is Cover.BLUR and isinstance(body, bytes):
                await self._blur(flow, exchange, gallery, body)
            if not exchange.own:
                self._again(flow, exchange)

    async def _look(self, gallery: Gallery, exchange: Exchange, body: bytes) -> None:
        seen = await self._in_time(gallery, gallery.look(body))
        facts = exchange.facts
        if not isinstance(seen, Refusal):
            exchange.facts = replace(facts, seen=facts.seen + seen)
        elif seen is not Refusal.UNKNOWN or facts.media_type.startswith("image/"):
            exchange.facts = replace(facts, gap=facts.gap or Gap.OVER_BUDGET)

    async def _in_time[T](self, gallery: Gallery, asked: Future[T | Refusal]) -> T | Refusal:
        """The answer, or that there was none in time, whatever became of the thread."""
        try:
            async with asyncio.timeout(gallery.settings.ms / 1000):
                return await asyncio.wrap_future(asked)
        except TimeoutError:
            return Refusal.TOO_SLOW

    async def _blur(
        self, flow: http.HTTPFlow, exchange: Exchange, gallery: Gallery, body: bytes
    ) -> None:
        """Put large squares in place of an image that may not be seen; the Event says `blurred`."""
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        outcome = self._filter.judge(exchange.facts, client.subject)
        if outcome.deed not in (Deed.PAGE, Deed.WARN, Deed.REFUSE):
            return
        shown = want_of(reader(flow.request.headers.fields), flow.request.path) is Want.IMAGE
        squares = await self._in_time(gallery, gallery.blur(body)) if shown else Refusal.UNKNOWN
        if isinstance(squares, Refusal):
            return
        exchange.outcome = outcome
        exchange.own = True
        self._filter.settle(client, exchange, "blurred")
        client.open.pop(flow.id, None)
        headers = (("Content-Type", "image/jpeg"), ("Cache-Control", "no-store"))
        respond(flow, Page(status=200, headers=headers, body=squares))


def _shown(flow: http.HTTPFlow) -> bool:
    """Does the browser say that it will show this as an image?"""
    return str(flow.request.headers.get("sec-fetch-dest", "")).strip().lower() == "image"
