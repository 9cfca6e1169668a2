"""Ask a database our closed list, in a read-only session with limits on time and rows. A door.

One connection, one transaction that is rolled back, nothing kept in a pool. A statement that
is refused is a gap; a server that hangs, drips or talks nonsense becomes Evidence with a
problem within the timeout, because the conversation runs in a thread of its own that is left
behind. The password comes in from the caller and stands in no URL, log or error.
"""

from __future__ import annotations

import os
import queue
import socket
import stat
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from audit.model import Evidence, Target
from audit.probes.sql import document as facts
from audit.probes.sql import mysql, sqlite
from audit.probes.sql.answers import Reply, reply
from audit.probes.sql.line import Line, context
from audit.probes.sql.plan import Plan, load_plan

LIVE = ("postgresql", "mysql", "sqlite")
PROBE = LIVE
METHOD = "只读会话中的查询清单 / the closed list of queries in a read-only session"
STATEMENT_SECONDS = 10
LOCK_SECONDS = 2
USER = "qinglang_audit"
PORTS = {"postgresql": 5432, "mysql": 3306}

BEGIN: Mapping[str, tuple[str, ...]] = {
    "postgresql": (
        "set session characteristics as transaction read only",
        f"set statement_timeout = '{STATEMENT_SECONDS}s'",
        f"set lock_timeout = '{LOCK_SECONDS}s'",
        "set application_name = 'qinglang-audit'",
    ),
    "mariadb": (
        f"set session max_statement_time = {STATEMENT_SECONDS}",
        f"set session lock_wait_timeout = {LOCK_SECONDS}",
        "set session transaction read only",
    ),
    "mysql": (
        f"set session max_execution_time = {STATEMENT_SECONDS * 1000}",
        f"set session lock_wait_timeout = {LOCK_SECONDS}",
        "set session transaction read only",
    ),
    "sqlite": ("pragma query_only = on",),
}
_DENIED = ("denied", "permission", "must be superuser", "1142", "1044", "1227", "1143", "42501")


class _LostError(Exception):
    """The conversation cannot go on; the message says why."""


def look(target: Target, *, now: float, timeout: float = 30.0, password: str = "") -> Evidence:
    """Evidence of one database. Never raises for what the target does."""
    platform = target.platform
    if platform not in LIVE:
        problem = f"platform: `{platform[:40]}` 只能导入记录 / by recorded output only"
        return facts.nothing(target.id, platform or "sql", problem, method=METHOD, taken=now)
    plan = load_plan(platform)
    before = _file(target) if platform == "sqlite" else None
    if before is not None and (problem := str(before.pop("problem", ""))):
        return facts.nothing(target.id, platform, problem, method=METHOD, taken=now)
    found, problem = _within(
        timeout, lambda replies, line: _ask(target, plan, password, timeout, replies, line)
    )
    if not any(not one.why for one in found.values()):
        said = problem or "no-answer: 没有一条查询成功 / no query succeeded"
        return facts.nothing(target.id, platform, said, method=METHOD, taken=now)
    if before is not None:
        before["changed"] = _stamp(Path(target.access["file"])) != before.pop("stamp")
    lost = {
        one.id: Reply(why="timeout" if problem.startswith("timeout") else "failed", detail=problem)
        for one in plan.queries
        if one.id not in found and problem
    }
    made = facts.document(plan, {**lost, **found}, file=before)
    return facts.evidence(target.id, plan, made, method=METHOD, taken=now)


def _within(
    seconds: float, work: Callable[[dict[str, Reply], Line], None]
) -> tuple[dict[str, Reply], str]:
    """What `work` answered until then, and what went wrong. Its sockets are hung up."""
    answers: dict[str, Reply] = {}
    line = Line()
    done: queue.SimpleQueue[str] = queue.SimpleQueue()

    def run() -> None:
        try:
            work(answers, line)
            done.put("")
        except _LostError as error:
            done.put(str(error))
        except Exception as error:  # the door: hostile servers make drivers raise anything
            done.put(f"protocol: {type(error).__name__}")

    thread = threading.Thread(target=run, daemon=True, name="qinglang-sql")
    thread.start()
    try:
        problem = done.get(timeout=seconds)
    except queue.Empty:
        problem = f"timeout: 超过 {seconds:g} 秒 / took too long"
        line.cut()
    thread.join(2.0)
    line.close()
    return dict(answers), problem


def _ask(
    target: Target,
    plan: Plan,
    password: str,
    timeout: float,
    answers: dict[str, Reply],
    line: Line,
) -> None:
    try:
        engine = _engine(target, password, timeout, line)
        with engine.connect() as connection:
            kind = _begin(connection, plan)
            for query in plan.queries:
                if query.flavours and kind not in query.flavours:
                    continue
                answers[query.id] = _one(connection, query.sql, query.rows)
            connection.rollback()
    except SQLAlchemyError as error:
        raise _LostError(_said(error)) from None
    except (OSError, ValueError) as error:
        raise _LostError(f"unreachable: 无法连接 / {str(error)[:200]}") from None


