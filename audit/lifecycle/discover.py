"""Sources → Inventory: judge the columns of each table, link them, skip what has not changed.

A Source lists its tables (Found) and gives a sample of one (Sample); how it reads is its own
affair. A table that can not be read stays in the inventory with its problem: unknown, not clean.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from audit.lifecycle.columns import Judge
from audit.lifecycle.links import inferred, subjects_of, under_age
from audit.lifecycle.model import Address, By, Inventory, Judged, Linked, Table
from rules.load import WorldError
from rules.model import Text

SAMPLE = 1000  # rows of a table that are looked at
WHOLE = 5000  # a table of up to so many rows is read whole where that is asked for
SEED = 20260901


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A table as its source lists it, before any value was read."""

    source: str
    schema: str
    name: str
    columns: tuple[tuple[str, str], ...]  # (name, type)
    rows: int | None = None
    size: str = ""  # anything that changes when rows do
    kind: str = "table"  # table, view, partitioned, file
    key: tuple[str, ...] = ()  # primary key
    links: tuple[Linked, ...] = ()
    problem: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Rows of a table, how they were taken, or why there are none."""

    rows: Sequence[Sequence[Any]] = ()
    note: Text | None = None
    problem: Text | None = None
    counted: int | None = None  # rows of the whole table, where the sample showed it


class Source(Protocol):
    """A database or a set of files."""

    id: str

    def tables(self) -> Iterable[Found]:
        """Everything there is. Raises WorldError where nothing can be reached."""

    def sample(self, table: Found, size: int, seed: int) -> Sample:
        """The same rows for the same seed, as long as the table is the same."""


def fingerprint(table: Found, knowledge: str, size: int, seed: int) -> str:
    """Sixteen hex digits over structure, size, knowledge and the way of sampling."""
    parts = (table.kind, *map("\t".join, table.columns), str(table.rows), table.size,
             knowledge, str(size), str(seed))  # fmt: skip
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


def discover(
    sources: Iterable[Source],
    judge: Judge,
    *,
    now: float,
    today: str,
    seed: int = SEED,
    size: int = SAMPLE,
    knowledge: str = "",
    before: Inventory | None = None,
    seen: Callable[[Table, bool], None] = lambda _table, _again: None,
) -> Inventory:
    """Look at every table of every source. `seen(table, whether it was taken over)`."""
    known = _known(before)
    tables: list[Table] = []
    for source in sources:
        for found in source.tables():
            print_ = fingerprint(found, knowledge, size, seed)
            old = known.get((found.source, found.schema, found.name))
            again = old is not None and old.fingerprint == print_ and old.problem is None
            if old is not None and again:
                table = replace(old, links=found.links)
            else:
                table = _look(source, found, judge, print_, size, seed, today)
            seen(table, again)
            tables.append(table)
    return Inventory(at=now, seed=seed, tables=inferred(tables), knowledge=knowledge)


def _known(before: Inventory | None) -> dict[tuple[str, str, str], Table]:
    return {(one.source, one.schema, one.name): one for one in before.tables} if before else {}


def _look(
    source: Source, found: Found, judge: Judge, print_: str, size: int, seed: int, today: str
) -> Table:
    try:
        sample = (
            Sample(problem=found.problem) if found.problem else source.sample(found, size, seed)
        )
    except WorldError as error:
        sample = Sample(problem=Text(zh=f"读取失败：{error}", en=f"could not be read: {error}"))
    columns = tuple(
        judge.column(
            Address(source=found.source, schema=found.schema, table=found.name, column=name),
            [row[place] if place < len(row) else None for row in sample.rows],
            type_,
        )
        for place, (name, type_) in enumerate(found.columns)
    )
    if sample.problem is not None:
        columns = tuple(_unseen(one) for one in columns)
    rows = sample.counted if sample.counted is not None else found.rows
    return Table(
        source=found.source,
        schema=found.schema,
        name=found.name,
        rows=rows,
        columns=columns,
        links=found.links,
        fingerprint=print_,
        subjects=subjects_of(found.name, columns),
        problem=sample.problem,
        note=sample.note,
        form=found.kind,
        key=found.key,
        minors=under_age(columns, sample.rows, today),
    )


def _unseen(one: Judged) -> Judged:
    """A column of a table that could not be read: its header is all there is."""
    note = Text(zh="表未能读取，只按表头判断", en="the table could not be read; header alone")
    by = By.HEADER if one.header_says else By.NOTHING
    return replace(one, kind=one.header_says, by=by, note=note)
