"""docs/data-outflow.md: its commands do what the page says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from audit.cli import main

PAGE = Path(__file__).parent.parent / "docs" / "data-outflow.md"
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line for body in SHELL.findall(PAGE.read_text(encoding="utf-8"))
             for line in body.splitlines()]  # fmt: skip
    said = []
    for line in lines:
        words = shlex.split(line)
        assert words[:2] == ["qinglang", "policy"]
        assert main(words[1:]) == 0, line
        said.append(capsys.readouterr().out)
    assert len(said) == 3
    assert "district/outflow/many-people" in said[1]
    assert "district/outflow/approved-kinds" in said[2]
