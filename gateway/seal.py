"""Seals: the rows of one event file → leaf hashes → Merkle roots, in the file and for the signer.

A seal closes everything stored since the one before. Events are told apart by their
ids, other rows name their seal. Every column is hashed; which ones is the first
leaf, so that tables may grow without old seals breaking. Rows are read through the
driver: verification reads a hundred thousand a second.
This module is a door to an open database connection.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgpack
from sqlalchemy import Connection, func, insert, select, update

from gateway.ledger import Digest, leaves, root
from gateway.tables import Base, SealRow, SegmentRow

KINDS = ("events", "aggregates", "traces", "snapshots", "ends")
SHARED = ("traces", "snapshots")  # kinds whose rows younger seals may still name
MOST_PARTS = 200  # of one checkpoint

_PAGE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """The root over the rows of one kind. `first` and `last` are ids of events."""

    first: int
    last: int
    count: int
    root: str

    def plain(self) -> list[Any]:
        return [self.first, self.last, self.count, self.root]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One seal of one file, as the signer is told it."""

    segment: str
    node: str
    day: str
    seal: int
    kinds: Mapping[str, Sealed] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        return {
            "segment": self.segment,
            "node": self.node,
            "day": self.day,
            "seal": self.seal,
            "kinds": {name: sealed.plain() for name, sealed in self.kinds.items()},
        }


def part_of(data: Any) -> Part:
    """The part in a checkpoint's body. Raises ValueError for anything else."""
    try:
        kinds = {
            str(name): Sealed(first=int(row[0]), last=int(row[1]), count=int(row[2]), root=row[3])
            for name, row in data["kinds"].items()
        }
        if any(type(one.root) is not str for one in kinds.values()):
            raise ValueError("a root is text")
        return Part(
            segment=str(data["segment"]),
            node=str(data["node"]),
            day=str(data["day"]),
            seal=int(data["seal"]),
            kinds=kinds,
        )
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"not a seal: {error!r}") from error


def columns_of(kind: str) -> tuple[str, ...]:
    """The columns of a table as they are today."""
    return tuple(column.name for column in Base.metadata.tables[kind].columns)


def head(kind: str, columns: Sequence[str]) -> bytes:
    """The first leaf: what the others are made of."""
    return bytes(msgpack.packb(("qinglang", 1, kind, list(columns))))


def statement(kind: str, columns: Sequence[str], sealed: Sealed | None, seal: int) -> str:
    """The SELECT of a seal's rows; with `sealed` exactly the ids it names."""
    names = ", ".join('"' + name.replace('"', "") + '"' for name in columns)
    if kind != "events":
        return f'SELECT {names} FROM "{kind}" WHERE seal = {int(seal)}'  # noqa: S608
    first, last = (sealed.first, sealed.last) if sealed else (0, 2**62)
    return f"SELECT {names} FROM events WHERE id BETWEEN {first} AND {last} ORDER BY id"  # noqa: S608


def packed(rows: Iterable[Sequence[Any]]) -> list[bytes]:
    """Canonical bytes of rows: msgpack, whose shortest form is the only one."""
    return list(map(msgpack.Packer(autoreset=True).pack, rows))


def hashed(
    kind: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], digest: Digest = Digest.SHA256
) -> list[bytes]:
    """The leaves of a seal: its head, then its rows; all but events in order of their bytes."""
    records = packed(rows)
    if kind != "events":
        records.sort()
    return leaves([head(kind, columns), *records], digest)


def fetched(connection: Connection, text: str) -> list[Sequence[Any]]:
    """All rows of a statement, as the driver gives them."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(text)
        return list(cursor.fetchall())
    finally:
        cursor.close()


def hashes(
    connection: Connection,
    kind: str,
    columns: Sequence[str],
    text: str,
    digest: Digest = Digest.SHA256,
) -> list[bytes]:
    """The leaves of what a statement finds; each row is let go at once, which is faster."""
    cursor: Any = connection.connection.cursor()
    try:
        cursor.execute(text)
        return hashed(kind, columns, cursor, digest)
    finally:
        cursor.close()


def segment(connection: Connection, node: str, day: str) -> str:
    """The file's name in the ledger, given at its first use. Within a transaction."""
    known = connection.execute(select(SegmentRow.id)).scalar()
    if known is None:
        known = secrets.token_hex(12)
        connection.execute(insert(SegmentRow).values(id=known, node=node, day=day))
    return str(known)


