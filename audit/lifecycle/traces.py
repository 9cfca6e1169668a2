"""Where destroyed rows could still be: one Look per family of databases, level by level.

query · relation (the bytes of the table's files) · log (WAL, binlog) · copies (triggers) ·
replica · backup · blocks. Each is gone, remains (until a day, where one is known) or unknown;
what cannot be looked at is unknown. Values to look for are in memory only. A door: databases.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, MetaData, Table, func, select, text
from sqlalchemy.exc import NoSuchTableError

from audit.lifecycle.blanking import shaped
from audit.lifecycle.databases import code
from audit.lifecycle.destroy_rows import Canaries
from audit.lifecycle.destroying import Elsewhere, RowSet, State, Trace
from audit.lifecycle.due_engine import errors, snapshot
from audit.lifecycle.due_files import PROMISE
from audit.lifecycle.due_rows import Scope, over
from audit.lifecycle.rule_times import Period
from audit.lifecycle.rules import Child, ColumnName, TableName

CHUNK = 4 * 1024 * 1024
OVERLAP = 1024
SURE = 10  # bytes: shorter values may stand inside others by chance


@dataclass(slots=True, kw_only=True)
class Look:
    """What one look is given. `tables`: (schema, name) of the root and what was below it."""

    engine: Engine
    tables: Sequence[tuple[str | None, str]]
    canaries: Canaries | None  # None: a later look, when nobody knows the values any more
    marks: dict[str, str] = field(default_factory=dict)  # as the run or the certificate has them
    replicas: Sequence[Elsewhere] = ()


def patterns(engine: Engine, canaries: Canaries) -> dict[tuple[str | None, str], list[bytes]]:
    """Bytes to look for, by table: values that no row there has any more."""
    found: dict[tuple[str | None, str], list[bytes]] = {}
    with snapshot(engine) as connection:
        for (schema, name, column), values in canaries.values.items():
            table = Table(name, MetaData(), schema=schema, autoload_with=connection,
                          resolve_fks=False)  # fmt: skip
            order = select(table.c[column]).where(table.c[column].in_(sorted(values))).distinct()
            there = {str(row[0]).casefold() for row in connection.execute(order)}
            for value in sorted(values):
                if value.casefold() not in there:
                    each = {value.encode("utf-8"), value.encode("gb18030", "replace")}
                    found.setdefault((schema, name), []).extend(sorted(each))
    return {
        place: [one for one in each if len(one) >= SURE] or each for place, each in found.items()
    }


def wanted_of(
    wanted: dict[tuple[str | None, str], list[bytes]], schema: str | None, name: str
) -> list[bytes]:
    """The bytes of one table: a rule may write the schema that the catalogue leaves out."""
    return wanted.get((schema, name)) or wanted.get((None, name), [])


def hits(pieces: Iterable[bytes], wanted: Sequence[bytes]) -> int:
    """How many of the patterns occur in bytes that come piece by piece."""
    left, seen = list(dict.fromkeys(wanted)), 0
    tail = b""
    for piece in pieces:
        whole = tail + piece
        rest = [one for one in left if one not in whole]
        seen += len(left) - len(rest)
        left = rest
        tail = whole[-OVERLAP:]
        if not left:
            break
    return seen


def file_pieces(path: str) -> Iterator[bytes]:
    """A file's bytes. Raises OSError."""
    with open(path, "rb") as file:
        while piece := file.read(CHUNK):
            yield piece


def searched(
    level: str,
    where: str,
    pieces: Callable[[], Iterable[bytes]],
    wanted: Sequence[bytes],
    *,
    gone: str,
    remains: str,
) -> Trace:
    """Look for bytes. Without bytes to look for, or without the right to read: unknown."""
    if not wanted:
        return Trace(level=level, where=where, state=State.UNKNOWN,
                     note="没有可供查找的字节 no bytes to look for")  # fmt: skip
    try:
        found = hits(pieces(), wanted)
    except errors() as error:
        return Trace(level=level, where=where, state=State.UNKNOWN,
                     note=f"文件读不到 the file cannot be read ({code(error)})")  # fmt: skip
    facts = {"looked_for": str(len(set(wanted))), "found": str(found)}
    if found:
        return Trace(level=level, where=where, state=State.REMAINS, note=remains, facts=facts)
    return Trace(level=level, where=where, state=State.GONE, note=gone, facts=facts)


