"""The Recorder: one call per exchange, one Event or one count each, and never a wait.

The caller's thread (an event loop) only appends to a list or adds to a counter;
Events are built, packed and delivered by a flush thread. At the default detail
what was let through is counted in five-minute aggregates and everything else is
an Event: Events + Σ aggregate counts = exchanges, at every detail and in every
trouble. A full queue or disk costs details, which are then counted as `lost`; it
never costs the verdict. Files and sockets are `delivery`'s, not this module's.
"""

from __future__ import annotations

import secrets
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from loguru import logger

from gateway import describe
from gateway.batch import BUCKET, DAY, Batch, Event, EventLayer, Kind, clean, encode, event_code
from gateway.content import is_page
from gateway.delivery import Delivery, Fate, Route
from gateway.describe import PASSED, Key, Seen, Told, coarse
from rules.model import Stage

if TYPE_CHECKING:
    from gateway.metrics import Metrics
    from gateway.node import Node
    from gateway.pipeline import Outcome
    from policies.model import Subject
    from rules.model import Facts

__all__ = ["Event", "EventLayer", "Recorder", "route"]

FLUSH_EVERY = 0.2  # seconds
SPILLING_EVERY = 1.0  # seconds while the writer is away: fewer, larger files
ITEMS_PER_BATCH = 1_000  # of each sort
MOST_TRACES = 100_000
MOST_CONNECTIONS = 100_000
MOST_PAGES = 50_000  # looks at pages remembered of a day, so that a reload is none
HERE = 8 * 3600  # seconds by which Asia/Shanghai is ahead

type Pages = tuple[tuple[int, str, int], ...]  # day number, host, how many

_LAYER = {stage: EventLayer(stage.value) for stage in Stage}


def route(node: Node) -> Route:
    """Where the batches of this node go."""
    return Route(socket=node.run / "writer.sock", spill=node.data / "spill")


