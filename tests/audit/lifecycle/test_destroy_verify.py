"""A certificate checked again: forged, of another book, of another count; any bytes at all."""

from __future__ import annotations

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle.book import Book
from audit.lifecycle.certificate import DESTROYED, issue
from audit.lifecycle.destroy_verify import verified
from audit.lifecycle.destroying import BATCH, BEGUN, CERTIFIED, FINISHED
from rules.load import DataError

SET = {"id": "roll/left", "done": 2, "digest": "7", "kept": 0}
BODY = {"plan": "p", "sets": [SET], "ended": "2026-01-01T00:00:00+00:00"}


def written(folder: Path, sum_: str = "7") -> tuple[str, Book]:
    book = Book(folder=folder / "book")
    told = {"plan": "p", "set": "roll/left"}
    book.write(BEGUN, told, 1.0)
    book.write(BATCH, {**told, "batch": 1, "count": 2, "sum": sum_, "below": {}}, 2.0)
    book.write(FINISHED, {**told, "kept": 0}, 3.0)
    paper = issue(BODY, book.key(), DESTROYED)
    book.write(CERTIFIED, {"plan": "p", "certificate": json.loads(paper)}, 4.0)
    return paper, book


def test_it_holds_with_its_book(tmp_path: Path) -> None:
    paper, book = written(tmp_path)
    trusted = book.key().public_key()
    body, wrong, looked = verified(paper, trusted=trusted, book=book.folder, databases={})
    assert (wrong, looked) == ([], {})
    assert body["plan"] == "p"
    other = Ed25519PrivateKey.generate().public_key()
    assert verified(paper, trusted=other, book=None, databases={})[1]
    assert verified(paper.replace('"done":2', '"done":3').replace('"done": 2', '"done": 3'),
                    trusted=trusted, book=None, databases={})[1]  # fmt: skip


def test_the_books_batches_say_otherwise(tmp_path: Path) -> None:
    paper, book = written(tmp_path, sum_="8")
    wrong = verified(paper, trusted=None, book=book.folder, databases={})[1]
    assert len(wrong) == 1
    assert "another count" in wrong[0]
    fresh = Book(folder=tmp_path / "other")
    fresh.write("share-asked", {}, 1.0)
    assert (
        "no such certificate"
        in verified(paper, trusted=None, book=fresh.folder, databases={})[1][0]
    )


@given(st.one_of(st.text(max_size=60), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8).map(json.dumps)))  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_any_text_is_no_certificate(text: str) -> None:
    try:
        _, wrong, _ = verified(text, trusted=None, book=None, databases={})
    except DataError:
        return
    assert wrong
