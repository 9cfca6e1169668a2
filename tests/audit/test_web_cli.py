"""`audit import-web`."""

import json
from pathlib import Path

import pytest

from audit.cli import main

FIXTURES = Path(__file__).parent / "probes" / "web" / "fixtures"


def test_import(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["audit", "import-web", str(FIXTURES / "tomcat" / "bad"), "--target", "app1"]
    assert main([*asked, "--output", str(tmp_path)]) == 0
    assert "app1/tomcat" in capsys.readouterr().out
    assert (tmp_path / "app1_tomcat.tomcat.json").is_file()
    assert main([*asked, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["evidence"]
    assert row["document"]["users"]["weak"] == ["admin"]
    run = ["audit", "run", "--evidence", str(tmp_path), "--json"]
    assert main(run) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["targets"] == [{"id": "app1/tomcat", "kind": "middleware", "platform": "tomcat"}]
    failing = {
        f["check"] for item in said["items"] for f in item["findings"] if f["state"] == "fail"
    }
    assert "tomcat-weak-passwords" in failing
    assert not any(
        f["check"].startswith("nginx") for item in said["items"] for f in item["findings"]
    )


def test_nothing_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "import-web", str(tmp_path)]) == 1
    assert main(["audit", "import-web", str(tmp_path / "none")]) == 3
