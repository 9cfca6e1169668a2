"""Rows whose time is over, as SQL: which are due, which a legal hold keeps, what goes with them.

`Scope` is what the rules say of one table; `Shape` is how the database has it: tables, keys,
the links down to children (declared foreign keys or the rule's own) and up to holds. A row that
a hold names anywhere below or above keeps the whole of its root. What cannot be matched blocks
the set. A door only to the catalogue; statements are built here and run elsewhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    MetaData,
    String,
    Table,
    and_,
    case,
    cast,
    false,
    func,
    inspect,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.exc import NoSuchTableError

from audit.lifecycle.rule_times import FIRST, ZONE
from audit.lifecycle.rules import Child, ColumnName, Form, Hold, Rows, TableName

_DAY = "^[0-9]{4}-[01][0-9]-[0-3][0-9]"
_COMPACT = "^[0-9]{8}$"
_TEXTUAL = ("CHAR", "TEXT", "CLOB", "STRING")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What the rules say of the rows of one table."""

    table: TableName
    column: str
    form: Form
    before: dt.date
    children: tuple[Child, ...] = ()
    holds: tuple[Hold, ...] = ()
    blank: tuple[ColumnName, ...] = ()  # anonymise: these are emptied, the rows stay


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`child.own` equals `parent.other`."""

    child: Table
    own: tuple[str, ...]
    parent: Table
    other: tuple[str, ...]
    declared: bool
    nulled: bool = False  # ON DELETE SET NULL: the child's row stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """A column that is emptied: to NULL, or to a redaction where NULL may not stand."""

    table: Table
    column: str
    value: str | None


@dataclass(slots=True, kw_only=True)
class Shape:
    """The tables of a scope as the database has them."""

    root: Table
    order: list[Table]  # below the root, deepest first
    links: list[Link]
    up: list[Link] = field(default_factory=list)  # from the root to the tables it refers to
    self_links: list[Link] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    blanks: list[Blank] = field(default_factory=list)
    full: Any = None  # anonymise: which rows of the root still have something to empty

    @property
    def keys(self) -> list[Any]:
        return list(self.root.primary_key.columns)

    def named(self, name: TableName) -> Table | None:
        for one in (self.root, *self.order, *(link.parent for link in self.up)):
            if one.name == name.table and name.schema in ("", one.schema or "", _default(one)):
                return one
        return None


def _default(table: Table) -> str:
    return str(table.info.get("schema", ""))


def place(table: Table) -> str:
    """A table's name as it is told."""
    return f"{table.schema}.{table.name}" if table.schema else table.name


def shape_of(connection: Connection, scope: Scope) -> Shape:
    """Look at the catalogue. What is not there blocks the set."""
    meta, seen = MetaData(), inspect(connection)
    default = seen.default_schema_name or ""

    def table(name: TableName) -> Table | None:
        schema = None if name.schema in ("", default) else name.schema
        try:
            found = Table(name.table, meta, schema=schema, autoload_with=connection,
                          resolve_fks=False)  # fmt: skip
        except NoSuchTableError:
            return None
        found.info["schema"] = default
        return found

    root = table(scope.table)
    if root is None:
        raise NoSuchTableError(str(scope.table))
    shape = Shape(root=root, order=[], links=[])
    if scope.column not in root.c:
        shape.blocked.append(f"没有列 no column {scope.table}.{scope.column}")
    if not root.primary_key.columns:
        shape.blocked.append(f"表没有主键 no primary key: {place(root)}")
    wanted: list[tuple[Table, str, Table, str]] = []
    for child in scope.children:
        one, above = table(child.column.of), table(child.parent.of)
        if (
            one is None
            or above is None
            or child.column.column not in one.c
            or child.parent.column not in above.c
        ):
            shape.blocked.append(
                f"没有表或列 no such table or column: {child.column}={child.parent}"
            )
            continue
        wanted.append((one, child.column.column, above, child.parent.column))
    shape.order = list(dict.fromkeys(one for one, *_ in wanted if one is not root))
    before: set[tuple[Table, Table]] = {(one, above) for one, _, above, _ in wanted}
    _declared(shape, meta, connection, seen, wanted, before)
    _ordered(shape, before)
    _upward(shape, table, seen)
    return shape


