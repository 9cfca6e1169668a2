"""docs/data-risk.md, line by line: what the page says can be done, is done."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path

import pytest

from audit.cli import main

PAGE = Path(__file__).parent.parent / "docs" / "data-risk.md"
BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    said: list[tuple[int, str]] = []
    for kind, name, body in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind != "sh":
            Path(name).write_text(body, encoding="utf-8")
            continue
        for line in body.splitlines():
            command = shlex.split(line)
            if command[0] == "python":
                runpy.run_path(command[1])
                continue
            assert command[0] == "qinglang"
            said.append((main(command[1:]), capsys.readouterr().out))
    assert [code for code, _ in said] == [1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert "k = 1（要求 wanted 5）" in said[0][1]
    assert "最优 optimal" in said[1][1]
    for name in ("shared.csv", "local.csv"):
        lines = Path(name).read_text(encoding="utf-8").splitlines()
        assert lines[0] == "性别,出生日期,片区,健康状况"
        assert len(lines) > 9_400
    assert "released before" in said[6][1]
    assert said[5][1].splitlines()[:4] == said[6][1].splitlines()[:4]
    assert "left 0.5" in said[8][1]
