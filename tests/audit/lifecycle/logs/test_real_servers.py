"""Audit logs that real servers write: pgaudit in three formats, MariaDB's server_audit."""

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from audit.cli import main
from tests.audit.lifecycle.servers import mariadb, postgresql

pytestmark = pytest.mark.wire

SECRET = "19900001111"
RULES = Path("audit/lifecycle/anomalies/school.yaml")
PREFIX = "%m [%p] %q%u@%d "
PGAUDIT = {
    "shared_preload_libraries": "pgaudit",
    "pgaudit.log": "all",
    "pgaudit.log_relation": "on",
    "logging_collector": "on",
    "log_destination": "csvlog,jsonlog,stderr",
    "log_directory": "{folder}",
    "log_filename": "audit.log",
    "log_file_mode": "0644",
    "log_line_prefix": PREFIX,
    "log_timezone": "Asia/Shanghai",
}
SERVER_AUDIT = (
    "--plugin-load-add=server_audit",
    "--server-audit-logging=ON",
    "--server-audit-events=CONNECT,QUERY",
    "--server-audit-file-path={folder}/audit.log",
)
SCHOOL = (
    "CREATE TABLE students (id INTEGER PRIMARY KEY, xm VARCHAR(40), phone VARCHAR(20))",
    f"INSERT INTO students VALUES (1, '某测试', '{SECRET}')",
    "CREATE TABLE 班级 (编号 INTEGER)",
    f"SELECT xm FROM students\n  WHERE phone = '{SECRET}' -- a comment of two\n",
    "SELECT * FROM students",
    "SELECT count(*) FROM 班级",
    "UPDATE students SET xm = 'it''s; \"quoted\"' WHERE id = 1",
)


def run(url: str, *statements: str) -> None:
    with contextlib.closing(create_engine(url, poolclass=NullPool).raw_connection()) as raw:
        cursor = raw.cursor()
        for one in statements:
            cursor.execute(one)
            raw.commit()


def refused(*client: str) -> None:
    """Six failed logins, by the server's own client."""
    for _ in range(6):
        done = subprocess.run(client, capture_output=True, text=True, check=False, timeout=20)
        assert done.returncode != 0
        assert "nobody" in done.stderr


def waited(path: Path, word: str) -> None:
    """Until the server has written the line it was asked for last."""
    for _ in range(100):
        if path.exists() and word in path.read_text(encoding="utf-8", errors="replace"):
            return
        time.sleep(0.05)
    pytest.fail(f"{path.name} never held {word}")


def command(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]]]:
    capsys.readouterr()
    code = main(["data", "access", *words, "--json"])
    said = capsys.readouterr()
    assert SECRET not in said.out + said.err
    assert "某测试" not in said.out + said.err
    return code, [json.loads(line) for line in said.out.splitlines() if line.startswith("{")]


def imported(
    capsys: pytest.CaptureFixture[str], form: str, log: Path, store: Path, *more: str
) -> list[dict[str, Any]]:
    code, (row,) = command(
        capsys, "import", form, str(log), "--store", str(store), "--source", "db", *more
    )
    assert code == 0, row
    assert row["bad"] == row["missing"] == 0
    for path in store.iterdir():
        assert SECRET.encode() not in path.read_bytes()
    _, rows = command(capsys, "entries", "--store", str(store))
    return rows


def found(capsys: pytest.CaptureFixture[str], store: Path) -> set[str]:
    code, rows = command(capsys, "check", str(RULES), "--store", str(store))
    assert code == 1
    return {row["finding"] for row in rows if "finding" in row}


def kinds(rows: list[dict[str, Any]]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for row in rows:
        if row["verb"] not in ("login", "refused"):
            tables = tuple(one.rpartition(".")[2] for one in row.get("tables", []))
            yield row["verb"], row.get("command", ""), tables


def test_pgaudit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not any(Path("/usr/lib/postgresql").glob("*/lib/pgaudit.so")):
        pytest.fail("pgaudit is not installed: apt-get install postgresql-NN-pgaudit, NN as the "
                    "server's number (make test does it)")  # fmt: skip
    with postgresql(PGAUDIT) as url:
        folder = Path(make_url(url).query["unix_sock"]).parent
        run(url, "CREATE EXTENSION pgaudit", *SCHOOL, "COPY students TO '/dev/null'",
            "CREATE ROLE teacher LOGIN", "GRANT SELECT ON students TO teacher")  # fmt: skip
        with create_engine(url, poolclass=NullPool).connect() as connection:
            asked = text("SELECT xm FROM students WHERE phone = :p")
            connection.execute(asked, {"p": SECRET}).all()  # the extended protocol
        refused("psql", "-h", str(folder), "-U", "nobody", "-c", "SELECT 1", "postgres")
        run(url, "SELECT 1 AS the_end")
        said = {}
        for form, name in (
            ("pg-csv", "audit.csv"),
            ("pg-json", "audit.json"),
            ("pg-text", "audit.log"),
        ):
            waited(folder / name, "the_end")
            store = tmp_path / form
            more = ("--prefix", PREFIX) if form == "pg-text" else ()
            said[form] = imported(capsys, form, folder / name, store, *more)
            signs = found(capsys, store)
            assert {"mass-export", "whole-table", "structure", "refused-logins"} <= signs, form
    did = [list(kinds(rows)) for rows in said.values()]
    assert did[0] == did[1]
    assert did[0] == did[2]
    done = [(verb, word) for verb, word, tables in did[0] if "students" in tables]
    assert done == [
        ("ddl", "CREATE"),
        ("ddl", "CREATE"),  # its key
        ("write", "INSERT"),
        ("read", "SELECT"),
        ("read", "SELECT"),
        ("write", "UPDATE"),
        ("read", "COPY"),
        ("grant", "GRANT"),
        ("read", "SELECT"),
    ]
    assert ("read", "SELECT", ("班级",)) in did[0]
    whole = [row for row in said["pg-csv"] if row.get("unfiltered") and row.get("tables")]
    assert len(whole) == 2  # SELECT *, the count


def test_server_audit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with mariadb(SERVER_AUDIT) as url:
        folder = Path(make_url(url).query["unix_socket"]).parent
        export = "SELECT * FROM students INTO OUTFILE 'x.csv'"
        run(url, *SCHOOL, export, "CREATE USER teacher@localhost",
            "GRANT SELECT ON students TO teacher@localhost")  # fmt: skip
        refused(
            "mariadb", "--no-defaults", f"--socket={folder}/s", "-u", "nobody", "-e", "SELECT 1"
        )
        run(url, "SELECT 1 AS the_end")
        waited(folder / "audit.log", "the_end")
        rows = imported(capsys, "mariadb", folder / "audit.log", tmp_path / "s")
        signs = found(capsys, tmp_path / "s")
    assert {"mass-export", "whole-table", "structure", "refused-logins"} <= signs
    did = list(kinds(rows))
    done = [(verb, word) for verb, word, tables in did if "students" in tables]
    assert done == [
        ("ddl", "CREATE"),
        ("write", "INSERT"),
        ("read", "SELECT"),
        ("read", "SELECT"),
        ("write", "UPDATE"),
        ("read", "SELECT"),
        ("grant", "GRANT"),
    ]
    assert ("read", "SELECT", ("班级",)) in did
    assert [row["command"] for row in rows if row.get("export")] == ["SELECT"]
