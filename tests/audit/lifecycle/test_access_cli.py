"""Listing accesses and verifying the book at the command line."""

import json
from pathlib import Path

import pytest

from audit.cli import main
from audit.lifecycle.access import Access, recorded
from audit.lifecycle.book import Book


def test_verify_against_an_anchor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = Book(folder=tmp_path / "b")
    for number in range(3):
        recorded(book, Access(who="w", action="check", what=f"t{number}"), 1.0)
    told = ["--book", str(book.folder), "--json"]
    assert main(["data", "access", "verify", *told]) == 0
    anchor = tmp_path / "anchor"
    anchor.write_text(capsys.readouterr().out)
    assert json.loads(anchor.read_text())["seq"] == 3
    book.path.write_bytes(b"".join(book.path.read_bytes().splitlines(keepends=True)[:2]))
    assert main(["data", "access", "verify", "--anchors", str(anchor), *told]) == 1
    assert "cut-off" in capsys.readouterr().out
    assert main(["data", "access", "list", "--who", "w", *told]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_an_old_book_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = Book(folder=tmp_path / "b")
    recorded(book, Access(who="w", action="check", what="t"), 1.0)
    key = book.key_folder()
    (key / "key.pem").rename(book.folder / "key.pem")
    (key / "public.pem").unlink()
    key.rmdir()
    told = ["--book", str(book.folder)]
    assert main(["data", "access", "verify", *told]) == 0
    assert "move-key" in capsys.readouterr().err
    assert main(["data", "access", "move-key", "--to", str(key), *told]) == 0
    assert main(["data", "access", "verify", *told]) == 0
    assert "move-key" not in capsys.readouterr().err
