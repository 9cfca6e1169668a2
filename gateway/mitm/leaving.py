"""Requests on their way out: held, read for personal data, and let go, masked, warned or refused.

Nothing of a body leaves before it was read; what is large is read on a thread, and only its own
stream waits. Where no rule of the policy could hold (an approved place, somebody whom no rule is
for) nothing is held and nothing is read.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from mitmproxy import http

from gateway.content import all_codings
from gateway.mitm.exchange import Exchange, Headers, reader, respond
from gateway.mitm.filter import Filter
from gateway.mitm.sending import Sending
from gateway.outflow.examine import INLINE, Examined, Examiner, Rewritten, Sent, too_large
from gateway.outflow.look import Seen
from gateway.outflow.words import safe_path
from gateway.page import confirm
from gateway.page.appeal import LARGEST_BODY, read_form
from gateway.page.model import PageKind
from gateway.page.want import language_of, want_of
from gateway.pipeline import DEED, Deed, Outcome
from policies.model import Action
from rules.model import Text
from rules.recognise.personal.carried import NOTHING_CARRIED, Carried, signals

if TYPE_CHECKING:
    from gateway.mitm.connection import EdgeClient

MOST_HELD = 256 * 1024 * 1024  # bytes that bodies of one worker may hold together
_TELLING = re.compile(r"\?.|[0-9]{8}|%[0-9A-Fa-f]{2}")  # a path that may hold something
_DIGESTS = ("content-md5", "digest", "content-digest", "repr-digest", "content-encoding")
_ASKED = Text(zh="发送前确认", en="Before it is sent")


class Leaving:
    """The hook of a body that is whole, and what it may lead to."""

    def __init__(self, judge: Filter) -> None:
        self._filter = judge

    # before anything is forwarded

    def wants(self, client: EdgeClient, exchange: Exchange, *, body: bool) -> int:
        """How many bytes of this request are held and read; 0: none."""
        force = self._filter.force
        book = force.snapshot.outflow
        if not book or force.outflow is None:
            return 0
        facts, outcome = exchange.facts, exchange.outcome
        if not body and _TELLING.search(facts.path) is None:
            return 0
        seat = force.snapshot.seat(client.subject)
        if not book.concerns(seat, facts, outcome.signals, self._filter.now()):
            return 0
        self._filter.holding.add(exchange)
        return book.largest

    def crowded(self) -> bool:
        """Whether too much is held already for one more large body."""
        return sum(one.bytes_up for one in self._filter.holding) > MOST_HELD

    def too_long(self, flow: http.HTTPFlow, exchange: Exchange, headers: Headers) -> None:
        """A body that says it is longer than what is held: policy says what follows."""
        self._filter.holding.discard(exchange)
        self._decide(flow, exchange, headers, too_large())
        flow.metadata["early"] = flow.response is not None

    # the body is here

    def judge(self, data: Sending) -> Awaitable[None] | None:
        """Read what leaves, and let policy have its way with it."""
        flow = data.flow
        exchange: Exchange | None = flow.metadata.get("exchange")
        examiner = self._filter.force.outflow
        if exchange is None or exchange.own or flow.response is not None or examiner is None:
            return None
        self._filter.holding.discard(exchange)
        headers = reader(flow.request.headers.fields)
        if not data.whole:
            self._decide(flow, exchange, headers, too_large())
            return None
        sent = Sent(
            body=data.body,
            encoding=all_codings(headers("content-encoding"), headers("transfer-encoding")),
            media=headers("content-type"),
            path=flow.request.path,
        )
        if len(sent.body) > INLINE:
            return self._later(flow, exchange, headers, examiner, sent)
        examined = examiner.now(sent, self._today)
        if self._decide(flow, exchange, headers, examined.seen) is Action.MASK:
            fresh = examiner.mask(sent, examined, self._today)
            self._masked(flow, exchange, headers, examined, fresh)
        return None

    async def _later(
        self,
        flow: http.HTTPFlow,
        exchange: Exchange,
        headers: Headers,
        examiner: Examiner,
        sent: Sent,
    ) -> None:
        today = self._today
        examined = await asyncio.wrap_future(examiner.later(sent, today))
        if exchange.recorded:  # the client has gone meanwhile
            return
        if self._decide(flow, exchange, headers, examined.seen) is Action.MASK:
            fresh = await asyncio.wrap_future(examiner.mask_later(sent, examined, today))
            self._masked(flow, exchange, headers, examined, fresh)

    @property
    def _today(self) -> date:
        return date.fromisoformat(self._filter.now().day)

    def _decide(
        self, flow: http.HTTPFlow, exchange: Exchange, headers: Headers, seen: Seen
    ) -> Action:
        """What policy says, done but for masking; the action that is enforced."""
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        carried, judge = seen.carried, self._filter
        if not carried:
            judge.told_outflow("clean")
            return Action.ALLOW
        before, snapshot = exchange.outcome, judge.force.snapshot
        book, seat = snapshot.outflow, snapshot.seat(client.subject)
        verdict = book.leaving(
            seat, exchange.facts, before.signals, judge.now(), book.bits(carried), before.verdict
        )
        if verdict is before.verdict:
            judge.told_outflow("unread" if carried.unread else "below")
            if carried.unread:  # counted with what was let through
                exchange.noted = signals(Carried(unread=carried.unread))
            return Action.ALLOW
        judge.told_outflow(verdict.enforced)
        items = (*signals(carried), *before.signals.items)
        deed = DEED[verdict.enforced]
        outcome = Outcome(deed, verdict, replace(before.signals, items=items))
        facts = replace(exchange.facts, path=safe_path(exchange.facts.path))
        if deed is Deed.WARN and self._confirmed(client, exchange, headers):
            outcome = replace(outcome, deed=Deed.PASS)
            exchange.left = (facts, outcome, "outflow-continued")
        elif deed in (Deed.PAGE, Deed.WARN):
            kind = PageKind.OUTFLOW_WARN if deed is Deed.WARN else PageKind.OUTFLOW_BLOCK
            exchange.facts, exchange.outcome = facts, outcome
            judge.show(flow, client, exchange, kind, headers, "outflow", carried=carried)
        else:
            exchange.left = (facts, outcome, "")
        return verdict.enforced

    def _masked(
        self,
        flow: http.HTTPFlow,
        exchange: Exchange,
        headers: Headers,
        examined: Examined,
        fresh: Rewritten | None,
    ) -> None:
        """Send it masked; where it cannot be masked it is not sent."""
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        if exchange.left is None:
            return
        facts, outcome, _ = exchange.left
        coded = headers("transfer-encoding").strip().lower() not in ("", "chunked")
        if fresh is None or coded:
            exchange.left = None
            exchange.facts = facts
            exchange.outcome = replace(outcome, deed=Deed.PAGE)
            carried = examined.seen.carried
            kind = PageKind.OUTFLOW_BLOCK
            self._filter.show(
                flow, client, exchange, kind, headers, "outflow-unmaskable", carried=carried
            )
            return
        exchange.left = (facts, outcome, "outflow-masked")
        request = flow.request
        for name in _DIGESTS:
            request.headers.pop(name, None)
        if "content-length" in request.headers:
            request.headers["content-length"] = str(len(fresh.body))
        request.path = fresh.path
        flow.metadata["rewritten"] = fresh.body

    def _confirmed(self, client: EdgeClient, exchange: Exchange, headers: Headers) -> bool:
        judge = self._filter
        host, token = exchange.facts.host, client.subject.token
        cookie = exchange.cookie or headers("cookie")
        return confirm.allowed(judge.tickets, cookie, token, host, judge.clock())

    # the page's form

    def confirming(
        self, flow: http.HTTPFlow, client: EdgeClient, exchange: Exchange, headers: Headers
    ) -> bool:
        """Is this the form of our page, or the link to it? Then nothing is contacted."""
        path, _, query = flow.request.path.partition("?")
        if path != confirm.CONFIRM_PATH or self._filter.force.outflow is None:
            return False
        if exchange.outcome.deed in (Deed.PAGE, Deed.REFUSE, Deed.WARN):
            return False
        exchange.own = True
        length = headers("content-length")
        if flow.request.method == "POST":
            if length.isdigit() and len(length) < 8 and int(length) <= LARGEST_BODY:
                flow.metadata["confirm"] = True
                return True
            self._filter.show(flow, client, exchange, PageKind.UNRECEIVED, headers)
            return True
        form, judge = confirm.asked(query), self._filter
        now, token = judge.clock(), client.subject.token
        good = form and confirm.sealed(judge.tickets, form, token, exchange.facts.host, now)
        kind = PageKind.OUTFLOW_WARN if good else PageKind.UNRECEIVED
        verdict = exchange.outcome.verdict
        reason = replace(verdict.reason, title=_ASKED, text=_ASKED, basis=())
        exchange.outcome = replace(exchange.outcome, verdict=replace(verdict, reason=reason))
        exchange.facts = replace(exchange.facts, path=path)
        self._filter.show(
            flow, client, exchange, kind, headers, "outflow-page", carried=NOTHING_CARRIED
        )
        return True

    def confirmed(self, flow: http.HTTPFlow) -> None:
        """The form is here: its ticket lets the next try through."""
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        exchange: Exchange = flow.metadata["exchange"]
        judge, headers = self._filter, reader(flow.request.headers.fields)
        host, token, now = exchange.facts.host, client.subject.token, judge.clock()
        form = read_form(flow.request.raw_content or b"")
        examiner = judge.force.outflow
        good = form is not None and confirm.sealed(judge.tickets, form, token, host, now)
        kind = PageKind.OUTFLOW_NOTED if good else PageKind.UNRECEIVED
        why = ""
        if good and form is not None and examiner is not None:
            why = examiner.scrubbed(form.text[: confirm.LONGEST_WHY])
        judge.told_outflow("confirmed" if good else "unconfirmed")
        judge.settle(client, exchange, f"outflow-accepted {why}".strip() if good else f"{kind}")
        page = judge.page(
            kind,
            client,
            exchange.outcome,
            form.code if form else "",
            host=host,
            want=want_of(headers, ""),
            language=language_of(headers("accept-language")),
        )
        if good:
            secure = exchange.facts.scheme == "https"
            page = confirm.with_ticket(page, judge.tickets, token, host, now, secure=secure)
        respond(flow, page)
