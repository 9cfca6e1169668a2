"""`qinglang care …` as people type it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.cli import main
from gateway.care import Alert, message


def test_list_and_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(tmp_path)]
    assert main(["care", "list", *data]) == 0
    (tmp_path / "care").mkdir()
    for school, at in (("s1", 20), ("s2", 10)):
        made = Alert(
            code=f"c-{school}",
            school=school,
            stage="junior",
            category="self-harm",
            at=at,
            to=("甲",),
        )
        bad = '{"at": "noon"}\n[]\n{\n{"at": 99999999999999999999}\n'
        (tmp_path / "care" / f"{school}.jsonl").write_text(json.dumps(message(made)) + "\n" + bad)
    assert main(["care", "list", *data, "--json"]) == 0
    out = capsys.readouterr()
    assert [one["code"] for one in json.loads(out.out)] == ["c-s2", "c-s1"]
    assert out.err.count(".jsonl:") == 8
    assert main(["care", "list", *data, "--school", "s1"]) == 0
    assert "c-s1  s1  junior  self-harm  → 甲" in capsys.readouterr().out
    assert main(["care", "secret", *data]) == 0
    assert len(capsys.readouterr().out.strip()) == 64
