"""docs/first-audit.md, line by line: what the page says can be done, is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.cli import main
from tests.doc_lines import commands

FINDS = ("run", "score")  # 1: something fails or is not known yet


@pytest.mark.wire
def test_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = 0
    for line, words in commands("first-audit.md"):
        code = main(words)
        said = capsys.readouterr()
        assert code in ((0, 1) if words[1] in FINDS else (0,)), (line, said.err)
        lines += 1
    assert lines >= 13
    for name in ("自查表.xlsx", "报告.docx", "对外.html"):
        assert Path(name).stat().st_size > 10_000
    assert "示例第一小学" not in Path("对外.html").read_text(encoding="utf-8")
