"""Rows against the chain, without a database (with one: test_store.py)."""

from hashlib import sha256

from audit.proof import compare

D = sha256(b"null").hexdigest()


def test_nothing_is_whole() -> None:
    assert compare(
        (), runs=(), evidence=(), entries=(), open_run=lambda *_: "", open_evidence=lambda *_: b""
    ) == ((), 0)


def test_what_the_chain_does_not_know() -> None:
    wrong, deleted = compare(
        (), runs=[("r", "a", "d", None)], evidence=[("a", "d", None)], entries=["e"],
        open_run=lambda *_: "", open_evidence=lambda *_: b"",
    )  # fmt: skip
    assert len(wrong) == 3
    assert deleted == 0
