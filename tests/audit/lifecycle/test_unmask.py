"""Reversal: refused unless two approved, and on record before anything is opened."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.lifecycle import unmask
from gateway.ledger import Checkpoint, read, sign

SIGNER = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
HEADS = {name: Ed25519PrivateKey.from_private_bytes(bytes([place]) * 32)
         for place, name in enumerate(("head-a", "head-b", "officer"), 2)}  # fmt: skip
KNOWN = {name: key.public_key() for name, key in HEADS.items()}
VALUES = ["qm1:k1:AAAA", "qm1:k1:BBBB"]


class Book:
    def __init__(self) -> None:
        self.chain: list[Checkpoint] = []

    def sign(self, kind: str, body: dict[str, Any]) -> Checkpoint:
        before = self.chain[-1] if self.chain else None
        self.chain.append(
            read(sign(SIGNER, before=before, now=1000.0, node="n", kind=kind, body=body, by=0))
        )
        return self.chain[-1]


def asked(book: Book, **more: Any) -> unmask.Request:
    told = {"column": "t.c", "reason": "核对学籍", "by": "officer", "hours": 1.0, **more}
    return unmask.ask(VALUES, identifier="r1", sign=book.sign, **told)


def reverse(book: Book, request: unmask.Request, approvals: list[str], **more: Any) -> Any:
    told: dict[str, Any] = {"used": False, "by": "officer", "now": 1001.0, "values": VALUES, **more}
    opened = told.pop("opened", lambda value: value[-4:])
    return unmask.reverse(
        request, approvals=approvals, known=KNOWN, sign=book.sign, opened=opened, **told
    )


def both(request: unmask.Request) -> list[str]:
    return [unmask.approve(request, name, HEADS[name]) for name in ("head-a", "head-b")]


def test_two_approvals_open_and_are_on_record() -> None:
    book = Book()
    request = asked(book)
    order: list[str] = []

    def opened(value: str) -> str:
        order.append(book.chain[-1].kind)
        return value

    assert reverse(book, request, both(request), opened=opened) == VALUES
    assert order == [unmask.DONE] * 2
    found, used = unmask.find(book.chain, "r1")
    assert (found, used) == (request, True)
    assert book.chain[-1].body["approvers"] == ["head-a", "head-b"]
    assert "AAAA" not in str(book.chain[0].body)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"used": True}, "已用过"),
        ({"now": 1e9}, "过期"),
        ({"by": "head-a"}, "别人"),
        ({"values": VALUES[:1]}, "不符"),
    ],
)
def test_what_is_refused(more: dict[str, Any], said: str) -> None:
    book = Book()
    request = asked(book)
    with pytest.raises(unmask.RefusedError, match=said):
        reverse(book, request, both(request), **more)
    assert len(book.chain) == 1


def test_approvals_that_do_not_count() -> None:
    book = Book()
    request = asked(book)
    one, two = both(request)
    own = unmask.approve(request, "officer", HEADS["officer"])
    forged = unmask.approve(request, "head-b", HEADS["head-a"])
    for approvals, said in (
        ([], "还需 2"), ([one], "还需 1"), ([one, one], "还需 1"), ([one, own], "自己"),
        ([one, forged], "不是给"), ([one, "nobody:x"], "登记"), ([one, two[:-4]], "不是给"),
    ):  # fmt: skip
        with pytest.raises(unmask.RefusedError, match=said):
            reverse(book, request, approvals)
    same = {**KNOWN, "head-b": KNOWN["head-a"]}
    with pytest.raises(unmask.RefusedError, match="同一把"):
        unmask.approvers_of(request, [one, forged], same)


@pytest.mark.parametrize("more", [{"reason": "x"}, {"by": " "}, {"hours": 0.0}, {"hours": 1000.0}])
def test_requests_that_are_refused(more: dict[str, Any]) -> None:
    with pytest.raises(unmask.RefusedError):
        asked(Book(), **more)


def test_no_values_and_unknown_requests() -> None:
    with pytest.raises(unmask.RefusedError):
        unmask.ask(
            [], column="", reason="核对学籍", by="x", hours=1, identifier="r", sign=Book().sign
        )
    with pytest.raises(unmask.RefusedError, match="没有"):
        unmask.find([], "r1")
