"""Requests on the wire: decided by their head, before anything is contacted."""

from __future__ import annotations

from dataclasses import replace

from mitmproxy import http

from gateway.content import acceptable, readable
from gateway.mitm.connection import EdgeClient
from gateway.mitm.exchange import (
    Exchange,
    Headers,
    reader,
    relayed,
    request_facts,
    respond,
)
from gateway.mitm.filter import Filter
from gateway.mitm.leaving import Leaving
from gateway.mitm.masked import Masked
from gateway.node import ListenerKind
from gateway.page.appeal import APPEAL_PATH, LARGEST_BODY, read_form, sealed
from gateway.page.confirm import CONFIRM_PATH
from gateway.page.model import PageKind, Want
from gateway.page.ticket import CONTINUE_PATH, COOKIE, continue_page, continue_target, strip_cookie
from gateway.page.want import language_of, want_of
from gateway.pipeline import Deed
from gateway.rewrite.safesearch import SafeSearch
from rules.model import MARKER_ZONE, Facts, Gap, Stage
from rules.recognise.asked import MOST_BODY
from rules.recognise.evasion import requested

_HOP = frozenset(
    {
        b"proxy-connection",
        b"proxy-authorization",
        b"proxy-authenticate",
        b"http2-settings",
        b"sec-websocket-extensions",  # messages come uncompressed: see messages.py
    }
)
_UPLOAD = 256 * 1024  # bytes; a larger request body is streamed


