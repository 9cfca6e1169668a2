"""A real PostgreSQL server of a test's own, for the wire tests that store in one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def _as_server(*command: str | Path) -> None:
    """Run a server's program, as its own user where we are root (it refuses root)."""
    user = "postgres" if os.getuid() == 0 else None
    subprocess.run(command, check=True, capture_output=True, user=user, timeout=60, cwd="/")


@pytest.fixture
def postgresql() -> Iterator[str]:
    """The URL of a new, empty server on a unix socket."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.fail("PostgreSQL is not installed: apt-get install postgresql (make test does it)")
    folder = Path(tempfile.mkdtemp(prefix="qinglang-pg-"))
    data = folder / "data"
    try:
        if os.getuid() == 0:
            shutil.chown(folder, "postgres")
        _as_server(programs[-1], "-D", data, "-U", "qinglang", "-A", "trust", "-E", "UTF8", "-N")
        control = programs[-1].with_name("pg_ctl")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        _as_server(control, "-D", data, "-l", folder / "log", "-w", "-o", options, "start")
        try:
            yield f"postgresql+pg8000://qinglang@/postgres?unix_sock={folder}/.s.PGSQL.5432"
        finally:
            _as_server(control, "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder)
