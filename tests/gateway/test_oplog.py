"""No value of a variable reaches the operations log, in any process."""

import io
from pathlib import Path

import pytest
from loguru import logger

from gateway import oplog

GATEWAY = Path(oplog.__file__).parent


def test_a_traceback_shows_no_values() -> None:
    stream = io.StringIO()
    oplog.set_up(stream)
    secret = "张三-13800000000"
    try:
        raise ValueError(len(secret))
    except ValueError:
        logger.exception("something failed")
    text = stream.getvalue()
    assert "something failed" in text
    assert "ValueError" in text
    assert secret not in text


def processes() -> list[Path]:
    """Every module that is a process of its own and logs, and the one command that stays."""
    found = [
        path
        for path in GATEWAY.rglob("*.py")
        if '__name__ == "__main__"' in (text := path.read_text(encoding="utf-8"))
        and "from loguru import logger" in text
    ]
    return sorted([*found, GATEWAY / "cli.py"])


def test_the_processes_are_found() -> None:
    assert len(processes()) >= 8


@pytest.mark.parametrize("path", processes(), ids=lambda path: path.stem)
def test_every_process_sets_it_up(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "oplog.set_up()" in text
    assert "logger.add(" not in text
    assert "logger.configure(" not in text
