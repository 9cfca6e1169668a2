"""docs/data-rules.md, line by line: what the page says can be done, is done."""

from __future__ import annotations

import re
import shlex
import sqlite3
from pathlib import Path

import pytest

from audit.cli import main

PAGE = Path(__file__).parent.parent / "docs" / "data-rules.md"
BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    said: dict[str, str] = {}
    for kind, name, body in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind != "sh":
            Path(name).write_text(body, encoding="utf-8")
            continue
        for line in body.splitlines():
            words, _, into = line.partition(" > ")
            command = shlex.split(words)
            if command[0] == "sqlite3":
                with sqlite3.connect(command[1]) as database:
                    database.executescript(Path(command[3]).read_text(encoding="utf-8"))
                database.close()
                continue
            if command[0] == "chmod":
                Path(command[2]).chmod(int(command[1], 8))
                continue
            assert command[0] == "qinglang"
            code = main(command[1:])
            out = capsys.readouterr()
            assert code == (command[2] in ("check", "run")), (line, out.err)
            said[line] = out.out
            if into:
                Path(into).write_text(out.out, encoding="utf-8")
    told = next(text for line, text in said.items() if line.endswith("2026-11-24"))
    assert re.findall(r"^\[高 high\] (\S+)", told, re.MULTILINE) == ["overdue", "unruled"]
    assert "违反 breaches 2 · 未知 unknown 0" in told
    for name in ("核对.html", "核对.xlsx"):
        assert Path(name).stat().st_size > 2_000
    assert "某甲" not in Path("核对.html").read_text(encoding="utf-8") + "".join(said.values())
    assert "✗ own-datasets dataset-overdue" in next(said[one] for one in said if "audit run" in one)
