"""server_audit in file and syslog, MySQL Enterprise and Percona JSON."""

import datetime as dt
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle.logs.model import Bad, Entry, Idle, Item, Memory, Missing, Record, Verb
from audit.lifecycle.logs.mysql import audit_json, server_audit, server_audit_syslog

NOW = dt.datetime(2026, 11, 24, tzinfo=dt.UTC).timestamp()
HEAD = "20261123 12:00:00,db1,ann,10.0.0.9,4,15,"
PHONE = "13900001111"


def record(text: str) -> Record:
    return Record(line=7, text=text, end=0)


def maria(text: str) -> Item:
    return next(server_audit(dt.UTC)(record(text), Memory()))


@pytest.mark.parametrize(
    ("text", "verb", "tables", "ok"),
    [
        (f"QUERY,district,'select * from t where n = \\'{PHONE}\\', x',0", "read", "t", True),
        ("QUERY,district,'select * from t',1142", "read", "t", False),
        ("READ,district,students,", "read", "district.students", None),
        ("DROP,district,students,", "ddl", "district.students", None),
        ("RENAME,district,a|district.b,", "ddl", "district.a", None),
        ("CONNECT,district,,0", "login", "", True),
        ("FAILED_CONNECT,,,1045", "refused", "", False),
    ],
)
def test_server_audit(text: str, verb: str, tables: str, ok: bool | None) -> None:
    one = maria(HEAD + text)
    assert isinstance(one, Entry)
    assert (one.did.verb.value, " ".join(one.did.tables), one.ok) == (verb, tables, ok)
    assert (one.account, one.host, one.session) == ("ann", "10.0.0.9", "4")
    assert PHONE not in repr(one)


def test_a_long_statement_may_be_cut() -> None:
    one = maria(HEAD + f"QUERY,district,'select a from t where n in ({'1,' * 600}',0")
    assert isinstance(one, Entry)
    assert one.did.cut


def test_syslog_among_others() -> None:
    parse = server_audit_syslog(dt.UTC, NOW)
    text = "Nov 23 12:00:00 db1 mysql-server_auditing: db1,ann,10.0.0.9,4,15,QUERY,district,'select * from t',0"  # noqa: E501
    found = [
        next(parse(record(one), Memory()))
        for one in (
            text,
            text.replace("Nov 23 12:00:00", "<30>2026-11-23T12:00:00Z"),
            "Nov 23 12:00:00 db1 sshd[5]: hello",
            "no syslog",
        )
    ]
    assert isinstance(found[0], Entry)
    assert found[0] == found[1]
    assert isinstance(found[2], Idle)
    assert isinstance(found[3], Bad)


def many(*rows: object) -> list[Item]:
    memory = Memory()
    return [
        one for row in rows for one in audit_json(dt.UTC)(record(json.dumps(row) + ","), memory)
    ]


def percona(number: int, name: str, **more: object) -> dict[str, object]:
    return {"audit_record": {
        "name": name, "record": f"{number}_2026-11-23T00:00:00", "timestamp": "2026-11-23T12:00:00Z",  # noqa: E501
        "status": 0, "user": "ann[ann] @  [10.0.0.9]", "ip": "10.0.0.9", "db": "district", **more,
    }}  # fmt: skip


def test_percona() -> None:
    found = many(
        percona(1, "Query", sqltext=f"select * from t where n = '{PHONE}'"),
        percona(4, "Connect", status=1045),
        percona(5, "NoAudit"),
    )
    assert isinstance(found[0], Entry)
    assert (found[0].account, found[0].did.tables) == ("ann", ("t",))
    assert isinstance(found[1], Missing)
    assert found[1].count == 2
    assert isinstance(found[2], Entry)
    assert found[2].did.verb is Verb.REFUSED
    assert isinstance(found[3], Entry)
    assert found[3].did.auditing
    assert PHONE not in repr(found)


def enterprise(kind: str, event: str, **more: object) -> dict[str, object]:
    return {"timestamp": "2026-11-23 12:00:00", "id": 0, "class": kind, "event": event,
            "connection_id": 4, "account": {"user": "ann", "host": "h"},
            "login": {"user": "ann", "ip": "10.0.0.9"}, **more}  # fmt: skip


def test_enterprise() -> None:
    general = {"query": "select * from t", "status": 0, "query_statistics": {"rows_sent": 9}}
    access = {"db": "district", "table": "students", "query": "select * from students"}
    found = many(
        enterprise("general", "status", general_data=general),
        enterprise("table_access", "read", table_access_data=access),
        enterprise("connection", "connect", connection_data={"status": 1045}),
        enterprise("audit", "shutdown"),
        enterprise("message", "x"),
    )
    entries = [one for one in found if isinstance(one, Entry)]
    assert len(entries) == 4
    assert (entries[0].rows, entries[0].did.filtered) == (9, False)
    assert entries[1].did.tables == ("district.students",)
    assert entries[2].did.verb is Verb.REFUSED
    assert entries[3].did.auditing


@pytest.mark.parametrize("text", ["", "x", "20261123 12:00:00", HEAD, HEAD + "WHAT,a,b,0"])
def test_bad_records(text: str) -> None:
    assert isinstance(maria(text), Bad)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_taken(text: str) -> None:
    for parse in (server_audit(dt.UTC), server_audit_syslog(dt.UTC, NOW), audit_json(dt.UTC)):
        for one in (text, HEAD + text, '{"audit_record": ' + text):
            list(parse(record(one), Memory()))
