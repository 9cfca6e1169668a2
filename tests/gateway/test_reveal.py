"""Who was it: nothing without two approvals, nothing without a record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway import reveal
from gateway.reveal import Book, RefusedError, Request, book
from rules.load import WorldError
from tests.gateway.evidence_samples import Archive

T0 = 1_772_337_600.0
NAMES = {"tok-7f3k": "李小明"}


class Office:
    """A ledger with two approvers and a requester who registered as one too."""

    def __init__(self, data: Path) -> None:
        self.now = T0
        self.archive = Archive(data=data, clock=lambda: self.now)
        self.sign = self.archive.signing.sign
        self.keys = {name: Ed25519PrivateKey.generate() for name in ("王主任", "赵校长", "张老师")}
        for name, key in self.keys.items():
            reveal.register(name, key.public_key(), by="admin", sign=self.sign)

    @property
    def book(self) -> Book:
        return book(self.archive.chain().checkpoints)

    def ask(self, **changes: Any) -> Request:
        wanted: dict[str, Any] = {"reason": "欺凌调查", "by": "张老师", "hours": 24, **changes}
        return reveal.ask(
            "1RZJ-WMJF-6XSW", "s1", identifier=f"r{id(changes)}", sign=self.sign, **wanted
        )

    def approvals(self, request: Request, *names: str) -> list[str]:
        return [reveal.approve(request, name, self.keys[name]) for name in names]

    def look(self, request: Request, *approvals: str, by: str = "张老师") -> str | None:
        name, _ = reveal.look(
            request,
            "tok-7f3k",
            approvals=approvals,
            known=self.book,
            by=by,
            now=self.now,
            sign=self.sign,
            lookup=lambda token, _school: NAMES.get(token),
        )
        return name


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_two_approvals_show_the_name_and_every_look_is_on_record(office: Office) -> None:
    request = office.ask()
    approvals = office.approvals(request, "王主任", "赵校长")
    assert office.look(request, *approvals) == "李小明"
    assert office.look(request, *approvals) == "李小明"
    looks = office.book.looks
    assert [one.body["approvers"] for one in looks] == [["王主任", "赵校长"]] * 2
    assert "李小明" not in (office.archive.data / "ledger" / "chain.jsonl").read_text()


def test_what_is_refused_shows_nothing_and_records_no_look(office: Office) -> None:
    request, other = office.ask(), office.ask(reason="另一件事")
    one, two = office.approvals(request, "王主任", "赵校长")
    (own,) = office.approvals(request, "张老师")
    (foreign,) = office.approvals(other, "赵校长")
    for approvals, said in [
        ((), "2 more"),
        ((one,), "1 more"),
        ((one, one), "1 more"),
        ((one, own), "cannot approve"),
        ((one, foreign), "not for this request"),
        ((one, "赵校长:AAAA"), "not for this request"),
        ((one, "赵校长:"), "not for this request"),
        ((one, two.replace("赵校长", "钱校长")), "no approver"),
        ((one, "noise"), "no approver"),
    ]:
        with pytest.raises(RefusedError, match=said):
            office.look(request, *approvals)
    with pytest.raises(RefusedError, match="request of"):
        office.look(request, one, two, by="别人")
    assert office.book.looks == ()


def test_a_request_ends(office: Office) -> None:
    request = office.ask(hours=1)
    approvals = office.approvals(request, "王主任", "赵校长")
    office.now = T0 + 3599
    assert office.look(request, *approvals)
    office.now = T0 + 3600
    with pytest.raises(RefusedError, match="expired"):
        office.look(request, *approvals)


def test_one_key_under_two_names_is_one_approver(office: Office) -> None:
    key = office.keys["王主任"]
    reveal.register("王二", key.public_key(), by="admin", sign=office.sign)
    office.keys["王二"] = key
    request = office.ask()
    with pytest.raises(RefusedError, match="one key"):
        office.look(request, *office.approvals(request, "王主任", "王二"))


@pytest.mark.parametrize(
    "changes",
    [{"reason": ""}, {"reason": "x" * 501}, {"by": " "}, {"hours": 0}, {"hours": 169}],
)
def test_requests_that_cannot_be(office: Office, changes: dict[str, Any]) -> None:
    with pytest.raises(RefusedError):
        office.ask(**changes)
    assert office.book.requests == {}


def test_an_emergency_opens_at_once_and_is_reviewed(office: Office) -> None:
    request = office.ask(break_glass=True, reason="有自伤风险")
    assert office.look(request) == "李小明"
    office.now += 7 * 86400 + 1
    assert [one.id for one in office.book.unreviewed(office.now)] == [request.id]
    options: dict[str, Any] = {"justified": True, "note": "", "sign": office.sign}
    with pytest.raises(RefusedError, match="somebody else"):
        reveal.review(request, by="张老师", known=office.book, **options)
    reveal.review(request, by="王主任", known=office.book, **options)
    assert office.book.unreviewed(office.now) == []
    with pytest.raises(RefusedError, match="already"):
        reveal.review(request, by="王主任", known=office.book, **options)
    with pytest.raises(RefusedError, match="emergency"):
        reveal.review(office.ask(), by="王主任", known=office.book, **options)


def test_no_record_no_name(office: Office) -> None:
    request = office.ask()
    approvals = office.approvals(request, "王主任", "赵校长")
    known = office.book
    asked: list[str] = []
    office.archive.signing.away = True
    with pytest.raises(WorldError):
        reveal.look(
            request,
            "tok-7f3k",
            approvals=approvals,
            known=known,
            by="张老师",
            now=T0,
            sign=office.sign,
            lookup=lambda token, _: asked.append(token),  # type: ignore[func-returns-value]
        )
    assert asked == []


def test_a_reason_changed_afterwards_needs_new_approvals(office: Office) -> None:
    """An approval is for the checkpoint of the request: reason, person, expiry."""
    request = office.ask()
    approvals = office.approvals(request, "王主任", "赵校长")
    again = office.ask(reason="好奇而已")
    with pytest.raises(RefusedError):
        office.look(again, *approvals)


@pytest.mark.parametrize("name", ["", " ", "a:b"])
def test_approvers_have_names(office: Office, name: str) -> None:
    with pytest.raises(RefusedError):
        reveal.register(name, office.keys["王主任"].public_key(), by="admin", sign=office.sign)