class Recorder:
    """Records the exchanges of one worker process. `record` may be called from any thread."""

    def __init__(
        self,
        node: Node,
        *,
        role: str,
        index: int,
        metrics: Metrics | None = None,
        rulebase: str = "",
        clock: Callable[[], float] = time.time,
        boot: str = "",
        capacity: int = 20_000,
        max_keys: int = 50_000,
        send: Callable[[str, bytes], Fate] | None = None,
        start: bool = True,
    ) -> None:
        """`role` and `index` name the worker (`proxy`, 0); `boot` defaults to a random id.

        `rulebase` is the hash of the RuleBase in force: assign it anew after a reload.
        `capacity` bounds the Events, `max_keys` the counters held between two flushes.
        `start=False` starts no thread: then only `flush` and `close` deliver.
        """
        self.rulebase = rulebase
        self._node = node.name
        self._worker = f"{role}-{index}"
        self._boot = boot or secrets.token_hex(8)
        self._all = node.detail == "requests"
        self._connections = node.detail == "connections"
        self._metrics = metrics
        self._clock = clock
        self._capacity = capacity
        self._max_keys = max_keys
        self._delivery = Delivery(route(node))
        self._send = send or self._delivery.send
        self._origin = zlib.crc32(f"{self._node}/{self._worker}/{self._boot}".encode())
        self._lock = threading.Lock()  # guards what follows; held for microseconds
        self._seq = 0  # of Events: without a hole, so that a hole says something is missing
        self._codes = self._origin >> 14
        self._seen: list[Seen] = []
        self._counts: dict[tuple[object, ...], list[int]] = {}
        self._returned: dict[tuple[object, ...], list[int]] = {}  # measured, not yet delivered
        self._told: list[Told] = []
        self._traces: set[str] = set()
        self._bucket = 0
        self._met: set[tuple[str, str]] = set()
        self._day = 0
        self._looks: set[int] = set()
        self._pages: dict[tuple[int, str], int] = {}
        self._flushing = threading.Lock()  # guards what follows
        self._batch = 0
        self._spilling = False
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        if start:
            self._thread.start()

    def reserve(self) -> str:
        """A code for an exchange recorded later (`code=`), to show it on its page now."""
        with self._lock:
            return self._code(int(self._clock()))

    def record(
        self,
        facts: Facts,
        subject: Subject,
        outcome: Outcome,
        *,
        problem: str = "",
        bytes_up: int = 0,
        bytes_down: int = 0,
        duration_ms: int = 0,
        layer: EventLayer | None = None,
        connection: str = "",
        code: str = "",
    ) -> str:
        """Record one exchange, once. Returns its Event's code; "" where it was only counted.

        `layer` is wanted for websocket and reject, else it follows from the facts.
        `connection` names the client's connection (used at detail `connections`).
        """
        now = self._clock()
        verdict, items = outcome.verdict, outcome.signals.items
        bucket = int(now) // BUCKET * BUCKET
        # a plain tuple in the order of Key: a named one costs twice as much
        key = (
            bucket,
            Kind.PASSED,
            layer or _LAYER[facts.stage],
            facts.host,
            subject.school,
            subject.stage,
            subject.tier,
            subject.role,
            subject.group,
            subject.segment,
            subject.source,
            verdict.profile,
            verdict.action,
            verdict.enforced,
            verdict.clause,
            verdict.trace,
            verdict.snapshot,
            facts.gap or "",
            verdict.deciding[0] if verdict.deciding else "",
            tuple([(s.category, s.recogniser, s.list, coarse(s.confidence)) for s in items])
            if items
            else (),
        )
        with self._lock:
            if verdict.read and facts.stage is Stage.RESPONSE and verdict.action in PASSED:
                self._page(facts, subject.token, (bucket + HERE) // DAY)
            if verdict.trace not in self._traces or bucket != self._bucket:
                self._tell(Told(verdict, facts, int(now)), bucket)
            if not (
                self._all
                or problem
                or verdict.action not in PASSED
                or verdict.enforced not in PASSED
                or (self._connections and self._first(subject, facts.host, connection, bucket))
            ):
                self._count(key, bytes_up, bytes_down, duration_ms)
                return ""
            if len(self._seen) >= self._capacity:
                self._lose(key, "queue", bytes_up, bytes_down, duration_ms)
                return code
            self._seq += 1
            code = code or self._code(int(now))
            self._seen.append(
                Seen(
                    Key._make(key),
                    facts,
                    subject,
                    outcome,
                    now,
                    self._seq,
                    code,
                    self.rulebase,
                    problem,
                    bytes_up,
                    bytes_down,
                    duration_ms,
                )
            )
            if len(self._seen) * 2 == self._capacity:
                self._wake.set()
        return code

    def flush(self) -> None:
        """Deliver what is buffered, on the caller's thread: it may wait for disk and writer."""
        with self._flushing:
            with self._lock:
                seen, self._seen = self._seen, []
                counts, self._counts = self._counts, {}
                returned, self._returned = self._returned, {}
                told, self._told = self._told, []
                pages, self._pages = self._pages, {}
            read = tuple([(day, host, count) for (day, host), count in pages.items()])
            fresh = [(Key._make(key), sums) for key, sums in counts.items()]
            sums = fresh + [(Key._make(key), sums) for key, sums in returned.items()]
            self._spilling = False
            for start in range(0, max(len(seen), len(sums), len(told)), ITEMS_PER_BATCH):
                chunk = slice(start, start + ITEMS_PER_BATCH)
                self._deliver(seen[chunk], sums[chunk], told[chunk], read)
                read = ()
            self._measure(seen, fresh)

    def close(self) -> None:
        """Stop the thread, deliver the rest, hang up."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self.flush()
        if self._batch:
            with self._flushing:
                self._deliver([], [], [])  # the farewell: what follows a kill has none
        self._delivery.close()

    # on the caller's thread, under the lock

    def _code(self, second: int) -> str:
        self._codes += 1
        return event_code(second, self._origin, self._codes)

    def _first(self, subject: Subject, host: str, connection: str, bucket: int) -> bool:
        """Is this the connection's first exchange with this host?"""
        met = (connection or f"{subject.token}@{bucket}", host)
        if met in self._met:
            return False
        if len(self._met) >= MOST_CONNECTIONS:
            self._met.clear()
        self._met.add(met)
        return True

    def _page(self, facts: Facts, token: str, day: int) -> None:
        """A page was read and let through: counted by host, each of a person's pages once a day."""
        if not 200 <= facts.status < 300 or not is_page(facts.media_type):
            return
        if day != self._day or len(self._looks) >= MOST_PAGES:
            self._day = day
            self._looks.clear()
        look = hash((token, facts.host, facts.path.partition("?")[0]))
        if look in self._looks or len(self._pages) >= self._max_keys:
            return
        self._looks.add(look)
        host = clean(facts.host, describe.NAME)
        self._pages[day, host] = self._pages.get((day, host), 0) + 1

    def _count(self, key: tuple[object, ...], *sums: int) -> None:
        counted = self._counts.get(key)
        if counted is not None:
            counted[0] += 1
            counted[1] += sums[0]
            counted[2] += sums[1]
            counted[3] += sums[2]
        elif len(self._counts) < self._max_keys:
            self._counts[key] = [1, *sums]
            if len(self._counts) * 2 == self._max_keys:
                self._wake.set()
        else:
            self._lose(key, "keys", *sums)

    def _lose(self, key: tuple[object, ...], reason: str, *sums: int) -> None:
        _add(self._counts, describe.lost(Key._make(key)), (1, *sums))
        if self._metrics:
            self._metrics.dropped(reason, 1)

    def _tell(self, told: Told, bucket: int) -> None:
        """Note a trace not told in this bucket.

        It is told again every five minutes, so that each day's file, and one begun
        anew after damage, holds the traces it speaks of.
        """
        if bucket != self._bucket or len(self._traces) >= MOST_TRACES:
            self._bucket = bucket
            self._traces.clear()
        self._traces.add(told.verdict.trace)
        self._told.append(told)

    # on the flush thread

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(SPILLING_EVERY if self._spilling else FLUSH_EVERY)
            self._wake.clear()
            self.flush()

    def _deliver(
        self,
        seen: list[Seen],
        sums: list[tuple[Key, list[int]]],
        told: list[Told],
        pages: Pages = (),
    ) -> None:
        """One batch: stored, spilled, or given back as counts without details."""
        self._batch += 1
        try:
            fate = self._send(*self._pack(seen, sums, told, pages))
        except Exception:  # the door of this thread: the next batch must come
            logger.exception("events: a batch cannot be packed")
            fate = Fate.LOST
        if fate is Fate.LOST:
            self._give_back(seen, sums, told)
        if fate is not Fate.STORED:
            self._spilling = True
            if self._metrics:
                self._metrics.spilled(fate)

    def _pack(
        self,
        seen: list[Seen],
        sums: list[tuple[Key, list[int]]],
        told: list[Told],
        pages: Pages,
    ) -> tuple[str, bytes]:
        """The batch's unique name and its bytes."""
        origin = (self._node, self._worker, self._boot)
        batch = Batch(
            node=self._node,
            worker=self._worker,
            boot=self._boot,
            seq=self._batch,
            events=tuple([describe.event(origin, item, query=self._all) for item in seen]),
            aggregates=tuple([describe.aggregate(key, counted) for key, counted in sums]),
            traces=tuple([describe.trace(item) for item in told]),
            pages=pages,
        )
        return f"{self._boot}-{self._worker}-{self._batch:09d}", encode(batch)

    def _give_back(
        self, seen: list[Seen], sums: list[tuple[Key, list[int]]], told: list[Told]
    ) -> None:
        """The disk is full: keep the counts without details, to be delivered later."""
        dropped = len(seen)
        with self._lock:
            for item in seen:
                counted = (1, item.bytes_up, item.bytes_down, item.duration_ms)
                _add(self._returned, describe.lost(item.key), counted)
            for key, total in sums:
                dropped += total[0] if key.kind is not Kind.LOST else 0
                _add(self._returned, describe.lost(key), total)
            self._traces.difference_update(item.verdict.trace for item in told)
        if self._metrics and dropped:
            self._metrics.dropped("disk", dropped)

    def _measure(self, seen: list[Seen], fresh: list[tuple[Key, list[int]]]) -> None:
        """Tell the metrics what was decided since the last flush."""
        if self._metrics is None:
            return
        for item in seen:
            self._metrics.decided(item.key, (1, item.bytes_up, item.bytes_down))
        for key, sums in fresh:
            self._metrics.decided(key, sums)
        self._metrics.flushed(self._clock(), len(self._seen))


def _add(table: dict[tuple[object, ...], list[int]], key: Key, sums: Iterable[int]) -> None:
    """Add these sums to the key's, or begin with them."""
    old = table.get(key)
    table[key] = list(sums) if old is None else [a + b for a, b in zip(old, sums, strict=True)]
