"""`audit import-config`, and on to `audit run`."""

import json
from pathlib import Path

import pytest

from audit.cli import main

HERE = Path(__file__).parent / "recordings" / "network"


def test_import_and_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "evidence")
    files = [str(HERE / "vrp-good.cfg"), str(HERE / "ios-bad.cfg")]
    assert main(["audit", "import-config", *files, "--output", folder]) == 0
    assert "vrp-good: vrp V200R019" in capsys.readouterr().out
    assert main(["audit", "run", "--evidence", folder, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert {one["kind"] for one in found["targets"]} == {"network-device"}
    assert found["facts_decided"] > 150


def test_what_is_no_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.txt"
    path.write_text("nothing here\n", encoding="utf-8")
    assert main(["audit", "import-config", str(path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)[0]["problem"]
    assert main(["audit", "import-config", str(tmp_path / "none")]) == 2
    assert main(["audit", "import-config", str(path), str(path), "--target", "a"]) == 2
