"""Numbers with gaps, over two lines and with letters for digits: only under their label."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.personal_files import load_finder
from rules.recognise.personal.kinds import Kind
from rules.recognise.personal.labels import NOTHING, Meaning
from rules.recognise.personal.scanned import looking, meant, together, two_lines
from rules.recognise.personal.validators import id_card_digit

FIRST = "11990020100101001"  # a county that never was
ID = FIRST + id_card_digit(FIRST)
BANK = "6222020000000000000"
FINDER = load_finder()
PHONE_LABEL = Meaning(frozenset((Kind.PHONE,)))


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        (f"身份证号码：{ID[:4]} {ID[4:]}", "id_card", f"{ID[:4]} {ID[4:]}"),
        (f"身份证号：{ID[:5]} {ID[5:9]} {ID[9:]}", "id_card", f"{ID[:5]} {ID[5:9]} {ID[9:]}"),
        ("联系电话:138 0000 00 00", "phone", "138 0000 00 00"),
        (f"银行卡号 {BANK[:6]} {BANK[6:]}", "bank_card", f"{BANK[:6]} {BANK[6:]}"),
        (f"公民身份号码 {ID[:8]}\n{ID[8:]}，", "id_card", f"{ID[:8]}\n{ID[8:]}"),
        ("手机：138000\r\n  00000\n", "phone", "138000\r\n  00000"),
        ("手机号码：138O0000000", "phone", "138O0000000"),
        (f"身份证号：{ID[:6]}l{ID[7:]}", "", ""),  # an l where no 1 can have been
        (f"身份证号：{ID[:6]}{ID[6:].replace('0', 'O', 1)}", "id_card", None),
    ],
)
def test_under_a_label(text: str, kind: str, value: str | None) -> None:
    hits = FINDER.find(text)
    if not kind:
        assert hits == ()
        return
    assert [str(hit.kind) for hit in hits] == [kind]
    if value is not None:
        assert text[hits[0].start : hits[0].end] == value


@pytest.mark.parametrize(
    "text",
    [
        "成绩 138 0000 00 00",  # figures of a table
        f"共 {ID[:4]} {ID[4:]} 元",
        "流水 138O0000000",
        "订单号：138000\n00000",
        "手机：1380\n0000000",  # too little before the line ends to be looked at
        "电话：138 000 0000",
    ],
)
def test_not_without(text: str) -> None:
    assert not [hit for hit in FINDER.find(text) if hit.kind in ("id_card", "phone", "bank_card")]


def test_a_whole_number_is_not_glued_to_the_next() -> None:
    text = f"卡号：{BANK} 12"
    (hit,) = FINDER.find(text)
    assert text[hit.start : hit.end] == BANK


def test_the_label_says_which() -> None:
    assert meant("13800000000", 0, 11, PHONE_LABEL, "gap") is not None
    assert meant("13800000000", 0, 11, NOTHING, "gap") is None
    assert looking("138O0000000", 0, 11, NOTHING) is None
    assert looking("13800000000", 0, 11, PHONE_LABEL) is None  # nothing to mend
    assert two_lines("1380\n0000000", "1380", 0, 4, PHONE_LABEL) is None
    assert together("138-00000000", ["138", "00000000"], [(0, 3), (4, 12)], PHONE_LABEL) is None


@settings(max_examples=60, deadline=None)
@given(st.integers(3, 16), st.sampled_from([" ", "\n", "\r\n", "\n  "]))
def test_wherever_it_is_cut(at: int, gap: str) -> None:
    text = f"身份证号：{ID[:at]}{gap}{ID[at:]}"
    found = [hit for hit in FINDER.find(text) if hit.kind is Kind.ID_CARD]
    assert bool(found) == (gap == " " or at >= 5)
