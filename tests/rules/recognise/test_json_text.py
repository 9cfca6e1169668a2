"""Strings of JSON: whole, cut, deep, streamed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.recognise.json_text import event_text, json_text, strings, unescape

MUCH = 1 << 20


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (r"\u8d4c\u535a", "赌博"),
        (r"\x41\u{1F600}", "A😀"),
        (r"\ud83d\ude00", "😀"),
        (r"\ud83d x", "� x"),
        (r"a\nb\/c\"d", 'a\nb/c"d'),
        (r"\u{110000}", "�"),
        ("a\\", "a\\"),
        ("plain", "plain"),
    ],
)
def test_escapes(text: str, plain: str) -> None:
    assert unescape(text) == plain


def test_values_and_chinese_keys() -> None:
    found, cut = json_text(
        '{"id":"7","title":"清\\u6717","键":{"a":["<p>一</p><p>二</p>",3]}}', MUCH
    )
    assert found == ["清朗", "键", "一\n二"]
    assert not cut


def test_half_a_document() -> None:
    assert json_text('{"a":"first one","b":"second', MUCH)[0] == ["first one"]


def test_a_budget() -> None:
    found, cut = json_text(json.dumps(["wort " * 10] * 1000), 200)
    assert cut
    assert len(found) == 4


@pytest.mark.parametrize("depth", [100_000])
def test_deep_documents(depth: int) -> None:
    text = "[" * depth + '"deep word"' + "]" * depth
    assert json_text(text, MUCH)[0] == ["deep word"]
    deep = '{"a":' * depth + '"deep word"' + "}" * depth
    assert json_text(deep, MUCH)[0] == ["deep word"]


def test_streams_are_joined_by_key() -> None:
    lines = [f'data: {{"model":"m-model","delta":{{"content":"{word}"}}}}' for word in "赌博网站"]
    text = "\n\n".join([": ping", "event: message", *lines, "data: [DONE]", "data: plain words"])
    found, _ = event_text(text, MUCH)
    assert "赌博网站" in found
    assert "m-model" in found
    assert "plain words" in found


def test_json_lines() -> None:
    assert event_text('{"a":"one "}\n{"a":"two"}', MUCH)[0] == ["one two"]


def test_a_stream_has_a_budget() -> None:
    text = "\n".join('data: {"a":"word"}' for _ in range(10_000))
    found, cut = event_text(text, 100)
    assert cut
    assert sum(map(len, found)) < 200


JSON = st.recursive(
    st.text(max_size=8) | st.integers() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None)
@given(JSON, st.booleans())
def test_every_string_is_seen(value: object, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    if not any(c in text for c in "\\"):
        assert set(_strings(value)) <= {item for _, item in strings(text)}


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [found for one in below for found in _strings(one)]


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from('{}[]",:\\ud8\n0a赌 '), max_size=120))
def test_any_text(text: str) -> None:
    json_text(text, 50)
    event_text(text, 50)
    unescape(text).encode("utf-8")