class Requests:
    """The hook of a request's head, and what it may lead to."""

    def __init__(self, judge: Filter, safesearch: SafeSearch) -> None:
        self._filter = judge
        self._safesearch = safesearch
        self._masked = Masked(judge)
        self.leaving = Leaving(judge)

    def request(self, flow: http.HTTPFlow) -> None:
        """The request's head is known: decide before anything is contacted."""
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        request = flow.request
        headers = reader(request.headers.fields)
        try:
            facts = request_facts(client, request, headers)
        except ValueError:
            self._hostile_name(flow, client, headers)
            return
        force = self._filter.force
        if force.apps is not None and (program := force.apps.request(headers("user-agent"))):
            facts = replace(facts, seen=(*facts.seen, *program))
        if force.asked is not None:
            facts = force.asked.request(facts, force.base)
        tricks = requested(facts, headers, force.base, relayed=relayed(client, request))
        if tricks:
            facts = replace(facts, seen=facts.seen + tricks)
        if self._filter.destinations.refuses_name(facts.host, facts.port):
            facts = replace(facts, gap=Gap.FORBIDDEN_DESTINATION)
        outcome = self._filter.judge(facts, client.subject)
        exchange = Exchange(facts, outcome)
        flow.metadata["exchange"] = exchange
        client.open[flow.id] = exchange
        client.tunnel = None
        if request.path.startswith(CONTINUE_PATH):
            self._continue(flow, client, exchange)
            return
        if request.path == APPEAL_PATH and self._appealing(flow, exchange, headers):
            return
        if request.path.startswith(CONFIRM_PATH) and self.leaving.confirming(
            flow, client, exchange, headers
        ):
            return
        deed = outcome.deed
        if deed is Deed.WARN and self._filter.continued(client, facts, headers):
            deed = Deed.PASS
            flow.metadata["continued"] = True
            if not self._asks(facts):  # else it is told when the body has been read
                self._filter.settle(client, exchange, "warn-continued")
        if deed is Deed.PAGE or deed is Deed.REFUSE:
            self._filter.show(flow, client, exchange, PageKind.BLOCK, headers)
        elif deed is Deed.WARN:
            self._filter.show(flow, client, exchange, PageKind.WARN, headers)
        elif facts.gap is Gap.FORBIDDEN_DESTINATION:  # whatever the policy says
            self._filter.show(flow, client, exchange, PageKind.REFUSED, headers)
        elif client.listener.kind is ListenerKind.APPLICATIONS:
            self._masked.request(flow, client, exchange, headers)
        elif outcome.verdict.metered and self._noticed(flow, client, exchange, headers):
            return
        elif facts.host.endswith(MARKER_ZONE) or self._is_page_listener(client):
            self._own_site(flow, client, exchange, headers)
        else:
            self._forward(flow, exchange, headers, rewrite=deed is Deed.REWRITE)

    def _is_page_listener(self, client: EdgeClient) -> bool:
        return client.listener.kind in (ListenerKind.PAGE_HTTP, ListenerKind.PAGE_HTTPS)

    def _hostile_name(self, flow: http.HTTPFlow, client: EdgeClient, headers: Headers) -> None:
        facts = Facts(stage=Stage.REQUEST, host="", method=flow.request.method, gap=Gap.MALFORMED)
        exchange = Exchange(facts, self._filter.judge(facts, client.subject))
        flow.metadata["exchange"] = exchange
        client.open[flow.id] = exchange
        self._filter.show(flow, client, exchange, PageKind.REFUSED, headers, problem="hostile name")

    def _continue(self, flow: http.HTTPFlow, client: EdgeClient, exchange: Exchange) -> None:
        """The warning page's button: only a warned exchange can be continued."""
        facts, outcome = exchange.facts, exchange.outcome
        ticket, path = continue_target(flow.request.path.partition("?")[2])
        good = self._filter.tickets.valid(
            ticket, client.subject.token, facts.host, self._filter.clock()
        )
        if good and outcome.deed is Deed.WARN:
            exchange.own = True
            self._filter.settle(client, exchange, "warn-accepted")
            page = continue_page(
                ticket=ticket,
                path=path,
                secure=facts.scheme == "https",
                lifetime=self._filter.tickets.lifetime,
            )
            respond(flow, page)
            return
        kind = PageKind.BLOCK if outcome.deed is Deed.PAGE else PageKind.WARN
        if outcome.deed not in (Deed.PAGE, Deed.WARN):
            kind = PageKind.PORTAL
        self._filter.show(flow, client, exchange, kind, reader(flow.request.headers.fields))

    def _noticed(
        self, flow: http.HTTPFlow, client: EdgeClient, exchange: Exchange, headers: Headers
    ) -> bool:
        """A page that somebody opens tells once that a quota comes to its end."""
        opened = headers("sec-fetch-dest") in ("", "document") and "text/html" in headers("accept")
        if flow.request.method != "GET" or exchange.recorded or not opened:
            return False
        if want_of(headers, flow.request.path) is not Want.HTML:
            return False
        due = self._filter.notice(client, exchange.outcome)
        if due is None:
            return False
        show = self._filter.show
        show(flow, client, exchange, PageKind.NOTICE, headers, "quota-notice", left=due[1])
        return True

    def _appealing(self, flow: http.HTTPFlow, exchange: Exchange, headers: Headers) -> bool:
        """Is this the form of a block page? Then its body is awaited, and nothing contacted."""
        length = headers("content-length")
        good = (
            self._filter.desk is not None
            and flow.request.method == "POST"
            and length.isascii()
            and length.isdigit()
            and int(length) <= LARGEST_BODY
            and exchange.outcome.deed in (Deed.PAGE, Deed.REFUSE, Deed.WARN)
        )
        if good:
            exchange.own = True
            flow.metadata["appeal"] = True
        return good

    def complete(self, flow: http.HTTPFlow) -> None:
        """The request's body is here: an appeal's is read, and what may hold a search or prompt."""
        if "asking" in flow.metadata:
            self._asking(flow)
        if "confirm" in flow.metadata:
            self.leaving.confirmed(flow)
        if "appeal" not in flow.metadata:
            return
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        exchange: Exchange = flow.metadata["exchange"]
        headers = reader(flow.request.headers.fields)
        facts, outcome, now = exchange.facts, exchange.outcome, self._filter.clock()
        form = read_form(flow.request.raw_content or b"")
        subject = client.subject
        kind, code = PageKind.UNRECEIVED, ""
        if form and sealed(self._filter.tickets, form, subject.token, facts.host, now):
            code = form.code
            if self._filter.file(form, client, facts, outcome):
                kind = PageKind.RECEIVED
        self._filter.settle(client, exchange, f"appeal-{kind}")
        page = self._filter.page(
            kind,
            client,
            outcome,
            code,
            host=facts.host,
            want=want_of(headers, ""),
            language=language_of(headers("accept-language")),
        )
        respond(flow, page)

    def _asks(self, facts: Facts) -> bool:
        """Whether the body may hold a search or a prompt."""
        asked = self._filter.force.asked
        return asked is not None and asked.wants_body(facts)

    def _asking(self, flow: http.HTTPFlow) -> None:
        """A search by POST or a prompt: judged before anything of it is forwarded."""
        asked, exchange = self._filter.force.asked, flow.metadata["exchange"]
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        headers = reader(flow.request.headers.fields)
        if asked is None or flow.response is not None or exchange.own:
            return
        before, body = exchange.facts, flow.request.raw_content
        if not self._asks(before):
            return  # held for what it carries (leaving.py), not for what it asks
        if (
            flow.request.stream or body is None or len(body) > MOST_BODY
        ):  # too long to be read: forwarded, and said
            exchange.unread()
            return
        text = readable(body, headers("content-encoding")) if body else body
        if isinstance(text, Gap):
            exchange.facts = replace(before, gap=text)
        else:
            exchange.facts = asked.body(before, text, headers("content-type"))
        if exchange.facts is not before:
            exchange.outcome = self._filter.judge(exchange.facts, client.subject)
        deed = exchange.outcome.deed
        if deed in (Deed.PAGE, Deed.REFUSE):
            self._filter.show(flow, client, exchange, PageKind.BLOCK, headers)
        elif deed is Deed.WARN and "continued" in flow.metadata:
            self._filter.settle(client, exchange, "warn-continued")
        elif deed is Deed.WARN:
            self._filter.show(flow, client, exchange, PageKind.WARN, headers)

    def _own_site(
        self, flow: http.HTTPFlow, client: EdgeClient, exchange: Exchange, headers: Headers
    ) -> None:
        marker = exchange.facts.host.endswith(MARKER_ZONE)
        kind = PageKind.MARKER if marker else PageKind.PORTAL
        self._filter.show(flow, client, exchange, kind, headers)

    def _forward(
        self, flow: http.HTTPFlow, exchange: Exchange, headers: Headers, *, rewrite: bool
    ) -> None:
        """Let the request go on, without what only concerns us, to the name that was judged."""
        request, facts = flow.request, exchange.facts
        fields = request.headers.fields
        upgrade = headers("upgrade")
        drop = _HOP
        if upgrade and upgrade.strip().lower() != "websocket":
            drop = _HOP | {b"upgrade"}  # to a protocol nobody here could judge
        if any(name.lower() in drop for name, _ in fields):
            fields = tuple(field for field in fields if field[0].lower() not in drop)
            request.headers = http.Headers(fields)
        asked = headers("accept-encoding")
        if asked and (readable := acceptable(asked)) != asked:
            request.headers["accept-encoding"] = readable or "identity"
        if COOKIE in headers("cookie"):
            exchange.cookie = headers("cookie")  # what is ours in it is asked for later
            kept = strip_cookie(exchange.cookie)
            request.headers.pop("cookie", None)
            if kept:
                request.headers["cookie"] = kept
        request.data.host = facts.host  # connect to the very name that was judged
        if facts.names and not request.is_http2 and flow.client_conn.target is None:  # type: ignore[attr-defined]
            request.host_header = _authority(facts)  # RFC 9112 section 3.2.2
        if rewrite:
            self._rewrite(request, facts, headers)
        length = headers("content-length")
        unknown = not length and (headers("transfer-encoding") or request.is_http2)
        long = length.isdigit() and int(length) > _UPLOAD
        if self._asks(facts):  # held until it is read, or too long to be (see layers.py)
            flow.metadata["asking"] = MOST_BODY
            unknown, long = "", length.isdigit() and int(length) > MOST_BODY
            if long:
                exchange.unread()
        exchange.bytes_up = int(length) if length.isdigit() and len(length) < 16 else 0
        client: EdgeClient = flow.client_conn  # type: ignore[assignment]
        body = bool(exchange.bytes_up or headers("transfer-encoding") or request.is_http2)
        most = self.leaving.wants(client, exchange, body=body)
        if most:  # held until it is read, or longer than what is held
            unknown, long = "", exchange.bytes_up > most or self.leaving.crowded()
            if long:
                self.leaving.too_long(flow, exchange, headers)
                exchange.unread()
            else:
                flow.metadata["leaving"] = True
                flow.metadata["asking"] = most
        if unknown or long:
            request.stream = flow.response is None

    def _rewrite(self, request: http.Request, facts: Facts, headers: Headers) -> None:
        change = self._safesearch.rewrite(facts, headers)
        if change is None:
            return
        if change.path is not None:
            request.path = change.path
        for name, value in change.set_headers:
            request.headers[name] = value


def _authority(facts: Facts) -> str:
    """The real destination as a Host header says it."""
    host = f"[{facts.host}]" if ":" in facts.host else facts.host
    return host if facts.port == 80 else f"{host}:{facts.port}"
