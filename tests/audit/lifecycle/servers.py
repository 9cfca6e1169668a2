"""Real database servers of a test's own: PostgreSQL and MariaDB on unix sockets."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest


def _as(user: str, *command: str | Path) -> None:
    subprocess.run(
        command,
        check=True,
        capture_output=True,
        timeout=60,
        cwd="/",
        user=user if os.getuid() == 0 else None,
    )


@contextlib.contextmanager
def postgresql(settings: Mapping[str, str] = {}) -> Iterator[str]:
    """The URL of a new, empty PostgreSQL server; `{folder}` in a setting is its own folder."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.fail("PostgreSQL is not installed: apt-get install postgresql (make test does it)")
    folder = Path(tempfile.mkdtemp(prefix="qinglang-pg-"))
    data = folder / "data"
    try:
        if os.getuid() == 0:
            shutil.chown(folder, "postgres")
        _as(
            "postgres",
            programs[-1],
            "-D",
            data,
            "-U",
            "qinglang",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "-N",
        )
        control = programs[-1].with_name("pg_ctl")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
            for name, value in settings.items():
                file.write(f"{name} = '{value.format(folder=folder)}'\n")
        _as("postgres", control, "-D", data, "-l", folder / "log", "-w", "-o", options, "start")
        try:
            yield f"postgresql+pg8000://qinglang@/postgres?unix_sock={folder}/.s.PGSQL.5432"
        finally:
            _as("postgres", control, "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def mariadb(options: Sequence[str] = ()) -> Iterator[str]:
    """The URL of a new MariaDB server with an empty database `district`; options as above."""
    server = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
    if not Path(server).exists():
        pytest.fail("MariaDB is not installed: apt-get install mariadb-server (make test does it)")
    folder = Path(tempfile.mkdtemp(prefix="qinglang-my-"))
    own = ["--no-defaults", f"--datadir={folder}/data"]
    user = ["--user=mysql"] if os.getuid() == 0 else []
    process: subprocess.Popen[bytes] | None = None
    try:
        if os.getuid() == 0:
            shutil.chown(folder, "mysql")
        subprocess.run(
            [
                "mariadb-install-db",
                *own,
                *user,
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
            check=True,
            capture_output=True,
            timeout=90,
        )
        process = subprocess.Popen(
            [
                server,
                *own,
                *user,
                f"--socket={folder}/s",
                "--skip-networking",
                f"--pid-file={folder}/pid",
                "--innodb-flush-log-at-trx-commit=0",
                "--innodb-buffer-pool-size=32M",
                "--character-set-server=utf8mb4",
                *(one.format(folder=folder) for one in options),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        client = ["mariadb", "--no-defaults", f"--socket={folder}/s", "-u", "root"]
        for _ in range(300):
            made = subprocess.run(
                [*client, "-e", "CREATE DATABASE district"],
                check=False,
                capture_output=True,
                timeout=30,
            )
            if made.returncode == 0:
                break
            time.sleep(0.1)
        yield f"mariadb+pymysql://root@localhost/district?unix_socket={folder}/s&charset=utf8mb4"
    finally:
        if process is not None:
            process.terminate()
            process.wait(30)
        shutil.rmtree(folder)
