"""Commands that read personal data stand on record first, or do not run."""

import argparse
import json
from pathlib import Path

import pytest

from audit.cli import main
from audit.lifecycle.access import accesses
from audit.lifecycle.acting import account
from audit.lifecycle.book import Book
from audit.lifecycle.recording import add_record, configured, recording
from rules.load import DataError, WorldError

PHONE = "13900001111"


def options(folder: Path | None, *words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_record(parser)
    return parser.parse_args([*(["--book", str(folder)] if folder else []), *words])


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "students.csv"
    rows = "".join(f"{n},{n % 3},1390000{n:04d}\n" for n in range(30))
    file.write_text("学号,性别,手机号\n" + rows, encoding="utf-8")
    return file


def of(folder: Path) -> list[dict[str, object]]:
    return list(accesses(Book(folder=folder).records()))


def test_before_and_after(tmp_path: Path) -> None:
    told = options(tmp_path / "b", "--why", "核对学籍", "--approval", "S1")
    url = "postgresql://reader:secret@db/district"
    with recording(told, "mask", [url, f"var/{PHONE}.csv"], fields=["phone"]) as use:
        begun = of(tmp_path / "b")
        assert begun[0]["outcome"] == "unfinished"
        use.subjects = 9
        use.counts["rows"] = 12
    row = of(tmp_path / "b")[0]
    assert row["what"] == "postgresql://db/district, var/<phone>.csv"
    assert (row["who"], row["proved"], row["outcome"]) == (account(), "account", "done")
    assert (row["subjects"], row["counts"], row["why"]) == (9, {"rows": 12}, "核对学籍")
    assert (row["fields"], row["approval"]) == (["phone"], "S1")
    text = (tmp_path / "b" / "book.jsonl").read_text(encoding="utf-8")
    assert PHONE not in text
    assert "secret" not in text


def test_one_that_failed_says_so(tmp_path: Path) -> None:
    with (
        pytest.raises(WorldError),
        recording(options(tmp_path / "b", "--why", "test it"), "find", ["a"]),
    ):
        raise WorldError("gone")
    assert of(tmp_path / "b")[0]["outcome"] == "failed"


def test_no_reason_no_access(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="why"), recording(options(tmp_path / "b"), "find", ["a"]):
        pytest.fail("it ran")
    assert not (tmp_path / "b").exists()


def test_where_the_book_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QINGLANG_BOOK", raising=False)
    assert configured(options(None)) is None
    Book(folder=Path("var/data-book")).write("note", {}, 1.0)
    assert configured(options(None)) == Path("var/data-book")
    monkeypatch.setenv("QINGLANG_BOOK", "elsewhere")
    assert configured(options(None)) == Path("elsewhere")
    assert configured(options(tmp_path)) == tmp_path


def test_without_a_book_it_is_said_once(
    table: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(table.parent)
    assert main(["data", "find", str(table)]) == 0
    assert capsys.readouterr().err.count("no record is kept") == 1


def commands(table: Path, folder: Path) -> list[list[str]]:
    file = str(table)
    key = folder / "roster.key"
    key.write_text("11" * 32)
    key.chmod(0o600)
    names = folder / "names.csv"
    names.write_text("姓名\n欧阳测试\n", encoding="utf-8")
    return [
        ["find", file, "--roster", str(names)],
        ["discover", file],
        ["mask", "--policy", "test-copy", "--in", file, "--out", f"{folder}/copy.csv"],
        ["mask", "--policy", "test-copy", "--in", file, "--out", f"{folder}/c.csv", "--plan"],
        ["risk", file, "--quasi", "性别"],
        ["roster", "seal", str(names), "--key", str(key), "--output", f"{folder}/sealed"],
    ]


def test_every_command_is_on_record(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = tmp_path / "b"
    for words in commands(table, tmp_path):
        told = ["data", *words, "--book", str(book)]
        assert main(told) == 2, words
        assert main([*told, "--why", "年度核查"]) in (0, 1), words
    listed = of(book)
    assert [row["action"] for row in listed] == [
        "find", "discover", "mask", "mask-plan", "risk", "roster seal",
    ]  # fmt: skip
    assert {row["outcome"] for row in listed} == {"done"}
    assert listed[2]["subjects"] == 30
    assert listed[4]["subjects"] == 30
    assert "students.csv.手机号" in str(listed[1]["fields"])
    assert main(["data", "access", "verify", "--book", str(book), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["seq"] == 12
    assert "13900000" not in (book / "book.jsonl").read_text(encoding="utf-8")


def test_a_book_that_cannot_be_written_stops_the_command(table: Path, tmp_path: Path) -> None:
    book = Book(folder=tmp_path / "b")
    book.write("note", {}, 1.0)
    (book.key_folder() / "key.pem").unlink()
    out = tmp_path / "copy.csv"
    told = ["mask", "--policy", "test-copy", "--in", str(table), "--out", str(out)]
    assert main(["data", *told, "--book", str(book.folder), "--why", "年度核查"]) == 3
    assert not out.exists()
