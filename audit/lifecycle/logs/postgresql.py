"""Logs of PostgreSQL: csvlog, jsonlog, stderr; pgaudit, log_statement, connections, refusals.

Three layouts of the same facts: each is taken apart into a Said, and one function makes
entries of what was said. Session line numbers that are not there are reported as missing.
Pure: the time zone and the prefix are parameters.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from audit.lifecycle.logs.model import (
    Bad,
    Entry,
    Idle,
    Item,
    Memory,
    Missing,
    Parse,
    Record,
    Reduced,
    Verb,
)
from audit.lifecycle.logs.statement import Dialect, reduce, safe
from audit.lifecycle.logs.times import seconds

PREFIX = "%m [%p] "  # PostgreSQL's own default
NO_RECORD = Bad(line=0)
_STATEMENT = re.compile(
    r"(?:duration: [\d.]+ ms  )?(?:statement|(?:parse|bind|execute) [^:\n]*): (?s:(.*))"
)
_REFUSED = re.compile(
    r'(?:(?:password|\w[\w ]*) authentication failed for user|no pg_hba\.conf entry|role) "([^"]*)"'
)
_REFUSED_STATES = frozenset({"28P01", "28000"})
_AUTHORIZED = re.compile(r"connection authorized: user=(\S+)(?: database=(\S+))?(?: application_name=(.*?))?(?: SSL enabled.*)?(?: identity=.*)?$")  # fmt: skip # noqa: E501
_RECEIVED = re.compile(r"connection received: host=(\S+)")
_CHANGED = re.compile(r'parameter "([\w.]+)" (?:changed to|removed from)')
_AUDITING = re.compile(r"(?:pgaudit\.\w+|log_\w+|logging_collector)")
_DENIED = frozenset({"42501"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of the server and who it was said to."""

    at: float
    line: int
    message: str
    level: str = "LOG"
    state: str = ""
    user: str = ""
    database: str = ""
    host: str = ""
    program: str = ""
    session: str = ""
    query: str = ""


def csvlog(zone: dt.tzinfo) -> Parse:
    """Records of log_destination = csvlog (versions 9 to 17)."""

    def parse(record: Record, memory: Memory) -> Iterator[Item]:
        try:
            row = next(csv.reader([record.text], strict=True))
            at = seconds(row[0], zone)
            number, level, _ = int(row[6]), row[11], row[22]
        except (ValueError, IndexError, StopIteration, csv.Error):
            yield Bad(line=record.line, lines=record.lines, what="not a record of csvlog")
            return
        yield from _counted(memory, row[5], number, record.line, at)
        yield from entries(
            Said(
                at=at,
                line=record.line,
                message=row[13],
                level=level,
                state=row[12],
                user=row[1],
                database=row[2],
                host=row[4].rpartition(":")[0] or row[4],
                program=row[22],
                session=row[5],
                query=row[19],
            ),
            memory,
        )

    return parse


def jsonlog(zone: dt.tzinfo) -> Parse:
    """Records of log_destination = jsonlog (version 15 on)."""

    def parse(record: Record, memory: Memory) -> Iterator[Item]:
        try:
            row = json.loads(record.text)
            at = seconds(row["timestamp"], zone)
            number = int(row.get("line_num", 0))
            told = {name: str(row.get(name, "")) for name in _JSON}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            yield Bad(line=record.line, lines=record.lines, what="not a record of jsonlog")
            return
        yield from _counted(memory, told["session_id"], number, record.line, at)
        yield from entries(
            Said(
                at=at,
                line=record.line,
                message=told["message"],
                level=told["error_severity"],
                state=told["state_code"],
                user=told["user"],
                database=told["dbname"],
                host=told["remote_host"],
                program=told["application_name"],
                session=told["session_id"],
                query=told["statement"],
            ),
            memory,
        )

    return parse


_JSON = (
    "message", "error_severity", "state_code", "user", "dbname", "remote_host",
    "application_name", "session_id", "statement",
)  # fmt: skip


