"""The yearly pack: every figure from the record, no name, nothing of other years."""

from __future__ import annotations

import json
from pathlib import Path

from gateway.pack import Tally, markdown, pack
from gateway.retain import Retention
from tests.gateway.evidence_samples import archive
from tests.gateway.test_reveal import Office


def test_figures_from_records(tmp_path: Path) -> None:
    office = Office(tmp_path / "a")
    request = office.ask(reason="欺凌|调查 <b>")
    assert office.look(request, *office.approvals(request, "王主任", "赵校长")) == "李小明"
    emergency = office.ask(reason="有自伤风险", break_glass=True)
    office.look(emergency)
    office.sign("retention", {"day": "2025-01-01", "rows": {"events": 7}, "why": "w", "by": "b"})
    checked = archive(tmp_path / "b").verify()
    tally = Tally(events=27, passed=54, by_month={"2026-03": 27}, by_school={"s1": 27})
    found = pack(
        2026,
        node="n1",
        tally=tally,
        checkpoints=office.archive.chain().checkpoints,
        report=checked,
        rules=Retention(),
        now=office.now + 30 * 86400,
    )
    access = found["access"]
    assert (access["requests"], access["looks"], access["emergencies"]) == (2, 2, 1)
    assert access["emergencies_not_reviewed"] == [emergency.id]
    assert found["retention"]["deletions"][0]["rows"] == {"events": 7}
    assert found["integrity"]["holds"] is True
    assert found["integrity"]["rows_verified"]["events"] == 27
    assert {one["status"] for one in found["basis"]} == {"confirmed", "secondary"}
    text = markdown(found) + json.dumps(found, ensure_ascii=False)
    assert "李小明" not in text
    assert "tok-7f3k" not in text
    assert "| 2026-03 | 27 |" in text
    assert "欺凌\\|调查 &lt;b>" in text


def test_an_empty_year_is_a_pack_too(tmp_path: Path) -> None:
    made = archive(tmp_path)
    found = pack(
        2031,
        node="n1",
        tally=Tally(),
        checkpoints=made.chain().checkpoints,
        report=made.verify(),
        rules=Retention(),
        now=made.clock(),
    )
    assert found["access"]["each"] == []
    assert "无 none" in markdown(found)
