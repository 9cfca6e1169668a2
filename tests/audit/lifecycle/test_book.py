"""The book: linked, signed, torn tails, rewriting and cutting off found."""

from pathlib import Path

import pytest

from audit.lifecycle.book import Book
from gateway.ledger import Anchor, Fault
from rules.load import WorldError


def filled(folder: Path, count: int = 3) -> Book:
    book = Book(folder=folder / "book")
    for number in range(count):
        book.write("access", {"n": number}, 1000.0 + number)
    return book


def test_records_come_back_in_order(tmp_path: Path) -> None:
    book = filled(tmp_path)
    assert [one.body["n"] for one in book.records()] == [0, 1, 2]
    assert book.path.stat().st_mode & 0o077 == 0


def test_an_empty_book_is_whole(tmp_path: Path) -> None:
    assert Book(folder=tmp_path / "none").records() == ()


def test_a_changed_record_is_found(tmp_path: Path) -> None:
    book = filled(tmp_path)
    book.path.write_bytes(book.path.read_bytes().replace(b'"n":1', b'"n":7'))
    faults = {one.fault for one in book.check().faults}
    assert Fault.SIGNATURE in faults
    with pytest.raises(WorldError, match="does not verify"):
        book.records()


def test_a_removed_record_is_found(tmp_path: Path) -> None:
    book = filled(tmp_path)
    lines = book.path.read_bytes().splitlines(keepends=True)
    book.path.write_bytes(lines[0] + lines[2])
    assert {one.fault for one in book.check().faults} == {Fault.MISSING}


def test_a_cut_off_end_is_found_by_an_anchor(tmp_path: Path) -> None:
    book = filled(tmp_path)
    last = book.records()[-1]
    lines = book.path.read_bytes().splitlines(keepends=True)
    book.path.write_bytes(b"".join(lines[:-1]))
    assert book.check().faults == ()
    assert book.check([Anchor(seq=last.seq, hash=last.hash)]).faults[0].fault is Fault.CUT_OFF


def test_a_torn_tail_is_cut_off_and_writing_goes_on(tmp_path: Path) -> None:
    book = filled(tmp_path)
    with book.path.open("ab") as file:
        file.write(b'{"half":')
    book.write("access", {"n": 3}, 2000.0)
    assert len(book.records()) == 4


def test_a_foreign_last_line_stops_writing(tmp_path: Path) -> None:
    book = filled(tmp_path)
    with book.path.open("ab") as file:
        file.write(b"{}\n")
    with pytest.raises(WorldError):
        book.write("access", {}, 1.0)