def stderr(prefix: str, zone: dt.tzinfo) -> Parse:
    """Text with this log_line_prefix. Raises ValueError for one without a time."""
    pattern = pattern_of(prefix)

    def parse(record: Record, memory: Memory) -> Iterator[Item]:
        match = pattern.match(record.text)
        try:
            if match is None:
                raise ValueError
            told = {name: value or "" for name, value in match.groupdict().items()}
            at = float(told["epoch"]) if "epoch" in told else seconds(told["time"], zone)
        except ValueError:
            yield Bad(line=record.line, lines=record.lines, what="not with this log_line_prefix")
            return
        session = told.get("session") or told.get("pid", "")
        if told.get("number"):
            yield from _counted(memory, session, int(told["number"]), record.line, at)
        yield from entries(
            Said(
                at=at,
                line=record.line,
                message=told["message"].replace("\n\t", "\n"),
                level=told["level"],
                state=told.get("state", ""),
                user=told.get("user", ""),
                database=told.get("database", ""),
                host=told.get("host", ""),
                program=told.get("program", ""),
                session=session,
            ),
            memory,
        )

    return parse


_ESCAPES = {
    "a": "(?P<program>.*?)", "u": "(?P<user>.*?)", "d": "(?P<database>.*?)",
    "r": r"(?P<host>\S*?)(?:\(\d+\))?", "h": r"(?P<host>\S*?)", "b": "(?P<backend>.*?)",
    "p": r"(?P<pid>\d+)", "P": r"\d*", "n": r"(?P<epoch>\d+\.\d+)", "i": "(?P<tag>.*?)",
    "t": r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [\w+:-]+)",
    "m": r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [\w+:-]+)",
    "e": r"(?P<state>\w{5})", "c": r"(?P<session>[0-9a-f]+\.[0-9a-f]+)", "l": r"(?P<number>\d+)",
    "s": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [\w+:-]+", "v": r"[\d/]*", "x": r"\d+", "Q": r"-?\d+",
}  # fmt: skip
_LEVELS = (
    "(?:DEBUG[1-5]?|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC|DETAIL|HINT|CONTEXT|STATEMENT|QUERY"
    "|LOCATION|日志|错误|致命错误|警告|语句|详细信息|提示|上下文|注意|信息|查询)"
)
_ENGLISH = {"日志": "LOG", "错误": "ERROR", "致命错误": "FATAL", "警告": "WARNING"}


def pattern_of(prefix: str) -> re.Pattern[str]:
    """A log_line_prefix as a pattern: `%-10u` is padded, `%q` ends it for background processes."""
    made, named, optional = "", set[str](), False
    for literal, escape in re.findall(r"([^%]+)|%-?\d*([a-zA-Z%])", prefix):
        if literal:
            made += re.escape(literal)
        elif escape == "%":
            made += "%"
        elif escape == "q":
            made += "(?:"
            optional = True
        elif escape in _ESCAPES:
            part = _ESCAPES[escape]
            name = re.search(r"\?P<(\w+)>", part)
            if name and name[1] in named:
                part = part.replace(name[0], "?:")
            elif name:
                named.add(name[1])
            made += rf" *{part} *"
        else:
            raise ValueError(f"%{escape}")
    if not named & {"time", "epoch"}:
        raise ValueError("log_line_prefix without %m, %t or %n")
    return re.compile(
        made + (")?" if optional else "") + rf"(?P<level>{_LEVELS})[:：] +(?s:(?P<message>.*))$"
    )


