"""MariaDB and MySQL: the .ibd file of a table, redo and undo, the binlog, replicas. A door.

InnoDB marks rows as deleted and purges them later; the bytes stay in their page until OPTIMIZE
TABLE writes the table anew. Files are read where this process may; else it is unknown.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, text

from audit.lifecycle.databases import code
from audit.lifecycle.destroying import State, Trace, day_after
from audit.lifecycle.due_engine import errors
from audit.lifecycle.traces import Look, file_pieces, patterns, scalar, searched, wanted_of

_LOST = "文件读不到 the file cannot be read"


def _quoted(engine: Engine, name: str) -> str:
    return engine.dialect.identifier_preparer.quote_identifier(name)


def marks(look: Look) -> dict[str, str]:
    """Where the binlog stands."""
    found = {"log_bin": scalar(look.engine, "SELECT @@log_bin") or "unknown"}
    for name, order in (("gtid", "SELECT @@gtid_current_pos"), ("status", "SHOW MASTER STATUS")):
        found[name] = scalar(look.engine, order) or ""
    return found


def tidy(look: Look, *, rewrite: bool) -> None:
    """OPTIMIZE TABLE writes it anew; without it only what the server purges by itself."""
    if not rewrite:
        return
    with look.engine.connect() as connection:
        for _, name in look.tables:
            connection.execute(text(f"OPTIMIZE LOCAL TABLE {_quoted(look.engine, name)}")).all()
        connection.commit()


def _file(engine: Engine, name: str) -> Path | None:
    """The table's own file; None where it has none or it cannot be told."""
    order = (
        "SELECT CONCAT(@@datadir, DATABASE(), '/', :name, '.ibd') WHERE @@innodb_file_per_table = 1"
    )
    found = scalar(engine, order, name=name)
    return Path(found) if found and name.isascii() and name.replace("_", "").isalnum() else None


def _flushed(engine: Engine, name: str, path: Path) -> Iterator[bytes]:
    """The file while the server has written all of the table to it."""
    with engine.connect() as connection:
        connection.execute(text(f"FLUSH TABLES {_quoted(engine, name)} FOR EXPORT"))
        try:
            yield from file_pieces(str(path))
        finally:
            connection.execute(text("UNLOCK TABLES"))


def relations(look: Look) -> tuple[Trace, ...]:
    """The bytes of each table's file, then of the files that all tables share."""
    if look.canaries is None:
        return (
            Trace(level="relation", where="—", state=State.UNKNOWN,
                  note="已不知道要找什么字节 nobody knows the bytes any more; see the certificate"),
        )  # fmt: skip
    wanted = patterns(look.engine, look.canaries)
    found = []
    for schema, name in look.tables:
        path = _file(look.engine, name)
        if path is None:
            found.append(Trace(level="relation", where=name, state=State.UNKNOWN, note=_LOST))
            continue
        found.append(searched(
            "relation", name, lambda at=path, of=name: _flushed(look.engine, of, at),  # type: ignore[misc]
            wanted_of(wanted, schema, name),
            gone="表文件中未找到 not found in the table's file",
            remains="页面中仍有，可用 --rewrite in pages until purged; or --rewrite",
        ))  # fmt: skip
    every = [one for each in wanted.values() for one in each]
    found.append(_shared(look, every))
    return tuple(found)


def _shared(look: Look, wanted: list[bytes]) -> Trace:
    """Redo, undo and doublewrite: files of the whole server."""
    place = scalar(look.engine, "SELECT @@datadir")
    names = ("ib_logfile*", "ibdata*", "undo*", "#innodb_redo/*", "ib_buffer_pool")

    def pieces() -> Iterator[bytes]:
        paths = [path for name in names for path in sorted(Path(place or "").glob(name))]
        if not place or not paths:
            raise OSError(_LOST)
        for path in paths:
            yield from file_pieces(str(path))

    return searched("log", "redo · undo · ibdata", pieces, wanted,
                    gone="未找到 not found",
                    remains="循环日志中，直到被覆盖 until written over")  # fmt: skip


def logs(look: Look) -> tuple[Trace, ...]:
    """The binlog: what it holds goes when it expires."""
    if look.marks.get("log_bin") in ("0", "OFF"):
        on = scalar(look.engine, "SELECT @@log_bin")
        if on in ("0", "OFF"):
            return (Trace(level="log", where="binlog", state=State.GONE,
                          note="未启用 none is written"),)  # fmt: skip
    seconds = scalar(look.engine, "SELECT @@binlog_expire_logs_seconds")
    facts = {"expire_seconds": seconds or "unknown", "status": look.marks.get("status", ""),
             "format": scalar(look.engine, "SELECT @@binlog_format") or "unknown"}  # fmt: skip
    whole = float(seconds) if seconds and seconds.isdecimal() else 0.0
    end = float(look.marks.get("ended", "0")) or time.time()
    until = day_after(end, whole / 86400 + 1) if whole else ""
    past = bool(until) and time.time() > end + whole + 86400
    if past:
        return (Trace(level="log", where="binlog", state=State.UNKNOWN, facts=facts,
                      note="应已到期 should be over: SHOW BINARY LOGS"),)  # fmt: skip
    note = (
        "到期后轮换时删除 removed when it rotates after that"
        if whole
        else "未设到期 no expiry is set"
    )
    return (Trace(level="log", where="binlog", state=State.REMAINS, until=until, facts=facts,
                  note=note),)  # fmt: skip


def replicas(look: Look) -> tuple[Trace, ...]:
    """Servers that follow: those registered, and those the rules name."""
    rows: list[str] | None = None
    why = ""
    for order in ("SHOW REPLICA HOSTS", "SHOW SLAVE HOSTS", "SHOW REPLICAS"):
        try:
            with look.engine.connect() as connection:
                rows = [str(row[1] or row[0]) for row in connection.execute(text(order))]
            break
        except errors() as error:
            why = code(error)
    if rows is None:
        return (Trace(level="replica", where="—", state=State.UNKNOWN, note=why),)
    lag = "已注册；是否已执行须在该处查看 registered; whether it was applied is seen only there"
    found = [Trace(level="replica", where=one, state=State.UNKNOWN, note=lag) for one in rows]
    found += [Trace(level="replica", where=one.name, state=State.UNKNOWN,
                    note="规则列出，未见注册 named by the rules, not registered")
              for one in look.replicas if one.name not in rows]  # fmt: skip
    return tuple(found) or (
        Trace(level="replica", where="—", state=State.GONE,
              note="规则未列，服务器上也没有注册 none named, none registered"),
    )  # fmt: skip
