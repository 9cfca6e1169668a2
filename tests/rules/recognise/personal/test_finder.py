"""The whole: folding keeps places, finds never overlap, and no text makes it slow."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.personal_files import load_finder
from rules.recognise.personal.finder import fold, settled
from rules.recognise.personal.kinds import Confidence, Hit, Kind

FINDER = load_finder()
SURE, PERHAPS = Confidence.VERIFIED, Confidence.SUSPECTED


@given(st.text())
def test_folding_keeps_places(text: str) -> None:
    assert len(fold(text)) == len(text)


def test_folding() -> None:
    assert fold("（Ａ１＠－）：，\u3000‐") == "(A1@-)：， -"


@given(
    st.lists(
        st.builds(
            Hit,
            st.sampled_from([Kind.PHONE, Kind.NAME, Kind.ID_CARD]),
            st.integers(0, 30),
            st.integers(31, 40),
            st.sampled_from(Confidence),
        ),
        max_size=12,
    )
)
def test_settled_finds_never_overlap(hits: list[Hit]) -> None:
    kept = settled(hits)
    assert all(one.end <= other.start for one, other in pairwise(kept))
    assert bool(kept) == bool(hits)


def test_what_stands_when_finds_overlap() -> None:
    phone = Hit(Kind.PHONE, 0, 11, PERHAPS)
    card = Hit(Kind.ID_CARD, 0, 18, SURE)
    long = Hit(Kind.BANK_CARD, 0, 19, PERHAPS)
    assert settled([phone, long, card]) == (card,)
    assert settled([phone, long]) == (long,)
    assert settled([Hit(Kind.NAME, 20, 23, SURE), card]) == (card, Hit(Kind.NAME, 20, 23, SURE))


HOSTILE = {
    "digits": "7" * 10_000_000,
    "groups": "123 " * 500_000,
    "hyphens": "1-" * 500_000,
    "hexadecimal": "ab:" * 300_000,
    "colons": ":" * 1_000_000,
    "dots": "1." * 500_000,
    "mail": "a@" * 300_000,
    "letters": "a" * 1_000_000 + "@",
    "labels": "手机" * 200_000,
    "names": "姓名：" * 200_000,
    "provinces": "四川省" * 200_000,
    "roads": "路1" * 200_000,
    "zeros": "\x00" * 1_000_000,
    "halves": "\ud800" * 300_000,
    "keys": "eyJ" * 200_000,
    "chat": "微信" * 200_000,
    "zones": "市区县镇" * 100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.timeout(30)
def test_hostile_texts_end(name: str) -> None:
    for hit in FINDER.find(HOSTILE[name][:400_000]):
        assert hit.end <= 400_000


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="0123456789-+() X", max_size=80))
def test_any_digits(text: str) -> None:
    for hit in FINDER.find(text):
        assert text[hit.start : hit.end].strip() == text[hit.start : hit.end]


@pytest.mark.parametrize("text", ["", " ", "\n", "\x00", "😀", "你"])
def test_nothing(text: str) -> None:
    assert FINDER.find(text) == ()
    assert FINDER.value(text) is None
