"""Request, approve, list, revoke at the command line, by people who are proved."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.cli import main
from audit.lifecycle.acting import account

type Data = Callable[..., tuple[int, list[dict[str, object]]]]
ASK = ["--dataset", "students", "--recipient", "市教育局", "--purpose", "统计", "--masked", "none"]


@pytest.fixture
def data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Data:
    monkeypatch.setenv("QINGLANG_PASSPHRASE", "eight letters")

    def run(*words: str) -> tuple[int, list[dict[str, object]]]:
        code = main(["data", *words, "--book", str(tmp_path / "b"), "--json"])
        out = capsys.readouterr().out
        return code, [json.loads(line) for line in out.splitlines()]

    assert run("people", "add", "A", "--account", account(), "--manages")[0] == 0
    key = str(tmp_path / "b.pem")
    assert run("people", "add", "B", "--key-out", key)[0] == 0
    other = str(tmp_path / "c.pem")
    assert run("people", "add", "C", "--key-out", other)[0] == 0
    return run


def test_the_life_of_a_share(tmp_path: Path, data: Data) -> None:
    b, c = ["--sign-with", str(tmp_path / "b.pem")], ["--sign-with", str(tmp_path / "c.pem")]
    code, made = data(
        "share", "request", *ASK, "--fields", "a,b", "--until", "2999-01-01", "--by", "B", *b
    )
    assert code == 0
    share = str(made[0]["id"])
    assert data("share", "approve", share, *b)[0] == 1
    assert data("share", "approve", share, "--by", "A")[0] == 1  # the account B worked under
    assert data("share", "approve", share, "--by", "C")[0] == 2  # a claim, not a proof
    assert data("share", "approve", share, "--by", "a ")[0] == 2
    assert data("share", "approve", share, "--by", "B", *c)[0] == 2
    assert data("share", "approve", share, *c)[0] == 0
    listed = data("share", "list")[1][0]
    assert (listed["standing"], listed["decided_by"]) == ("approved", "C")
    assert data("share", "list", "--at", "2999-01-02")[1][0]["standing"] == "expired"
    assert data("share", "revoke", share, "--by", "A", "--reason", "end")[0] == 0
    assert data("share", "approve", "S99", *c)[0] == 2
    assert data("share", "request", *ASK, "--fields", "a", "--until", "1999-01-01")[0] == 2
    assert data("access", "verify")[0] == 0


def test_a_book_without_people_takes_no_name(tmp_path: Path) -> None:
    ask = ["data", "share", "request", *ASK, "--fields", "a", "--until", "2999-01-01"]
    assert main([*ask, "--by", "Somebody", "--book", str(tmp_path / "new")]) == 2
    assert main([*ask, "--book", str(tmp_path / "new")]) == 0
