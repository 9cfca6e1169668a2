"""Pieces through the recognisers: headers first, then text; names of places are cleaned."""

import pytest

from audit.lifecycle.finding import Search, Tally
from rules.model import Text
from rules.personal_files import load_finder
from rules.readers.model import Piece, Unread
from rules.recognise.personal.kinds import FINDABLE, Kind

SEARCH = Search(load_finder(), frozenset(FINDABLE))
PHONE = "13800000000"


@pytest.mark.parametrize(
    ("header", "text", "want"),
    [
        ("手机", PHONE, [("phone", 0, 11, "verified")]),
        ("手机", f"  {PHONE} ", [("phone", 2, 13, "verified")]),
        ("", f"手机{PHONE}", [("phone", 2, 13, "verified")]),
        ("备注", f"家长手机{PHONE}。", [("phone", 4, 15, "verified")]),
        ("手机", f"{PHONE}/13900000000", [("phone", 0, 11, "verified"), ("phone", 12, 23, "verified")]),  # noqa: E501
        ("订单号", PHONE, []),
        ("学号", "20260001", [("student_number", 0, 8, "verified")]),
        ("手机", " ", []),
        ("手机", "无" * 300, []),
    ],
)  # fmt: skip
def test_cells(header: str, text: str, want: list[tuple[str, int, int, str]]) -> None:
    hits = SEARCH.piece(Piece("t", header, text, 1))
    got = [(h.kind.value, h.start, h.end, h.confidence.value) for h in hits]
    assert [one[:3] for one in got] == [one[:3] for one in want]
    assert not want or got[0] == want[0]


def test_finds_and_problems_come_in_the_order_of_the_pieces() -> None:
    lines: list[Piece | Unread] = [Piece("t", "", f"第{n}行 电话{PHONE}", n) for n in range(70)]
    lines[3] = Unread(path="t", what=Text(zh="坏", en="broken"), row=3)
    lines[5] = Piece("t", "手机", PHONE, 5)
    lines[6] = Piece("t", "", "无" * 3000 + PHONE, 6)
    tally = Tally()
    rows = [found.piece.row for found in SEARCH.over(lines, tally)]
    assert rows == [n for n in range(70) if n != 3]
    assert len(tally.unread) == 1
    assert sum(tally.counts.values()) == 69


def test_kinds_are_chosen() -> None:
    only = Search(load_finder(), frozenset({Kind.EMAIL}))
    assert [h.kind for h in only.piece(Piece("t", "", f"{PHONE} a@example.com"))] == ["email"]


def test_a_tally_counts_and_keeps_problems() -> None:
    tally = Tally(most=1)
    what = Text(zh="坏", en="bad")
    pieces = [Piece("t", "手机", PHONE, 1), Unread(path="t", what=what, fatal=False)]
    assert len(list(SEARCH.over(pieces, tally))) == 1
    assert not tally.failed
    tally.problem(Unread(path="u", what=what))
    assert tally.failed
    assert len(tally.unread) == 1


def test_names_of_places_hold_no_find() -> None:
    assert SEARCH.shown(f"手机{PHONE}.csv") == "手机<phone>.csv"
    assert SEARCH.shown("a\x1b[0m") == "a?[0m"
