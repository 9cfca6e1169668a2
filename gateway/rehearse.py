"""A candidate policy on yesterday's traffic: reads the record, rehearses, says how far it is.

`candidate` compiles a policy folder (and its lists) without touching what is in force;
`replay` feeds the rows of the event files through `policies.simulate`. A door: it reads
folders, event files and the clock of the progress it tells.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import literal

from gateway import bundles
from gateway.export import Archive, Window
from gateway.node import Node
from gateway.orders import Orders
from gateway.reload import Follower, orders_file
from gateway.rows import SHANGHAI
from gateway.tables import AggregateRow, EventRow
from policies.changes import What
from policies.compile import compile_policies
from policies.load import load_policies
from policies.simulate import Rehearsal
from rules.base import RuleBase
from rules.classify import by_name
from rules.load import WorldError

if TYPE_CHECKING:
    from policies.compile import Snapshot
    from policies.simulate import Recognise

CHUNK = 20_000  # rows between two reports of progress
_DAYS = re.compile(r"([1-9]\d{0,3})d").fullmatch

type Progress = Callable[[int, float], None]
"""Told rows and seconds so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What is rehearsed: a Snapshot and the recogniser of its own rules."""

    snapshot: Snapshot
    recognise: Recognise


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A finished rehearsal; `lost` exchanges were only counted and cannot be rehearsed."""

    rehearsal: Rehearsal
    lost: int
    seconds: float


def span(text: str, now: float) -> Window:
    """`2026-11-22`, `2026-11-01..2026-11-07` (both whole days) or `7d` (until now).

    Raises ValueError.
    """
    if days := _DAYS(text):
        return Window(since=max(0.0, now - 86_400 * int(days[1])), until=now)
    first, dots, last = text.partition("..")
    since = _begin(first)
    until = _begin(last if dots else first, end=True)
    if until <= since:
        raise ValueError(f"`{text}` 的结束早于开始 / ends before it begins")
    return Window(since=since, until=until)


def _begin(text: str, end: bool = False) -> float:
    """The first second of a day or time; with `end`, the second after a whole day."""
    try:
        when = datetime.fromisoformat(text.strip())
        if not 1970 < when.year < 2242:
            raise ValueError
    except ValueError:
        raise ValueError(
            f"`{text}` 不是日期 / is not a span like 2026-11-22, 2026-11-01..2026-11-07 or 7d"
        ) from None
    if end and len(text.strip()) == 10:
        when += timedelta(days=1)
    return (when if when.tzinfo else when.replace(tzinfo=SHANGHAI)).timestamp()


def candidate(
    node: Node, folders: Sequence[Path], since: float, say: Callable[[str], None]
) -> Candidate:
    """Compile policy folders as if this node had been started with them instead of its own.

    `<folder>/rules`, where there is one, are lists of the candidate's own: they are built
    beside the node's, in `<data>/rehearsal`. Orders that stood at `since` are part of it.
    Raises DataError, WorldError.
    """
    lists = tuple(folder / "rules" for folder in folders if (folder / "rules").is_dir())
    base = _built(node, lists, say) if lists else _base_of(node, say)
    snapshot = compile_policies(
        load_policies(folders),
        categories=base.categories,
        rulebase=base.hash,
        orders=Orders(orders_file(node)).load(since),
    )
    return Candidate(snapshot=snapshot, recognise=partial(by_name, base=base))


def current(node: Node, say: Callable[[str], None]) -> Candidate:
    """What is in force, or would be if the node were started now."""
    with suppress(WorldError):
        loaded = Follower(node).load()
        base = loaded.base
        return Candidate(snapshot=loaded.snapshot, recognise=partial(by_name, base=base))
    built = _base_of(node, say)
    signed, _ = bundles.folders(node)
    snapshot = compile_policies(
        load_policies((*node.policy, *signed)), categories=built.categories, rulebase=built.hash
    )
    return Candidate(snapshot=snapshot, recognise=partial(by_name, base=built))


def _base_of(node: Node, say: Callable[[str], None]) -> RuleBase:
    from rules.compile import build

    with suppress(WorldError):
        return Follower(node).load().base
    _, lists = bundles.folders(node)
    build(node.data, (*node.rules, *lists), say=say)
    return RuleBase.open(node.rulebase)


def _built(node: Node, lists: Sequence[Path], say: Callable[[str], None]) -> RuleBase:
    """A RuleBase with the candidate's lists, built where nobody else looks."""
    from rules.compile import build

    room = node.data / "rehearsal"
    room.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("lists", "good"):
        link = room / name
        if not link.is_symlink() and not link.exists():
            link.symlink_to((node.data / name).resolve())
    build(room, (*node.rules, *lists), say=say)
    return RuleBase.open(room / "rulebase")


def replay(
    archive: Archive,
    window: Window,
    given: Candidate,
    *,
    by: Sequence[str] = ("school",),
    samples: int = 5,
    progress: Progress | None = None,
) -> Replayed:
    """Rehearse a span of the record. Raises ValueError for `by`, WorldError without data."""
    rehearsal = Rehearsal(given.snapshot, given.recognise, by=by, samples=samples)
    begun = time.perf_counter()
    rows = _rows(archive, window, tokens=bool(given.snapshot.orders))
    while True:
        before = rehearsal.rows
        rehearsal.add(islice(rows, CHUNK))
        if progress is not None:
            progress(rehearsal.rows, time.perf_counter() - begun)
        if rehearsal.rows - before < CHUNK:
            break
    seconds = time.perf_counter() - begun
    return Replayed(rehearsal=rehearsal, lost=archive.count(window)["lost"], seconds=seconds)


def _rows(archive: Archive, window: Window, *, tokens: bool) -> Iterator[Any]:
    """Rows as `policies.simulate.Row`; pseudonyms only where an Order may name one."""
    absent = {"names": literal("[]"), "path": literal(""), "token": literal("")}
    of_event = {} if tokens else {"token": literal("")}
    events = [of_event.get(name, getattr(EventRow, name, None)) for name in What._fields]
    aggregates = [
        absent[name] if name in absent else getattr(AggregateRow, name) for name in What._fields
    ]
    return archive.facts(
        window,
        [EventRow.ts // 1_000_000, literal(1), *events],
        [AggregateRow.bucket, AggregateRow.count, *aggregates],
    )
