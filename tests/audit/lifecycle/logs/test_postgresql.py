"""PostgreSQL's three layouts say the same; pgaudit, statements, logins, refusals, settings."""

import csv
import datetime as dt
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle.logs.model import Bad, Entry, Idle, Item, Memory, Missing, Record, Verb
from audit.lifecycle.logs.postgresql import csvlog, jsonlog, pattern_of, stderr

AUDIT = "AUDIT: SESSION,1,1,READ,SELECT,TABLE,public.students,\"select name, phone from students where id = '13900001111'\",<not logged>,27"  # noqa: E501


def record(text: str) -> Record:
    return Record(line=7, text=text, end=0)


def row(message: str, number: int = 1, level: str = "LOG", state: str = "00000", query: str = "") -> str:  # fmt: skip # noqa: E501
    cells = [
        "2026-11-23 12:00:00.000 UTC", "ann", "district", "9", "10.0.0.9:5000", "abc.1",
        str(number), "SELECT", "", "", "", level, state, message, "", "", "", "", "", query, "",
        "", "psql", "client backend", "", "0",
    ]  # fmt: skip
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue().strip()


def read(text: str, memory: Memory | None = None) -> list[Item]:
    return list(csvlog(dt.UTC)(record(text), memory or Memory()))


def test_pgaudit_in_all_layouts() -> None:
    line = json.dumps(
        {"timestamp": "2026-11-23 12:00:00.000 UTC", "user": "ann", "dbname": "district",
         "remote_host": "10.0.0.9", "session_id": "abc.1", "line_num": 1,
         "error_severity": "LOG", "message": AUDIT, "application_name": "psql"}
    )  # fmt: skip
    text = f"2026-11-23 12:00:00.000 UTC [9] abc.1 1 ann@district 10.0.0.9(5000) psql LOG:  {AUDIT}"
    made = [
        *read(row(AUDIT)),
        *jsonlog(dt.UTC)(record(line), Memory()),
        *stderr("%m [%p] %c %l %q%u@%d %r %a ", dt.UTC)(record(text), Memory()),
    ]
    assert len(set(map(repr, made))) == 1
    one = made[0]
    assert isinstance(one, Entry)
    assert (one.account, one.host, one.program, one.rows) == ("ann", "10.0.0.9", "psql", 27)
    assert (one.did.verb, one.did.tables) == (Verb.READ, ("public.students",))
    assert (one.did.columns, one.did.filtered) == (("name", "phone"), True)
    assert "13900001111" not in repr(one)


def entry(message: str, **more: str) -> Entry:
    found = [one for one in read(row(message, **more)) if isinstance(one, Entry)]  # type: ignore[arg-type]
    assert len(found) == 1, message
    return found[0]


@pytest.mark.parametrize(
    ("message", "verb", "tables"),
    [
        ("statement: select * from t", "read", "t"),
        ("execute S_1: delete from t", "write", "t"),
        ("duration: 1.5 ms  statement: select * from t", "read", "t"),
        ("duration: 1.5 ms  execute <unnamed>: select\n* from t", "read", "t"),
        ("AUDIT: SESSION,1,1,ROLE,GRANT,TABLE,,grant select on t to x,<none>", "grant", "t"),
        ("AUDIT: OBJECT,1,1,READ,SELECT,TABLE,public.t,<previously logged>,<none>", "read", "public.t"),  # noqa: E501
        ("connection authorized: user=ann database=district application_name=psql", "login", ""),
    ],
)  # fmt: skip
def test_messages(message: str, verb: str, tables: str) -> None:
    one = entry(message)
    assert (one.did.verb.value, " ".join(one.did.tables)) == (verb, tables)


def test_refusals_and_denials() -> None:
    one = entry('password authentication failed for user "ann"', level="FATAL", state="28P01")
    assert (one.did.verb, one.ok) == (Verb.REFUSED, False)
    one = entry("permission denied for table t", level="ERROR", state="42501", query="select * from t")  # fmt: skip # noqa: E501
    assert (one.did.tables, one.ok) == (("t",), False)


def test_a_setting_of_auditing_that_was_reloaded() -> None:
    assert entry('parameter "pgaudit.log" changed to "none"').did.auditing
    assert isinstance(read(row('parameter "work_mem" changed to "9MB"'))[0], Idle)


def test_missing_numbers_of_a_session() -> None:
    memory = Memory()
    read(row("x", number=3), memory)
    found = [one for one in read(row("x", number=6), memory) if isinstance(one, Missing)]
    assert [one.count for one in found] == [2]


def test_a_session_is_remembered_where_the_prefix_says_nothing() -> None:
    parse, memory = stderr("%m [%p] ", dt.UTC), Memory()
    said = [
        "connection received: host=10.0.0.9 port=5000",
        "connection authorized: user=ann database=district application_name=psql",
        "statement: select * from t",
    ]
    for text in said:
        found = list(parse(record(f"2026-11-23 12:00:00.000 UTC [9] LOG:  {text}"), memory))
    assert isinstance(found[0], Entry)
    assert (found[0].account, found[0].host) == ("ann", "10.0.0.9")


@pytest.mark.parametrize("prefix", ["%p ", "%z %m", "no time"])
def test_a_prefix_that_cannot_be_read(prefix: str) -> None:
    with pytest.raises(ValueError, match="%"):
        pattern_of(prefix)


@pytest.mark.parametrize("text", ["", "a,b", "{}", "[1]", '{"timestamp": 5}', '"', "2026"])
def test_bad_records_are_named(text: str) -> None:
    for parse in (csvlog(dt.UTC), jsonlog(dt.UTC), stderr("%m [%p] ", dt.UTC)):
        assert isinstance(next(parse(record(text), Memory())), Bad)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_message_is_taken(message: str) -> None:
    for text in (message, f"AUDIT: {message}", f"statement: {message}"):
        cells = row(text.replace("\0", "").replace("\r", ""))
        assert all(one is not None for one in read(cells))
