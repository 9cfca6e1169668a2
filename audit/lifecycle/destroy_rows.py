"""Rows of one table and of those below it, deleted batch by batch, each written down first.

A batch is one transaction: children before parents, then its record in the book, then the
commit. A process that dies leaves at most one batch in doubt, and the keyed sums of what is
there, what was done and what was planned tell which way it went. A row that was not in the
plan, or that came under a hold since, is kept. A door: one database, the book.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, Table, and_, delete, or_, select, tuple_, update
from sqlalchemy.exc import NoSuchTableError

from audit.lifecycle.blanking import blank, shaped
from audit.lifecycle.book import Book
from audit.lifecycle.databases import code
from audit.lifecycle.destroying import (
    BATCH,
    BEGUN,
    FINISHED,
    STOPPED,
    UNDONE,
    Fate,
    Progress,
    RefusedError,
    RowSet,
    Tally,
    fate,
    keyed,
    progress,
    tally_of,
)
from audit.lifecycle.due_count import Counted, counted, free, hindrances, member
from audit.lifecycle.due_engine import errors, snapshot
from audit.lifecycle.due_rows import Scope, Shape, below, place, unmatched
from rules.load import WorldError

SIZE = 1000
SAMPLED = 3  # batches whose values are remembered to look for
ROWS, SHORTEST, LONGEST = 16, 6, 200


@dataclass(slots=True, kw_only=True)
class Work:
    """What one run of one plan is given. `scope` reads the rules anew: a hold counts at once."""

    plan: str
    approved: tuple[str, ...]
    secret: bytes
    book: Book
    now: Callable[[], float]
    scope: Callable[[RowSet], Scope]
    tell: Callable[[str, int, int], None] = lambda _set, _done, _all: None
    size: int = SIZE

    def write(self, kind: str, set_: str, **body: Any) -> None:
        """One record about a set."""
        self.book.write(kind, {"plan": self.plan, "set": set_, **body}, self.now())


@dataclass(slots=True, kw_only=True)
class Canaries:
    """Values of destroyed rows, to look for their bytes; in memory only, never told."""

    values: dict[tuple[str | None, str, str], set[str]] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Canaries({sum(map(len, self.values.values()))})"

    def take(self, table: Table, names: Sequence[str], rows: Sequence[Any]) -> None:
        """Remember values long enough to be told from chance."""
        for row in rows[:ROWS]:
            for name, value in zip(names, row, strict=True):
                if isinstance(value, str) and SHORTEST <= len(value.encode()) <= LONGEST:
                    found = self.values.setdefault((table.schema, table.name, name), set())
                    if len(found) < ROWS:
                        found.add(value)


@dataclass(slots=True, kw_only=True)
class Done:
    """What a run came to."""

    done: Tally
    below: dict[str, int]
    kept: int  # under a hold, the plan's and later ones
    resumed: bool
    canaries: Canaries


class HaltedError(WorldError):
    """The world stopped the run; what was done stands in the book."""


def run_rows(engine: Engine, set_: RowSet, work: Work) -> Done:
    """Destroy one set. Raises RefusedError before anything, HaltedError half-way."""
    before = progress(work.book.records(), work.plan, set_.id)
    canaries = Canaries()
    if before.finished is not None:
        return Done(done=before.done, below=before.below, kept=int(before.finished["kept"]),
                    resumed=True, canaries=canaries)  # fmt: skip
    scope = work.scope(set_)
    try:
        with snapshot(engine) as connection:
            shape = shaped(connection, scope)
            blocked = [
                *shape.blocked,
                *unmatched(shape, scope.holds),
                *hindrances(connection, shape),
            ]
            if blocked:
                raise RefusedError(f"{set_.id}: {blocked[0]}")
            found = counted(connection, shape, scope, work.secret)
    except NoSuchTableError:
        raise RefusedError(f"{set_.id}: 表已不存在 the table has vanished: {set_.table}") from None
    before = _settled(set_, found, before, work)
    if not before.begun:
        work.write(BEGUN, set_.id, due=set_.due.count, approvals=list(work.approved))
    try:
        before = _batches(engine, set_, shape, found, before, work, canaries)
        with snapshot(engine) as connection:
            left = counted(connection, shape, work.scope(set_), work.secret)
    except errors() as error:
        said = work.write
        said(STOPPED, set_.id, why=code(error), done=before.done.count)
        raise HaltedError(
            f"{set_.id}: 数据库出错，已停止，可再次运行 the database failed ({code(error)}); "
            "stopped; what was done is in the book, run again"
        ) from None
    kept = left.held.count
    work.write(FINISHED, set_.id, count=before.done.count, sum=before.done.sum,
               below=before.below, kept=kept, left=left.due.count)  # fmt: skip
    return Done(done=before.done, below=before.below, kept=kept, resumed=bool(before.batches),
                canaries=canaries)  # fmt: skip


def _settled(set_: RowSet, found: Counted, before: Progress, work: Work) -> Progress:
    """What was done before, the doubtful batch decided. Raises RefusedError on changed data."""
    planned = set_.due.plus(set_.held)
    match fate(planned, found.due.plus(found.held), before):
        case Fate.CHANGED:
            work.write(STOPPED, set_.id, why="changed", done=before.done.count)
            raise RefusedError(
                f"{set_.id}: 数据已变化，请重新计划 the data is not what was planned: "
                f"{set_.due.count + set_.held.count - before.done.count} → "
                f"{found.due.count + found.held.count}; qinglang data retain"
            )
        case Fate.UNDONE:
            if before.doubt is not None:
                work.write(UNDONE, set_.id, batch=before.batches, why="rolled back")
        case Fate.COMMITTED:
            if before.doubt is not None:
                before = _with(before, before.doubt, before.doubt_below)
    return before


def _with(before: Progress, tally: Tally, counts: dict[str, int]) -> Progress:
    total = {one: before.below.get(one, 0) + counts.get(one, 0) for one in {*before.below, *counts}}
    return Progress(done=before.done.plus(tally), below=total, batches=before.batches, begun=True)


def _batches(
    engine: Engine,
    set_: RowSet,
    shape: Shape,
    found: Counted,
    before: Progress,
    work: Work,
    canaries: Canaries,
) -> Progress:
    after: tuple[Any, ...] | None = None
    started = before.batches
    while True:
        scope = work.scope(set_)
        sampling = before.batches - started < SAMPLED
        with engine.connect() as connection:
            keys = _next(connection, shape, scope, after, work.size)
            if not keys:
                return before
            after = keys[-1]
            digests = [keyed(work.secret, key) for key in keys]
            mine = [
                (key, one) for key, one in zip(keys, digests, strict=True)
                if _among(found, one)
            ]  # fmt: skip
            if not mine:
                connection.rollback()
                continue
            test = _these(shape.keys, [key for key, _ in mine])
            if sampling:
                _sample(connection, shape, test, canaries)
            tally = tally_of(one for _, one in mine)
            if shape.blanks:
                counts = blank(connection, shape, test)
            else:
                counts = _delete(connection, set_, shape, test, tally.count)
            number = before.batches + 1
            work.write(BATCH, set_.id, batch=number, count=tally.count, sum=tally.sum, below=counts)
            connection.commit()
        before = _with(before, tally, counts)
        before = Progress(done=before.done, below=before.below, batches=number, begun=True)
        work.tell(set_.id, before.done.count, set_.due.count)


def _among(found: Counted, digest: int) -> bool:
    """Whether a row was there when the run began."""
    wanted = member(digest)
    at = bisect_left(found.members, wanted)
    return at < len(found.members) and found.members[at] == wanted


def _these(columns: Sequence[Any], keys: Sequence[tuple[Any, ...]]) -> Any:
    if len(columns) == 1:
        return columns[0].in_([one[0] for one in keys])
    return tuple_(*columns).in_(keys)


def _next(
    connection: Connection, shape: Shape, scope: Scope, after: tuple[Any, ...] | None, size: int
) -> list[tuple[Any, ...]]:
    """The next keys that are due, in the order of the key, locked."""
    test = free(shape, scope)
    if after is not None:
        test = and_(test, _later(shape.keys, after))
    order = select(*shape.keys).where(test).order_by(*shape.keys).limit(size)
    if connection.dialect.name != "sqlite":
        order = order.with_for_update(
            of=shape.root if connection.dialect.name == "postgresql" else None
        )
    return [tuple(row) for row in connection.execute(order)]


def _later(columns: Sequence[Any], after: Sequence[Any]) -> Any:
    """Behind a key, column by column: row values are not compared alike everywhere."""
    return or_(*(
        and_(*(columns[at] == after[at] for at in range(place_)), columns[place_] > after[place_])
        for place_ in range(len(columns))
    ))  # fmt: skip


def _delete(
    connection: Connection, set_: RowSet, shape: Shape, test: Any, wanted: int
) -> dict[str, int]:
    """Children, then the rows. Raises HaltedError (and so nothing) where a row stays."""
    for link in shape.self_links:
        owner = below(shape, link.parent, test)
        columns = [link.parent.c[one] for one in link.other]
        if connection.dialect.name in ("mysql", "mariadb") and link.child is link.parent:
            found = [tuple(row) for row in connection.execute(select(*columns).where(owner))]
            inner: Any = _these([link.child.c[one] for one in link.own], found)
        else:
            own = [link.child.c[one] for one in link.own]
            chosen = select(*columns).where(owner).correlate(None)
            inner = (own[0] if len(own) == 1 else tuple_(*own)).in_(chosen)
        connection.execute(update(link.child).where(inner).values(dict.fromkeys(link.own)))
    counts = {}
    for table in shape.order:
        gone = connection.execute(delete(table).where(below(shape, table, test))).rowcount
        if gone:
            counts[place(table)] = gone
    gone = connection.execute(delete(shape.root).where(test)).rowcount
    if gone != wanted:
        connection.rollback()
        raise ValueError(f"{set_.id}: {wanted - gone} rows stayed")
    return counts


def _sample(connection: Connection, shape: Shape, test: Any, canaries: Canaries) -> None:
    emptied = {(one.table, one.column) for one in shape.blanks}
    for table in (shape.root, *shape.order):
        names = [one.name for one in table.columns
                 if any(word in str(one.type).upper() for word in ("CHAR", "TEXT"))
                 and (not shape.blanks or (table, one.name) in emptied)]  # fmt: skip
        if names:
            order = select(*(table.c[one] for one in names)).where(below(shape, table, test))
            canaries.take(table, names, connection.execute(order.limit(ROWS)).all())
