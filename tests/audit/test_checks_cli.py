"""The command line of the checks: both counts, the list, and what is wrong."""

from __future__ import annotations

import json

import pytest

from audit.cli import main


def test_coverage_prints_both_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "coverage", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["items"] == 211
    assert told["decided"] + told["contributed"] == told["either"] >= 68
    assert "8.1.4.1.a" in told["decided_items"]
    assert main(["audit", "coverage", "--level", "2"]) == 0
    assert "135" in capsys.readouterr().out


def test_an_unknown_standard_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "coverage", "--standard", "ISO-1"]) == 2
    assert "ISO-1" in capsys.readouterr().err


def test_the_checks_are_listed_and_hold(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "checks", "--verify", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["problems"] == []
    assert len(told["checks"]) >= 300
    assert main(["audit", "checks"]) == 0
    assert "linux-ssh-no-root" in capsys.readouterr().out
