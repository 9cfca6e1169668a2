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


@pytest.mark.parametrize("name", ["cli.py", "writer.py", "dns/server.py", "mitm/worker.py"])
def test_every_process_sets_it_up(name: str) -> None:
    text = (GATEWAY / name).read_text(encoding="utf-8")
    assert "oplog.set_up()" in text
    assert "logger.add(" not in text
    assert "logger.configure(" not in text
