"""The filter itself: one datagram or TCP frame in, at most one answer out, exactly one record.

No socket and no clock of its own: the decision, the recorder, the upstreams and
the time are handed in. What can be answered at once is returned as bytes; what
needs an upstream is returned as a coroutine for the listener to run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Protocol

from gateway.dns import reply
from gateway.dns.cache import Cache, Key, Stored, store
from gateway.dns.odd import Refusal, read_odd
from gateway.dns.rate import Buckets
from gateway.dns.records import MalformedError, Record, Reply
from gateway.dns.ruling import Decide, Ruling, Treatment
from gateway.dns.safesearch import SafeSearch
from gateway.dns.special import Local, Special
from gateway.dns.wire import Ede, Query, Rcode, Type, bare, limit, message, parse, truncated
from rules.load import WorldError
from rules.model import Gap

PENDING = 4096  # queries waiting for an upstream; beyond it SERVFAIL at once
MARKER_TTL = 30
METERED_TTL = 30  # seconds: so that a device asks again in every minute that it uses a name
KNOWN_CLIENTS = 50_000

type Answer = bytes | Coroutine[None, None, bytes] | None


class UnreachableError(WorldError):
    """No upstream gave a usable answer."""


class Ask(Protocol):
    """An upstream question. Raises UnreachableError."""

    async def __call__(self, name: bytes, qtype: int, *, do: bool, cd: bool) -> Reply: ...


class Remember(Protocol):
    """The recorder: one call for each query, the value is the event's code."""

    def __call__(self, ruling: Ruling, *, problem: str = "", duration_ms: int = 0) -> str: ...


class Clients:
    """Which addresses are served: never an open resolver."""

    __slots__ = ("_known", "_networks")

    def __init__(self, prefixes: Iterable[str]) -> None:
        self._networks = tuple(ip_network(p, strict=False) for p in prefixes)
        self._known: dict[str, bool] = {}

    def serves(self, client: str) -> bool:
        """Is this address (no zone, not IPv4-mapped) in a served prefix?"""
        known = self._known.get(client)
        if known is None:
            if len(self._known) >= KNOWN_CLIENTS:
                self._known.clear()
            try:
                address = ip_address(client)
            except ValueError:
                return False
            known = any(address in network for network in self._networks)
            self._known[client] = known
        return known


@dataclass(slots=True)
class Counts:
    """What happened, for the metrics. The only thing here that changes besides the cache."""

    queries: int = 0
    ignored: int = 0  # shorter than a header, or an answer: dropped without a word
    malformed: int = 0
    foreign: int = 0
    limited: int = 0
    blocked: int = 0
    local: int = 0
    hits: int = 0
    misses: int = 0
    failures: int = 0
    rebinding: int = 0
    errors: int = 0  # our own faults, caught at the listener
    unsent: int = 0  # answers the system would not take
    turned_away: int = 0  # TCP connections beyond the limits


