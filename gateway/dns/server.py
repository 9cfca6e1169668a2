"""The DNS filter's process: `python -O -m gateway.dns.server --node FILE --index K`.

Joins the parts: sockets from the supervisor (or bound here), what is in force,
the recorder, the upstreams. SIGTERM ends it after the queries under way; SIGHUP,
or a changed snapshot, loads what is in force without losing a query. Nothing is
decided here, and nothing is printed: the log goes to stderr.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from loguru import logger

from gateway import oplog
from gateway.authority import read_keys
from gateway.background import load_background
from gateway.dns import reply
from gateway.dns.core import Clients, Counts, Filter, Remember
from gateway.dns.judge import Judge
from gateway.dns.listen import Datagrams, Streams
from gateway.dns.rate import BURST, RATE, Buckets
from gateway.dns.ruling import Ruling
from gateway.dns.safesearch import SafeSearch
from gateway.dns.special import HERE, load_special
from gateway.dns.upstream import Upstreams
from gateway.events import Recorder
from gateway.identity.follow import IdentityFollower
from gateway.identity.resolve import Resolver
from gateway.metrics import Metrics
from gateway.node import Address, Node
from gateway.reload import Follower, Loaded
from gateway.usage import Tally, usage_socket
from gateway.usage_line import UsageLine
from policies.model import Moment
from policies.moment import moment
from rules.load import DataError, WorldError

PATIENCE = 5.0  # seconds for queries under way when told to stop
LOOK = 2.0  # seconds between looks at the snapshot link; each is a heartbeat too
ROLE = "dns"
SERVED = frozenset({"", "rebinding"})  # problems with which a name was answered all the same


class Minutes:
    """The moment as policies see it, made once a second."""

    __slots__ = ("_clock", "_kept", "_second")

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._second = -1
        self._kept = moment(clock())

    def __call__(self) -> Moment:
        now = self._clock()
        if int(now) != self._second:
            self._second = int(now)
            self._kept = moment(now)
        return self._kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The command line. A descriptor of -1 means: bind node.dns here."""

    node: Path
    index: int
    fd_udp: int = -1
    fd_tcp: int = -1
    rate: float = RATE


def options(argv: Sequence[str] | None = None) -> Options:
    parser = argparse.ArgumentParser(prog="gateway.dns.server")
    parser.add_argument("--node", type=Path, required=True)
    parser.add_argument("--index", type=int, default=0)
    parser.add_argument("--fd-udp", type=int, default=-1)
    parser.add_argument("--fd-tcp", type=int, default=-1)
    parser.add_argument("--rate", type=float, default=RATE, help="queries/s a client, 0: no limit")
    return Options(**vars(parser.parse_args(argv)))


def sockets(address: Address, fd_udp: int, fd_tcp: int) -> tuple[socket.socket, socket.socket]:
    """(UDP, TCP): inherited, or bound here. Raises OSError."""
    if fd_udp >= 0 and fd_tcp >= 0:
        return socket.socket(fileno=fd_udp), socket.socket(fileno=fd_tcp)
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.bind((address.host, address.port))
    tcp = socket.socket(family, socket.SOCK_STREAM)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind((address.host, udp.getsockname()[1]))
    tcp.listen(256)
    return udp, tcp


def _record(
    recorder: Recorder,
    tally: Tally,
    minutes: Callable[[], Moment],
    ruling: Ruling,
    *,
    problem: str = "",
    duration_ms: int = 0,
) -> str:
    """One event; and one minute of a quota, if the name was answered."""
    if ruling.counters and problem in SERVED:
        tally.mark(ruling.subject.token, ruling.counters, minutes())
    return recorder.record(
        ruling.facts, ruling.subject, ruling.outcome, problem=problem, duration_ms=duration_ms
    )


def make(
    node: Node,
    judge: Judge,
    record: Remember,
    rate: float,
) -> Filter:
    """The filter of this node. Raises DataError where its name tables are wrong."""
    district = node.data / "dns" / "internal.yaml"
    return Filter(
        decide=judge,
        record=record,
        ask=Upstreams(node.dns_upstreams, clock=time.monotonic),
        clock=time.monotonic,
        clients=Clients(node.dns_clients),
        special=load_special(district if district.exists() else None),
        safe=SafeSearch.load(HERE / "safesearch.yaml"),
        page=reply.Own.of(node.page_address),
        known=reply.known(node.resolve),
        buckets=Buckets(rate=rate, burst=BURST),
    )


