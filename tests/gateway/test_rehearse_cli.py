"""`qinglang policy simulate|coverage` as people type them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.cli import main
from tests.gateway.test_rehearse import node, policies

__all__ = ["node"]


@pytest.fixture
def words(node: object, tmp_path: Path) -> list[str]:
    data = node.data  # type: ignore[attr-defined]
    new = policies(tmp_path / "new")
    return ["--events", "2026-03-01", "--data", str(data), "--candidate", str(new)]


def test_simulate(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "simulate", *words, "--by", "school,category"]) == 1
    said = capsys.readouterr().out
    assert "将被阻断 would-block: 42" in said
    assert "s1 · education" in said
    assert "district/block → s1/c" not in said
    assert "→ s1/c: 42" in said
    assert "only counted, not rehearsed: 9" in said


def test_simulate_json(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "simulate", *words, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["changes"]["would-block"] == 42
    assert {"rows", "exchanges", "groups", "shifts", "samples", "clauses", "lost"} <= set(found)
    assert {"seconds", "rows_per_second", "snapshot", "problems", "by"} <= set(found)


@pytest.mark.parametrize(
    ("change", "said"),
    [(("--by", "colour"), "`colour` is not one of"), (("--events", "soon"), "`soon`")],
)
def test_bad_words(
    words: list[str], capsys: pytest.CaptureFixture[str], change: tuple[str, str], said: str
) -> None:
    assert main(["policy", "simulate", *words, *change]) == 2
    assert said in capsys.readouterr().err


def test_no_record(words: list[str], tmp_path: Path) -> None:
    assert main(["policy", "simulate", *words, "--data", str(tmp_path / "none")]) == 3


def test_coverage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "coverage", *words]) == 1
    said = capsys.readouterr().out
    assert "从未命中 never matched: district/sexual" in said
    assert "s1/c" not in said
    assert main(["policy", "coverage", *words[:4], "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"clauses", "matched", "never", "shadowed", "problems"}
