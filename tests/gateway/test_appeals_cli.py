"""`qinglang appeal …` as people type it, to the regression case in `policy test`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from audit.cli import main
from gateway.appeals import Answer, Appeals
from policies.load import load_policies
from tests.gateway.test_review import APPEAL

DECIDED = ["--issuer", "王主任", "--reason", "社团活动"]


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    (tmp_path / "var").mkdir()
    (tmp_path / "own").mkdir()
    appeals = Appeals(tmp_path / "var" / "appeals.jsonl")
    appeals.add(APPEAL)
    appeals.add(replace(APPEAL, code="A-2", host="b.example", school="other"))
    return ["--data", str(tmp_path / "var")]


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


def test_list_and_show(data: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["appeal", "list", *data]) == 0
    assert capsys.readouterr().out.count("待答复") == 2
    assert main(["appeal", "list", *data, "--school", "other", "--json"]) == 0
    assert len(told(capsys)) == 1
    assert main(["appeal", "show", *data, "A-1"]) == 0
    said = capsys.readouterr().out
    assert "社团要用" in said
    assert "senior/games" in said
    assert main(["appeal", "show", *data, "A-9"]) == 2
    assert main(["appeal", "show", *data, "A-1", "--json"]) == 0


def test_a_grant_from_answer_to_policy_test(
    data: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = ["--policy", str(tmp_path / "own")]
    assert main(["appeal", "answer", *data, *own, "A-1", "--grant", *DECIDED]) == 0
    assert "同意" in capsys.readouterr().out
    assert main(["order", "list", *data, "--json"]) == 0
    (order,) = told(capsys)
    assert order["hosts"] == ["club.example"]
    assert main(["appeal", "list", *data, "--open", "--json"]) == 0
    assert len(told(capsys)) == 1
    assert main(["policy", "test", *data, *own]) == 0
    capsys.readouterr()
    # later it is decided otherwise: the Order goes, and its case is added
    again = ["appeal", "answer", *data, *own, "A-1", "--deny", *DECIDED, "--json"]
    assert main(again) == 0
    capsys.readouterr()
    assert main(["order", "list", *data, "--json"]) == 0
    assert told(capsys) == []
    assert main(["policy", "test", *data, *own]) == 0
    assert main(["appeal", "show", *data, "A-1"]) == 0
    said = capsys.readouterr().out
    assert "同意 granted" in said
    assert "维持 denied" in said


@pytest.mark.parametrize(
    ("code", "more", "said"),
    [
        ("A-9", ["--grant"], "no such appeal"),
        ("A-1", ["--grant", "--days", "0"], "--days"),
        ("A-2", ["--grant"], "unknown school"),
        ("A-1", ["--grant", "--host", "x.example"], "decides"),
    ],
)
def test_a_bad_answer_changes_nothing(
    data: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    code: str,
    more: list[str],
    said: str,
) -> None:
    own = ["--policy", str(tmp_path / "own")]
    assert main(["appeal", "answer", *data, *own, code, *more, *DECIDED]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "own" / "cases").exists()
    assert not (tmp_path / "var" / "orders.jsonl").exists()


def test_a_policy_folder_is_needed(data: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["appeal", "answer", *data, "A-1", "--deny", *DECIDED]) == 2
    assert "--policy" in capsys.readouterr().err


@pytest.mark.wire
def test_two_people_answering_at_once(data: list[str], tmp_path: Path) -> None:
    """Real processes: every case line stands, and one appeal is decided once."""
    appeals = Appeals(tmp_path / "var" / "appeals.jsonl")
    for n in range(3, 6):
        appeals.add(replace(APPEAL, code=f"A-{n}", host=f"h{n}.example"))
    own = ["--policy", str(tmp_path / "own")]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "audit.cli", "appeal", "answer", *data, *own, code, *how],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        for code in ("A-1", "A-3", "A-4", "A-5")
        for how in (["--grant", *DECIDED], ["--deny", *DECIDED])
    ]
    said = [one.communicate(timeout=100)[1].decode() for one in started]
    codes = [one.returncode for one in started]
    book = appeals.book().reviews
    answered = {code: len(review.answers) for code, review in book.items() if review.answers}
    (found,) = load_policies([tmp_path / "own"]).answers
    assert sorted(answered) == ["A-1", "A-3", "A-4", "A-5"]
    assert Counter(one.code for one in found.answers) == answered
    assert codes.count(0) == sum(answered.values()), said
    assert all("somebody has just answered" in text for n, text in enumerate(said) if codes[n])


def test_an_answer_of_meanwhile_is_looked_at_first(
    data: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Somebody else decides between this person's look and their turn."""
    real = Appeals.deciding

    @contextmanager
    def after_another(appeals: Appeals) -> Iterator[None]:
        with real(appeals):
            appeals.answer(Answer(code="A-1", granted=False, issuer="李老师", reason="r", at=1.0))
            yield

    monkeypatch.setattr(Appeals, "deciding", after_another)
    own = ["--policy", str(tmp_path / "own")]
    assert main(["appeal", "answer", *data, *own, "A-1", "--grant", *DECIDED]) == 2
    assert "李老师" in capsys.readouterr().err
    assert not (tmp_path / "var" / "orders.jsonl").exists()
