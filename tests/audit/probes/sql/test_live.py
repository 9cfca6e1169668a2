"""Real PostgreSQL, MariaDB, SQLite, well kept and broken; nothing changes; servers that hang."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.judge import judge
from audit.model import Evidence, ObjectClass, State, Target
from audit.probes.sql import live
from audit.probes.sql.line import Line
from tests.audit import databases

NOW = 1_795_000_000.0


def target(platform: str, **access: str) -> Target:
    return Target(
        id="db",
        name="db",
        system="s",
        kind=ObjectClass.DATABASE,
        platform=platform,
        address="127.0.0.1",
        access={name.replace("_", "-"): value for name, value in access.items()},
    )


def states(evidence: Evidence) -> dict[State, set[str]]:
    found: dict[State, set[str]] = {state: set() for state in State}
    for name, check in databases.checks().items():
        if check.probe == evidence.probe:
            found[judge(check, evidence, target="db", now=NOW).state].add(name)
    return found


@contextlib.contextmanager
def silent(greeting: bytes = b"", *, drip: bool = False) -> Iterator[int]:
    """A server that accepts and then says nothing, or one byte at a time."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []
        stop = threading.Event()

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    one, _ = server.accept()
                    held.append(one)
                    one.sendall(greeting)
                    while drip and not stop.wait(0.05):
                        one.sendall(b"\0")

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield server.getsockname()[1]
        finally:
            stop.set()
            for one in held:
                one.close()


def test_a_platform_without_a_driver_says_so() -> None:
    found = live.look(target("dm"), now=NOW)
    assert "导入" in found.problem
    assert found.document is None


@pytest.mark.wire
def test_a_closed_port_is_a_problem_and_names_no_password() -> None:
    port = str(databases.free_port())
    for platform in ("postgresql", "mysql"):
        found = live.look(target(platform, port=port), now=NOW, timeout=5.0, password="geheim-9")
        assert found.problem
        assert "geheim" not in repr(found)
        assert states(found)[State.UNKNOWN] == set().union(*states(found).values())


@pytest.mark.wire
@pytest.mark.parametrize("drip", [False, True], ids=["hangs", "drips"])
@pytest.mark.parametrize("platform", ["postgresql", "mysql"])
def test_a_server_that_hangs_is_unknown_in_time(platform: str, drip: bool) -> None:
    with silent(drip=drip) as port:
        began = time.monotonic()
        found = live.look(target(platform, port=str(port)), now=NOW, timeout=0.4)
        assert time.monotonic() - began < 20
    assert found.problem
    assert states(found)[State.PASS] == set()


@pytest.mark.wire
@pytest.mark.parametrize("said", [b"\xff" * 4096, b"HTTP/1.1 400 Bad\r\n\r\n", b"E" + b"\xff" * 99])
def test_a_server_that_talks_nonsense(said: bytes) -> None:
    for platform in ("postgresql", "mysql"):
        with silent(said) as port:
            assert live.look(target(platform, port=str(port)), now=NOW, timeout=0.6).problem


def database(path: Path) -> Path:
    with contextlib.closing(sqlite3.connect(path)) as made:
        made.executescript("create table pupils (id integer, religion text); insert into pupils "
                           "values (1, 'x'); pragma journal_mode=wal;")  # fmt: skip
        made.commit()
    return path


def digest(folder: Path) -> dict[str, tuple[str, int]]:
    return {
        one.name: (hashlib.sha256(one.read_bytes()).hexdigest(), one.stat().st_mtime_ns)
        for one in sorted(folder.iterdir())
    }


