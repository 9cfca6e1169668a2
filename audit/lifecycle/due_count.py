"""What is due in one table, read in one snapshot: counts, days, keyed sums; nothing is changed.

The keys of rows pass through here and leave as digests only. A door: one read-only connection.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, and_, func, not_, select, text

from audit.lifecycle.destroying import ROOM, Below, HeldBack, Tally, held_back, keyed
from audit.lifecycle.due_rows import Scope, Shape, below, dated, held, kept, over, place, unmatched

BATCH = 5000


@dataclass(slots=True, kw_only=True)
class Counted:
    """What one reading came to. `members`: the first eight bytes of each due row's digest."""

    due: Tally
    held: Tally
    members: array[int] = field(default_factory=lambda: array("Q"))


def member(digest: int) -> int:
    """What is kept of a digest to know a row again."""
    return digest >> 192


def rows_of(connection: Connection, shape: Shape, scope: Scope) -> Iterator[tuple[Any, ...]]:
    """(is held, key…) of every row whose time is over."""
    order = select(held(shape, scope.holds), *shape.keys).where(over(shape, scope))
    order = order.execution_options(stream_results=True, yield_per=BATCH)
    with connection.execute(order) as found:
        for row in found:
            yield tuple(row)


def counted(connection: Connection, shape: Shape, scope: Scope, secret: bytes) -> Counted:
    """Read every key that is due or held."""
    count, sums = [0, 0], [0, 0]
    members: array[int] = array("Q")
    for row in rows_of(connection, shape, scope):
        digest = keyed(secret, row[1:])
        side = 1 if row[0] else 0
        count[side] += 1
        sums[side] = (sums[side] + digest) % ROOM
        if not side:
            members.append(member(digest))
    due, kept_ = (Tally(count=count[one], sum=f"{sums[one]:x}") for one in (0, 1))
    return Counted(due=due, held=kept_, members=array("Q", sorted(members)))


def free(shape: Shape, scope: Scope) -> Any:
    """Over, and kept by no hold."""
    return and_(over(shape, scope), held(shape, scope.holds) == 0)


def days(connection: Connection, shape: Shape, scope: Scope) -> tuple[int, str, str]:
    """(rows without a day, the oldest and the newest day that is due)."""
    column = shape.root.c[scope.column]
    without = select(func.count()).select_from(shape.root)
    undated = connection.execute(
        without.where(func.coalesce(not_(dated(shape, scope)), True))
    ).scalar_one()
    low, high = connection.execute(
        select(func.min(column), func.max(column)).where(free(shape, scope))
    ).one()
    return int(undated), _day(low), _day(high)


def _day(value: Any) -> str:
    return "" if value is None else str(value)[:10]


def children(connection: Connection, shape: Shape, scope: Scope) -> tuple[Below, ...]:
    """How many rows go with those that are due, deepest first."""
    found = []
    for table in shape.order:
        links = [one for one in shape.links if one.child is table]
        test = below(shape, table, free(shape, scope))
        count = connection.execute(select(func.count()).select_from(table).where(test)).scalar_one()
        told = tuple(
            f"{','.join(one.own)}={one.parent.name}.{','.join(one.other)}" for one in links
        )
        found.append(Below(table=place(table), links=told, rows=int(count),
                           declared=all(one.declared for one in links)))  # fmt: skip
    return tuple(found)


def holds(
    connection: Connection, shape: Shape, scope: Scope, secret: bytes
) -> tuple[HeldBack, ...]:
    """Each hold and how many of the rows whose time is over it keeps."""
    found = []
    for hold in scope.holds:
        test = and_(over(shape, scope), kept(shape, hold)[0])
        order = select(func.count()).select_from(shape.root).where(test)
        count = None if unmatched(shape, [hold]) else int(connection.execute(order).scalar_one())
        found.append(held_back(hold, secret, count))
    return tuple(found)


def hindrances(connection: Connection, shape: Shape) -> list[str]:
    """What the catalogue knows that forbids a deletion in whole transactions."""
    tables: Sequence[Any] = (shape.root, *shape.order)
    found = []
    for table in tables:
        names = {"name": table.name, "schema": table.schema}
        if connection.dialect.name in ("mysql", "mariadb"):
            engine = connection.execute(
                text("SELECT engine FROM information_schema.tables WHERE table_name = :name "
                     "AND table_schema = coalesce(:schema, DATABASE())"), names
            ).scalar()  # fmt: skip
            if engine is not None and str(engine).lower() != "innodb":
                found.append(
                    f"{place(table)}: 引擎 {engine} 没有事务 the engine has no transactions"
                )
        elif connection.dialect.name == "postgresql":
            secured = connection.execute(
                text("SELECT row_security_active(quote_ident(coalesce(:schema, current_schema()))"
                     " || '.' || quote_ident(:name))"), names
            ).scalar()  # fmt: skip
            if secured:
                found.append(f"{place(table)}: 行级安全隐藏部分行 row security hides rows from us")
    return found
