"""What all hooks of one worker share: judging, recording, and pages of our own.

Make Facts, ask gateway.pipeline.judge, act on the Outcome, record it once. No I/O
here: what must be written goes to the Recorder's buffers, what must be looked up was
compiled before. The hooks themselves are requests.py, responses.py and tunnel.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mitmproxy import http
from mitmproxy.proxy import server_hooks

from gateway.background import Background
from gateway.destinations import Destinations
from gateway.events import Recorder
from gateway.identity.resolve import Resolver
from gateway.masking.site import NONE, Sites
from gateway.mitm.connection import EdgeClient
from gateway.mitm.exchange import Exchange, Headers, respond
from gateway.mitm.guard import Rejection
from gateway.node import ListenerKind
from gateway.outflow.words import found
from gateway.page import confirm
from gateway.page.appeal import Appeal, Form, seal
from gateway.page.maker import PageMaker
from gateway.page.model import Page, PageKind, Want
from gateway.page.telling import Found
from gateway.page.ticket import COOKIE, Tickets, continue_link, same_path, ticket_of
from gateway.page.want import language_of, want_of
from gateway.pipeline import Deed, Outcome, judge
from gateway.reading import Remembered
from gateway.usage import Tally, back_at
from policies.compile import Snapshot
from policies.model import NO_USAGE, Metered, Moment, Subject, Usage
from policies.moment import moment
from rules.base import RuleBase
from rules.model import Facts, Gap, Stage
from rules.recognise.apps import AppBook
from rules.recognise.asked import Asked, cares

if TYPE_CHECKING:
    from gateway.appeals import AppealDesk
    from gateway.images import Gallery
    from gateway.metrics import Metrics
    from gateway.outflow.examine import Examiner
    from rules.recognise.content import Recogniser
    from rules.recognise.personal.carried import Carried


SAMPLE = 64  # decisions a timed one stands for
CARE = "care"  # the problem of an exchange that was let through and calls for people


@dataclass(frozen=True, slots=True)
class InForce:
    """What judges: swapped as one value on reload, so no exchange sees half of each."""

    base: RuleBase
    snapshot: Snapshot
    resolver: Resolver
    pages: PageMaker
    recogniser: Recogniser | None = None
    asked: Asked | None = None  # search words, prompts, inner URLs
    outflow: Examiner | None = None  # what reads bodies on their way out
    apps: AppBook | None = None  # programs by what they say of themselves
    sites: Sites = NONE  # the applications it stands before


class Filter:
    """Everything one worker judges and records with."""

    def __init__(
        self,
        *,
        force: InForce,
        recorder: Recorder,
        metrics: Metrics | None,
        tickets: Tickets,
        destinations: Destinations,
        tally: Tally | None = None,
        background: Background | None = None,
        clock: Callable[[], float] = time.time,
        desk: AppealDesk | None = None,
        images: Gallery | None = None,
    ) -> None:
        self.desk = desk
        self.images = images
        self.force = force
        self.recorder = recorder
        self.metrics = metrics
        self.tickets = tickets
        self.destinations = destinations
        self.tally = tally or Tally()
        self.background = background or Background()
        self.clock = clock
        self.remembered = Remembered()
        self.holding: set[Exchange] = set()  # whose bodies are held to be read
        self._judged = 0
        self._second = 0
        self._moment: Moment = moment(clock())

    def now(self) -> Moment:
        """The moment, made once a second."""
        at = self.clock()
        if int(at) != self._second:
            self._second = int(at)
            self._moment = moment(at)
        return self._moment

    def judge(self, facts: Facts, subject: Subject) -> Outcome:
        """Recognise and decide; one decision in `SAMPLE` is timed for the metrics."""
        force, now = self.force, self.now()
        usage = self.usage(subject) if force.snapshot.metered else NO_USAGE
        self._judged += 1
        if self._judged % SAMPLE or self.metrics is None:
            return judge(facts, subject, force.base, force.snapshot, now, usage)
        begun = time.perf_counter()
        outcome = judge(facts, subject, force.base, force.snapshot, now, usage)
        self.metrics.took(time.perf_counter() - begun)
        return outcome

    # quotas

    def usage(self, subject: Subject) -> Usage:
        """What a subject has used, where any of its clauses asks."""
        if not self.force.snapshot.seat(subject).metered:
            return NO_USAGE
        return self.tally.usage(subject.token, self._moment)

    def used_up(self, subject: Subject, outcome: Outcome) -> bool:
        """Whether a quota on which this exchange counts is used up by now."""
        metered = outcome.verdict.metered
        if not metered:
            return False
        usage = self.tally.usage(subject.token, self.now())
        return usage is not NO_USAGE and any(one.spent(usage) for one in metered)

    def count(self, client: EdgeClient, exchange: Exchange, *, open_still: bool = False) -> None:
        """Put what an exchange has moved since the last time on its quotas.

        What is open counts this minute only while more than `quiet_bytes` move.
        """
        metered = exchange.outcome.verdict.metered
        if not metered or exchange.own or exchange.outcome.deed in (Deed.PAGE, Deed.REFUSE):
            return
        opaque = exchange.recorded and exchange.facts.stage is Stage.TLS
        whole = (
            client.moved if opaque or client.sockets else exchange.bytes_up + exchange.bytes_down
        )
        moved = whole - exchange.counted
        if (opaque or open_still) and moved <= self.background.quiet_bytes:
            return
        exchange.counted = whole
        kinds = self.force.snapshot.kinds.ids(exchange.outcome.verdict.mask)
        self.tally.mark(
            client.subject.token,
            [one.counter for one in metered],
            self.now(),
            minute=not self.background.covers(exchange.facts, kinds),
            size=max(0, moved),
        )

    def notice(self, client: EdgeClient, outcome: Outcome) -> tuple[Metered, int] | None:
        """The quota whose end is near and was not told of yet, and the minutes left of it."""
        now, token = self.now(), client.subject.token
        for one in outcome.verdict.metered:
            used = self.tally.usage(token, now).minutes.get(one.key, 0)
            if one.warn and used >= one.warn and not self.tally.told(token, one, now):
                self.tally.mark(token, [one.counter], now, minute=False, told=True)
                return one, max(1, one.minutes - used)
        return None

    def record(
        self,
        client: EdgeClient,
        facts: Facts,
        outcome: Outcome,
        problem: str = "",
        who: Subject | None = None,
        **more: Any,
    ) -> str:
        """Record one exchange of this connection; the Event's code."""
        client.recorded += 1
        client.tunnel = None
        return self.recorder.record(
            facts, who or client.subject, outcome, problem=problem, connection=client.id, **more
        )

    def settle(self, client: EdgeClient, exchange: Exchange, problem: str = "") -> None:
        """Record an exchange that has come to its end, if it has not been recorded before."""
        if exchange.recorded:
            return
        exchange.recorded = True
        self.holding.discard(exchange)
        facts, outcome = exchange.facts, exchange.outcome
        if exchange.left is not None and outcome.deed not in (Deed.PAGE, Deed.REFUSE):
            facts, outcome, told = exchange.left  # what it carried out says more
            problem = "; ".join(filter(None, (told, problem)))
        if exchange.noted:
            items = (*exchange.noted, *outcome.signals.items)
            outcome = replace(outcome, signals=replace(outcome.signals, items=items))
        if not problem and exchange.facts.seen and cares(exchange.facts.seen):
            problem = CARE  # an Event, so that somebody is told
        if exchange.seat is not None and not problem:
            problem = exchange.seat.event()
        self.record(
            client,
            facts,
            outcome,
            problem,
            exchange.who,
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
        for exchange in client.flowing():
            self.count(client, exchange)
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
        client: Any = data.client
        site = self.force.sites.by_host.get(client.sni_name)
        if site is not None and client.listener.kind is ListenerKind.APPLICATIONS:
            if address != site.served.address:
                data.server.error = Gap.FORBIDDEN_DESTINATION.value
            return
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
        rejection.page = replace(page, status=rejection.status)

    def error_page(self, rejection: Rejection) -> None:
        """Only the bytes of an answer: the exchange itself is recorded by its own hooks."""
        client = rejection.client
        facts = Facts(stage=Stage.REQUEST, host="", gap=rejection.gap)
        outcome = self.judge(facts, client.subject)
        page = self.page(
            PageKind.REFUSED, client, outcome, "", host="", gap=rejection.gap, want=Want.HTML
        )
        rejection.page = replace(page, status=rejection.status)

    def told_outflow(self, what: str) -> None:
        """One body was read; what came of it."""
        if self.metrics is not None:
            self.metrics.outflow(what)

    # answers of our own

    def continued(self, client: EdgeClient, facts: Facts, headers: Headers) -> bool:
        cookie = headers("cookie")
        if COOKIE not in cookie:
            return False
        return self.tickets.valid(ticket_of(cookie), client.subject.token, facts.host, self.clock())

    def file(self, form: Form, client: EdgeClient, facts: Facts, outcome: Outcome) -> bool:
        """Hand an appeal to the desk; whether it was accepted."""
        if self.desk is None:
            return False
        subject, verdict = client.subject, outcome.verdict
        appeal = Appeal(
            code=form.code,
            at=self.clock(),
            host=facts.host,
            text=form.text,
            token=subject.token,
            school=subject.school,
            stage=subject.stage,
            tier=subject.tier,
            role=subject.role,
            group=subject.group,
            action=verdict.action,
            clause=verdict.clause,
            categories=self.force.snapshot.kinds.ids(verdict.mask),
            snapshot=verdict.snapshot,
        )
        return self.desk.submit(appeal) == "received"

    def show(
        self,
        flow: http.HTTPFlow,
        client: EdgeClient,
        exchange: Exchange,
        kind: PageKind,
        headers: Headers,
        problem: str = "",
        left: int = 0,
        detail: str = "",
        carried: Carried | None = None,
    ) -> None:
        """Answer with our own page, and record the exchange with the code it shows."""
        facts, outcome = exchange.facts, exchange.outcome
        code = self.recorder.reserve()
        exchange.own = True
        exchange.recorded = True
        self.record(client, facts, outcome, problem, exchange.who, code=code)
        link = ""
        if kind is PageKind.WARN:
            ticket = self.tickets.issue(client.subject.token, facts.host, self.clock())
            link = continue_link(ticket, flow.request.path)
        elif kind is PageKind.NOTICE:
            link = same_path(flow.request.path)
        stamp = ""
        if self.desk is not None and kind in (
            PageKind.BLOCK,
            PageKind.WARN,
            PageKind.OUTFLOW_BLOCK,
        ):
            stamp = seal(self.tickets, client.subject.token, facts.host, code, self.clock())
        page = self.page(
            kind,
            client,
            outcome,
            code,
            host=facts.host,
            gap=facts.gap,
            stamp=stamp,
            want=want_of(headers, flow.request.path),
            language=language_of(headers("accept-language")),
            link=link,
            left=left,
            detail=detail,
            found=found(carried) if carried is not None else (),
            confirm=confirm.seal(self.tickets, client.subject.token, facts.host, code, self.clock())
            if kind is PageKind.OUTFLOW_WARN
            else "",
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
        left: int = 0,
        stamp: str = "",
        found: tuple[Found, ...] = (),
        confirm: str = "",
    ) -> Page:
        spent = outcome.verdict.spent if kind is PageKind.BLOCK else None
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
            back="" if spent is None else back_at(self._moment, spent.period),
            left=left,
            seal=stamp,
            found=found,
            confirm=confirm,
        )
