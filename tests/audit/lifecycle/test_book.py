"""The book: linked, signed, torn tails, rewriting and cutting off found."""

import multiprocessing
import shutil
from pathlib import Path

import pytest

from audit.lifecycle.book import KEYS, Book, move_key
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


def test_the_key_lies_apart_and_is_of_its_owner_alone(tmp_path: Path) -> None:
    book = filled(tmp_path)
    assert book.apart()
    assert not (book.folder / "key.pem").exists()
    key = book.key_folder() / "key.pem"
    assert (key.stat().st_mode & 0o077, key.parent.stat().st_mode & 0o077) == (0, 0)
    key.chmod(0o640)
    with pytest.raises(WorldError, match="chmod"):
        book.write("access", {}, 1.0)


def test_the_environment_says_where_the_key_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEYS, str(tmp_path / "elsewhere"))
    filled(tmp_path)
    assert (tmp_path / "elsewhere" / "key.pem").exists()


def test_a_lost_key_is_not_made_again(tmp_path: Path) -> None:
    book = filled(tmp_path)
    shutil.rmtree(book.key_folder())
    with pytest.raises(WorldError, match="not there"):
        book.write("access", {}, 1.0)
    assert not book.trusted()
    assert len(book.records()) == 3  # read by the public key in the book


def test_a_new_key_does_not_lie_in_the_book(tmp_path: Path) -> None:
    book = Book(folder=tmp_path / "b", keys=tmp_path / "b" / "keys")
    with pytest.raises(WorldError, match="outside"):
        book.write("access", {}, 1.0)


def test_a_book_of_before_is_read_written_and_its_key_moved(tmp_path: Path) -> None:
    book = filled(tmp_path)
    shutil.move(book.key_folder() / "key.pem", book.folder / "key.pem")
    shutil.rmtree(tmp_path / "book.key")
    assert not book.apart()
    book.write("access", {"n": 3}, 1.0)
    with pytest.raises(WorldError, match="out of the book"):
        move_key(book, book.folder / "in")
    move_key(book, tmp_path / "book.key")
    assert book.apart()
    assert len(book.records()) == 4
    with pytest.raises(WorldError, match="no key in the book"):
        move_key(book, tmp_path / "other")


def test_a_held_book_is_said_to_be_held(tmp_path: Path) -> None:
    book = Book(folder=tmp_path / "b", patience=0.05)
    with book.session(), pytest.raises(WorldError, match="another process"):
        book.write("access", {}, 1.0)


def decide(folder: Path, rounds: int) -> None:
    """Take the next number, as a decision does: read, decide, append."""
    for _ in range(rounds):
        with Book(folder=folder).session() as session:
            taken = [one.body["n"] for one in session.records()]
            session.write("access", {"n": max(taken, default=0) + 1}, 1.0)


@pytest.mark.wire
def test_processes_at_once_decide_one_after_another(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=decide, args=(tmp_path / "b", 8)) for _ in range(3)]
    for one in processes:
        one.start()
    for one in processes:
        one.join(60)
    assert [one.exitcode for one in processes] == [0, 0, 0]
    taken = [one.body["n"] for one in Book(folder=tmp_path / "b").records()]
    assert taken == list(range(1, 25))
