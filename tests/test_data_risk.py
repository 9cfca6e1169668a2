"""docs/data-risk.md, line by line: what the page says can be done, is done."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from audit.cli import main
from tests.doc_lines import commands


def test_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    said: list[tuple[int, str]] = []
    for _, words in commands("data-risk.md"):
        if words[0] == "python":
            runpy.run_path(words[1])
        else:
            said.append((main(words), capsys.readouterr().out))
    assert [code for code, _ in said] == [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert "k = 1（要求 wanted 5）" in said[0][1]
    assert "单列即可识别 identifies alone: 学号" in said[1][1]
    assert "出生日期, 片区" in said[1][1]
    assert "最优 optimal" in said[2][1]
    for name in ("shared.csv", "local.csv"):
        lines = Path(name).read_text(encoding="utf-8").splitlines()
        assert lines[0] == "性别,出生日期,片区,健康状况"
        assert len(lines) > 9_400
    assert "released before" in said[7][1]
    assert said[6][1].splitlines()[:4] == said[7][1].splitlines()[:4]
    assert "left 0.5" in said[9][1]
