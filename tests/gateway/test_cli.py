"""The gateway's commands as people type them: texts, JSON and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.cli import main
from gateway.reload import Publication, Result


def test_status_and_reload_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gateway", "status", "--data", str(tmp_path), "--json"]) == 3
    assert json.loads(capsys.readouterr().out) == {"running": False}
    assert main(["gateway", "reload", "--data", str(tmp_path)]) == 3
    assert "no gateway runs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--proxy", "nonsense"], "HOST:PORT"),
        (["--workers", "0"], "1–256"),
        (["--clients", "everyone"], "everyone"),
        (["--detail", "all"], "blocks"),
        (["--config", "absent.yaml"], "absent.yaml:1:1"),
    ],
)
def test_bad_options_are_bad_input(
    capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    try:
        code = main(["up", *options])
    except SystemExit as stopped:
        code = int(str(stopped.code))
    assert code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("result", "code"),
    [(Result.PUBLISHED, 0), (Result.UNCHANGED, 0), (Result.REFUSED, 2), (Result.FAILED, 3)],
)
def test_a_reload_s_exit_code(
    result: Result, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    from dataclasses import asdict

    from gateway.cli import reloaded

    outcome = Publication(
        result=result, snapshot="s", rulebase="r", at=0.0, seconds=0.0, problems=("a:1:1: b",)
    )
    assert reloaded(asdict(outcome), False) == code
    said = capsys.readouterr()
    assert "a:1:1: b" in said.err


@pytest.mark.wire
def test_doctor_s_exit_code_follows_its_problems(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["doctor", "--data", str(tmp_path / "var"), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert code == int(any(check["health"] == "problem" for check in found))
    assert main(["doctor", "--data", str(tmp_path / "var")]) == code
    assert "python" in capsys.readouterr().out
