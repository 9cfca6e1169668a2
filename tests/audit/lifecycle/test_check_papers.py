"""Shares against the book, contracts, export, records of three years."""

import datetime as dt
from dataclasses import replace

import pytest

from audit.lifecycle.check_papers import wanted
from audit.lifecycle.rules import RecordKind
from audit.lifecycle.sharing import Share, Standing
from tests.audit.lifecycle.check_world import BOOK, SHARE, look, ruled, told


@pytest.mark.parametrize(
    ("share", "code"),
    [
        (None, "share-unapproved"),
        (replace(SHARE, step=Standing.PENDING), "share-unapproved"),
        (replace(SHARE, step=Standing.REVOKED), "share-unapproved"),
        (replace(SHARE, step=Standing.REJECTED), "share-unapproved"),
        (replace(SHARE, until=dt.date(2026, 11, 23)), "share-ended"),
        (replace(SHARE, dataset="visits"), "share-unapproved"),
        (replace(SHARE, recipient="别处"), "share-unapproved"),
        (replace(SHARE, fields=("name",)), "share-unapproved"),
        (replace(SHARE, masked="sharing"), "share-unapproved"),
        (replace(SHARE, until=dt.date(2027, 7, 30)), "share-unapproved"),
    ],
)
def test_the_approval_is_another(share: Share | None, code: str) -> None:
    shares = {"S4": share} if share is not None else {}
    assert {code for code, _ in told(look(shares=shares))} == {code}


def test_without_a_book_it_is_unknown() -> None:
    found = look(shares=None)
    assert told(found) == set()
    assert {code for code, _ in told(found, known=False)} == {"share-unapproved"}


def test_a_share_no_rule_knows() -> None:
    shares = {"S4": SHARE, "S2": replace(SHARE, id="S2", recipient="别处")}
    assert {code for code, _ in told(look(shares=shares))} == {"share-beyond"}
    over = {"S4": SHARE, "S2": replace(SHARE, id="S2", step=Standing.REJECTED)}
    assert told(look(shares=over)) == set()


def test_a_share_without_an_approval() -> None:
    book = ruled((", approval: S4", ""))
    assert {code for code, _ in told(look(book=book))} == {"share-unapproved", "share-beyond"}


def test_what_ended() -> None:
    late = dt.date(2028, 1, 1)
    codes = {code for code, _ in told(look(at=late))}
    assert {"contract-ended", "export-ended"} <= codes
    same = dt.date(2027, 12, 31)
    codes = {code for code, _ in told(look(at=same))}
    assert not {"contract-ended", "export-ended"} & codes


def test_records() -> None:
    roll, visits = BOOK.datasets
    assert set(wanted(roll)) == {
        RecordKind.ASSESSMENT, RecordKind.MINORS, RecordKind.AUDIT,
        RecordKind.SHARING, RecordKind.ENTRUSTING,
    }  # fmt: skip
    assert wanted(visits) == ()
    for old, new in (
        ("kind: assessment", "kind: notice"),
        ("place: 官网", 'place: ""'),
        ("dated: 2026-01-20", "dated: 2024-12-31"),
        ("dated: 2026-02-01, place: 档案室", "dated: 2027-02-01, place: 档案室"),
    ):
        assert {code for code, _ in told(look(book=ruled((old, new))))} == {"record"}, new
    short = ruled(("kept: 3 years", "kept: 35 months"))
    assert {code for code, _ in told(look(book=short))} == {"record-short"}