@dataclass(slots=True, kw_only=True)
class Filter:
    """The DNS filter of one process. `decide` is swapped as a whole at a reload."""

    decide: Decide
    record: Remember
    ask: Ask
    clock: Callable[[], float]
    clients: Clients
    special: Special
    safe: SafeSearch
    page: reply.Own = reply.NOWHERE
    known: Mapping[str, reply.Own] = field(default_factory=dict)  # names the node knows itself
    buckets: Buckets = field(default_factory=Buckets)
    cache: Cache = field(default_factory=Cache)
    counts: Counts = field(default_factory=Counts)
    waiting: int = 0
    fetching: dict[Key, asyncio.Task[Stored]] = field(default_factory=dict)

    def answer(self, data: bytes, client: str, here: str, *, tcp: bool) -> Answer:
        """One query from `client`, which came in on our address `here`."""
        counts = self.counts
        if len(data) < 12 or data[2] & 0x80:
            counts.ignored += 1
            return None
        counts.queries += 1
        if not self.clients.serves(client):
            counts.foreign += 1
            return self._turned_away(data, client, tcp=tcp)
        query = parse(data) or read_odd(data)
        if isinstance(query, Refusal):
            counts.malformed += 1
            self.record(self.decide(query.name, client, gap=Gap.MALFORMED), problem="dns-refused")
            return bare(data, query.rcode)
        if not self.buckets.take(client, self.clock()):
            counts.limited += 1
            self.record(self.decide(query.name, client), problem="rate-limited")
            return reply.failed(query, Rcode.REFUSED, tcp=tcp) if tcp else truncated(query)
        if query.version:
            self.record(self.decide(query.name, client), problem="dns-refused")
            return message(query, room=limit(query, tcp=tcp), rcode=Rcode.BADVERS)
        return self._decided(query, client, here, tcp=tcp)

    def _turned_away(self, data: bytes, client: str, *, tcp: bool) -> bytes:
        query = parse(data)
        name = query.name if query else ""
        self.record(self.decide(name, client, gap=Gap.FOREIGN_CLIENT), problem="foreign-client")
        if query is None:
            return bare(data, Rcode.REFUSED)
        return reply.failed(query, Rcode.REFUSED, tcp=tcp)

    def _decided(self, query: Query, client: str, here: str, *, tcp: bool) -> Answer:
        ruling = self.decide(query.name, client)
        known = self.known.get(query.name)
        local = None if known else self.special.find(query)
        if local is not None and local is not Local.MARKER:
            self.counts.local += 1
            self.record(ruling)
            return reply.LOCAL[local](query, tcp=tcp)
        if ruling.treatment is Treatment.PAGE:
            return self._blocked(query, ruling, tcp=tcp)
        if local is Local.MARKER:
            self.counts.local += 1
            self.record(ruling)
            own = self.page if self.page is not reply.NOWHERE else reply.Own.of(here)
            return reply.address(query, own, tcp=tcp)
        if known is not None:
            self.counts.local += 1
            self.record(ruling)
            return reply.address(query, known, tcp=tcp)
        if query.qtype == Type.ANY:
            self.record(ruling)
            return reply.minimal(query, tcp=tcp)
        twin = None
        if ruling.treatment is Treatment.REWRITE:
            twin = self.safe.target(query.name, ruling.subject.stage)
            if twin is not None and query.qtype not in (Type.A, Type.AAAA):
                self.record(ruling)
                return reply.nodata(query, tcp=tcp)
        return self._resolved(query, ruling, client, twin, tcp=tcp)

    def _blocked(self, query: Query, ruling: Ruling, *, tcp: bool, ms: int = 0) -> bytes:
        self.counts.blocked += 1
        code = self.record(ruling, duration_ms=ms)
        text = f"{code} {ruling.label}".strip()
        return reply.blocked(query, self.page, tcp=tcp, ede=ruling.ede, text=text)

    def _resolved(
        self, query: Query, ruling: Ruling, client: str, twin: bytes | None, *, tcp: bool
    ) -> Answer:
        """From the cache at once, else by asking."""
        # A twin's answer depends on the stage, so it is kept under both names.
        key: Key = (query.key + (twin or b""), query.qtype, query.do, query.cd)
        now = self.clock()
        stored = self.cache.get(key, now)
        if stored is not None:
            self.counts.hits += 1
            return self._served(query, ruling, client, stored, now, tcp=tcp)
        if self.waiting >= PENDING:
            return self._failed(query, ruling, tcp=tcp)
        self.counts.misses += 1
        return self._asked(query, ruling, client, key, twin=twin, started=now, tcp=tcp)

    async def _asked(
        self,
        query: Query,
        ruling: Ruling,
        client: str,
        key: Key,
        *,
        twin: bytes | None,
        started: float,
        tcp: bool,
    ) -> bytes:
        self.waiting += 1
        try:
            task = self.fetching.get(key)
            if task is None:
                task = asyncio.create_task(self._fetch(query, key, twin))
                self.fetching[key] = task
                task.add_done_callback(lambda _: self.fetching.pop(key, None))
            stored = await asyncio.shield(task)
        except (WorldError, MalformedError):
            ms = int((self.clock() - started) * 1000)
            return self._failed(query, ruling, tcp=tcp, ms=ms)
        finally:
            self.waiting -= 1
        now = self.clock()
        ms = int((now - started) * 1000)
        return self._served(query, ruling, client, stored, now, tcp=tcp, ms=ms)

    async def _fetch(self, query: Query, key: Key, twin: bytes | None) -> Stored:
        """One question for all who wait. Raises UnreachableError, MalformedError."""
        found = await self.ask(twin or query.key, query.qtype, do=query.do, cd=query.cd)
        if twin is not None:
            alias = Record(query.key, Type.CNAME, 1, reply.TTL, twin)
            found = found._replace(answers=(alias, *found.answers))
        now = self.clock()
        internal = self.special.internal(query.name)
        stored = store(found, query.key, internal=internal, now=now)
        self.counts.rebinding += bool(stored.inside)
        self.cache.put(key, stored, now)
        return stored

    def _served(
        self,
        query: Query,
        ruling: Ruling,
        client: str,
        stored: Stored,
        now: float,
        *,
        tcp: bool,
        ms: int = 0,
    ) -> bytes:
        """A stored answer for this client: every alias in it is decided too."""
        if stored.targets:
            ruling = self.decide(query.name, client, targets=stored.targets)
            if ruling.treatment is Treatment.PAGE:
                return self._blocked(query, ruling, tcp=tcp, ms=ms)
        self.record(ruling, problem="rebinding" if stored.inside else "", duration_ms=ms)
        return message(
            query,
            room=limit(query, tcp=tcp),
            rcode=stored.rcode,
            answers=stored.answers,
            authorities=stored.authorities,
            body=stored.body_at(now, METERED_TTL if ruling.counters else None),
        )

    def _failed(self, query: Query, ruling: Ruling, *, tcp: bool, ms: int = 0) -> bytes:
        self.counts.failures += 1
        self.record(ruling, problem="upstream", duration_ms=ms)
        return reply.failed(query, Rcode.SERVFAIL, tcp=tcp, ede=Ede.UNREACHABLE)
