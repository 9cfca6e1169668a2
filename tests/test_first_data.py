"""docs/first-data.md, line by line: what the page says can be done, is done."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from audit.cli import main
from tests.doc_lines import commands

PEOPLE = ("虚某甲", "虚某乙", "16900000011", "16900000022", "16900000033", "110199201503010017")


def test_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QINGLANG_PASSPHRASE", "eight letters")
    codes: list[tuple[str, int]] = []
    for line, words in commands("first-data.md"):
        codes.append((words[1], main(words)))
        said = capsys.readouterr()
        assert codes[-1][1] in (0, 1), (line, said.err)
        assert not [one for one in PEOPLE if one in said.out + said.err], line
    assert [one for one in codes if one[1]] == [("risk", 1), ("check", 1)]
    with sqlite3.connect("copy.db") as copy:
        joined = copy.execute(
            "SELECT count(*) FROM students s JOIN scores x ON x.student_id = s.id"
        ).fetchone()
    copy.close()
    assert joined == (3,)
    bytes_ = Path("copy.db").read_bytes() + Path("清单.html").read_bytes()
    assert not [one for one in PEOPLE if one.encode() in bytes_]
    with sqlite3.connect("roll.db") as roll:
        left = roll.execute("SELECT (SELECT count(*) FROM students), count(*) FROM scores")
        assert left.fetchone() == (1, 2)
    roll.close()
