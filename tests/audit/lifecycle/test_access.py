"""An access is on record with who, what, how many and why."""

from pathlib import Path

from audit.lifecycle.access import Access, accesses, recorded
from audit.lifecycle.book import Book


def test_recorded_and_listed(tmp_path: Path) -> None:
    book = Book(folder=tmp_path)
    one = Access(who="officer", action="mask", what="students", fields=("phone",), subjects=9)
    recorded(book, one, 5.0)
    recorded(book, Access(who="other", action="check", what="x"), 6.0)
    found = list(accesses(book.records(), "officer"))
    assert [(row["fields"], row["subjects"], row["time"]) for row in found] == [(["phone"], 9, 5.0)]
    assert len(list(accesses(book.records()))) == 2
