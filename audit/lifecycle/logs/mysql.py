"""Logs of MariaDB server_audit (file, syslog) and of MySQL Enterprise and Percona (JSON). Pure."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any

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
from audit.lifecycle.logs.times import seconds, syslog_seconds

CUT_FROM = 1000  # server_audit_query_log_limit is 1024 unless it is set: longer may be cut off
IDENT = "mysql-server_auditing"

_SYSLOG = re.compile(
    r"(?:<\d+>)?(?:1 )?(?P<time>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) "
    r"\S+ (?P<tag>[^\s:\[]+)(?:\[\d+\])?: ?(?P<rest>.*)",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_UNESCAPED = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "b": "\b", "Z": "\x1a"}
_TABLE_VERBS = {
    "READ": Verb.READ, "WRITE": Verb.WRITE, "CREATE": Verb.DDL, "ALTER": Verb.DDL,
    "RENAME": Verb.DDL, "DROP": Verb.DDL,
}  # fmt: skip
_QUERIES = ("QUERY", "QUERY_DDL", "QUERY_DML", "QUERY_DML_NO_SELECT", "QUERY_DCL")


def server_audit(zone: dt.tzinfo) -> Parse:
    """Records of server_audit_output_type = file."""

    def parse(record: Record, _memory: Memory) -> Iterator[Item]:
        stamp, _, rest = record.text.partition(",")
        try:
            at = seconds(stamp, zone)
        except ValueError:
            yield Bad(line=record.line, what="not a record of server_audit")
            return
        yield _audited(rest, at, record.line)

    return parse


def server_audit_syslog(zone: dt.tzinfo, now: float, ident: str = IDENT) -> Parse:
    """Records of server_audit in a syslog, among those of other programs."""

    def parse(record: Record, _memory: Memory) -> Iterator[Item]:
        match = _SYSLOG.fullmatch(record.text)
        try:
            if match is None:
                raise ValueError
            told = match["time"]
            at = seconds(told, zone) if "T" in told else syslog_seconds(told, zone, now)
        except ValueError:
            yield Bad(line=record.line, what="not a line of syslog")
            return
        if match["tag"] != ident:
            yield Idle(at=at, line=record.line)
            return
        yield _audited(match["rest"].strip(), at, record.line)

    return parse


def _audited(rest: str, at: float, line: int) -> Item:
    """`server,user,host,connection,query,operation,database,object,code`."""
    parts = rest.split(",", 7)
    if len(parts) < 8 or not parts[3].isdecimal():
        return Bad(line=line, what="not a record of server_audit")
    _, user, host, connection, _, operation, database, last = parts
    thing, comma, code = last.rpartition(",")
    if not comma and operation not in _TABLE_VERBS:
        thing, code = last, ""
    did: Reduced
    ok = None if not code.isdecimal() else code == "0"
    if operation in _QUERIES:
        raw = thing[1:-1] if len(thing) > 1 and thing[-1] == thing[0] == "'" else thing[1:]
        text = _ESCAPED.sub(lambda one: _UNESCAPED.get(one[1], one[1]), raw)
        cut = len(raw.encode("utf-8", "replace")) >= CUT_FROM or not thing.endswith("'")
        did = reduce(text, Dialect.MYSQL, cut=cut)
    elif operation in _TABLE_VERBS:
        names = [one.partition("|")[0] for one in ([thing] if thing else [])]
        did = Reduced(
            verb=_TABLE_VERBS[operation],
            command=f"TABLE {operation}",
            tables=tuple(f"{safe(database)}.{safe(one)}" for one in names),
        )
    elif operation in ("CONNECT", "FAILED_CONNECT"):
        verb = Verb.LOGIN if operation == "CONNECT" and ok is not False else Verb.REFUSED
        did = Reduced(verb=verb, command="CONNECT")
    elif operation in ("DISCONNECT", "CHANGEUSER"):
        return Idle(at=at, line=line)
    else:
        return Bad(line=line, what="an operation that is not known")
    return Entry(
        at=at,
        line=line,
        did=did,
        account=safe(user),
        host=host[:255],
        database=safe(database),
        session=connection,
        ok=ok,
    )


def audit_json(zone: dt.tzinfo) -> Parse:
    """Records of MySQL Enterprise Audit and of Percona's audit_log, in JSON."""

    def parse(record: Record, memory: Memory) -> Iterator[Item]:
        text = record.text.strip(" \t\r\n[],")
        if not text:
            return
        try:
            found = json.loads(f"[{text}]")
            made = [item for row in found for item in _row(row, record, memory, zone)]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            yield Bad(line=record.line, lines=record.lines, what="not a JSON audit record")
            return
        yield from made

    return parse


