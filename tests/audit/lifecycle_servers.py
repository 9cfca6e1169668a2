"""Real database servers of a test's own, and a small school in them (all values invented)."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from rules.recognise.personal.validators import id_card_digit


def _run(user: str, *command: str | Path) -> None:
    who = user if os.getuid() == 0 else None
    subprocess.run(command, check=True, capture_output=True, user=who, timeout=60, cwd="/")


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of a new PostgreSQL server on a unix socket."""
    program = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))[-1]
    folder = Path(tempfile.mkdtemp(prefix="qinglang-pg-"))
    control, data = program.with_name("pg_ctl"), folder / "data"
    try:
        if os.getuid() == 0:
            shutil.chown(folder, "postgres")
        _run("postgres", program, "-D", data, "-U", "qinglang", "-A", "trust", "-E", "UTF8", "-N")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        _run("postgres", control, "-D", data, "-l", folder / "log", "-w", "-o", options, "start")
        try:
            yield f"postgresql+pg8000://qinglang@/postgres?unix_sock={folder}/.s.PGSQL.5432"
        finally:
            _run("postgres", control, "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder)


@contextmanager
def mariadb() -> Iterator[str]:
    """The URL of a new MariaDB server on a unix socket, with an empty database `school`."""
    folder = Path(tempfile.mkdtemp(prefix="qinglang-my-"))
    user = "mysql" if os.getuid() == 0 else None
    sock = folder / "s"
    try:
        if user:
            shutil.chown(folder, user)
        _run("mysql", "mariadb-install-db", "--no-defaults", f"--datadir={folder}/data",
             "--auth-root-authentication-method=normal", "--skip-test-db")  # fmt: skip
        server = subprocess.Popen(
            [shutil.which("mariadbd") or "/usr/sbin/mariadbd", "--no-defaults",
             f"--datadir={folder}/data", f"--socket={sock}", "--skip-networking",
             f"--pid-file={folder}/pid", "--innodb-flush-log-at-trx-commit=0"],
            user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
        )  # fmt: skip
        try:
            url = f"mysql+pymysql://root@localhost/?unix_socket={sock}&charset=utf8mb4"
            engine = create_engine(url, poolclass=NullPool)
            for _ in range(200):
                if sock.exists():
                    break
                time.sleep(0.1)
            with engine.begin() as connection:
                connection.execute(text("CREATE DATABASE school CHARACTER SET utf8mb4"))
            yield url.replace("localhost/?", "localhost/school?")
        finally:
            server.terminate()
            server.wait(30)
    finally:
        shutil.rmtree(folder)


def person(place: int) -> tuple[str, str, str, str]:
    """Number, name, identity number (region 8300, which holds nobody), telephone."""
    body = f"830099{2010 + place % 9}{1 + place % 12:02}{1 + place % 28:02}{place % 1000:03}"
    name = (
        "赵钱孙李周吴郑王"[place % 8]
        + "甲乙丙丁戊己庚辛"[place // 8 % 8]
        + "壬癸子丑寅卯"[place % 6]
    )
    return f"2026{place:06}", name, body + id_card_digit(body), f"1990000{place:04}"


TABLES = (
    "CREATE TABLE class (id INTEGER PRIMARY KEY, class_name VARCHAR(20) NOT NULL)",
    "CREATE TABLE student (id INTEGER PRIMARY KEY, student_no VARCHAR(20) NOT NULL UNIQUE,"
    " xm VARCHAR(10) NOT NULL, sfzh CHAR(18) UNIQUE, phone VARCHAR(11), birthday DATE NOT NULL,"
    " class_id INTEGER NOT NULL, remark VARCHAR(200), secret_level INTEGER NOT NULL,"
    " CONSTRAINT fk_class FOREIGN KEY (class_id) REFERENCES class (id))",
    "CREATE TABLE mark (student_no VARCHAR(20) NOT NULL, subject INTEGER NOT NULL, score INTEGER,"
    " PRIMARY KEY (student_no, subject),"
    " CONSTRAINT fk_no FOREIGN KEY (student_no) REFERENCES student (student_no))",
)
JOIN = (
    "SELECT c.class_name, count(*), sum(CASE WHEN m.score IS NULL THEN 0 ELSE 1 END)"
    " FROM {0}student s JOIN {0}class c ON c.id = s.class_id"
    " JOIN {0}mark m ON m.student_no = s.student_no GROUP BY c.class_name ORDER BY 1"
)
"""A query of the application, over the source or a copy."""


def fill(url: str, people: int = 300) -> None:
    """The school."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in TABLES:
            connection.execute(text(statement))
        connection.execute(
            text("INSERT INTO class VALUES (:a, :b)"),
            [{"a": n, "b": f"{n}班"} for n in range(1, 9)],
        )
        found = [person(place) for place in range(people)]
        connection.execute(
            text("INSERT INTO student VALUES (:i, :n, :x, :s, :p, :b, :c, :r, 3)"),
            [
                {"i": place + 1, "n": one[0], "x": one[1], "s": one[2], "p": one[3],
                 "b": f"{one[2][6:10]}-{one[2][10:12]}-{one[2][12:14]}", "c": 1 + place % 8,
                 "r": f"{one[1]}的电话是{one[3]}"}
                for place, one in enumerate(found)
            ],
        )  # fmt: skip
        connection.execute(
            text("INSERT INTO mark VALUES (:n, :s, :v)"),
            [{"n": one[0], "s": s, "v": 60 + place % 40}
             for place, one in enumerate(found) for s in (1, 2)],
        )  # fmt: skip
