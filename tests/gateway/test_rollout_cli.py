"""`qinglang policy rollout` as people type it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from audit.cli import main
from gateway.rollouts import keep
from policies.rollout import Progress
from tests.gateway.test_rollouts import rollout, seen

HOUR = 3600.0


def run(word: str, data: Path, *more: str) -> int:
    return main(["policy", "rollout", word, str(rollout(data)), "--data", str(data), *more])


def test_one_school_some_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = time.time()
    seen(tmp_path, now - 5 * HOUR, passed=990, blocked=10)
    assert run("status", tmp_path) == 0
    assert "未开始 not begun" in capsys.readouterr().out
    assert run("step", tmp_path) == 0
    assert "first  学校 schools: s1" in capsys.readouterr().out
    assert run("step", tmp_path) == 1
    assert "not yet fit" in capsys.readouterr().err
    keep(tmp_path, Progress(rollout="autumn", stage=0, since=now - 2 * HOUR, first=now - 2 * HOUR))
    seen(tmp_path, now - HOUR, passed=490, blocked=5)
    assert run("status", tmp_path, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["health"], found["stage_id"], found["schools"]) == ("good", "first", ["s1"])
    assert run("step", tmp_path) == 0
    assert "全部 all" in capsys.readouterr().out


def test_a_jump_stops_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = time.time()
    seen(tmp_path, now - 5 * HOUR, passed=990, blocked=10)
    keep(tmp_path, Progress(rollout="autumn", stage=0, since=now - 2 * HOUR, first=now - 2 * HOUR))
    seen(tmp_path, now - HOUR, passed=300, blocked=200)
    assert run("status", tmp_path) == 1
    said = capsys.readouterr().out
    assert "异常 bad" in said
    assert "已停止 stopped: 阻断率" in said
    assert run("step", tmp_path) == 1


def test_stop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("stop", tmp_path, "--why", "家长来电") == 0
    assert "家长来电" in capsys.readouterr().out
    assert run("step", tmp_path) == 1


def test_a_wrong_file(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("id: r\n")
    assert main(["policy", "rollout", "status", str(path), "--data", str(tmp_path)]) == 2
