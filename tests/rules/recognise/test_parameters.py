"""Parameters as text: charsets, nested escapes, hostile ones."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.recognise.parameters import LONGEST, pairs, text_of, values


@pytest.mark.parametrize(
    ("value", "charset", "text"),
    [
        ("%E7%8C%AB", "", "猫"),
        ("%C3%A8", "gbk", "猫"),
        ("%C3%A8%D7%CA", "", "猫资"),  # not UTF-8
        ("%C3%A8%D7%CA", "nonsense", "猫资"),
        ("%BF%DF", "big5", "貓"),
        ("%25E7%258C%25AB", "", "猫"),
        ("%2525E7%25258C%2525AB", "", "猫"),
        ("%u732B+a", "", "猫 a"),
        ("%ud800", "", "\ufffd"),
        ("100%25", "", "100%"),
        ("%", "", "%"),
        ("%zz", "", "%zz"),
        ("", "", ""),
        ("\udce7\udc8c\udcab", "", "猫"),  # raw bytes in the path
        ("猫", "", "猫"),
    ],
)
def test_text_of(value: str, charset: str, text: str) -> None:
    assert text_of(value, charset) == text


def test_names_are_decoded_and_every_value_kept() -> None:
    assert values("%77d=a&WD=b&wd=a&amp;wd=c", ["wd"]) == ("a", "b", "c")
    assert values("x=1", ["wd"]) == ()


def test_bounds() -> None:
    assert len(list(pairs("a=1&" * 10_000))) == 128
    assert len(text_of("x" * 100_000)) == LONGEST


@settings(max_examples=300, deadline=None)
@given(st.text(), st.sampled_from(["", "gbk", "big5", "\x00"]))
def test_any_text(value: str, charset: str) -> None:
    assert isinstance(text_of(value, charset), str)
    assert all(isinstance(one, str) for one in values(value, ["a", ""]))