def _ordered(shape: Shape, before: set[tuple[Table, Table]]) -> None:
    """Deepest first: whatever refers goes before what it refers to. A ring blocks."""
    left, found = [*shape.order, shape.root], list[Table]()
    while left:
        free = [one for one in left
                if not any(own is not one and (own, one) in before for own in left)]  # fmt: skip
        if not free:
            shape.blocked.append("表之间成环 the tables refer to each other in a ring")
            break
        found += free
        left = [one for one in left if one not in free]
    shape.order = [one for one in found if one is not shape.root]


def _declared(
    shape: Shape,
    meta: MetaData,
    connection: Connection,
    seen: Any,
    wanted: Sequence[tuple[Table, str, Table, str]],
    before: set[tuple[Table, Table]],
) -> None:
    """The rule's links beside the foreign keys of the database; one it leaves out blocks."""
    mine = [shape.root, *shape.order]
    named = {(child, parent) for child, _, parent, _ in wanted}
    covered: set[tuple[Table, str, Table]] = set()
    schemas = {one.schema for one in mine}
    for schema in sorted(schemas, key=str):
        for (_, name), keys in seen.get_multi_foreign_keys(schema=schema).items():
            for key in keys:
                target = (key["referred_schema"] or schema, key["referred_table"])
                parent = next((one for one in mine if (one.schema, one.name) == target), None)
                if parent is None:
                    continue
                child = Table(
                    name, meta, schema=schema, autoload_with=connection, resolve_fks=False
                )
                nulled = "SET NULL" in str(key.get("options", {}).get("ondelete", "")).upper()
                link = Link(
                    child=child,
                    own=tuple(key["constrained_columns"]),
                    parent=parent,
                    other=tuple(key["referred_columns"]),
                    declared=True,
                    nulled=nulled,
                )
                if child is parent:
                    _to_itself(shape, link)
                elif (child, parent) in named:
                    shape.links.append(link)
                    covered |= {(child, one, parent) for one in link.own}
                elif child in mine:
                    before.add((child, parent))  # it goes first; whose it is the rule says
                elif nulled:
                    shape.notes.append(
                        f"{name} 的引用将被数据库置空 references are set to NULL by the database"
                    )
                    shape.self_links.append(link)
                else:
                    shape.blocked.append(
                        f"规则未列出子表 the rule does not name the child table {name} "
                        f"({', '.join(link.own)} → {place(parent)}); retention.children"
                    )
    for child, own, parent, other in wanted:
        if (child, own, parent) not in covered:
            shape.links.append(
                Link(child=child, own=(own,), parent=parent, other=(other,), declared=False)
            )
            shape.notes.append(f"{place(child)}.{own} 未声明外键 no foreign key: by the rule")


def _to_itself(shape: Shape, link: Link) -> None:
    if all(link.child.c[one].nullable for one in link.own):
        shape.self_links.append(link)
        shape.notes.append(
            f"{place(link.child)}.{','.join(link.own)} 指向本表，先置空 to itself: NULL first"
        )
    else:
        shape.blocked.append(
            f"{place(link.child)} 指向本表且不可为空 refers to itself, not nullable"
        )


def _upward(shape: Shape, table: Any, seen: Any) -> None:
    """The tables that the root refers to, three steps up: a hold may stand there."""
    below: list[Table] = [shape.root]
    known = {shape.root, *shape.order}
    for _ in range(3):
        next_: list[Table] = []
        for child in below:
            for key in seen.get_foreign_keys(child.name, schema=child.schema):
                parent = table(
                    TableName(
                        table=key["referred_table"],
                        schema=key["referred_schema"] or child.schema or "",
                    )
                )
                if parent is None or parent in known:
                    continue
                known.add(parent)
                next_.append(parent)
                shape.up.append(
                    Link(child=child, own=tuple(key["constrained_columns"]), parent=parent,
                         other=tuple(key["referred_columns"]), declared=True)
                )  # fmt: skip
        below = next_