def entries(said: Said, memory: Memory) -> Iterator[Item]:
    """What one message means."""
    message = said.message
    level = _ENGLISH.get(said.level, said.level)
    received = _RECEIVED.match(message)
    if received and said.session:
        memory.meet(said.session, ["", "", received[1], ""])
    authorized = _AUTHORIZED.match(message)
    if authorized:
        known = memory.who.get(said.session, ["", "", "", ""])
        known = [authorized[1], authorized[2] or "", known[2] or said.host, authorized[3] or ""]
        if said.session:
            memory.meet(said.session, known)
        yield _entry(said, memory, Reduced(verb=Verb.LOGIN, command="CONNECT"), ok=True)
    elif message.startswith("AUDIT: "):
        yield _audited(said, memory, message[7:])
    elif level in ("FATAL", "ERROR") and (said.state in _REFUSED_STATES or _REFUSED.match(message)):
        refused = _REFUSED.match(message)
        made = _entry(said, memory, Reduced(verb=Verb.REFUSED, command="CONNECT"), ok=False)
        yield made if made.account or refused is None else _as(made, refused[1])
    elif level == "ERROR" and said.state in _DENIED and said.query:
        yield _entry(said, memory, reduce(said.query, Dialect.POSTGRESQL), ok=False)
    elif (changed := _CHANGED.match(message)) and _AUDITING.fullmatch(changed[1]):
        did = Reduced(verb=Verb.OTHER, command="RELOAD", auditing=True)
        yield _entry(said, memory, did, ok=True)
    elif level == "LOG" and (statement := _STATEMENT.fullmatch(message)):
        yield _entry(said, memory, reduce(statement[1], Dialect.POSTGRESQL))
    else:
        yield Idle(at=said.at, line=said.line)


def _audited(said: Said, memory: Memory, text: str) -> Item:
    """`SESSION,1,1,READ,SELECT,TABLE,public.t,"select …",<none>[,rows]`."""
    try:
        row = next(csv.reader([text], strict=True))
        command, kind, name, statement = row[4], row[5], row[6], row[7]
    except (csv.Error, StopIteration, IndexError):
        return Bad(line=said.line, what="not a record of pgaudit")
    did = reduce(statement, Dialect.POSTGRESQL)
    if (
        kind in ("TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "PARTITIONED TABLE")
        and name
    ):
        table = ".".join(safe(part) for part in name.replace('"', "").split(".")[-2:])
        tables = (table,) if did.verb in (Verb.READ, Verb.WRITE) else (table, *did.tables)
        did = _of(did, row[3], command, tables)
    elif did.verb is Verb.OTHER:
        did = _of(did, row[3], command, did.tables)
    rows = int(row[9]) if len(row) > 9 and row[9].isdecimal() else None
    return _entry(said, memory, did, rows=rows)


_CLASSES = {"READ": Verb.READ, "WRITE": Verb.WRITE, "DDL": Verb.DDL, "ROLE": Verb.GRANT}


def _of(did: Reduced, kind: str, command: str, tables: tuple[str, ...]) -> Reduced:
    """What pgaudit says, where the statement itself is logged elsewhere or not at all."""
    verb = did.verb if did.verb is not Verb.OTHER else _CLASSES.get(kind, Verb.OTHER)
    return Reduced(
        verb=verb,
        command=did.command or command[:32],
        tables=tuple(dict.fromkeys(tables)),
        columns=did.columns,
        export=did.export,
        filtered=did.filtered,
        auditing=did.auditing,
        cut=did.cut,
    )


def _entry(
    said: Said, memory: Memory, did: Reduced, *, rows: int | None = None, ok: bool | None = None
) -> Entry:
    user, database, host, program = memory.who.get(said.session, ["", "", "", ""])
    return Entry(
        at=said.at,
        line=said.line,
        did=did,
        account=safe(said.user or user),
        database=safe(said.database or database),
        host=(said.host or host)[:255],
        program=(said.program or program)[:63],
        session=said.session,
        rows=rows,
        ok=ok,
    )


def _as(entry: Entry, account: str) -> Entry:
    return Entry(
        at=entry.at,
        line=entry.line,
        did=entry.did,
        account=safe(account),
        database=entry.database,
        host=entry.host,
        program=entry.program,
        session=entry.session,
        ok=entry.ok,
    )


def _counted(memory: Memory, session: str, number: int, line: int, at: float) -> Iterator[Missing]:
    """Line numbers of a session that are not there; a session may begin before the log does."""
    if not session or not number:
        return
    missing = memory.number(session, number)
    if missing:
        yield Missing(line=line, at=at, count=missing)
