"""`qinglang policy register …` as people type it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.cli import main
from tests.policies.test_register import HEAD, ROW

OLD = "旧应用,备2号,old.example,,2020-01-01,王\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "apps.csv"
    path.write_bytes((HEAD + ROW + OLD).encode("gb18030"))
    return path


def test_check(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "register", "check", str(file)]) == 0
    said = capsys.readouterr().out
    assert f"{file}:3:1" in said
    assert "apps 2, expired 1, bad rows 0" in said
    assert main(["policy", "register", "check", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["expired"] == ["备2号"]


def test_bad_rows_change_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(HEAD + "a,1\n" + ROW, encoding="utf-8")
    to = file.parent / "own"
    assert main(["policy", "register", "check", str(file)]) == 2
    options = ["policy", "register", "import", str(file), "--school", "s9", "--to", str(to)]
    assert main(options) == 2
    assert "apps.csv:2:1" in capsys.readouterr().err
    assert not to.exists()
    assert main(["policy", "register", "check", str(file.parent / "none.csv")]) == 2


def test_import_is_whole_or_not_at_all(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    to = file.parent / "own"
    options = ["policy", "register", "import", str(file), "--to", str(to)]
    assert main([*options, "--school", "junior"]) == 2
    assert not list((to / "registers").glob("*"))
    assert main([*options, "--school", "s9"]) == 0
    before = (to / "registers" / "s9.csv").read_bytes()
    assert before == file.read_bytes()
    capsys.readouterr()
    assert main(["policy", "check", str(to)]) == 0
    assert "expired on 2020-01-01" in capsys.readouterr().out
    (to / "oops.yaml").write_text("id: oops\n")
    file.write_text(HEAD + ROW, encoding="utf-8")
    assert main([*options, "--school", "s9", "--json"]) == 2
    assert (to / "registers" / "s9.csv").read_bytes() == before