def open_seal(connection: Connection) -> int:
    """The number of the seal that rows stored now belong to."""
    return int(
        connection.execute(select(func.coalesce(func.max(SealRow.seal) + 1, 0))).scalar_one()
    )


def close(connection: Connection, seal: int) -> bool:
    """Seal the rows of this number; False where there are none. Within a transaction."""
    made = []
    for kind in KINDS:
        columns = columns_of(kind)
        if kind == "events":
            last = connection.execute(
                select(func.coalesce(func.max(SealRow.last), 0)).where(SealRow.kind == kind)
            ).scalar_one()
            begin = Sealed(first=int(last) + 1, last=2**62, count=0, root="")
            rows = fetched(connection, statement(kind, columns, begin, seal))
        else:
            rows = fetched(connection, statement(kind, columns, None, seal))
        if rows:
            found = hashed(kind, columns, rows)
            place = columns.index("id") if kind == "events" else -1
            made.append(
                {
                    "seal": seal,
                    "kind": kind,
                    "first": rows[0][place] if kind == "events" else 0,
                    "last": rows[-1][place] if kind == "events" else 0,
                    "count": len(rows),
                    "columns": json.dumps(columns),
                    "root": root(found),
                    "leaves": b"".join(found),
                    "signed": 0,
                }
            )
    if made:
        connection.execute(insert(SealRow), made)
    return bool(made)


def pending(connection: Connection) -> list[Part]:
    """Seals that no checkpoint names yet, oldest first."""
    named = connection.execute(select(SegmentRow.id, SegmentRow.node, SegmentRow.day)).first()
    rows = connection.execute(
        select(
            SealRow.seal,
            SealRow.kind,
            SealRow.first,
            SealRow.last,
            SealRow.count.label("rows"),
            SealRow.root,
        )
        .where(SealRow.signed == 0)
        .order_by(SealRow.seal)
    ).all()
    found: dict[int, dict[str, Sealed]] = {}
    for row in rows:
        found.setdefault(row.seal, {})[row.kind] = Sealed(
            first=row.first, last=row.last, count=row.rows, root=bytes(row.root).hex()
        )
    if named is None:
        return []
    return [
        Part(segment=named.id, node=named.node, day=named.day, seal=seal, kinds=kinds)
        for seal, kinds in list(found.items())[:MOST_PARTS]
    ]


def mark(connection: Connection, seals: Iterable[int], seq: int) -> None:
    """These seals stand in checkpoint `seq`. Within a transaction."""
    connection.execute(update(SealRow).where(SealRow.seal.in_(list(seals))).values(signed=seq))


def differences(stored: bytes, found: Sequence[bytes]) -> Iterator[tuple[str, int]]:
    """Where rows differ from the leaves of their seal: (what, place among the rows found).

    What: `altered`, `removed` (before that place), `inserted`, `reordered`.
    """
    before = [stored[start : start + 32] for start in range(32, len(stored), 32)]
    after = list(found[1:])
    was, now = set(before), set(after)
    if was == now and len(before) == len(after):
        yield from (
            ("reordered", place)
            for place, (old, new) in enumerate(zip(before, after, strict=True))
            if old != new
        )
        return
    old = new = 0
    while old < len(before) or new < len(after):
        if old < len(before) and new < len(after) and before[old] == after[new]:
            old, new = old + 1, new + 1
            continue
        gone = old < len(before) and before[old] not in now
        fresh = new < len(after) and after[new] not in was
        if gone and fresh:
            yield "altered", new
            old, new = old + 1, new + 1
        elif gone:
            yield "removed", new
            old += 1
        elif fresh:
            yield "inserted", new
            new += 1
        else:  # the same rows, elsewhere or twice
            yield "reordered", min(new, len(after) - 1)
            old, new = old + 1, new + 1
