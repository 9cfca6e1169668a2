"""`qinglang data count|budget`: the promise is kept whatever happens."""

import json
import re
import sqlite3
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from audit import cli
from audit.lifecycle import count_cli
from audit.lifecycle.acting import account
from audit.lifecycle.book import Book
from audit.lifecycle.privacy.budget import accounts

ROOT = Path(__file__).parents[3]
DECLARED = """
id: pupils
title: {zh: 学生, en: pupils}
source: pupils.csv
subject: 学号
budget: "2"
columns:
  性别: {values: [男, 女]}
  成绩: {cuts: [60, 80]}
"""


@pytest.fixture
def ledger(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("QINGLANG_PASSPHRASE", "eight letters")
    rows = [f"X{n},{'男' if n % 2 else '女'},{n % 100}" for n in range(600)]
    (tmp_path / "pupils.csv").write_text("学号,性别,成绩\n" + "\n".join(rows), encoding="utf-8")
    (tmp_path / "pupils.yaml").write_text(DECLARED, encoding="utf-8")
    folder = tmp_path / "book"
    for words in (["officer", "--account", account(), "--manages"],
                  ["clerk", "--key-out", str(tmp_path / "clerk.pem")],
                  ["head", "--key-out", str(tmp_path / "head.pem")]):  # fmt: skip
        assert cli.main(["data", "people", "add", *words, "--book", str(folder)]) == 0
    assert run("budget", "open", tmp_path / "pupils.yaml", ledger=folder, who="clerk") == 0
    capsys.readouterr()
    return folder


def run(*words, ledger, who=""):
    by = ["--by", who, "--sign-with", str(ledger.with_name(f"{who}.pem"))] if who else []
    return cli.main(["data", *map(str, words), "--ledger", str(ledger), *by, "--json"])


def count(ledger, *more, by="性别", epsilon="1"):
    return run("count", "pupils", "--by", by, "--epsilon", epsilon, "--purpose", "年报统计", *more,
               ledger=ledger)  # fmt: skip


def test_an_answer_and_its_price(ledger, capsys):
    assert count(ledger) == 0
    text = capsys.readouterr().out
    first = json.loads(text)
    assert [cell["labels"] for cell in first["cells"]] == [["男"], ["女"], ["其他 other"]]
    assert abs(first["cells"][0]["value"] - 300) < 60
    assert first["left"] == 1
    assert "X1" not in text
    assert count(ledger) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["repeated"]
    assert (again["cells"], again["left"]) == (first["cells"], 1)
    assert count(ledger, by="性别,成绩") == 0
    capsys.readouterr()
    assert count(ledger, "--fresh", epsilon="0.1") == 1
    assert "预算不足" in capsys.readouterr().out
    assert count(ledger) == 0  # what was released is still told
    chain = Book(folder=ledger).check()
    assert not chain.faults
    assert [one.kind for one in chain.checkpoints] == [
        "people", "people", "people", "privacy-budget",
        "access", "access-done", "privacy-spent", "privacy-released",
        "access", "access-done", "privacy-spent", "privacy-released",
    ]  # fmt: skip
    book = (ledger / "book.jsonl").read_text("utf-8")
    whole = r"(?<![A-Za-z0-9+/])X\d{1,3}(?![A-Za-z0-9+/=])"  # signatures are base64
    assert re.search(whole, book + json.dumps({"who": "X17"}))
    assert not re.search(whole, book)


def test_words(ledger, capsys):
    cli.main(["data", "count", "pupils", "--by", "成绩", "--epsilon", "1", "--purpose", "test",
              "--ledger", str(ledger)])  # fmt: skip
    out = capsys.readouterr().out
    assert "20 次中有 19 次" in out
    assert "与 0 无法区分" in out
    assert run("budget", "list", ledger=ledger) == 0
    assert json.loads(capsys.readouterr().out)["epsilon"] == 1


def test_more_is_another_persons_word(ledger, tmp_path, capsys):
    more = ("budget", "raise", "pupils", "--budget", "3", "--reason", "r")
    assert run(*more, ledger=ledger) == 1  # the account that the clerk worked under
    assert run(*more, ledger=ledger, who="clerk") == 1
    assert run(*more, ledger=ledger, who="head") == 0
    assert run(*more, ledger=ledger, who="head") == 1  # only ever more
    assert accounts(Book(folder=ledger).records())["pupils"].left == 3
    assert run("budget", "open", tmp_path / "pupils.yaml", ledger=ledger) == 1
    other = tmp_path / "other.yaml"
    other.write_text(DECLARED.replace("id: pupils", "id: other"), encoding="utf-8")
    assert run("budget", "open", other, ledger=ledger) == 1  # the same source has one budget


@pytest.mark.parametrize(
    "words",
    [
        ("count", "none", "--by", "性别", "--epsilon", "1", "--purpose", "test"),
        ("count", "pupils", "--by", "学号", "--epsilon", "1", "--purpose", "test"),
        ("count", "pupils", "--by", "性别,性别", "--epsilon", "1", "--purpose", "test"),
        ("count", "pupils", "--by", "", "--epsilon", "1", "--purpose", "test"),
        ("count", "pupils", "--by", "性别", "--epsilon", "0", "--purpose", "p"),
        ("budget", "raise", "pupils", "--budget", "x", "--reason", "r"),
    ],
)
def test_bad_input_costs_nothing(ledger, words):
    assert run(*words, ledger=ledger) == 2
    assert len(Book(folder=ledger).records()) == 4


def test_a_crash_costs_budget_and_tells_nothing(ledger, monkeypatch, capsys):
    def crash(*_words):
        raise SystemExit(9)

    monkeypatch.setattr(count_cli, "noisy", crash)
    with pytest.raises(SystemExit):
        count(ledger)
    monkeypatch.undo()
    assert capsys.readouterr().out == ""
    assert accounts(Book(folder=ledger).records())["pupils"].left == 1
    assert count(ledger) == 0
    assert not json.loads(capsys.readouterr().out)["repeated"]
    assert count(ledger, by="成绩") == 1


def test_nothing_is_drawn_before_it_is_booked(ledger, monkeypatch):
    seen = []
    real = count_cli.noisy

    def watched(*words):
        seen.append(accounts(Book(folder=ledger).records())["pupils"].spent)
        return real(*words)

    monkeypatch.setattr(count_cli, "noisy", watched)
    assert count(ledger) == 0
    assert seen == [[Fraction(1)]]


def test_a_database(tmp_path, capsys):
    with sqlite3.connect(tmp_path / "a.db") as base:
        base.execute("CREATE TABLE s (id, sex)")
        base.executemany("INSERT INTO s VALUES (?, ?)", [(n, "男") for n in range(500)])
    base.close()
    text = DECLARED.replace("source: pupils.csv", f"source: sqlite:///{tmp_path}/a.db\ntable: s")
    text = text.replace("学号", "id").replace("性别", "sex").partition("  成绩")[0]
    (tmp_path / "d.yaml").write_text(text, encoding="utf-8")
    folder = tmp_path / "book"
    assert run("budget", "open", tmp_path / "d.yaml", ledger=folder) == 0
    capsys.readouterr()
    assert count(folder, by="sex") == 0
    assert abs(json.loads(capsys.readouterr().out)["cells"][0]["value"] - 500) < 60


@pytest.mark.wire
def test_two_processes_at_once(ledger):
    """Five ask at once for 1 each of a budget of 2: two are answered."""
    code = "import sys; from audit import cli; sys.exit(cli.main(sys.argv[1:]))"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, "data", "count", "pupils", "--by", "性别", "--epsilon",
             "1", "--purpose", "test", "--fresh", "--ledger", str(ledger)],
            cwd=ROOT, stdout=subprocess.PIPE,
        )
        for _ in range(5)
    ]  # fmt: skip
    ended = sorted((one.communicate(timeout=100), one.returncode)[1] for one in running)
    assert ended == [0, 0, 1, 1, 1]
    assert accounts(Book(folder=ledger).records())["pupils"].left == 0
