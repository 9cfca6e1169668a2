"""Sheets out, filled in, back, chased, merged, and heard by `audit run`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from audit.answers import load_answers
from audit.cli import main
from audit.questionnaire.model import PLACE
from audit.questionnaire.workbook import FIRST

INVENTORY = """
organisations:
  - {id: d, name: 某区}
  - {id: s01, name: 一小, above: d}
  - {id: s02, name: 二中, above: d}
systems:
  - {id: oa, name: 办公系统, organisation: s02, s: 3, a: 2, g: 3}
"""
ROOM = "8.1.1 安全物理环境"


def run(*words: object) -> int:
    return main(["audit", *map(str, words)])


def few(folder: Path) -> tuple[object, object]:
    """Ask two items only: small workbooks are quick ones."""
    keys = ("GBT22239-2019:2:7.1.1.1.a", "GBT22239-2019:3:8.1.1.1.a", "GBT22239-2019:3:8.1.6.1")
    items = [{"id": key, "state": "unknown"} for key in keys]
    (folder / "few.json").write_text(json.dumps({"items": items}), encoding="utf-8")
    return ("--run", folder / "few.json")


def fill(path: Path, result: str, sheet: str = ROOM) -> None:
    book = load_workbook(path)
    for name, value in {"result": result, "by": "李", "date": "2026-09-01"}.items():
        book[sheet].cell(FIRST, PLACE[name], value)
    book.save(path)


def test_export_fill_import_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "inv.yaml").write_text(INVENTORY, encoding="utf-8")
    sheet, folder = tmp_path / "q.xlsx", tmp_path / "answers"
    inventory = ("--inventory", tmp_path / "inv.yaml")
    more = ("--system", "oa", *few(tmp_path), "--output", sheet)
    assert run("questionnaire", "export", *inventory, *more) == 0
    assert "2 题" in capsys.readouterr().out
    fill(sheet, "部分符合")
    assert run("questionnaire", "import", sheet, "--output", folder) == 0
    assert "1 条答复" in capsys.readouterr().out
    (file,) = load_answers(folder)
    assert (file.organisation, file.system, len(file.answers)) == ("s02", "oa", 1)
    assert run("answers", "list", folder, "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["system"] == "oa"


def test_a_wrong_cell_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "q.xlsx"
    assert run("questionnaire", "export", *few(tmp_path), "--output", sheet) == 0
    fill(sheet, "还行")
    capsys.readouterr()
    assert run("questionnaire", "import", sheet, "--output", tmp_path / "a", "--json") == 2
    said = capsys.readouterr()
    assert f"!{ROOM}!H3" in said.err
    assert json.loads(said.out)[str(sheet)]["problems"]
    assert not (tmp_path / "a").exists()


def test_sent_chased_and_merged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "inv.yaml").write_text(INVENTORY, encoding="utf-8")
    folder = tmp_path / "2026"
    send = ("questionnaire", "send", "--inventory", tmp_path / "inv.yaml", "--output", folder,
            *few(tmp_path))  # fmt: skip
    assert run(*send, "--due", "2026-01-01") == 0
    assert run(*send) == 2  # never over one that is out
    mine = next(folder.glob("s02*.xlsx"))
    for name in ("a.xlsx", "b.xlsx"):
        (folder / "returned" / name).write_bytes(mine.read_bytes())
    fill(folder / "returned" / "a.xlsx", "符合")
    fill(folder / "returned" / "b.xlsx", "不符合")
    (folder / "returned" / "junk.xlsx").write_bytes(b"junk")
    only = tmp_path / "run.json"
    only.write_text('{"items": []}', encoding="utf-8")
    run("questionnaire", "export", "--run", only, "--output", folder / "returned" / "other.xlsx")
    capsys.readouterr()
    assert run("questionnaire", "chase", folder) == 1
    said = capsys.readouterr().out
    for words in ("未交", "一小", "未填完", "逾期", "junk.xlsx", "not sent by"):
        assert words in said
    assert run("questionnaire", "chase", folder, "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert [one["back"] for one in told["questionnaires"]] == ["missing", "incomplete"]
    assert run("questionnaire", "merge", folder) == 1
    assert "conflict" in capsys.readouterr().out
    assert load_answers(folder / "answers")


@pytest.mark.parametrize(
    "words",
    [
        ["export", "--output", "q.pdf"], ["export", "--output", "q.csv", "--due", "soon"],
        ["import", "q.ini"], ["chase", "."],
    ],
)  # fmt: skip
def test_bad_input(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("q.ini").write_text("x", encoding="utf-8")
    assert run("questionnaire", *words) == 2


def test_only_what_a_run_left_unknown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = "GBT22239-2019:3:8.1.6.1"
    items = [{"id": key, "state": "unknown"}, {"id": "x", "state": "pass"}]
    (tmp_path / "run.json").write_text(json.dumps({"items": items}), encoding="utf-8")
    more = ("--run", tmp_path / "run.json", "--output", tmp_path / "q.csv")
    assert run("questionnaire", "export", *more) == 0
    assert "1 题" in capsys.readouterr().out
    assert run("questionnaire", "export", "--only", "open", "--output", tmp_path / "o.csv") == 0
    assert "题" in capsys.readouterr().out
    (tmp_path / "run.json").write_text("[]", encoding="utf-8")
    assert run("questionnaire", "export", *more) == 2
