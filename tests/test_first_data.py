"""docs/first-data.md, line by line: what the page says can be done, is done."""

from __future__ import annotations

import re
import shlex
import sqlite3
from pathlib import Path

import pytest

from audit.cli import main
from audit.lifecycle.acting import account

PAGE = Path(__file__).parent.parent / "docs" / "first-data.md"
BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```", re.MULTILINE | re.DOTALL)
PEOPLE = ("虚某甲", "虚某乙", "16900000011", "16900000022", "16900000033", "110199201503010017")


def test_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QINGLANG_PASSPHRASE", "eight letters")
    codes: list[tuple[str, int]] = []
    for kind, name, body in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind != "sh":
            Path(name).write_text(body, encoding="utf-8")
            continue
        for line in body.splitlines():
            words = shlex.split(line.replace("$USER", account()))
            if words[0] == "sqlite3":
                with sqlite3.connect(words[1]) as database:
                    database.executescript(Path(words[3]).read_text(encoding="utf-8"))
                database.close()
                continue
            assert words[0] == "qinglang"
            codes.append((words[2], main(words[1:])))
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
