"""A small rule base of one's own: a folder with a few lists, built without the shipped ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rules.base import RuleBase
from rules.compile import build
from rules.report import BuildReport

SIDECAR = """\
id: {id}
title: {{zh: 测试, en: test}}
format: {format}
files: [data]
licence: test
source: test
{more}
"""


class District:
    """Lists of a district in a temporary folder."""

    def __init__(self, root: Path) -> None:
        self.data = root / "var"
        self.lists = root / "lists"
        self.empty = root / "nothing"
        self.empty.mkdir()

    def write(self, name: str, body: str | bytes, kind: str = "starter", more: str = "") -> Path:
        home = self.lists / name
        home.mkdir(parents=True, exist_ok=True)
        (home / "source.yaml").write_text(
            SIDECAR.format(id=name, format=kind, more=more), encoding="utf-8"
        )
        body = body.encode() if isinstance(body, str) else body
        (home / "data").write_bytes(body)
        return home / "data"

    def build(self, **options: object) -> BuildReport:
        return build(self.data, [self.lists], shipped=self.empty, **options)  # type: ignore[arg-type]

    def open(self) -> RuleBase:
        self.build()
        return RuleBase.open(self.data / "rulebase")


@pytest.fixture
def district(tmp_path: Path) -> District:
    return District(tmp_path)


@pytest.fixture
def base_of(district: District) -> Callable[[str], RuleBase]:
    """A RuleBase of one starter list."""

    def made(text: str) -> RuleBase:
        district.write("own", text)
        return district.open()

    return made