def test_sqlite_well_kept_and_broken_and_untouched(tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad?#%20"
    for folder, mode in ((good, 0o700), (bad, 0o777)):
        folder.mkdir()
        database(folder / "a.db").chmod(0o600 if folder is good else 0o666)
        folder.chmod(mode)
        before = digest(folder)
        found = live.look(target("sqlite", file=str(folder / "a.db")), now=NOW)
        assert found.problem == ""
        assert digest(folder) == before
        seen = states(found)
        assert "sqlite-personal-excess" in seen[State.FAIL]
        assert "sqlite-integrity" in seen[State.PASS]
        wanted = State.PASS if folder is good else State.FAIL
        assert {"sqlite-file-mode", "sqlite-folder-mode"} <= seen[wanted]
        assert seen[State.UNKNOWN] == set()


@pytest.mark.parametrize("content", [b"", b"x" * 200, None])
def test_what_is_no_sqlite_file(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.db"
    if content is not None:
        path.write_bytes(content)
    assert live.look(target("sqlite", file=str(path)), now=NOW).problem
    assert live.look(target("sqlite", file=str(tmp_path)), now=NOW).problem


def test_a_damaged_file_is_no_pass(tmp_path: Path) -> None:
    path = database(tmp_path / "a.db")
    raw = path.read_bytes()
    path.write_bytes(raw[:120] + b"\xff" * (len(raw) - 120))
    assert "sqlite-integrity" not in states(
        live.look(target("sqlite", file=str(path)), now=NOW)
    )[State.PASS]  # fmt: skip


def dump(server: databases.Server, user: str) -> str:
    text = databases.ran(
        "postgres", "/usr/bin/pg_dumpall", "-h", server.folder, "-p", str(server.port), "-U", user
    )
    return "\n".join(line for line in text.splitlines() if "restrict" not in line)


@pytest.mark.wire
def test_postgresql_well_kept() -> None:
    with databases.postgresql(good=True) as server:
        reach = target("postgresql", port=str(server.port), user="qinglang_audit",
                       tls_ca=str(server.ca))  # fmt: skip
        found = live.look(reach, now=NOW, password="a-Long-one-2026")
        wrong = live.look(reach, now=NOW, password="not-this-one")
    assert found.problem == ""
    assert "password" in wrong.problem
    seen = states(found)
    assert seen[State.UNKNOWN] == set()
    assert seen[State.FAIL] == {  # one server on loopback has no standby and no labelled table
        "pg-standby", "pg-remote-standby", "pg-row-security",
    }  # fmt: skip
    told = json.dumps(found.document)
    assert "SCRAM-SHA-256$" not in told
    assert "a-Long-one" not in told


@pytest.mark.wire
def test_postgresql_broken_and_unchanged() -> None:
    with databases.postgresql(good=False) as server:
        before = dump(server, "postgres")
        reach = target("postgresql", port=str(server.port), user="postgres")
        found = live.look(reach, now=NOW)
        assert dump(server, "postgres") == before
        seen = states(found)
    assert seen[State.UNKNOWN] == set()
    assert seen[State.PASS] == {  # what this release cannot be without, or what is not installed
        "pg-data-directory", "pg-hba-no-ident", "pg-languages", "pg-log-errors",
        "pg-log-not-truncated", "pg-sessions-encrypted", "pg-tls-version", "pg-version-supported",
    }  # fmt: skip
    assert "md5" in json.dumps(found.document)
    for name in ("app", "x1"):
        secret = hashlib.md5(f"{name}{'app' if name == 'app' else 'maker'}".encode()).hexdigest()
        assert secret not in json.dumps(found.document)


@pytest.mark.wire
def test_the_session_of_postgresql_cannot_write() -> None:
    with databases.postgresql(good=False) as server:
        reach = target("postgresql", port=str(server.port), user="postgres")
        engine = live._engine(reach, "", 10.0, Line())
        with engine.connect() as connection:
            live._begin(connection, live.load_plan("postgresql"))
            said = live._one(connection, "create table t (i int)", 1)
            connection.exec_driver_sql("set statement_timeout = '200ms'")
            connection.commit()
            slow = live._one(connection, "select pg_sleep(9)", 1)
    assert "25006" in said.detail  # read_only_sql_transaction
    assert slow.why == "timeout"


@pytest.mark.wire
def test_mariadb_well_kept_and_unchanged() -> None:
    with databases.mariadb(good=True) as server:
        ask = ["/usr/bin/mariadb-dump", "--no-defaults", "-S", server.socket, "-u", "mysql",
               "--all-databases", "--skip-dump-date", "--skip-comments"]  # fmt: skip
        before = databases.ran("mysql", *ask)
        reach = target("mysql", port=str(server.port), user="qinglang_audit", tls_ca=str(server.ca))
        found = live.look(reach, now=NOW, password="A-long-1-word")
        assert databases.ran("mysql", *ask) == before
    assert found.problem == ""
    seen = states(found)
    assert seen[State.UNKNOWN] == {"mysql-personal-excess", "mysql-tables-encrypted"}
    assert seen[State.FAIL] == {"mysql-replica", "mysql-remote-replica"}
    assert "*" not in json.dumps(found.document["users"])


@pytest.mark.wire
def test_mariadb_broken_and_read_only() -> None:
    with databases.mariadb(good=False) as server:
        reach = target("mysql", port=str(server.port), user="app")
        found = live.look(reach, now=NOW, password="app")
        engine = live._engine(reach, "app", 10.0, Line())
        with engine.connect() as connection:
            live._begin(connection, live.load_plan("mysql"))
            said = live._one(connection, "insert into test.pupils (id) values (1)", 1)
    assert "READ ONLY" in said.detail
    seen = states(found)
    assert seen[State.UNKNOWN] == set()
    assert seen[State.PASS] == {
        "mysql-error-log", "mysql-grant-tables", "mysql-loaded-functions", "mysql-oldest-hashes",
        "mysql-page-checksums", "mysql-system-schema", "mysql-tls-version",
        "mysql-version-supported", "mysql-powerful-few",
    }  # fmt: skip
