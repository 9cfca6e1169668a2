"""What alarms: failures nobody accepted; drift; and what the store says between two runs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from audit.cli import main
from audit.continuous import alarming
from audit.model import State, Waiver
from audit.probes import host, shelf
from tests.audit.judged import made

RECORDING = Path(__file__).parent / "recordings" / "debian12.txt"


def test_waived_failures_do_not_alarm_and_still_fail() -> None:
    run = made()
    assert alarming(run, "any")
    lacking = (State.FAIL, State.PARTIAL)
    controls = {one.control for one in run.single
                if one.state in lacking
                or any(f.state in lacking for f in one.findings)}  # fmt: skip
    held = tuple(
        Waiver(id=name, control=name, target="", reason="r", approver="王",
               granted="2026-01-01", expires="2026-12-31")
        for name in controls
    )  # fmt: skip
    accepted = replace(run, waivers=held)
    assert not alarming(accepted, "any")
    assert alarming(accepted, "unknown")
    assert accepted.score == run.score


def test_a_finding_alarms_before_a_person_decides() -> None:
    run = made()
    pending = tuple(one for one in run.single if one.state is State.UNKNOWN
                    and any(f.state is State.FAIL for f in one.findings))  # fmt: skip
    assert pending
    only = replace(run, single=pending, items=())
    assert alarming(only, "any")
    assert not alarming(replace(only, single=()), "any")


def test_high_only() -> None:
    run = made()
    mild = replace(run, single=(), score=replace(run.score, high_risks=0, hazards=0))
    assert not alarming(mild, "high")
    assert alarming(replace(mild, score=replace(mild.score, hazards=1)), "high")


def test_two_runs_of_which_the_second_drifts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, store = tmp_path / "e", str(tmp_path / "a.db")
    raw = RECORDING.read_bytes()
    good = host.evidence("web01", raw, method="recorded", taken=1.0, live=False)
    run = ["audit", "run", "--evidence", str(folder), "--store", store, "--json"]
    more = ["--metrics-file", str(tmp_path / "m.prom"), "--notify-file", str(tmp_path / "n")]
    shelf.keep(folder, good)
    main([*run, *more])
    assert json.loads(capsys.readouterr().out)["previous"] == ""
    document = json.loads(json.dumps(good.document))
    document["accounts"]["empty_password"] = ["x"]
    shelf.keep(folder, replace(good, document=document, id="web01:linux:2", digest="2" * 64))
    assert main([*run, *more]) == 1
    told = json.loads(capsys.readouterr().out)
    assert any("linux-empty-passwords" in one for one in told["drift"])
    assert any(one["rule"] == "6.4.1.1" and one["state"] == "triggered"
               for one in told["high_risks"])  # fmt: skip
    assert "drift" in (tmp_path / "m.prom").read_text(encoding="utf-8")
    assert "alarm" in (tmp_path / "n").read_text(encoding="utf-8")