def by_query(engine: Engine, set_: RowSet, kept: int) -> Trace:
    """Rows whose time is over: no more than those that were kept."""
    try:
        scope = _scope(set_)
        with snapshot(engine) as connection:
            shape = shaped(connection, scope)
            if len(shape.blanks) < len(scope.blank):  # nothing to ask by
                return Trace(level="query", where=set_.table, state=State.UNKNOWN,
                             note="列已改变 the columns are others")  # fmt: skip
            order = select(func.count()).select_from(shape.root).where(over(shape, scope))
            count = int(connection.execute(order).scalar_one())
    except NoSuchTableError:
        return Trace(level="query", where=set_.table, state=State.UNKNOWN,
                     note="表已不存在 the table has vanished")  # fmt: skip
    except errors() as error:
        return Trace(level="query", where=set_.table, state=State.UNKNOWN, note=code(error))
    facts = {"over": str(count), "kept": str(kept)}
    state = State.GONE if count <= kept else State.REMAINS
    note = (
        ""
        if count <= kept
        else "比保留的多：计划之后出现或未销毁 more than were kept: came later, or not destroyed"
    )
    return Trace(level="query", where=set_.table, state=state, note=note, facts=facts)


def _scope(set_: RowSet) -> Scope:
    schema, _, name = set_.table.rpartition(".")
    links = [one.partition("=") for one in set_.joins]
    return Scope(
        table=TableName(table=name, schema=schema), column=set_.column, form=set_.form,
        before=dt.date.fromisoformat(set_.before),
        children=tuple(Child(column=ColumnName.parse(own), parent=ColumnName.parse(other))
                       for own, _, other in links) if set_.blank else (),
        blank=tuple(map(ColumnName.parse, set_.blank)),
    )  # fmt: skip


def backups(known: Sequence[Elsewhere], on: dt.date) -> tuple[Trace, ...]:
    """What the rules say of backups; no word of them is unknown, not none."""
    found = []
    for one in known:
        if one.what != "backup":
            continue
        end = Period.parse(one.kept).after(on) if one.kept else None
        past = end is not None and end < dt.datetime.now(dt.UTC).date()
        found.append(Trace(
            level="backup", where=one.name, state=State.UNKNOWN if past else State.REMAINS,
            until=end.isoformat() if end else "",
            note="应已到期，请到存放处查看 should be over, look there" if past else
            f"按规则保存 {one.kept} kept by the rules, {one.place}",
        ))  # fmt: skip
    return tuple(found) or (
        Trace(level="backup", where="—", state=State.UNKNOWN,
              note="规则未列备份 the rules name no backup"),
    )  # fmt: skip


def blocks() -> Trace:
    """What no query can tell."""
    return Trace(level="blocks", where="存储介质 medium", state=State.UNKNOWN, note=PROMISE)


def scalar(engine: Engine, order: str, **given: Any) -> str | None:
    """One value of the server's own; None where it may not be seen."""
    try:
        with engine.connect() as connection:
            found = connection.execute(text(order), given).scalar()
            connection.rollback()
    except errors():
        return None
    return None if found is None else str(found)


def copies(engine: Engine, look: Look) -> tuple[Trace, ...]:
    """Triggers on deletion may have copied rows elsewhere."""
    orders = {
        "postgresql": "SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "WHERE NOT t.tgisinternal AND (t.tgtype & 8) > 0 AND c.relname = :name",
        "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name "
        "AND upper(sql) LIKE '%DELETE%'",
    }
    mysql = (
        "SELECT count(*) FROM information_schema.triggers WHERE event_manipulation = 'DELETE' "
        "AND event_object_schema = DATABASE() AND event_object_table = :name"
    )
    order = orders.get(engine.dialect.name, mysql)
    found = []
    for _, name in look.tables:
        count = scalar(engine, order, name=name)
        if count != "0":
            note = "删除触发器可能另存了副本 a trigger on deletion may have kept a copy"
            found.append(Trace(level="copies", where=name, state=State.UNKNOWN, note=note,
                               facts={"triggers": count or "?"}))  # fmt: skip
    return tuple(found)
