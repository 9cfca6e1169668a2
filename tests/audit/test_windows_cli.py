"""`audit windows-script`, `import-windows`, and on to `audit run`."""

import json
from pathlib import Path

import pytest

from audit.cli import main

HERE = Path(__file__).parent / "recordings" / "windows"


def test_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "collect.ps1"
    assert main(["audit", "windows-script", "--output", str(path)]) == 0
    assert path.read_bytes().startswith(b"\xef\xbb\xbf#")
    assert main(["audit", "windows-script"]) == 0
    assert "secedit" in capsys.readouterr().out


def test_import_and_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "evidence")
    files = [str(one) for one in sorted(HERE.iterdir())]
    assert main(["audit", "import-windows", *files, "--output", folder]) == 0
    capsys.readouterr()
    assert main(["audit", "run", "--evidence", folder, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    asked = {one["check"].split("-")[0] for item in found["items"] for one in item["findings"]}
    assert asked == {"windows"}
    assert main(["audit", "import-windows", str(tmp_path / "none")]) == 2
    assert main(["audit", "import-windows", *files, "--target", "a"]) == 2
    assert main(["audit", "import-windows", str(Path(__file__)), "--json"]) == 1
