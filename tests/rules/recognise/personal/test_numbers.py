"""Numbers of every kind in every dress: what hits, what must not, and where it begins and ends."""

import pytest

from rules.personal_files import load_finder, load_knowledge
from rules.recognise.personal.number_shapes import area, by_length, mobile
from rules.recognise.personal.validators import id_card_digit, luhn

FIRST = "11990020100101001"  # a county that never was
ID = FIRST + id_card_digit(FIRST)
WRONG = FIRST + ("0" if id_card_digit(FIRST) != "0" else "1")
LOWER = next(
    f"119900201001010{n:02}x" for n in range(99) if id_card_digit(f"119900201001010{n:02}") == "X"
)
PHONE = "13800000000"
BANK = "6222020000000000000"
CODE = "91350100M000100Y43"
FINDER = load_finder()


def marked(line: str) -> tuple[str, list[tuple[str, int, int, str]]]:
    """A text and the finds written into it: ⟦kind+value⟧ verified, ⟦kind?value⟧ suspected."""
    text, want = "", []
    for part in line.format(ID=ID, X=LOWER, WRONG=WRONG, P=PHONE, B=BANK, C=CODE).split("⟦"):
        inner, closed, rest = part.partition("⟧")
        if not closed:
            text += part
            continue
        at = next(place for place, sign in enumerate(inner) if sign in "+?")
        value = inner[at + 1 :]
        sure = "verified" if inner[at] == "+" else "suspected"
        want.append((inner[:at], len(text), len(text) + len(value), sure))
        text += value + rest
    return text, want


HITS = [
    # identity numbers
    "⟦id_card+{ID}⟧",
    "公民{ID}".replace("{ID}", "⟦id_card+{ID}⟧") + "号",
    "身份证⟦id_card+{ID}⟧的同学",
    "sfzh=⟦id_card+{X}⟧&a=1",
    '{{"id":"⟦id_card+{ID}⟧"}}',
    "a,⟦id_card+{ID}⟧,b",
    "⟦id_card?{WRONG}⟧",
    "⟦id_card+119900 20100101 001" + id_card_digit(FIRST) + "⟧",
    "身份证号：⟦id_card+119900850228001⟧",
    "⟦id_card?119900850228001⟧",
    # telephones
    "手机⟦phone+{P}⟧",
    "打我⟦phone?{P}⟧啊",
    "电话：⟦phone++86 138-0000-0000⟧",
    "⟦phone?+8613800000000⟧",
    "⟦phone?008613800000000⟧",
    "电话：⟦phone+１３８００００００００⟧",
    "TEL⟦phone+13800000000⟧",
    "?mobile=⟦phone+{P}⟧&x=1",
    "电话 ⟦phone+138 0000 0000⟧",
    "电话⟦landline+010-88888888⟧转",
    "电话：⟦landline+(0717)8888888⟧",
    "电话：⟦landline+（0717）8888888⟧",
    "传真：⟦landline++86-10-88888888⟧",
    "⟦landline?010-88888888-801⟧",
    "电话：⟦landline+88888888⟧",
    # cards, codes
    "⟦bank_card+{B}⟧",
    "卡号⟦bank_card+6222 0200 0000 0000 000⟧",
    "卡号：⟦bank_card?6222020000000000001⟧",
    "税号：⟦credit_code+{C}⟧",
    "单位⟦credit_code+{C}⟧公司",
    # permits
    "护照：⟦passport+E00000000⟧",
    "⟦passport?E00000000⟧",
    "通行证：⟦hk_macau_permit+H00000000⟧",
    "台胞证：⟦taiwan_permit+00000000⟧",
    "往来台湾通行证号：⟦taiwan_permit+L00000000⟧",
    '{{"studentNo":"⟦student_number+20260001⟧"}}',
    "请联系（⟦phone?+8613800000000⟧）",
    "我的工行卡是⟦bank_card?6222020000000000001⟧",
    # school
    "学号：⟦student_number+20260001⟧",
    "准考证号是⟦exam_number+110000001⟧",
    "学籍号 ⟦national_student_number+G{ID}⟧",
    "⟦national_student_number+G{ID}⟧",
    "学籍号：⟦national_student_number+L119900201001010000⟧",
    "QQ：⟦qq+10000⟧",
    # two at once
    "学号：⟦student_number+20260001⟧ 手机：⟦phone+{P}⟧",
    "⟦phone?{P}⟧、⟦phone?13900000000⟧",
]
MISSES = [
    "订单号：{P}",
    "快递单号6222020000000000000",
    "138****0000",
    "1380000",
    "版本 1.13800000000",
    "3.14159265358979",
    "10.13800000000.1",
    "{P}1",
    "x" * 50 + "{P}",
    "123456",
    "2026-03-02 08:15:22",
    "20260302081522",
    "请求数 0298888888",
    "ISBN 978-7-04-000000-0",
    "1234567890123456789",
    "编码：119900850228001",
    "订单582240984554274305",
    "H00000000a",
    "国药准字H00000000",
    "第02366660000批",
]


@pytest.mark.parametrize("line", HITS)
def test_hits(line: str) -> None:
    text, want = marked(line)
    assert [(h.kind, h.start, h.end, h.confidence) for h in FINDER.find(text)] == want


@pytest.mark.parametrize("line", MISSES)
def test_misses(line: str) -> None:
    assert FINDER.find(marked(line)[0]) == ()


@pytest.mark.parametrize("before", ["号", "：", "'", '"', "(", "（", "=", "\t", ">", "", "a="])
@pytest.mark.parametrize("after", ["的", "，", "'", '"', ")", "<", "\n", "", "&b=1", "。"])
def test_neighbours_of_a_number(before: str, after: str) -> None:
    for value in (ID, PHONE, BANK, LOWER):
        hits = FINDER.find(before + value + after)
        assert [(h.start, h.end) for h in hits] == [(len(before), len(before) + len(value))]


def test_every_issuer_number_makes_a_card() -> None:
    for size, starts in by_length(load_knowledge().prefixes).items():
        for start in starts:
            body = start + "0" * (size - 7)
            whole = next(body + digit for digit in "0123456789" if luhn(body + digit))
            hits = FINDER.find(f"请转{whole}。")
            assert [(h.kind, h.confidence, h.start) for h in hits] == [("bank_card", "verified", 2)]


@pytest.mark.parametrize(
    ("text", "header", "kind"),
    [
        (PHONE, "", "phone"),
        (PHONE, "订单号", None),
        (ID, "证件号码", "id_card"),
        ("20260001", "学号", "student_number"),
        ("20260001", "", None),
        ("010-88888888", "座机", "landline"),
        ("138 0000 0000", "手机", "phone"),
        ("E00000000", "护照号", "passport"),
        ("88888888", "电话", "landline"),
    ],
)
def test_cells(text: str, header: str, kind: str | None) -> None:
    hit = FINDER.value(text, header)
    assert (hit.kind.value if hit else None) == kind


def test_ranges() -> None:
    assert mobile(PHONE)
    assert not mobile("14200000000")
    assert area("010")
    assert area("0717")
    assert not area("0017")
