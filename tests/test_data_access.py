"""docs/data-access.md, line by line: what the page says can be done, is done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from audit.cli import main
from audit.lifecycle import anomaly
from audit.lifecycle.acting import account
from tests.doc_lines import commands

RULES = Path(anomaly.__file__).parent / "anomalies"


def test_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QINGLANG_PASSPHRASE", "a test word")
    said: dict[str, str] = {}
    names = {"OSNAME": account(), "RULES": str(RULES)}
    for line, words in commands("data-access.md", names):
        code = main(words)
        out = capsys.readouterr()
        fails = words[2] == "check" or words[:2] == ["audit", "run"]
        assert code == int(fails), (line, out.err)
        name = words[2] if words[1] == "access" else words[1]
        said[name] = said.get(name, "") + out.out
        assert "13900001111" not in out.out + out.err
    found = re.findall(r"^finding (\S+)", said["check"], re.MULTILINE)[:6]
    assert sorted(found) == [
        "first-sight", "mass-export", "off-hours", "off-hours", "whole-table", "whole-table",
    ]  # fmt: skip
    assert re.findall(r"^unknown (\w+)", said["check"], re.MULTILINE) == ["idle"] + ["rows"] * 4
    for name in ("访问.html", "访问.xlsx"):
        assert Path(name).stat().st_size > 2_000
    assert "✗ own-data-access data-access-export" in said["run"]
    assert said["accept"].startswith("accepted idle")
    assert "核对学籍" in said["list"]
    assert re.search(r"^id \d+ · time 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", said["list"])
    assert "None" not in said["list"]
    assert main(["data", "access", "check", str(RULES / "school.yaml"), "--store", "logs",
                 "--book", "book", "--why", "again"]) == 1  # fmt: skip
    again = capsys.readouterr().out
    assert re.findall(r"^unknown (.*?) ·", again, re.MULTILINE) == ["rows not in the log"]
    assert "夜间无人值守" in again
