"""`qinglang gateway ca …` as people type it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit.cli import main
from gateway import authority


def test_ca_rotation_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
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
