"""The Event and its companions as values, and the bytes they travel in.

An Event is the pseudonymised record of one verdict; an Aggregate counts equal,
let-through exchanges of one five-minute bucket; a Trace names the inputs of a
decision once. A Batch carries them from a worker to the node's writer. Text is
made harmless before it becomes an Event; what does not decode strictly is a
BatchError. No clock, file or socket comes in here.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

import msgpack

from policies.model import Action

VERSION = 3
READABLE = (2, 3)  # what an earlier version has spilled is taken in
DAY = 86_400
BUCKET = 300
"""Seconds of one aggregate's time bucket."""

LONGEST = 512
"""Characters of the longest text in an Event; other caps stand at their fields."""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_EPOCH = 1_735_689_600  # 2025-01-01T00:00:00Z: 30 bits of seconds last until 2059
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_INT64 = range(-(2**63), 2**63)


class BatchError(ValueError):
    """Foreign bytes that are not a batch of this version."""


class EventLayer(StrEnum):
    """Where the exchange was decided."""

    DNS = "dns"
    TLS = "tls"
    REQUEST = "request"
    RESPONSE = "response"
    WEBSOCKET = "websocket"
    REJECT = "reject"  # refused before it was a request


class Kind(StrEnum):
    """Why exchanges stand in an aggregate and not in an Event each."""

    PASSED = "passed"  # let through, at a detail that does not list them
    LOST = "lost"  # an Event was due, but queue or disk were full: only counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One verdict on one exchange. (node, worker, boot, seq) is unique; so is `code` in practice.

    `ts` is Unix microseconds. `token` is the subject's keyed pseudonym, never an
    address. `signals` are (category, recogniser, matched, list, odds): odds is "" where the
    recognition is sure, else its probability (`0.931`). `path` is empty
    for what was let through, and without its query unless the node's detail is
    `requests`. Bytes and milliseconds are those the engine measured.
    """

    node: str
    worker: str
    boot: str
    seq: int
    code: str
    ts: int
    layer: EventLayer
    token: str
    school: str
    stage: str
    tier: str
    role: str
    group: str
    segment: str
    source: str
    confidence: float
    profile: str
    host: str
    names: tuple[str, ...]
    port: int
    scheme: str
    method: str
    path: str
    media_type: str
    status: int
    categories: tuple[str, ...]
    signals: tuple[tuple[str, str, str, str, str], ...]
    gap: str
    action: Action
    enforced: Action
    deed: str
    clause: str
    trace: str
    snapshot: str
    rulebase: str
    bytes_up: int
    bytes_down: int
    duration_ms: int
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """Equal exchanges of one bucket, counted. Keeps what a later policy is rehearsed on.

    `bucket` is the bucket's first Unix second; `signals` are (category,
    recogniser, list, odds in steps of 0.01); `category` is the first deciding one.
    Sums: exchanges, bytes, ms.
    """

    bucket: int
    kind: Kind
    layer: EventLayer
    host: str
    school: str
    stage: str
    tier: str
    role: str
    group: str
    segment: str
    source: str
    profile: str
    action: Action
    enforced: Action
    clause: str
    trace: str
    snapshot: str
    gap: str
    category: str
    signals: tuple[tuple[str, str, str, str], ...]
    count: int
    bytes_up: int
    bytes_down: int
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The inputs of one decision, as a JSON document, under the verdict's trace id.

    `seen` is the Unix second at which this worker first met it that day.
    """

    id: str
    seen: int
    snapshot: str
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one flush of one worker delivers. (node, worker, boot, seq) makes it unique.

    `pages` are pages that were read and let through, as (day number, host, how many).
    """

    node: str
    worker: str
    boot: str
    seq: int
    events: tuple[Event, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    traces: tuple[Trace, ...] = ()
    pages: tuple[tuple[int, str, int], ...] = ()

    @property
    def farewell(self) -> bool:
        """An empty batch is a worker's last: it ended as it should."""
        return not (self.events or self.aggregates or self.traces)

    @property
    def exchanges(self) -> int:
        return len(self.events) + sum(aggregate.count for aggregate in self.aggregates)


def clean(text: str, longest: int = LONGEST) -> str:
    """Text any database and terminal survives: capped, controls and lone surrogates escaped."""
    if len(text) > longest:
        text = text[:longest]
    if text.isascii() and text.isprintable():
        return text
    return _UNPRINTABLE.sub(lambda hit: f"\\u{ord(hit.group()):04x}", text)[:longest]


def event_code(second: int, origin: int, counter: int) -> str:
    """Twelve Crockford letters: 30 bits of time, 14 of origin, 16 of counter: `7F3K-9M2X-PQ4A`."""
    number = (second - _CODE_EPOCH) & 0x3FFF_FFFF
    number = (number << 14 | origin & 0x3FFF) << 16 | counter & 0xFFFF
    letters = "".join(_CROCKFORD[number >> shift & 31] for shift in range(55, -1, -5))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def _columns(kind: type[Any], skip: Iterable[str] = ()) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.name not in skip)


_ORIGIN = ("node", "worker", "boot")
_EVENT = _columns(Event, _ORIGIN)
_AGGREGATE = _columns(Aggregate)
_TRACE = _columns(Trace)
_event_row = operator.attrgetter(*_EVENT)
_aggregate_row = operator.attrgetter(*_AGGREGATE)
_trace_row = operator.attrgetter(*_TRACE)

