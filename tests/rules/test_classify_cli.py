"""`rules classify`: files, names, standard input, one document a line; what is said of each."""

from __future__ import annotations

import io
import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

import pytest

from rules.base import RuleBase
from rules.classify_cli import arguments, document, run
from rules.compile import build
from rules.load import DataError, WorldError
from rules.model import Facts, Signals
from rules.recognise.content import Recogniser

LURE = "澳门正规平台注册就送彩金，百家乐真人荷官在线发牌，充值返水秒提现，加微信拉你进群。"
CALM = "星期三下午我们去博物馆看了青铜器展览，回来以后写了观后感。"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> RuleBase:
    data = tmp_path_factory.mktemp("data")
    build(data)
    return RuleBase.open(data / "rulebase")


@pytest.fixture(scope="module")
def recogniser(base: RuleBase) -> Recogniser:
    return Recogniser.open(base.path)


def options(*given: str, act: Any = None) -> Namespace:
    parser = ArgumentParser()
    parser.add_argument("--json", action="store_true")
    arguments(parser)
    found = parser.parse_args(given)
    found.act = (lambda _options, _base: act) if act else None
    return found


def blocks(stage: str, _facts: Facts, signals: Signals) -> str:
    if stage not in ("junior", "高中"):
        raise ValueError(f"unknown stage {stage}")
    return "block" if signals.doubts or signals.items else "allow"


def test_a_file(base: RuleBase, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(f"<title>首页</title><p>{LURE}".encode("gb18030"))
    given = options(str(page), "--content-type", "text/html; charset=gbk", "--json", act=blocks)
    assert run(given, base) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["categories"]["gambling"] >= 0.9
    assert answer["action"] == "block"
    assert answer["text_chars"] >= len(LURE)
    assert answer["charset"] == "gb18030"
    assert answer["ms"] > 0
    (first, *_) = answer["signals"]
    assert first["matched"]
    assert first["place"] == "text"


def test_standard_input_for_people(
    base: RuleBase, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(LURE.encode()))
    monkeypatch.setattr(sys, "stdin", stream)
    assert run(options("-", "--content-type", "text/plain"), base) == 0
    out = capsys.readouterr().out
    assert "gambling=" in out
    assert "@text" in out


def test_a_name(base: RuleBase, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(options("http://gambling.test.qinglang.invalid/x", "--json"), base) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["categories"] == {"gambling": 1.0}
    assert answer["text_chars"] == 0


def test_lines(base: RuleBase, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        {"id": 1, "text": LURE},
        {"id": "b", "html": f"<p>{CALM}</p>"},
        {"id": 3, "html": f"<p>{LURE}</p>", "charset": "gb18030", "stage": "高中"},
        {"id": 4, "text": CALM, "stage": "大学"},
        {"id": 5},
    ]
    file = tmp_path / "in.jsonl"
    file.write_text("\n".join([*map(json.dumps, lines), "", "{", "[]"]), encoding="utf-8")
    assert run(options(str(file), "--jsonl", act=blocks), base) == 2
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["id"] for one in answers] == [1, "b", 3, 4, 5, None, None]
    assert [one.get("action") for one in answers[:3]] == ["block", "allow", "block"]
    assert set(answers[0]) == {"id", "categories", "action"}
    assert [one["line"] for one in answers[3:]] == [4, 5, 7, 8]
    assert "大学" in answers[3]["error"]


@pytest.mark.parametrize(
    "line",
    ["", "null", "[" * 100_000, '{"id": {"a": 1}, "text": 5}', '{"html": "x", "charset": "no"}'],
)
def test_a_line_that_does_not_read_says_so(
    line: str, base: RuleBase, recogniser: Recogniser
) -> None:
    assert "error" in document(line, recogniser, base, None)


def test_what_cannot_be_read(base: RuleBase, tmp_path: Path) -> None:
    with pytest.raises(DataError):
        run(options("x..y"), base)
    with pytest.raises(WorldError):
        run(options("x.example", "--page", str(tmp_path / "none")), base)
    with pytest.raises(WorldError):
        run(options(str(tmp_path / "none.jsonl"), "--jsonl"), base)
