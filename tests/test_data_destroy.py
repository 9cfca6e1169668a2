"""docs/data-destroy.md, line by line: what the page says can be done, is done."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from audit.cli import main
from tests.doc_lines import commands


def test_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QINGLANG_PASSPHRASE", "eight letters")
    lines = 0
    for line, words in commands("data-destroy.md"):
        code = main(words)
        out = capsys.readouterr()
        assert code == 0, (line, out.out, out.err)
        assert "虚构学生" not in out.out + out.err
        lines += 1
    assert lines == 10
    with sqlite3.connect("roll.db") as database:
        left = database.execute("SELECT id FROM students ORDER BY id").fetchall()
        below = database.execute("SELECT id FROM guardians ORDER BY id").fetchall()
    database.close()
    assert left == [(2,), (3,), (4,)]
    assert below == [(2,), (3,)]
    assert "虚构学生一".encode() not in Path("roll.db").read_bytes()
    (one,) = json.loads(Path("certificate.json").read_text(encoding="utf-8"))["sets"]
    assert (one["done"], one["kept"]) == (1, 1)
