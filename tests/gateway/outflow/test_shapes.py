"""JSON, forms, text → leaves, each with its place; written back, the syntax stands."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.outflow.model import Write
from gateway.outflow.shapes import form_leaves, json_leaves, undone, written

WORD = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=9)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORD,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)


def test_leaves_stand_under_their_keys() -> None:
    doc = '{"idCard": "1\\u0032", "n": {"age": 13}, "list": ["a", "b"]}\n{"next": "c"}'
    found = [(one.header, one.text, one.write) for one in json_leaves(doc)]
    assert found == [
        ("idCard", "12", Write.JSON), ("age", "13", Write.NUMBER), ("list", "a", Write.JSON),
        ("list", "b", Write.JSON), ("next", "c", Write.JSON),
    ]  # fmt: skip


def test_a_key_may_be_a_number() -> None:
    assert next(json_leaves('{"13800000000": 1}')).text == "13800000000"
    assert next(form_leaves("13800000000=1", "")).text in ("1", "13800000000")


@given(VALUES)
@settings(max_examples=150, deadline=None)
def test_every_string_is_a_leaf_in_its_place(value: object) -> None:
    doc = json.dumps(value, ensure_ascii=False)
    leaves = list(json_leaves(doc))
    for one in leaves:
        if one.write is Write.JSON:
            assert json.loads(f'"{doc[one.low : one.high]}"') == one.text
    again = doc
    for one in reversed([leaf for leaf in leaves if leaf.write is Write.JSON]):
        again = again[: one.low] + written(one.text, Write.JSON, "") + again[one.high :]
    assert json.loads(again) == value


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_text_has_leaves_within_it(doc: str) -> None:
    for one in (*json_leaves(doc), *form_leaves(doc, "")):
        assert 0 <= one.low <= one.high <= len(doc)


def test_forms() -> None:
    found = [(one.header, one.text) for one in form_leaves("a=1&%E5%90%8D=%E7%94%B2+b&=x", "")]
    assert found[:2] == [("a", "1"), ("名", "甲 b")]
    assert undone("%D5%C5%C8%FD", "") == "张三"  # GB 18030
    assert undone("%D5%C5%C8%FD", "gbk") == "张三"
    assert undone("%ff%fe", "no-such") != ""
    assert written("张 三", Write.FORM, "gb18030") == "%D5%C5+%C8%FD"
    assert written('a"\n\x01', Write.JSON, "") == 'a\\"\\n\\u0001'
