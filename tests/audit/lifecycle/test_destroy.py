"""Destruction on real PostgreSQL and MariaDB: bytes, kills, cut connections, two at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy import text

from audit.lifecycle.book import Book
from audit.lifecycle.destroying import BATCH
from audit.lifecycle.due_engine import BusyError, one_at_a_time, open_engine, snapshot
from tests.audit.lifecycle.expiring import (
    AT,
    Case,
    anonymising,
    count,
    data,
    due_of,
    fill,
    phone,
    rules,
    states,
    told,
)
from tests.audit.lifecycle.servers import mariadb, postgresql

PUPILS = 400


@pytest.fixture(scope="module", params=[postgresql, mariadb], ids=["postgresql", "mariadb"])
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    make: Callable[[], AbstractContextManager[str]] = request.param
    with make() as url:
        yield url


@pytest.fixture
def case(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    monkeypatch.setenv("QINGLANG_PASSPHRASE", "eight letters")
    fill(server, PUPILS)
    made = Case(url=server, folder=tmp_path)
    rules(made.rules, phone(1))
    yield made
    for table in ("calls", "guardians", "students"):
        told(server, f"DROP TABLE IF EXISTS {table}")


def apart(case: Case, *more: str) -> subprocess.Popen[str]:
    """The run as a process of its own."""
    command = [
        sys.executable, "-m", "audit.cli", "data", "destroy", "run", str(case.plan),
        "--rules", str(case.rules), "--book", str(case.book), "--db", f"district={case.url}",
        "--out", str(case.paper), *more,
    ]  # fmt: skip
    place = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=place
    )


@pytest.mark.wire
def test_the_bytes_are_there_until_the_tables_are_written_anew(case: Case) -> None:
    """The same look finds the bytes while somebody still reads, and not once written anew."""
    case.retain()
    case.approve()
    reading, _ = open_engine(case.url, write=False)
    with snapshot(reading) as connection:  # nothing is purged meanwhile
        connection.execute(text("SELECT count(*) FROM students"))
        code, said = case.run()
    reading.dispose()
    assert code == 0, said
    found = states(case.certificate())
    assert found["query:students"] == "gone"
    bare = [found[f"relation:{name}"] for name in ("students", "guardians", "calls")]
    assert bare == ["remains"] * 3
    assert case.verify("--db", f"district={case.url}")[0] == 0
    for table in ("calls", "guardians", "students"):
        told(case.url, f"DROP TABLE {table}")
    fill(case.url, PUPILS)
    case.retain()
    case.approve()
    code, said = case.run("--rewrite")
    assert code == 0, said
    found = states(case.certificate())
    anew = [found[f"relation:{name}"] for name in ("students", "guardians", "calls")]
    assert anew == ["gone"] * 3
    assert found["backup:nightly"] == "remains"
    logs = {name: state for name, state in found.items() if name.startswith("log:")}
    assert logs
    assert logs.get("log:WAL") in (None, "remains")
    assert logs.get("log:binlog") in (None, "gone")  # the test's server writes none
    assert found["replica:—"] == "gone"
    code, said = case.verify("--db", f"district={case.url}")
    assert code == 0, said
    assert count(case.url, "students") == PUPILS - len(due_of(PUPILS)) + 1


@pytest.mark.wire
def test_columns_are_emptied_and_their_bytes_gone(case: Case) -> None:
    anonymising(case, phone(1))
    case.retain()
    case.approve()
    code, said = case.run("--rewrite", "--batch", "50")
    assert code == 0, said
    planned = len(due_of(PUPILS)) - 1
    (one,) = case.certificate()["sets"]
    assert (one["done"], one["below"]) == (planned, {"guardians": planned, "calls": planned})
    found = states(case.certificate())
    levels = [
        "query:students",
        *(f"relation:{name}" for name in ("students", "guardians", "calls")),
    ]
    assert [found[name] for name in levels] == ["gone"] * 4
    for table, column in (("students", "name"), ("guardians", "phone"), ("calls", "said")):
        assert count(case.url, table) == PUPILS
        assert count(case.url, f"{table} WHERE {column} IS NULL") == planned
    _, said = data("check", case.rules, "--db", f"district={case.url}", "--at", AT, "--json")
    told_ = [one["code"] for one in json.loads(said[said.index("{") :])["found"]]
    assert "undated" in told_
    assert "overdue" not in told_  # emptied, or held
    assert case.verify("--db", f"district={case.url}")[0] == 0
    told(case.url, "UPDATE calls SET said = 'again' WHERE id = 2")
    assert case.verify("--db", f"district={case.url}")[0] == 1


@pytest.mark.wire
def test_killed_and_resumed(case: Case) -> None:
    case.retain()
    case.approve()
    process = apart(case, "--batch", "3")
    chain = case.book / "book.jsonl"
    for _ in range(3000):
        if chain.read_bytes().count(f'"{BATCH}"'.encode()) >= 4 or process.poll() is not None:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    planned = len(due_of(PUPILS)) - 1
    left = count(case.url, "students") - (PUPILS - planned)
    assert 0 < left < planned, "not killed half-way"
    assert count(case.url, "guardians") == count(case.url, "calls") == PUPILS - planned + left
    for _ in range(100):  # the server notices in its own time that nobody is there
        code, said = case.run("--batch", "50")
        if "another destruction" not in said and "55P03" not in said:
            break
        time.sleep(0.1)
    assert code == 0, said
    (one,) = case.certificate()["sets"]
    assert one["done"] == planned
    assert one["below"] == {"guardians": planned, "calls": planned}
    assert one["resumed"]
    assert count(case.url, "students") == PUPILS - planned
    assert case.verify("--db", f"district={case.url}")[0] == 0


@pytest.mark.wire
def test_two_at_once(case: Case) -> None:
    case.retain()
    case.approve()
    engine, name = open_engine(case.url, write=True)
    with one_at_a_time(engine, name):
        code, said = case.run()
        other, _ = open_engine(case.url, write=True)
        with pytest.raises(BusyError), one_at_a_time(other, name):
            pass
        other.dispose()
    engine.dispose()
    assert code == 3
    assert "another destruction" in said


@pytest.mark.wire
def test_a_connection_cut_in_the_middle_of_a_batch(case: Case) -> None:
    if "postgresql" not in case.url:
        pytest.skip("a trigger cannot kill its own connection there")
    case.retain()
    case.approve()
    told(case.url, "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
         "IF old.id > 200 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; "
         "RETURN old; END $$")  # fmt: skip
    told(case.url, "CREATE TRIGGER cut BEFORE DELETE ON students "
                   "FOR EACH ROW EXECUTE FUNCTION cut()")  # fmt: skip
    process = apart(case, "--batch", "30")
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 3, said
    assert "虚构" not in said
    ours = said.partition("Exception ignored")[0]  # the driver's own socket, at the very end
    assert "Traceback" not in ours
    kinds = [one.kind for one in Book(folder=case.book).records()]
    assert kinds[-2:] == ["destroy-stopped", "access-done"]
    left = count(case.url, "students")
    assert left < PUPILS
    assert count(case.url, "calls") == left
    told(case.url, "DROP FUNCTION cut CASCADE")
    assert case.run()[0] == 0
    assert case.certificate()["sets"][0]["done"] == len(due_of(PUPILS)) - 1


@pytest.mark.wire
def test_a_trigger_that_quietly_keeps_rows(case: Case) -> None:
    if "postgresql" not in case.url:
        pytest.skip("there a trigger cannot keep a row without an error")
    case.retain()
    case.approve()
    told(case.url, "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS "
                   "$$ BEGIN RETURN NULL; END $$")  # fmt: skip
    told(case.url, "CREATE TRIGGER keep BEFORE DELETE ON students "
                   "FOR EACH ROW EXECUTE FUNCTION keep()")  # fmt: skip
    assert case.run()[0] == 3
    assert count(case.url, "calls") == PUPILS  # nothing half-done
    told(case.url, "DROP FUNCTION keep CASCADE")


@pytest.mark.wire
def test_a_table_without_transactions_blocks(case: Case) -> None:
    if "postgresql" in case.url:
        pytest.skip("there is no such table")
    told(case.url, "DROP TABLE calls")
    told(case.url, "CREATE TABLE calls (id INTEGER PRIMARY KEY, guardian_id INTEGER) ENGINE=MyISAM")
    (one,) = case.retain()["rows"]
    assert "MyISAM" in one["blocked"][0]