class Service:
    """One running filter: serves until SIGTERM, follows what is in force."""

    def __init__(self, node: Node, opts: Options) -> None:
        self.node = node
        self.opts = opts
        self.ready = node.run / f"{ROLE}-{opts.index}.ready"
        self.minutes = Minutes(time.time)
        self.follower = Follower(node)
        self.identity = IdentityFollower.of(node)
        self.metrics = Metrics()
        self.recorder = Recorder(node, role=ROLE, index=opts.index, metrics=self.metrics)
        self.usage = UsageLine(Tally(), usage_socket(node), metrics=self.metrics)
        self.record = partial(_record, self.recorder, self.usage.tally, self.minutes)
        self.background = load_background()
        self.again = asyncio.Event()
        self.over = asyncio.Event()
        self.told: dict[str, int] = {}
        self.in_force = ("", "")  # hashes: snapshot, rulebase

    async def run(self) -> None:
        """Raises WorldError, DataError, OSError if it cannot begin."""
        if self.node.dns is None:
            raise WorldError("node.json names no DNS listener")
        self._signals()
        loaded = self.follower.load()
        self._took_over(loaded)
        dns = make(self.node, self._judge(loaded), self.record, self.opts.rate)
        udp, tcp = sockets(self.node.dns, self.opts.fd_udp, self.opts.fd_tcp)
        datagrams, streams = Datagrams(udp, dns), Streams(dns)
        self.usage.start()
        datagrams.start()
        await streams.start(tcp)
        logger.info("dns: serving at {}", self.node.dns)
        try:
            await self._watch(dns)
        finally:
            await asyncio.gather(datagrams.stop(PATIENCE), streams.stop(PATIENCE))
            udp.close()
            await asyncio.to_thread(self.usage.close)
            logger.info("dns: stopped; {}", dns.counts)

    def _judge(self, loaded: Loaded) -> Judge:
        snapshot = loaded.snapshot
        key = read_keys(self.node.data / "keys").pseudonym
        resolver = Resolver(snapshot.prefixes, snapshot.default_subject, key, self.identity.known)
        return Judge(
            loaded.base,
            snapshot,
            resolver.subject,
            self.minutes,
            usage=self.usage.tally.usage,
            background=self.background,
        )

    def _signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.over.set)
        loop.add_signal_handler(signal.SIGINT, self.over.set)
        loop.add_signal_handler(signal.SIGHUP, self.again.set)

    async def _watch(self, dns: Filter) -> None:
        while not self.over.is_set():
            self._beat()
            self._tell(dns.counts)
            if self.again.is_set() or self.follower.changed():
                self.again.clear()
                await self._reload(dns)
            await self._pause()

    def _took_over(self, loaded: Loaded) -> None:
        self.in_force = (loaded.snapshot.hash, loaded.base.hash)
        self.recorder.rulebase = loaded.base.hash
        self.metrics.reload("ok", *self.in_force, time.time())

    async def _pause(self) -> None:
        """Until SIGTERM, SIGHUP, or the next look."""
        waits = [asyncio.create_task(event.wait()) for event in (self.over, self.again)]
        await asyncio.wait(waits, timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
        for task in waits:
            task.cancel()

    def _tell(self, counts: Counts) -> None:
        """What has been counted since the last look, to the metrics."""
        now = asdict(counts)
        for what, count in now.items():
            if count > self.told.get(what, 0):
                self.metrics.dns(what, count - self.told.get(what, 0))
        self.told = now

    def _beat(self) -> None:
        try:
            self.ready.write_text(f"{os.getpid()}\n", encoding="ascii")
        except OSError as error:
            logger.warning("dns: no heartbeat: {}", error)

    async def _reload(self, dns: Filter) -> None:
        """Swap what is in force; where it cannot be read, the old stays."""
        try:
            loaded = await asyncio.to_thread(self.follower.load)
            fresh = make(self.node, self._judge(loaded), self.record, self.opts.rate)
        except (WorldError, DataError) as error:
            logger.error("dns: reload refused, the old stays in force: {}", error)
            self.metrics.reload("refused", *self.in_force, time.time())
            return
        dns.decide, dns.special, dns.safe = fresh.decide, fresh.special, fresh.safe
        dns.cache.clear()  # screened by the old name tables
        self._took_over(loaded)
        logger.info("dns: snapshot {} in force", loaded.snapshot.hash)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 stopped on request · 2 bad data · 3 the world failed."""
    opts = options(argv)
    oplog.set_up()
    service: Service | None = None
    try:
        service = Service(Node.read(opts.node), opts)
        asyncio.run(service.run())
    except DataError as error:
        logger.error("dns: {}", error)
        return 2
    except (WorldError, OSError) as error:
        logger.error("dns: {}", error)
        return 3
    finally:
        if service is not None:
            service.recorder.close()
            service.identity.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
