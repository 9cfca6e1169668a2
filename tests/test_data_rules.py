"""docs/data-rules.md, line by line: what the page says can be done, is done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from audit.cli import main
from tests.doc_lines import commands


def test_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    said: dict[str, str] = {}
    for line, words in commands("data-rules.md"):
        if words[0] == "chmod":
            Path(words[2]).chmod(int(words[1], 8))
            continue
        into = words[words.index(">") + 1] if ">" in words else ""
        code = main(words[: words.index(">")] if into else words)
        out = capsys.readouterr()
        assert code == (words[1] in ("check", "run")), (line, out.err)
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
