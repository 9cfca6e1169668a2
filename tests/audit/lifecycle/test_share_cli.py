"""Request, approve, list, revoke and verify at the command line."""

import json
from pathlib import Path

import pytest

from audit.cli import main


def test_the_life_of_a_share(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--book", str(tmp_path / "b"), "--json"]

    def data(*words: str) -> tuple[int, list[dict[str, object]]]:
        code = main(["data", *words, *more])
        out = capsys.readouterr().out
        return code, [json.loads(line) for line in out.splitlines()]

    ask = [
        "--dataset",
        "students",
        "--recipient",
        "市教育局",
        "--purpose",
        "统计",
        "--masked",
        "none",
    ]
    code, made = data(
        "share", "request", *ask, "--fields", "a,b", "--until", "2999-01-01", "--by", "A"
    )
    assert (code, made[0]["id"]) == (0, "S1")
    assert data("share", "approve", "S1", "--by", "a")[0] == 1
    assert data("share", "approve", "S1", "--by", "B")[0] == 0
    assert data("share", "list")[1][0]["standing"] == "approved"
    assert data("share", "list", "--at", "2999-01-02")[1][0]["standing"] == "expired"
    assert data("share", "revoke", "S1", "--by", "A", "--reason", "end")[0] == 0
    assert data("share", "approve", "S9", "--by", "B")[0] == 2
    assert data("share", "request", *ask, "--fields", "a", "--until", "1999-01-01")[0] == 2
    code, anchor = data("access", "verify")
    assert (code, anchor[0]["seq"]) == (0, 3)
    kept = tmp_path / "anchor"
    kept.write_text(json.dumps(anchor[0]))
    book = tmp_path / "b" / "book.jsonl"
    book.write_bytes(b"".join(book.read_bytes().splitlines(keepends=True)[:2]))
    assert data("access", "verify", "--anchors", str(kept))[0] == 1
    assert data("access", "list")[0] == 0
