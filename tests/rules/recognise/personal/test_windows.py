"""Parts of long texts: nothing is left out, nothing stands in two, and no value is cut."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.personal_files import load_knowledge
from rules.recognise.personal.finder import Finder
from rules.recognise.personal.triggers import Plain
from rules.recognise.personal.windows import BLOCK, around, blocks

PARTS = st.sampled_from(
    ["无", "。", "，", "\n", "13800000000", "a" * 300, "无关" * 400, " ", "0", "-"]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(PARTS, max_size=60).map("".join))
def test_blocks_are_the_whole_text_in_order(text: str) -> None:
    spans = list(blocks(text))
    assert "".join(text[start:end] for start, end in spans) == text
    assert all(0 < end - start <= BLOCK + BLOCK // 2 for start, end in spans)


@pytest.mark.parametrize("between", ["\n", "。", "，", "；", "|"])
def test_blocks_end_behind_a_line_or_a_clause(between: str) -> None:
    text = between.join(["电话 138 0000 0000"] * 1000)
    ends = [end for _, end in blocks(text)]
    assert len(ends) > 3
    assert all(text[end - 1] == between for end in ends[:-1])


def test_figures_of_an_amount_are_no_clauses() -> None:
    text = "共1,380,000元；" * 400
    assert all(text[end - 1] == "；" for _, end in list(blocks(text))[:-1])


@pytest.mark.parametrize("gap", ["无", "。", "\n", "无关，", " "])
@pytest.mark.parametrize(
    "value", ["手机：138-0000-0000", "a@example.com", "四川省绵阳市涪城区人民路1号"]
)
def test_a_value_at_any_place_is_found(gap: str, value: str) -> None:
    """Around where a block ends, wherever the value begins."""
    finder = Finder(load_knowledge(), None, Plain)
    line = 3 if gap == "无关，" else 1
    for before in range(BLOCK - 60, BLOCK + 20, 1 if gap != "无" else 40):
        text = gap * (before // line) + "。" + value + "。" + gap * BLOCK
        hits = finder.find(text)
        assert len(hits) == 1, (before, hits)
        assert value.endswith(text[hits[0].start : hits[0].end])


def test_around_are_lines_or_parts_of_them() -> None:
    text = "a\nbb\n" + "c" * 2000
    assert list(around(text, [(2, 1), (3, 4)])) == [(2, 4, 5)]
    assert list(around(text, [(1000, 1), (1300, 2)])) == [(600, 1700, 3)]
    assert list(around(text, [(0, 1), (1900, 2)])) == [(0, 1, 1), (1500, 2005, 2)]
    assert list(around(text, [])) == []


def test_lines_that_follow_one_another_are_one_part() -> None:
    assert list(around("a\nbb\nc\nd", [(0, 1), (2, 4), (7, 8)])) == [(0, 4, 5), (7, 8, 8)]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(PARTS, max_size=40).map("".join),
    st.lists(st.tuples(st.integers(0, 3000), st.sampled_from([1, 2, 4, 8])), max_size=30),
)
def test_around_are_in_order_and_hold_their_places(
    text: str, places: list[tuple[int, int]]
) -> None:
    inside = sorted(one for one in places if one[0] < len(text))
    parts = list(around(text, inside))
    for (_, end, _), (start, _, _) in pairwise(parts):
        assert end <= start
    for place, bit in inside:
        assert any(start <= place <= end and mask & bit == bit for start, end, mask in parts)
