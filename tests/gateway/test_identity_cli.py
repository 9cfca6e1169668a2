"""`qinglang identity` without a running service: imports, rotations, exit codes."""

import json
from pathlib import Path

import pytest

from audit.cli import main
from gateway.authority import ensure_keys
from gateway.identity import feed
from gateway.identity.hub import Hub
from gateway.identity.known import Bound
from policies.model import Subject

ROSTER = "user,school,name\nG1,s,张三\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    ensure_keys(tmp_path / "var" / "keys")
    (tmp_path / "var" / "run").mkdir()
    return tmp_path / "var"


def test_import(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "r.csv"
    file.write_text(ROSTER)
    words = ["identity", "import", "roster", str(file), "--data", str(data)]
    assert main([*words, "--check"]) == 0
    assert not (data / "identity").exists()
    assert main(words) == 0
    assert (data / "identity" / "roster.sealed").exists()
    assert "roster: 1" in capsys.readouterr().out
    file.write_text(ROSTER + ",s,\nG2,S!,\n")
    assert main([*words, "--json"]) == 2
    said = capsys.readouterr().err
    assert f"{file}:3:1" in said
    assert f"{file}:4:2" in said
    file.write_text("prefix,school\n10.0.0.0/8,s\n")
    words[2] = "prefixes"
    assert main([*words, "--check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "table": "prefixes", "rows": 1, "imported": False,
    }  # fmt: skip
    assert main(["identity", "import", "hosts", str(tmp_path / "no"), "--data", str(data)]) == 3


def test_rotate(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["identity", "rotate", "--data", str(data), "--issuer", "a", "--reason", "b"]
    assert main([*words, "--school", "s"]) == 0
    assert main([*words, "--school", "s", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["epoch"] == 2
    assert main([*words, "--school", "../s"]) == 2


def test_list_and_status(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["identity", "list", "--data", str(data)]) == 3
    assert main(["identity", "status", "--data", str(data)]) == 3
    capsys.readouterr()
    subject = Subject(school="s", token="tok", source="radius", confidence=0.95)
    rows = {"10.0.0.9": Bound(subject=subject, expires=9e9)}
    hub = Hub(data / "run" / "identity.sock", lambda: [feed.sessions_frame(rows, first=True)])
    hub.open()
    try:
        assert main(["identity", "list", "--data", str(data)]) == 0
        assert "tok" in capsys.readouterr().out
        assert main(["identity", "list", "--json", "--data", str(data)]) == 0
        assert json.loads(capsys.readouterr().out)[0]["address"] == "10.0.0.9"
    finally:
        hub.close()
