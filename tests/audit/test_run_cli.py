"""`audit run` over a folder of evidence, and on this very machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.cli import main
from audit.probes import host, shelf

HERE = Path(__file__).parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    raw = (HERE / "recordings" / "debian12.txt").read_bytes()
    shelf.keep(
        tmp_path / "e", host.evidence("web01", raw, method="recorded", taken=1.0, live=False)
    )
    return tmp_path / "e"


def test_a_folder_of_evidence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "run", "--evidence", str(folder), "--level", "3", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert len(told["items"]) == 211
    assert told["facts_decided"] >= 200
    assert told["cpu_seconds"] > 0
    assert told["targets"] == [{"id": "web01", "kind": "server", "platform": "debian"}]


def test_for_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "run", "--evidence", str(folder), "--level", "2"]) == 1
    said = capsys.readouterr().out
    assert "135 项" in said
    assert "linux-password-quality" in said


@pytest.mark.parametrize("more", [[], ["--target", "elsewhere"], ["--evidence", "/nonexistent"]])
def test_bad_input(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "run", *more]) == 2
    assert "audit run" in capsys.readouterr().err or "/nonexistent" in more


def test_unreadable_evidence_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "broken.json").write_text("{", encoding="utf-8")
    assert main(["audit", "run", "--evidence", str(folder)]) == 2
    assert "broken.json" in capsys.readouterr().err


@pytest.mark.wire
def test_this_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["audit", "run", "--target", "local", "--keep", str(tmp_path / "k"), "--json"]
    assert main(arguments) in (0, 1)
    told = json.loads(capsys.readouterr().out)
    assert len(told["items"]) == 211
    assert list((tmp_path / "k").glob("*.json"))


def test_answers_of_people_close_what_no_check_decides(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = "GBT22239-2019:3:8.1.6.1"
    text = f'id: a\nanswers:\n- {{control: "{key}", state: pass, by: 李, dated: 2026-09-01}}\n'
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    words = ["--evidence", str(folder), "--answers", str(tmp_path / "a.yaml"), "--json"]
    assert main(["audit", "run", *words]) == 1
    told = {one["id"]: one for one in json.loads(capsys.readouterr().out)["items"]}
    assert told[key]["state"] == "pass"
    assert told[key]["answers"] == [f"a:{key}"]


TWO = """
organisations: [{id: d, name: 区}]
systems:
  - {id: oa, name: 办公, organisation: d, s: 2, a: 1, g: 2}
  - {id: web, name: 门户, organisation: d, s: 3, a: 3, g: 3}
targets:
  - {id: web01, name: 门户主机, system: web, kind: server}
  - {id: oa01, name: 办公主机, system: oa, kind: server}
"""


def test_a_system_is_judged_at_its_level_by_its_own_evidence(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "two.yaml").write_text(TWO, encoding="utf-8")
    raw = (HERE / "recordings" / "debian12.txt").read_bytes()
    for name in ("oa01", "oa01/nginx"):
        seen = host.evidence(name, raw, method="recorded", taken=1.0, live=False)
        shelf.keep(folder, seen)
    asked = ["audit", "run", "--inventory", str(tmp_path / "two.yaml"), "--json"]
    main([*asked, "--evidence", str(folder), "--system", "web"])
    told = json.loads(capsys.readouterr().out)
    assert (told["level"], [one["id"] for one in told["targets"]]) == (3, ["web01"])
    main([*asked, "--evidence", str(folder), "--system", "oa"])
    told = json.loads(capsys.readouterr().out)
    assert (told["level"], [one["id"] for one in told["targets"]]) == (2, ["oa01", "oa01/nginx"])
    store = ["--store", str(tmp_path / "a.db")]
    assert main([*asked, "--evidence", str(folder), *store]) == 2
    assert "--system oa | web" in capsys.readouterr().err
