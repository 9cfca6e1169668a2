"""`qinglang rules learned …` as officers type it."""

from __future__ import annotations

import csv
import io
import json
import shutil
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from audit.cli import main
from gateway.learned import Learned, State
from gateway.learner import learned_file, publish
from gateway.node import Node
from gateway.reload import Compiled, put_in_force
from rules.compile import build
from rules.load import DataError
from tests.gateway.test_learned import decision, vote

WHO = ["--issuer", "王老师", "--reason", "看过了"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with one blocked host and one proposed path."""
    with closing(Learned(learned_file(Node(name="n1", data=tmp_path)))) as learned:
        learned.take(
            [vote(page, page % 2) for page in range(6)], [("wheel.example", "2026-03-01", 2)]
        )
        learned.take([vote(page, page, path="/u/", shared=True) for page in range(5)], [])
        learned.decide(decision(State.BLOCKED, at=time.time()))
        learned.decide(decision(State.CANDIDATE, at=time.time(), path="/u/"))
        publish(Node(name="n1", data=tmp_path), learned.standing(time.time()))
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], data: Path, *words: str, code: int = 0) -> str:
    assert main(["rules", "learned", *words, "--data", str(data)]) == code
    return capsys.readouterr().out


def hosts(data: Path) -> list[str]:
    path = data / "lists" / "learned" / "hosts.txt"
    return path.read_text().splitlines() if path.exists() else []


def test_list_tells_evidence_without_persons(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = json.loads(run(capsys, data, "list", "--json"))
    assert (first["host"], first["state"], first["harmful"], first["clean"]) == (
        "wheel.example",
        "blocked",
        6,
        2,
    )
    assert (first["people"], second["people"]) == ("few", "5")
    assert (first["share"], second["share"]) == (0.75, 1.0)
    assert second["path"] == "/u/"
    text = run(capsys, data, "list", "--state", "candidate")
    assert "wheel.example/u/  gambling  待确认 candidate" in text
    assert "已封" not in text
    assert run(capsys, data, "list", "--category", "porn") == ""


def test_show(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = run(capsys, data, "show", "wheel.example/u/")
    assert "words: 百家乐" in text
    assert "待确认 candidate" in text
    (told,) = json.loads(run(capsys, data, "show", "WHEEL.example", "--json"))
    assert [step["state"] for step in told["history"]] == ["blocked"]
    run(capsys, data, "show", "nobody.example", code=2)
    run(capsys, data, "show", "no host at all", code=2)


def test_confirm_and_reject_change_the_list(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert hosts(data) == ["=wheel.example gambling"]
    run(capsys, data, "confirm", "wheel.example/u/", *WHO)
    assert hosts(data) == ["=wheel.example gambling", "wheel.example/u/ gambling"]
    (told,) = json.loads(run(capsys, data, "reject", "wheel.example", *WHO, "--json"))
    assert (told["state"], told["issuer"]) == ("rejected", "王老师")
    assert hosts(data) == ["wheel.example/u/ gambling"]
    (told,) = json.loads(run(capsys, data, "show", "wheel.example", "--json"))
    assert [step["state"] for step in told["history"]] == ["blocked", "rejected"]


@pytest.mark.parametrize(
    "words",
    [
        ["confirm", "nobody.example", *WHO],
        ["confirm", "wheel.example", *WHO, "--category", "porn"],
        ["confirm", "wheel.example", *WHO, "--days", "-1"],
        ["reject", "wheel.example", "--issuer", " ", "--reason", "x"],
    ],
)
def test_bad_input_changes_nothing(
    data: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    before = hosts(data)
    run(capsys, data, *words, code=2)
    assert hosts(data) == before


def test_export(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(run(capsys, data, "export"))))
    assert [row["host"] for row in rows] == ["wheel.example"] * 2
    assert len(json.loads(run(capsys, data, "export", "--format", "json"))) == 2
    assert run(capsys, data, "export", "--format", "list") == "=wheel.example gambling\n"


def test_a_spreadsheet_runs_nothing(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(Learned(learned_file(Node(name="n1", data=data)))) as learned:
        formula = replace(decision(State.CANDIDATE, at=time.time()), reason="=HYPERLINK(1)")
        learned.decide(formula)
    assert "'=HYPERLINK(1)" in run(capsys, data, "export")


def test_check_runs_the_decisions_against_what_is_in_force(
    data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run(capsys, data, "confirm", "wheel.example/u/", *WHO)
    run(capsys, data, "reject", "wheel.example", *WHO)
    (first, second) = json.loads(run(capsys, data, "check", "--json", code=1))
    assert first["holds"] is second["holds"] is None  # nothing in force: unknown, no pass
    node = Node(name="n1", data=data)
    publish_now(node)
    assert run(capsys, data, "check").count("✓") == 2
    own = data / "lists" / "own"
    shutil.copytree(data / "lists" / "learned", own)
    (own / "hosts.txt").write_text("wheel.example gambling\n")
    sidecar = own / "source.yaml"
    sidecar.write_text(sidecar.read_text().replace("id: learned", "id: own"))
    publish_now(node)
    assert "✗ wheel.example  gambling  rejected  own" in run(capsys, data, "check", code=1)


def publish_now(node: Node) -> None:
    """Compile this node's lists and put a document that names them in force."""
    build(node.data, ())
    hashed = (node.rulebase / "current").resolve().name
    document = json.dumps({"rulebase": hashed})
    put_in_force(node, Compiled(snapshot=hashed, rulebase=hashed, document=document))


def test_no_host_is_bad_input() -> None:
    from gateway.learned_cli import place_of

    assert place_of("WHEEL.Example/U/x") == ("wheel.example", "/U/x")
    with pytest.raises(DataError, match="PLACE:1:1"):
        place_of("a b")
