"""`qinglang rules words …`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from audit.cli import main


def run(*arguments: str) -> int:
    return main(["rules", "words", *arguments])


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "校本 list.txt"
    path.write_bytes("# 注释\n校本暗语\t12\n".encode("gb18030"))
    return path


def test_import_test_list_remove(
    listed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(tmp_path / "var")]
    assert run("import", str(listed), "--category", "gambling", *data, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer == {"id": "own-list", "category": "gambling", "words": 1, "phrases": 1}
    assert run("test", "看:校本*暗語", *data, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["scores"][0]["category"] == "gambling"
    assert answer["scores"][0]["probability"] >= 0.9
    assert answer["hits"][0]["at"] == 2
    assert run("list", *data, "--json") == 0
    assert any(one["id"] == "own-list" for one in json.loads(capsys.readouterr().out))
    assert run("remove", "own-list", *data) == 0
    assert list((tmp_path / "var" / "lexicons").iterdir()) == []
    assert run("remove", "own-list", *data) == 2


def test_said_in_words(
    listed: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = ["--data", str(tmp_path / "var")]
    assert run("import", str(listed), "--category", "gambling", "--id", "mine", *data) == 0
    assert "mine: 1" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO("校本暗语"))
    assert run("test", "-", *data) == 0
    assert "gambling" in capsys.readouterr().out
    assert run("remove", "mine", *data, "--json") == 0


BAD = {
    "category": ("好词\n", ["--category", "nothing"], "没有类别"),
    "lines": ("好词\n单\n词\t99\n", ["--category", "gambling"], ":3:1:"),
    "empty": ("# nothing\n", ["--category", "gambling"], "没有词语"),
    "ours": ("好词\n", ["--category", "gambling", "--id", "hooks"], "内置"),
    "id": ("好词\n", ["--category", "gambling", "--id", "A B"], "not an id"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_imports_change_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    text, options, message = BAD[name]
    path = tmp_path / "w.txt"
    path.write_text(text, encoding="utf-8")
    assert run("import", str(path), *options, "--data", str(tmp_path / "var")) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "var").exists()