def dated(shape: Shape, scope: Scope) -> ColumnElement[bool]:
    """Whether a row has a day that can be read."""
    column = shape.root.c[scope.column]
    words = cast(column, String(40))
    match scope.form:
        case Form.DATE if _is_text(column):
            return words.regexp_match(_DAY)
        case Form.DATE:
            return and_(column.is_not(None), column >= FIRST)
        case Form.TEXT:
            return words.regexp_match(_DAY)
        case Form.COMPACT:
            return words.regexp_match(_COMPACT)
        case Form.UNIX:
            return and_(column.is_not(None), column > 0)


def _is_text(column: Any) -> bool:
    kind = str(column.type).upper()
    return any(one in kind for one in _TEXTUAL)


def over(shape: Shape, scope: Scope) -> ColumnElement[bool]:
    """Whether a row's day is before the cut; rows without a readable day are not."""
    column = shape.root.c[scope.column]
    day = scope.before.isoformat()
    match scope.form:
        case Form.DATE if not _is_text(column):
            test: ColumnElement[bool] = column < scope.before
        case Form.DATE | Form.TEXT:
            test = func.substr(cast(column, String(40)), 1, 10) < day
        case Form.COMPACT:
            test = cast(column, String(40)) < day.replace("-", "")
        case Form.UNIX:
            start = dt.datetime.combine(scope.before, dt.time(), ZONE)
            test = column < int(start.timestamp())
    still = () if shape.full is None else (shape.full,)
    return and_(dated(shape, scope), test, *still)


def _inside(own: Sequence[Any], parent: Table, other: Sequence[str], test: Any) -> Any:
    """`own` is among the `other` columns of the rows of `parent` that pass the test."""
    columns = [parent.c[one] for one in other]
    inner = select(*columns).where(test, *(one.is_not(None) for one in columns)).correlate(None)
    return (own[0] if len(own) == 1 else tuple_(*own)).in_(inner)


def below(shape: Shape, table: Table, root: Any) -> Any:
    """Which rows of a table go with the root's rows that pass `root`."""
    if table is shape.root:
        return root
    found = [
        _inside([table.c[one] for one in link.own], link.parent, link.other,
                below(shape, link.parent, root))
        for link in shape.links if link.child is table
    ]  # fmt: skip
    return or_(*found) if found else false()


def above(shape: Shape, table: Table, test: Any) -> Any:
    """Which rows of the root have rows of `table` below them that pass the test."""
    if table is shape.root:
        return test
    found = [
        above(shape, link.parent,
               _inside([link.parent.c[one] for one in link.other], table, link.own, test))
        for link in shape.links if link.child is table
    ]  # fmt: skip
    return or_(*found) if found else false()


def _beside(shape: Shape, table: Table, test: Any) -> Any:
    """Which rows of the root refer, in some steps, to rows of `table` that pass the test."""
    link = next(one for one in shape.up if one.parent is table)
    step = _inside([link.child.c[one] for one in link.own], table, link.other, test)
    return step if link.child is shape.root else _beside(shape, link.child, step)


def kept(shape: Shape, hold: Hold) -> tuple[Any, list[str]]:
    """(which rows of the root a hold keeps, what of it could not be matched)."""
    if hold.whole:
        return true(), []
    found: list[Any] = []
    for rows in hold.rows:
        table = shape.named(rows.column.of)
        if table is None or rows.column.column not in table.c:
            continue
        test = _same(table.c[rows.column.column], rows)
        up = any(link.parent is table for link in shape.up)
        found.append(_beside(shape, table, test) if up else above(shape, table, test))
    if found or not hold.rows:
        return (or_(*found) if found else false()), []
    return false(), [
        f"查封 hold {hold.id}: 与本表没有关联 nothing it names is joined to {place(shape.root)}"
    ]


def _same(column: Any, rows: Rows) -> Any:
    """Whatever the case and the spaces: a hold rather keeps one too many."""
    words = func.upper(func.trim(cast(column, String(4000))))
    return words.in_([one.strip().upper() for one in rows.values])


def held(shape: Shape, holds: Iterable[Hold]) -> Any:
    """1 where any hold keeps the row, else 0; never NULL."""
    tests = [kept(shape, one)[0] for one in holds]
    return case((or_(*tests), 1), else_=0) if tests else case((false(), 1), else_=0)


def unmatched(shape: Shape, holds: Iterable[Hold]) -> list[str]:
    """Holds that cannot be looked up here: they block."""
    return [wrong for one in holds for wrong in kept(shape, one)[1]]
