"""Texts as rows: what counts, what does not, and that the hash never changes unseen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.recognise.grams import codes, grams, language, spelt


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ""),
        ("！？…🔥\n\t ", ""),
        ("你好，世界！", "你好世界"),
        ("赌🔥博 网-站", "赌博网站"),
        ("Hello, World", "hello world"),
        ("5月12日 ab12cd", "0月0日ab0cd"),
        ("free  porn 视频", "free porn视频"),
        ("哈哈哈哈哈哈哈", "哈哈哈"),
        ("aaaa bbbb 13800", "aaa bbb 0"),
        ("\U00020000\ud800x", "\U00020000x"),
        ("สวัสดี 한국어 かな", "สวัสดี한국어かな"),
    ],
)
def test_letters_count_and_style_does_not(text: str, kept: str) -> None:
    assert spelt(codes(text)) == kept


def test_the_hash_is_part_of_the_format() -> None:
    """These numbers stand in every trained model: a change needs a new VERSION."""
    found = [rows.tolist() for rows in grams(codes("赌博网站"), 4, 18)]
    assert found == GOLDEN


GOLDEN = [[105384, 189010, 208782, 46971], [54198, 261875, 87608], [44459, 211710], [212048]]


def test_same_grams_have_the_same_row_wherever_they_stand() -> None:
    first, second = grams(codes("我在看书"), 3, 18), grams(codes("今天我在看书吗"), 3, 18)
    for order in range(3):
        assert first[order].tolist() == second[order][2 : 2 + 4 - order].tolist()


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 5])
def test_short_texts_have_fewer_grams(length: int) -> None:
    sizes = [rows.size for rows in grams(codes("天地人和春"[:length]), 4, 12)]
    assert sizes == [max(0, length - order) for order in range(4)]


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(), max_size=80), st.integers(8, 20))
def test_any_text_has_rows_within_the_table(text: str, bits: int) -> None:
    points = codes(text)
    for order, rows in enumerate(grams(points, 3, bits)):
        assert rows.size == max(0, points.size - order)
        assert ((rows >= 0) & (rows < 1 << bits)).all()


def test_a_run_is_cut_within_a_long_text() -> None:
    points = codes("好" * 10_000 + "书")
    assert spelt(points) == "好好好书"
    assert points.dtype == np.uint32


@pytest.mark.parametrize(
    ("text", "han", "english"),
    [
        ("", 0, False),
        ("你好，世界", 4, False),
        ("the cat and the dog are in my garden", 0, True),
        ("The best free spins for you, get your bonus now!", 0, True),
        ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.dozjgNryP4J3jVmNHl0w5N", 0, False),
        ("a8f3e2 9c0d11 " * 50, 0, False),
        ("x" * 980, 0, False),
        ("加我 the vip abc", 2, False),
    ],
)
def test_what_language_a_text_is_in(text: str, han: int, english: bool) -> None:
    found = language(codes(text))
    assert found.han == han
    assert found.is_english is english
