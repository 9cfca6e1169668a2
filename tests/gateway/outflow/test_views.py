"""What hides a number is undone: the table of disguises, and nothing made of harmless text."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.outflow.model import Attached, Leaf, Write
from gateway.outflow.views import coded, plain_views, split_numbers, tight_numbers
from tests.gateway.outflow.bodies import NUMBER


@pytest.mark.parametrize(
    "hidden",
    [
        "\u200b".join(NUMBER),
        "".join(f"%{ord(one):02x}" for one in NUMBER),
        "".join(f"&#{ord(one)};" for one in NUMBER),
        "".join(f"\\u{ord(one):04x}" for one in NUMBER),
        "".join(f"%25{ord(one):02x}" for one in NUMBER),
    ],
)
def test_views_show_it(hidden: str) -> None:
    assert any(NUMBER in view for view in plain_views(f"x {hidden} y"))


@pytest.mark.parametrize(
    "hidden",
    [
        " ".join(NUMBER), "-".join(NUMBER), "．".join(NUMBER),
        NUMBER.translate(str.maketrans("0123456789", "０１２３４５６７８９")),
        NUMBER.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
        NUMBER.translate(str.maketrans("0123456789", "〇一二三四五六七八九")),
        NUMBER.translate(str.maketrans("0123456789", "①②③④⑤⑥⑦⑧⑨⓪"[-1] + "①②③④⑤⑥⑦⑧⑨")),
    ],
)  # fmt: skip
def test_numbers_are_put_together(hidden: str) -> None:
    assert NUMBER in tight_numbers(f"号码{hidden}，").split()


def test_plain_text_has_no_other_view() -> None:
    assert list(plain_views("今天的作业是第 3 题")) == []
    assert tight_numbers("今天的作业是第三题") == ""
    assert list(coded("一段普通的话")) == []


def test_base64() -> None:
    token = base64.b64encode(f"身份证号：{NUMBER}".encode()).decode()
    assert any(isinstance(one, str) and NUMBER in one for one in coded(f"x {token} y"))
    (file,) = coded("data:text/csv;base64," + base64.b64encode(b"a,b\n1,2\n").decode())
    assert file == Attached("", "text/csv", b"a,b\n1,2\n")
    wrapped = base64.encodebytes(("号 " + NUMBER * 9).encode()).decode()
    assert any(isinstance(one, str) and NUMBER in one for one in coded(wrapped))


def leaf(text: str) -> Leaf:
    return Leaf("", text, 0, 0, Write.FORM)


def test_numbers_over_fields() -> None:
    pieces = [leaf(NUMBER[:6]), leaf(NUMBER[6:14]), leaf(NUMBER[14:])]
    assert list(split_numbers(pieces)) == [NUMBER]
    assert list(split_numbers([pieces[0], leaf("甲"), *pieces[1:]])) == []
    wrong = NUMBER[:-1] + ("0" if NUMBER[-1] != "0" else "1")
    assert list(split_numbers([leaf(wrong[:6]), leaf(wrong[6:])])) == []


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text(text: str) -> None:
    list(plain_views(text))
    tight_numbers(text)
    list(coded(text))
    list(split_numbers([leaf(one) for one in text.split()]))
