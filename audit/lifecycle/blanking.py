"""Columns emptied in place (`then: anonymise`): which, to what, and which rows still have them.

A row that is emptied is no longer due, so a run that was cut short goes on where it was, as
with deletion. Keys, days, unique and joined columns are not emptied: the set is blocked.
Whether nobody can be singled out by what stays is another question: `qinglang data risk`.
A door only to the catalogue.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Connection,
    Enum,
    String,
    Table,
    and_,
    func,
    inspect,
    null,
    or_,
    select,
    update,
)

from audit.lifecycle.due_rows import Blank, Scope, Shape, above, below, place, shape_of
from audit.lifecycle.rules import ColumnName
from policies.masks_plain import REDACTED


def shaped(connection: Connection, scope: Scope) -> Shape:
    """The tables of a scope, with what is to be emptied in them."""
    shape = shape_of(connection, scope)
    for name in scope.blank:
        table = next((one for one in (shape.root, *shape.order)
                      if one.name == name.table and name.schema in
                      ("", one.schema or "", str(one.info.get("schema", "")))), None)  # fmt: skip
        if table is None or name.column not in table.c:
            shape.blocked.append(f"没有表或列 no such table or column: {name}")
            continue
        if why := _unfit(connection, shape, table, name):
            shape.blocked.append(f"{name}: {why}")
            continue
        value = None if table.c[name.column].nullable else REDACTED
        shape.blanks.append(Blank(table=table, column=name.column, value=value))
    if shape.blanks:
        shape.full = or_(*(above(shape, one.table, _there(one)) for one in shape.blanks))
    return shape


def _unfit(connection: Connection, shape: Shape, table: Table, name: ColumnName) -> str:
    """Why a column cannot be emptied; empty where it can."""
    column = table.c[name.column]
    ends = {(one.child, own) for one in shape.links for own in one.own}
    ends |= {(one.parent, other) for one in shape.links for other in one.other}
    ends |= {(one.child, own) for one in (*shape.up, *shape.self_links) for own in one.own}
    ends |= {(one.parent, other) for one in shape.self_links for other in one.other}
    if column.primary_key or (table, column.name) in ends:
        return "键或关联列不能清空 a key or a joined column is not emptied"
    if column.computed is not None:
        return "由数据库计算 the database computes it"
    if column.nullable:
        return ""
    width = column.type.length if isinstance(column.type, String) else 0
    if isinstance(column.type, Enum) or (width is not None and width < len(REDACTED)):
        return "不可为空，也不是文本 neither nullable nor a text"
    seen = inspect(connection)
    unique: list[Any] = [one["column_names"] for one in seen.get_unique_constraints(
        table.name, schema=table.schema)]  # fmt: skip
    more = {"include_auto_indexes": True} if connection.dialect.name == "sqlite" else {}
    indexes = seen.get_indexes(table.name, schema=table.schema, **more)
    unique += [one["column_names"] for one in indexes if one["unique"]]
    if any(column.name in names for names in unique):
        return "唯一且不可为空 unique and not nullable"
    return ""


def _there(one: Blank) -> Any:
    """Whether a row of the table still has a value in the column."""
    column = one.table.c[one.column]
    return column.is_not(null()) if one.value is None else column != one.value


def blank(connection: Connection, shape: Shape, test: Any) -> dict[str, int]:
    """Empty the columns of some rows and of those below. Raises ValueError where one stays."""
    counts = {}
    for table in dict.fromkeys(one.table for one in shape.blanks):
        mine = [one for one in shape.blanks if one.table is table]
        values = {one.column: null() if one.value is None else one.value for one in mine}
        where = and_(below(shape, table, test), or_(*map(_there, mine)))
        done = connection.execute(update(table).where(where).values(values)).rowcount
        if done and table is not shape.root:
            counts[place(table)] = done
    order = select(func.count()).select_from(shape.root).where(test, shape.full)
    left = int(connection.execute(order).scalar_one())
    if left:
        connection.rollback()
        raise ValueError(f"{left} rows kept their values")
    return counts
