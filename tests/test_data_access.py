"""docs/data-access.md, line by line: what the page says can be done, is done."""

from __future__ import annotations

import getpass
import re
import shlex
from pathlib import Path

import pytest

from audit.cli import main
from audit.lifecycle import anomaly

PAGE = Path(__file__).parent.parent / "docs" / "data-access.md"
BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```", re.MULTILINE | re.DOTALL)
RULES = Path(anomaly.__file__).parent / "anomalies"


def test_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QINGLANG_PASSPHRASE", "a test word")
    said: dict[str, str] = {}
    for kind, name, body in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind != "sh":
            Path(name).write_text(body, encoding="utf-8")
            continue
        for line in body.splitlines():
            words = shlex.split(
                line.replace("OSNAME", getpass.getuser()).replace("RULES", str(RULES))
            )
            assert words[0] == "qinglang"
            code = main(words[1:])
            out = capsys.readouterr()
            assert code == int(words[3] == "check"), (line, out.err)
            said[words[3] if words[2] == "access" else words[2]] = out.out
            assert "13900001111" not in out.out + out.err
    found = re.findall(r"^finding (\S+)", said["check"], re.MULTILINE)
    assert sorted(found) == [
        "first-sight", "mass-export", "off-hours", "off-hours", "whole-table", "whole-table",
    ]  # fmt: skip
    assert re.findall(r"^unknown (\S+)", said["check"], re.MULTILINE) == ["idle"]
    assert said["accept"].startswith("accepted idle")
    assert "核对学籍" in said["list"]
    assert main(["data", "access", "check", str(RULES / "school.yaml"), "--store", "logs",
                 "--book", "book", "--why", "again"]) == 1  # fmt: skip
    again = capsys.readouterr().out
    assert "unknown" not in again
    assert "夜间无人值守" in again
