"""Foreign text: nothing invisible, no control characters, no formulas, cut to size."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from audit.reports.clean import LONGEST, clean, defused
from tests.audit.reports.made import HOSTILE


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("口令 password", "口令 password"),
        ("a\x00b", "a\ufffdb"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("x\u202ey", "x⟨U+202E⟩y"),
        ("\ud800", "\ufffd"),
        (7, "7"),
        ("", ""),
    ],
)
def test_clean(said: object, wanted: str) -> None:
    assert clean(said) == wanted


def test_long_text_says_how_much_is_left_out() -> None:
    assert clean("长" * 10_000) == "长" * LONGEST + f"…（略 {10_000 - LONGEST} 字）"


@pytest.mark.parametrize("said", ["=1", "+1", "-1", "@x", "\t=1", "  =1", "＝1", "\n=1"])
def test_formulas_are_defused(said: str) -> None:
    assert defused(said).startswith("'")


def test_plain_text_is_left() -> None:
    assert defused("8.1.4.1.a") == "8.1.4.1.a"


@given(some.one_of(some.text(), some.sampled_from(HOSTILE)))
def test_any_text_fits_xml(said: str) -> None:
    made = clean(said)
    made.encode("utf-8")
    assert all(one in "\t\n" or one >= " " for one in made)
    assert not set(made) & {"\u202e", "\u2066", "\ufffe", "\uffff", "\x7f"}
