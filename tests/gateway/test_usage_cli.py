"""`qinglang usage`: sums by counter, and giving time back, with and without a running service."""

import json
from pathlib import Path

import pytest

from audit.cli import main
from gateway.node import Node
from gateway.usage import Mark, usage_file
from gateway.usage_store import UsageStore
from tests.gateway.test_usage_service import Running

DAY = "2026-09-01"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    node = Node(name="n", data=tmp_path)
    node.run.mkdir()
    node.write(node.run / "node.json")
    store = UsageStore(usage_file(node))
    store.apply(
        "w",
        1,
        {
            ("a", "junior/leisure", DAY): Mark(set(range(60)), 5_000_000),
            ("b", "junior/leisure", DAY): Mark({1}, 0),
            ("a", "senior/leisure", "2026-09-02"): Mark({1}, 0),
        },
    )
    store.close()
    return tmp_path


def test_status(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["usage", "status", "--data", str(data), "--day", DAY, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    line = {"counter": "junior/leisure", "tokens": 2, "minutes": 61, "bytes": 5_000_000}
    assert found == {"day": DAY, "counters": [line]}
    assert main(["usage", "status", "--data", str(data), "--day", DAY, "--token", "a"]) == 0
    told = capsys.readouterr().out
    assert "60 min" in told
    assert "5.0 MB" in told
    assert "a " not in told.replace("junior/leisure", "").split("1 人")[0]
    assert main(["usage", "status", "--data", str(data), "--day", "1 Sept"]) == 2


def test_nothing_used_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["usage", "status", "--data", str(tmp_path)]) == 0
    assert main(["usage", "reset", "--all", "--data", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"reset": 0}


def test_reset_without_a_service(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["usage", "reset", "--token", "a", "--data", str(data), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"reset": 2}


def test_reset_through_the_service(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    running = Running(data)
    (data / "run" / "usage.sock").symlink_to(running.door)
    wanted = ["usage", "reset", "--all", "--counter", "junior/leisure", "--data", str(data)]
    assert main(wanted) == 0
    assert "2" in capsys.readouterr().out
    assert len(running.store.rows()) == 1
    running.stop()


def test_a_damaged_file_is_said(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    usage_file(Node(name="n", data=data)).write_bytes(b"x" * 5000)
    assert main(["usage", "status", "--data", str(data)]) == 3
    assert "cannot be read" in capsys.readouterr().err