def _engine(target: Target, password: str, timeout: float, line: Line) -> sqlalchemy.Engine:
    options: dict[str, Any] = {"poolclass": NullPool, "hide_parameters": True}
    if target.platform == "sqlite":
        path = Path(target.access["file"]).absolute().as_posix()
        query = {"mode": "ro", "immutable": "1", "uri": "true"}
        url = URL.create("sqlite", database=f"file:{_quoted(path)}", query=query)
        return create_engine(url, connect_args={"timeout": LOCK_SECONDS}, **options)
    connect, driver = CONNECT[target.platform]
    return create_engine(
        f"{driver}://", creator=lambda: connect(target, password, timeout, line), **options
    )


def _socket(target: Target, timeout: float, line: Line) -> socket.socket:
    access = target.access
    port = int(access.get("port", PORTS[target.platform]))
    return line.open(target.address or target.id, port, access.get("socket", ""), timeout)


def _postgresql(target: Target, password: str, timeout: float, line: Line) -> Any:
    import pg8000.dbapi

    access, known = target.access, target.access.get("tls-ca", "")
    return pg8000.dbapi.connect(
        user=access.get("user", USER),
        host=target.address or target.id,
        password=password or None,
        database=access.get("database", "postgres"),
        ssl_context=context(known, line.sockets) if known else None,
        timeout=timeout,
        sock=_socket(target, timeout, line),
    )


def _mysql(target: Target, password: str, timeout: float, line: Line) -> Any:
    import pymysql

    access, known = target.access, target.access.get("tls-ca", "")
    seconds = max(1, int(timeout))
    made = pymysql.connect(
        user=access.get("user", USER),
        host=target.address or target.id,
        password=password,
        database=access.get("database"),
        ssl=context(known, line.sockets) if known else None,
        connect_timeout=seconds,
        read_timeout=seconds,
        write_timeout=seconds,
        local_infile=False,
        charset="utf8mb4",
        defer_connect=True,
    )
    made.connect(_socket(target, timeout, line))
    return made


CONNECT: Mapping[str, tuple[Callable[[Target, str, float, Line], Any], str]] = {
    "postgresql": (_postgresql, "postgresql+pg8000"),
    "mysql": (_mysql, "mysql+pymysql"),
}


def _quoted(path: str) -> str:
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _begin(connection: Connection, plan: Plan) -> str:
    """Make the session read-only and limited, or do not go on. Returns the flavour."""
    kind = plan.id
    if kind == "mysql":
        said = connection.execute(text("select version(), @@version_comment")).one()
        kind = mysql.flavour(str(said[0]), str(said[1]))
    for statement in BEGIN[kind]:
        connection.exec_driver_sql(statement)
    connection.commit()
    return kind


def _one(connection: Connection, sql: str, limit: int) -> Reply:
    try:
        result = connection.exec_driver_sql(sql.replace("%", "%%") if "%" in sql else sql)
        rows = result.mappings().fetchmany(limit + 1)
        connection.rollback()
        return reply(rows, limit=limit)
    except SQLAlchemyError as error:
        said = _said(error)
        if connection.invalidated or connection.closed:
            raise
        connection.rollback()
        why = "denied" if any(one in said for one in _DENIED) else "failed"
        return Reply(why="timeout" if "57014" in said or "1969" in said else why, detail=said[:160])


def _said(error: BaseException) -> str:
    """The driver's own words, one line, without statement and parameters."""
    origin = getattr(error, "orig", None) or error
    given = origin.args[0] if origin.args else ""
    said = f"{given.get('C', '')} {given.get('M', '')}" if isinstance(given, dict) else str(origin)
    words = " ".join(said.split())[:200]
    return f"database: {type(origin).__name__}: {words}"


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ino


def _file(target: Target) -> dict[str, Any]:
    """What can be seen of the file itself: header, rights, what lies beside it."""
    path = Path(target.access.get("file", ""))
    try:
        seen = path.stat()
        if not stat.S_ISREG(seen.st_mode):
            return {"problem": f"file: {path.name} 不是普通文件 / is no regular file"}
        with path.open("rb") as opened:
            head = sqlite.header(opened.read(100))
        beside = [path.with_name(path.name + one) for one in ("-wal", "-journal", "-shm")]
        rights = [one.stat() for one in beside if one.exists()]
        folder = path.parent.stat()
    except OSError as error:
        return {"problem": f"file: {error.strerror}"}
    if not head["sqlite"]:
        return {
            "problem": "file: 不是 SQLite 或已整库加密 / no SQLite file, or encrypted as a whole"
        }
    return {
        **head,
        "mode": f"{stat.S_IMODE(seen.st_mode):04o}",
        "folder_mode": f"{stat.S_IMODE(folder.st_mode):04o}",
        "beside_modes": [f"{stat.S_IMODE(one.st_mode):04o}" for one in rights],
        "owner_root": seen.st_uid == 0,
        "pending_wal": any(
            one.st_size > 0 and name.name.endswith("-wal")
            for one, name in zip(rights, [b for b in beside if b.exists()], strict=False)
        ),
        "size": seen.st_size,
        "stamp": (seen.st_size, seen.st_mtime_ns, seen.st_ino),
        "os": os.name,
    }
