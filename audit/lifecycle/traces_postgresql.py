"""PostgreSQL: files of a table read through the server, WAL, replication. A door: the server.

A deletion leaves the bytes in their page until it is used again; VACUUM frees, VACUUM FULL
writes the table anew into another file. WAL holds old pages until its segments are recycled,
and a recycled segment keeps its bytes until it is written over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Engine, text

from audit.lifecycle.databases import code
from audit.lifecycle.destroying import State, Trace
from audit.lifecycle.due_engine import errors
from audit.lifecycle.traces import CHUNK, Look, patterns, scalar, searched, wanted_of

SEGMENT = 1024**3
_FILES = """
SELECT pg_relation_filepath(c.oid), pg_relation_size(c.oid), c.relname FROM pg_class t
JOIN pg_class c ON c.oid = t.oid OR c.oid = t.reltoastrelid
  OR c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid IN (t.oid, t.reltoastrelid))
WHERE t.oid = CAST(:name AS regclass) AND c.relkind IN ('r', 't', 'i', 'm')
"""
_SLOTS = "SELECT count(*) FROM pg_replication_slots WHERE restart_lsn <= CAST(:lsn AS pg_lsn)"


def _quoted(engine: Engine, schema: str | None, name: str) -> str:
    quote = engine.dialect.identifier_preparer.quote_identifier
    return ".".join(quote(one) for one in (schema, name) if one)


def marks(look: Look) -> dict[str, str]:
    """Where the log stands, and which file each table has."""
    found = {"wal": scalar(look.engine, "SELECT pg_current_wal_lsn()") or "unknown"}
    for schema, name in look.tables:
        place = _quoted(look.engine, schema, name)
        node = scalar(
            look.engine, "SELECT pg_relation_filenode(CAST(:name AS regclass))", name=place
        )
        found[f"file.{schema or ''}.{name}"] = node or "unknown"
    return found


def tidy(look: Look, *, rewrite: bool) -> None:
    """VACUUM, or VACUUM FULL, and a checkpoint so that what is on disk is what we read."""
    full = "(FULL)" if rewrite else ""
    with look.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for schema, name in look.tables:
            connection.execute(text(f"VACUUM {full} {_quoted(look.engine, schema, name)}"))
        connection.execute(text("CHECKPOINT"))


def _pieces(engine: Engine, place: str) -> Iterator[bytes]:
    with engine.connect() as connection:
        for path, size, _ in connection.execute(text(_FILES), {"name": place}).all():
            for start in range(0, int(size), CHUNK):
                part = f"{path}.{start // SEGMENT}" if start >= SEGMENT else str(path)
                order = text("SELECT pg_read_binary_file(:path, :start, :size)")
                given: dict[str, Any] = {"path": part, "start": start % SEGMENT, "size": CHUNK}
                yield bytes(connection.execute(order, given).scalar_one())
            yield b"\x00" * 1024  # another file: nothing runs over


def relations(look: Look) -> tuple[Trace, ...]:
    """The bytes of each table's files: heap, indexes, toast."""
    wanted = {} if look.canaries is None else patterns(look.engine, look.canaries)
    found = []
    for schema, name in look.tables:
        place = _quoted(look.engine, schema, name)
        node = scalar(
            look.engine, "SELECT pg_relation_filenode(CAST(:name AS regclass))", name=place
        )
        before = look.marks.get(f"file.{schema or ''}.{name}", "")
        facts = {"file_before": before, "file_now": node or "unknown"}
        if look.canaries is None:
            anew = bool(node) and node != before
            found.append(Trace(
                level="relation", where=name, state=State.UNKNOWN, facts=facts,
                note="已重写到新文件 written anew into another file" if anew else
                "已不知道要找什么字节 nobody knows the bytes any more; see the certificate",
            ))  # fmt: skip
            continue
        trace = searched(
            "relation", name, lambda at=place: _pieces(look.engine, at),  # type: ignore[misc]
            wanted_of(wanted, schema, name),
            gone="表、索引、TOAST 文件中未找到 not found in table, indexes, TOAST",
            remains="页面中仍有，直到被重用或 --rewrite in pages until used again, or --rewrite",
        )  # fmt: skip
        found.append(Trace(level=trace.level, where=trace.where, state=trace.state,
                           note=trace.note, facts={**trace.facts, **facts}))  # fmt: skip
    return tuple(found)


def logs(look: Look) -> tuple[Trace, ...]:
    """WAL and its archive."""
    engine = look.engine
    end = look.marks.get("wal_end", "")
    held = scalar(
        engine,
        "SELECT count(*) FROM pg_ls_waldir() WHERE name = pg_walfile_name(CAST(:lsn AS pg_lsn))",
        lsn=end or "0/0",
    )
    mode = scalar(engine, "SHOW archive_mode")
    command = scalar(engine, "SHOW archive_command")
    slots = scalar(engine, _SLOTS, lsn=end or "0/0")
    facts = {
        "end": end, "segment_there": held or "unknown", "slots_behind": slots or "unknown",
        "archive_mode": mode or "unknown",
        "wal_keep_size": scalar(engine, "SHOW wal_keep_size") or "unknown",
        "max_wal_size": scalar(engine, "SHOW max_wal_size") or "unknown",
    }  # fmt: skip
    if held not in (None, "0"):
        wal = Trace(level="log", where="WAL", state=State.REMAINS, facts=facts,
                    note="直到段被回收并覆盖 until recycled and written over")  # fmt: skip
    else:
        wal = Trace(level="log", where="WAL", state=State.UNKNOWN, facts=facts,
                    note="段已改名或看不到 renamed for reuse, or not to be seen")  # fmt: skip
    if mode == "off":
        return (wal,)
    shape = "已配置 is set" if command and command != "(disabled)" else "未知 unknown"
    return (wal, Trace(level="log", where="WAL 归档 archive", state=State.UNKNOWN,
                       note=f"archive_command {shape}；须到归档处看 look there"))  # fmt: skip


def replicas(look: Look) -> tuple[Trace, ...]:
    """Servers that follow: those connected, and those the rules name."""
    end = look.marks.get("wal_end") or "0/0"
    order = text(
        "SELECT coalesce(application_name, ''), coalesce(replay_lsn >= CAST(:lsn AS pg_lsn), false)"
        " FROM pg_stat_replication"
    )
    try:
        with look.engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(order, {"lsn": end})]
            slots = connection.execute(
                text("SELECT count(*) FROM pg_replication_slots")
            ).scalar_one()
    except errors() as error:
        return (Trace(level="replica", where="—", state=State.UNKNOWN, note=code(error)),)
    found = [
        Trace(level="replica", where=str(name), state=State.GONE if applied else State.REMAINS,
              note="已重放删除；其文件未查 replayed there; its files are not seen"
              if applied else "尚未重放 not replayed yet")
        for name, applied in rows
    ]  # fmt: skip
    named = [one.name for one in look.replicas]
    missing = [one for one in named if one not in {str(name) for name, _ in rows}]
    found += [Trace(level="replica", where=one, state=State.UNKNOWN,
                    note="规则列出，未连接 named, not connected") for one in missing]  # fmt: skip
    if not found:
        state = State.UNKNOWN if slots else State.GONE
        note = ("有复制槽而无连接 slots but nobody connected" if slots else
                "未列，未连接，无复制槽 none named or connected, no slot")  # fmt: skip
        found.append(Trace(level="replica", where="—", state=state, note=note))
    return tuple(found)
