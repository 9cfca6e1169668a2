"""`qinglang policy bundle` as people type it: from a key to a rollback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audit.cli import main
from tests.gateway.bundle_samples import SCHOOL


def run(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> Any:
    capsys.readouterr()
    assert main(["policy", "bundle", *map(str, words), "--json"]) == code
    told = capsys.readouterr()
    return json.loads(told.out) if code == 0 else told.err


@pytest.fixture
def room(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Two keys, a signers' file that wants both, and a policy folder."""
    keys = [
        run(capsys, "key", name, "--out", tmp_path / f"{name}.pem")["key"]
        for name in ("li", "wang")
    ]
    (tmp_path / "var" / "bundles").mkdir(parents=True)
    (tmp_path / "var" / "bundles" / "signers.yaml").write_text(
        "district: east\nneeded: 2\n"
        f"keys: [{{id: li, key: {keys[0]}}}, {{id: wang, key: {keys[1]}}}]\n"
    )
    (tmp_path / "own" / "schools").mkdir(parents=True)
    (tmp_path / "own" / "schools" / "s1.yaml").write_text(
        SCHOOL.format(category="video"), encoding="utf-8"
    )
    return tmp_path


def test_from_a_key_to_a_rollback(room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, data = room / "b", ("--data", room / "var")
    (room / "probation.yaml").write_text("hours: 3\n")
    assert (room / "li.pem").stat().st_mode & 0o077 == 0
    words = ("--district", "east", "--probation", room / "probation.yaml", "--out", out)
    made = run(capsys, "create", room / "own", "--revision", 1, *words)
    assert (made["revision"], made["files"], made["signed_by"]) == (1, 1, [])
    assert "2 signatures are needed" in run(capsys, "verify", out, *data, code=1)
    for name in ("li", "wang"):
        run(capsys, "sign", out, "--key", room / f"{name}.pem")
    assert run(capsys, "verify", out, *data)["signed_by"] == ["li", "wang"]
    assert run(capsys, "apply", out, *data)["changed"] is True
    status = run(capsys, "status", *data)
    assert (status["revision"], status["problem"]) == (1, "")
    assert main(["policy", "bundle", "status", "--data", str(room / "var")]) == 0
    assert run(capsys, "rollback", *data) == {"in_force": ""}
    assert "rolled back" in run(capsys, "apply", out, *data, code=1)


def test_text(room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, data = str(room / "b"), ["--data", str(room / "var")]
    base = ["policy", "bundle"]
    assert main([*base, "key", "zhao", "--out", str(room / "zhao.pem")]) == 0
    create = [*base, "create", str(room / "own"), "--district", "east", "--revision", "3"]
    assert main([*create, "--out", out]) == 0
    for name in ("li", "wang"):
        assert main([*base, "sign", out, "--key", str(room / f"{name}.pem")]) == 0
    assert main([*base, "apply", out, *data]) == 0
    assert main([*base, "apply", out, *data]) == 0
    said = capsys.readouterr().out
    assert "已生效 / in force: 3" in said
    assert "没有变化 / nothing changed" in said
    school = next((room / "var" / "bundles").glob("*/policies/schools/s1.yaml"))
    school.write_text("")
    assert main([*base, "status", *data]) == 1
    assert main([*base, "rollback", *data, "--why", "试"]) == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["key", "li", "--out", "li.pem"], 2, "exists already"),
        (["sign", "own/schools/s1.yaml", "--key", "li.pem"], 1, "not a bundle"),
        (["sign", "own/schools/s1.yaml", "--key", "var/bundles/signers.yaml"], 2, "--key"),
        (["create", "none", "--district", "e", "--revision", "1", "--out", "x"], 2, "not exist"),
        (["create", "own", "--district", "e", "--revision", "0", "--out", "x"], 1, "revision"),
        (["verify", "none", "--data", "var"], 3, "No such file"),
        (["rollback", "--data", "var"], 3, "no bundle is in force"),
        (["serve", "own/schools/s1.yaml"], 1, "not a bundle"),
        (["pull", "http://127.0.0.1:9/", "--data", "var"], 3, "127.0.0.1:9"),
    ],
)
def test_wrong_words(
    room: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(room)
    assert main(["policy", "bundle", *words]) == code
    assert said in capsys.readouterr().err
