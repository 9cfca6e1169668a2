"""Waivers, compensations and decisions on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.cli import main
from audit.store import Store
from audit.written import written


def test_waive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--store", str(tmp_path / "a.db")]
    add = ["audit", "waive", "add", "8.1.4.1.a", "--reason", "x", "--approver", "王"]
    assert main([*add, "--expires", "2000-01-01", *at]) == 2
    assert main(["audit", "waive", "add", "9.9", *add[4:], "--expires", "2099-01-01", *at]) == 2
    assert main([*add, "--expires", "2099-01-01", *at]) == 0
    capsys.readouterr()
    assert main(["audit", "waive", "list", "--json", *at]) == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert one["standing"] == "in_force"
    gone = ["--by", "王", "--reason", "y", *at]
    assert main(["audit", "waive", "revoke", "W-none", *gone]) == 2
    assert main(["audit", "waive", "revoke", one["id"], *gone]) == 0
    assert main(["audit", "waive", "list", *at]) == 0
    assert "已撤销" in capsys.readouterr().out


def test_compensate_and_decide(tmp_path: Path) -> None:
    place = str(tmp_path / "a.db")
    at = ["--store", place]
    by = ["--by", "8.1.4.2.a", "--approver", "王"]
    assert main(["audit", "compensate", "8.1.4.1.a", *by, "--reason", " ", *at]) == 2
    assert main(["audit", "compensate", "8.1.4.1.a", *by, "--reason", "堡垒机", *at]) == 0
    decide = ["audit", "decide", "6.4.1.1", "--triggered", "no", "--reason", "已核", "--by", "王"]
    assert main([*decide, "--mitigation", "99", *at]) == 2
    assert main(["audit", "decide", "none", *decide[3:], *at]) == 2
    assert main([*decide, *at]) == 0
    with Store.open(place) as store:
        said = written(store.entries())
        assert said.risk_answers[0].triggered is False
        assert said.compensations[0].compensation.reason == "堡垒机"
        assert store.verify().holds