_SHAPES: dict[str, type] = {
    **dict.fromkeys(("seq", "ts", "port", "status", "bucket", "count", "seen"), int),
    **dict.fromkeys(("bytes_up", "bytes_down", "duration_ms"), int),
    **dict.fromkeys(("names", "categories", "signals"), list),
    "confidence": float,
}
_EVENT_SHAPE = tuple(_SHAPES.get(name, str) for name in _EVENT)
_AGGREGATE_SHAPE = tuple(_SHAPES.get(name, str) for name in _AGGREGATE)
_TRACE_SHAPE = tuple(_SHAPES.get(name, str) for name in _TRACE)


def encode(batch: Batch) -> bytes:
    """The bytes of a batch (msgpack)."""
    return bytes(
        msgpack.packb(
            (
                VERSION,
                batch.node,
                batch.worker,
                batch.boot,
                batch.seq,
                [_event_row(event) for event in batch.events],
                [_aggregate_row(aggregate) for aggregate in batch.aggregates],
                [_trace_row(trace) for trace in batch.traces],
                batch.pages,
            )
        )
    )


def decode(data: bytes) -> Batch:
    """The batch in these bytes. Raises BatchError for anything but a well-formed one."""
    try:
        parts = msgpack.unpackb(data)
    except (ValueError, msgpack.UnpackException, RecursionError) as error:
        raise BatchError(f"not a batch: {type(error).__name__}") from error
    if type(parts) is list and parts[:1] == [2]:
        parts.append([])
    if type(parts) is not list or tuple(map(type, parts)) != _BATCH_SHAPE:
        raise BatchError("not a batch of this version")
    version, node, worker, boot, seq, events, aggregates, traces, pages = parts
    if version not in READABLE:
        raise BatchError("not a batch of this version")
    origin = {"node": node, "worker": worker, "boot": boot}
    try:
        _only_plain((node, worker, boot, seq))
        return Batch(
            **origin,
            seq=seq,
            events=tuple(
                Event(**origin, **_event(_record(row, _EVENT, _EVENT_SHAPE))) for row in events
            ),
            aggregates=tuple(
                Aggregate(**_aggregate(_record(row, _AGGREGATE, _AGGREGATE_SHAPE)))
                for row in aggregates
            ),
            traces=tuple(_trace(_record(row, _TRACE, _TRACE_SHAPE)) for row in traces),
            pages=tuple(map(_page, pages)),
        )
    except BatchError:
        raise
    except ValueError as error:
        raise BatchError(str(error)) from error


_BATCH_SHAPE = (int, str, str, str, int, list, list, list, list)


def _record(row: Any, names: tuple[str, ...], shape: tuple[type, ...]) -> dict[str, Any]:
    if type(row) is not list or tuple(map(type, row)) != shape:
        raise BatchError("a record of the batch has the wrong shape")
    _only_plain(row)
    return dict(zip(names, row, strict=True))


def _only_plain(values: Iterable[Any]) -> None:
    """Refuse what a database would: NUL in text, integers beyond 64 bits, not a number."""
    for value in values:
        if type(value) is str:
            if "\0" in value:
                raise BatchError("a text of the batch holds NUL")
        elif type(value) is int:
            if value not in _INT64:
                raise BatchError("a number of the batch is too large")
        elif type(value) is float and not abs(value) <= 1e300:
            raise BatchError("a number of the batch is not finite")


def _only_datable(second: int) -> None:
    if not 0 <= second < 2**33:  # until 2242
        raise BatchError("a time of the batch is not of this age")


def _texts(values: Any, width: int = 0) -> tuple[Any, ...]:
    """A list of texts as a tuple; with `width`, a list of lists of so many texts."""
    if type(values) is not list:
        raise BatchError("a list is wanted in the batch")
    if width:
        rows = tuple(_texts(value) for value in values)
        if any(len(row) != width for row in rows):
            raise BatchError("a signal of the batch has the wrong width")
        return rows
    if any(type(value) is not str for value in values):
        raise BatchError("a list of the batch holds more than text")
    _only_plain(values)
    return tuple(values)


def _event(record: dict[str, Any]) -> dict[str, Any]:
    _only_datable(record["ts"] // 1_000_000)
    record["layer"] = EventLayer(record["layer"])
    record["action"] = Action(record["action"])
    record["enforced"] = Action(record["enforced"])
    record["names"] = _texts(record["names"])
    record["categories"] = _texts(record["categories"])
    record["signals"] = _texts(record["signals"], 5)
    return record


def _aggregate(record: dict[str, Any]) -> dict[str, Any]:
    _only_datable(record["bucket"])
    record["layer"] = EventLayer(record["layer"])
    record["kind"] = Kind(record["kind"])
    record["action"] = Action(record["action"])
    record["enforced"] = Action(record["enforced"])
    record["signals"] = _texts(record["signals"], 4)
    return record


def _trace(record: dict[str, Any]) -> Trace:
    _only_datable(record["seen"])
    return Trace(**record)


def _page(row: Any) -> tuple[int, str, int]:
    if type(row) is not list or tuple(map(type, row)) != (int, str, int):
        raise BatchError("a page of the batch has the wrong shape")
    _only_plain(row)
    if not (0 <= row[0] < 2**33 // DAY and row[2] > 0):
        raise BatchError("a page of the batch is not of this age")
    return (row[0], row[1], row[2])
