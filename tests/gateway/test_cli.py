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


def test_ca_rotation_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from datetime import UTC, datetime

    from gateway import authority

    data = ["--data", str(tmp_path)]
    assert main(["gateway", "ca", "status", *data]) == 3
    assert main(["gateway", "ca", "activate", *data]) == 3
    assert "no CA" in capsys.readouterr().err
    authority.ensure(tmp_path / "ca", datetime.now(UTC))
    assert main(["gateway", "ca", "rotate", *data, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["generation"] for one in told] == ["current", "next"]
    assert main(["gateway", "ca", "activate", *data]) == 0
    assert "上一代" in capsys.readouterr().out
    assert main(["gateway", "ca", "status", *data, "--json"]) == 0
    switched = json.loads(capsys.readouterr().out)
    assert switched[0]["fingerprint"] == told[1]["fingerprint"]
    assert "PRIVATE" not in json.dumps(switched)


def test_orders_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(tmp_path)]
    given = ["--issuer", "officer", "--source", "区教育局通知", "--approve", "甲"]
    order = ["gateway", "order"]
    assert main([*order, "add", *data, "--action", "block", "--host", "坏.Example.", *given]) == 0
    name = capsys.readouterr().out.strip()
    assert main([*order, "list", *data, "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["id"], told["hosts"], told["action"]) == (name, ["xn--7es.example"], "block")
    assert main([*order, "revoke", *data, name, "--issuer", "head"]) == 0
    assert main([*order, "revoke", *data, name, "--issuer", "head"]) == 2
    assert main([*order, "list", *data]) == 0
    assert "no such order" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--action", "burn", "--host", "a.example"], "block"),
        (["--action", "block"], "--host"),
        (["--action", "block", "--host", "a b"], "a b"),
    ],
    ids=["action", "no-scope", "bad-host"],
)
def test_a_bad_order_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    given = ["--issuer", "officer", "--source", "letter", "--data", str(tmp_path)]
    assert main(["gateway", "order", "add", *options, *given]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "orders.jsonl").exists()


def test_times_are_shanghai_unless_they_say_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--issuer", "o", "--source", "s", "--data", str(tmp_path), "--host", "a.example"]
    for text in ("2096-09-01T08:00", "2096-09-01T00:00+00:00"):
        options = ["--action", "allow", "--expires", text]
        assert main(["gateway", "order", "add", *options, *given]) == 0
    capsys.readouterr()
    assert main(["gateway", "order", "list", "--data", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["expires"] for one in told] == [3_997_296_000.0] * 2


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
