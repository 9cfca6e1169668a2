"""`audit register`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.cli import main

TEXT = """
organisations: [{id: s01, name: 一小}]
systems:
  - {id: oa, name: 办公, organisation: s01, s: 3, a: 2, g: 3, filed: 2025-06-01,
     assessed: 2026-03-01, filing: "00000000000-00001", owner: 张, vendor: 某公司}
"""


def test_the_register(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "i.yaml").write_text(TEXT, encoding="utf-8")
    words = ["audit", "register", "--inventory", str(tmp_path / "i.yaml")]
    assert main([*words, "--on", "2026-06-01", "--ics", str(tmp_path / "d.ics")]) == 0
    said = capsys.readouterr().out
    for word in ("S3A2G3", "2027-03-01", "2029-06-01", "1846号", "confirmed", "reminders: 0"):
        assert word in said
    assert "BEGIN:VCALENDAR" in (tmp_path / "d.ics").read_text(encoding="utf-8")
    assert main([*words, "--on", "2027-03-02", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["reminders"][0]["urgency"] == "overdue"
    assert told["systems"][0]["level"] == 3
    assert main([*words, "--on", "2027-02-20"]) == 0
    assert "将到期" in capsys.readouterr().out
    assert main([*words, "--on", "soon"]) == 2