def _row(row: dict[str, Any], record: Record, memory: Memory, zone: dt.tzinfo) -> Iterator[Item]:
    if "audit_record" in row:
        yield from _percona(row["audit_record"], record, memory, zone)
    else:
        yield _enterprise(row, record, zone)


def _percona(
    row: dict[str, Any], record: Record, memory: Memory, zone: dt.tzinfo
) -> Iterator[Item]:
    at = seconds(str(row["timestamp"]), zone)
    number, _, began = str(row.get("record", "")).partition("_")
    if number.isdecimal():
        missing = memory.number(began, int(number))
        if missing:
            yield Missing(line=record.line, at=at, count=missing)
    name = str(row["name"])
    status = row.get("status")
    ok = None if status is None else str(status) == "0"
    user = str(row.get("user", "")).partition("[")[0].strip()
    if name in ("Query", "Execute", "Prepare") or "sqltext" in row:
        did = reduce(str(row.get("sqltext", "")), Dialect.MYSQL)
    elif name in ("Connect", "Change user"):
        did = Reduced(verb=Verb.LOGIN if ok is not False else Verb.REFUSED, command="CONNECT")
    elif name in ("Audit", "NoAudit"):
        did = Reduced(verb=Verb.OTHER, command=name.upper(), auditing=name == "NoAudit")
    else:
        yield Idle(at=at, line=record.line)
        return
    yield Entry(
        at=at,
        line=record.line,
        did=did,
        account=safe(user),
        host=str(row.get("ip") or row.get("host", ""))[:255],
        database=safe(str(row.get("db", ""))),
        session=str(row.get("connection_id", "")),
        ok=ok,
    )


def _enterprise(row: dict[str, Any], record: Record, zone: dt.tzinfo) -> Item:
    at = seconds(str(row["timestamp"]), zone)
    kind, event = str(row["class"]), str(row.get("event", ""))
    account = row.get("account") or row.get("login") or {}
    general, access = row.get("general_data") or {}, row.get("table_access_data") or {}
    connection = row.get("connection_data") or {}
    status = general.get("status", connection.get("status"))
    ok = None if status is None else int(status) == 0
    sent = (general.get("query_statistics") or row.get("query_statistics") or {}).get("rows_sent")
    database = str(access.get("db") or connection.get("db") or "")
    if kind == "general" and general.get("query"):
        did = reduce(str(general["query"]), Dialect.MYSQL)
    elif kind == "table_access":
        did = _accessed(access, event)
    elif kind == "connection" and event in ("connect", "change_user"):
        did = Reduced(verb=Verb.LOGIN if ok is not False else Verb.REFUSED, command="CONNECT")
    elif kind == "audit":
        did = Reduced(verb=Verb.OTHER, command=event.upper()[:32], auditing=event == "shutdown")
    else:
        return Idle(at=at, line=record.line)
    login = row.get("login") or {}
    return Entry(
        at=at,
        line=record.line,
        did=did,
        account=safe(str(account.get("user", ""))),
        host=str(login.get("ip") or account.get("host", ""))[:255],
        database=safe(database),
        session=str(row.get("connection_id", "")),
        rows=int(sent) if sent is not None else None,
        ok=ok,
    )


def _accessed(access: dict[str, Any], event: str) -> Reduced:
    """A table of a statement: the table as the server says, the rest as the statement does."""
    did = reduce(str(access.get("query", "")), Dialect.MYSQL)
    verb = Verb.READ if event == "read" else Verb.WRITE
    return Reduced(
        verb=verb if did.verb is Verb.OTHER else did.verb,
        command=did.command or f"TABLE {event.upper()}"[:32],
        tables=(f"{safe(str(access.get('db', '')))}.{safe(str(access.get('table', '')))}",),
        columns=did.columns,
        export=did.export,
        filtered=did.filtered,
        auditing=did.auditing,
        cut=did.cut,
    )
