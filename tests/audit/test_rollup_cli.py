"""`audit rollup` over a folder of runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.cli import main

INVENTORY = """
organisations:
  - {id: d, name: 某区}
  - {id: s01, name: 一小, above: d}
  - {id: s02, name: 二中, above: d}
systems:
  - {id: oa, name: 办公, organisation: s01, s: 2, a: 2, g: 2}
  - {id: edu, name: 教务, organisation: s02, s: 2, a: 2, g: 2}
"""


def run(*words: object) -> int:
    return main(["audit", *map(str, words)])


def test_a_folder_of_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "i.yaml").write_text(INVENTORY, encoding="utf-8")
    runs = tmp_path / "runs"
    runs.mkdir()
    for name, now, state in (("oa", 2.0, "fail"), ("old", 1.0, "pass")):
        item = {"id": "G:a", "clause": "a", "state": state, "control_point_title": "鉴别"}
        told = {"system": "oa", "level": 2, "now": now, "items": [item]}
        (runs / f"{name}.json").write_text(json.dumps(told), encoding="utf-8")
    campaign = tmp_path / "c"
    few = '{"items": [{"id": "GBT22239-2019:2:7.1.6.1", "state": "unknown"}]}'
    (tmp_path / "few.json").write_text(few, encoding="utf-8")
    run("questionnaire", "send", "--inventory", tmp_path / "i.yaml", "--output", campaign,
        "--run", tmp_path / "few.json")  # fmt: skip
    (tmp_path / "r.json").write_text(
        json.dumps([{"id": "r1", "control": "x", "due": "2020-01-01", "state": "open"}]), "utf-8"
    )
    capsys.readouterr()
    words = ["rollup", "--runs", runs, "--inventory", tmp_path / "i.yaml", "--campaign", campaign]
    assert run(*words, "--repairs", tmp_path / "r.json") == 1
    said = capsys.readouterr().out
    for word in ("一小 | 办公", "no run", "1 × G:a 鉴别", "二中 edu", "r1 x 2020-01-01", "0.0%"):
        assert word in said
    assert run(*words, "--json") == 1
    assert json.loads(capsys.readouterr().out)["without_run"] == ["edu"]


@pytest.mark.parametrize("text", [None, "{", "[]", '{"items": 3}'])
def test_bad_input(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "x.json").write_text(text, encoding="utf-8")
    assert run("rollup", "--runs", tmp_path) == 2


def test_a_list_of_repairs_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "x.json").write_text(
        '{"now": 1, "items": [{"state": "pass"}]}', encoding="utf-8"
    )
    (tmp_path / "r.json").write_text("3", encoding="utf-8")
    assert run("rollup", "--runs", tmp_path / "runs", "--repairs", tmp_path / "r.json") == 2
    assert run("rollup", "--runs", tmp_path / "runs") == 0
