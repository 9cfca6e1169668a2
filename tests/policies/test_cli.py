"""`qinglang policy`: output, JSON and exit codes."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from audit.cli import main

SCHOOL = """id: s1
title: {zh: 校, en: school}
scope: school
prefixes: [{prefix: 10.9.0.0/16, stage: junior}]
clauses:
  - id: c
    title: {zh: 题, en: t}
    when: {categories: [CATEGORY]}
    action: ACTION
    reason: {zh: 由, en: r}
cases:
  - {title: 例, subject: {school: s1, stage: junior}, url: "http://education.test.qinglang.invalid/", at: 2026-09-01T10:00, expect: EXPECT}
"""  # noqa: E501


def school(folder: Path, category: str, action: str, expect: str) -> Path:
    path = folder / "own" / "schools" / "s1.yaml"
    path.parent.mkdir(parents=True)
    text = SCHOOL.replace("CATEGORY", category).replace("ACTION", action).replace("EXPECT", expect)
    path.write_text(text, encoding="utf-8")
    return folder / "own"


def test_check_shipped(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check"]) == 0
    assert "策略无误" in capsys.readouterr().out


def test_check_collects_every_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = school(tmp_path, "porn, gamez", "allow", "allow")
    assert main(["policy", "check", str(own)]) == 2
    said = capsys.readouterr().err
    assert "s1.yaml:8:11: clause `c` loosens harmful" in said
    assert "s1.yaml:8:31: unknown category `gamez` → did you mean `games`?" in said


def test_check_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = school(tmp_path, "porn", "allow", "allow")
    assert main(["policy", "check", "--policy", str(own), "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert [problem["line"] for problem in found["problems"]] == [8]
    assert set(found) == {"problems", "remarks", "policies"}


def test_check_says_what_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", str(tmp_path / "none")]) == 2
    assert "does not exist" in capsys.readouterr().err


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One built RuleBase for all tests here."""
    return tmp_path_factory.mktemp("var")


def test_test_shipped(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "junit.xml"
    assert main(["policy", "test", "--data", str(data), "--junit", str(report)]) == 0
    suite = ElementTree.parse(report).getroot()
    assert suite.attrib["failures"] == "0"
    assert int(suite.attrib["tests"]) == len(list(suite)) > 50
    assert "通过" in capsys.readouterr().out


def test_a_failing_case_gives_1(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = school(tmp_path, "education", "block", "allow")
    report = tmp_path / "junit.xml"
    arguments = ["policy", "test", "--data", str(data), str(own), "--junit", str(report)]
    assert main(arguments) == 1
    assert "expected allow, got block (s1/c)" in capsys.readouterr().out
    assert ElementTree.parse(report).getroot().attrib["failures"] == "1"
    assert main([*arguments, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [one["policy"] for one in found["failed"]] == ["s1"]


EXPLAIN = ["--url", "http://games.test.qinglang.invalid/", "--at", "2026-09-01T10:00"]


def test_explain(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["policy", "explain", "--data", str(data), "--subject", "stage=junior", *EXPLAIN]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "junior/games" in said.splitlines()[0]
    assert "district/otherwise → allow  已有裁决" in said
    assert "国家新闻出版署" in said
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"]["action"] == "block"
    assert found["verdict"]["categories"] == ["games"]
    assert len(found["verdict"]["snapshot"]) == 32
    assert sum(step["missed"] is None for step in found["steps"]) == 1


def test_explain_by_address(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = school(tmp_path, "games", "block", "allow")
    arguments = ["policy", "explain", "10.9.1.1", "--policy", str(own), "--data", str(data)]
    assert main([*arguments, *EXPLAIN, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"]["clause"] == "s1/c"


def test_explain_a_gap(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["policy", "explain", "--data", str(data), "--url", "http://x.example/"]
    assert main([*arguments, "--gap", "undecodable", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"]["clause"] == "district/undecodable"


@pytest.mark.parametrize(
    "more",
    [
        ["--subject", "colour=red"],
        ["--at", "noon"],
        ["--gap", "hole"],
        ["--url", "http://a b/"],
        ["not-an-address"],
        ["10.0.0.1", "--subject", "stage=junior"],
    ],
)
def test_bad_arguments_give_2(
    data: Path, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["policy", "explain", "--data", str(data), "--url", "http://x.example/", *more]
    assert main(arguments) == 2
    assert "command line" in capsys.readouterr().err


def test_explain_a_published_snapshot(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from policies.compile import compile_policies
    from policies.load import load_policies
    from rules.base import RuleBase
    from tests.policies.samples import order

    base = RuleBase.open(data / "rulebase")
    orders = [order("o1", "block", hosts=("x.example",))]
    made = compile_policies(
        load_policies(), categories=base.categories, rulebase=base.hash, orders=orders
    )
    path = tmp_path / "snapshot.json"
    path.write_text(made.to_json(), encoding="utf-8")
    arguments = ["policy", "explain", "--data", str(data), "--url", "http://x.example/", "--json"]
    assert main([*arguments, "--snapshot", str(path)]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"]["clause"] == "order/o1"
    path.write_text(made.to_json().replace(base.hash, "0" * len(base.hash)), encoding="utf-8")
    assert main([*arguments, "--snapshot", str(path)]) == 2
    assert "another rule base" in capsys.readouterr().err
