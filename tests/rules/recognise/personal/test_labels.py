"""Labels: every word of the data file says its kind; the automaton and the expression agree."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.personal_files import load_knowledge
from rules.recognise.personal.kinds import Kind
from rules.recognise.personal.labels import NOTHING, WINDOW, Labels, Reading

KNOWN = load_knowledge()
LABELS = Labels(KNOWN.labels.labels, KNOWN.labels.others, KNOWN.people.titles)


def read(text: str, start: int, floor: int = 0) -> object:
    reading = Reading(LABELS, text)
    reading.over(0, len(text))
    return reading.left(start, floor)


WORDS = [
    (word, label.kind)
    for label in KNOWN.labels.labels
    for word in (*label.words, *label.ascii)
    if len(word) < WINDOW - 4
]


@pytest.mark.parametrize("gap", ["：", ": ", '": "', "=", "号码是"[:0], "（必填）："])
def test_every_label_says_its_kind(gap: str) -> None:
    silent = [
        (word, kind)
        for word, kind in WORDS
        if kind not in LABELS.left(word + gap, len(word + gap)).kinds
        or kind not in LABELS.kinds(word).kinds
    ]
    assert [one for one in silent if "_" not in one[0]] == []


def test_every_word_of_others_takes_its_kinds_away() -> None:
    for other in KNOWN.labels.others:
        for word in (*other.words, *other.ascii):
            assert set(other.veto) <= LABELS.left(f"{word}：", len(word) + 1).veto, word


@pytest.mark.parametrize("sample", KNOWN.labels.examples.hit, ids=lambda one: one.text)
def test_examples_that_hit(sample: object) -> None:
    assert sample.kind in LABELS.left(sample.text, len(sample.text)).kinds  # type: ignore[attr-defined]


@pytest.mark.parametrize("sample", KNOWN.labels.examples.miss, ids=lambda one: one.text)
def test_examples_that_miss(sample: object) -> None:
    assert sample.kind not in LABELS.left(sample.text, len(sample.text)).kinds  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("学号：1，手机：", Kind.PHONE),  # the nearest
        ("手机，", None),  # cut by punctuation
        ("手机" + "一" * 20, None),  # too far
        ("hotel ", None),  # not inside a word
        ("tel ", Kind.PHONE),
        ("全国学籍号：", Kind.NATIONAL_STUDENT_NUMBER),  # the longest
    ],
)
def test_the_nearest_label_of_the_clause(text: str, kind: Kind | None) -> None:
    said = LABELS.left(text, len(text))
    assert (kind in said.kinds) if kind else said is NOTHING


ALPHABET = st.sampled_from(
    [
        "手机",
        "学号",
        "号",
        "QQ",
        "tel",
        "，",
        "\n",
        " ",
        ":",
        "：",
        "1",
        "a",
        "订单号",
        "老师",
        "İ",
        "证",
        "身份",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(ALPHABET, max_size=20).map("".join), st.data())
def test_the_automaton_and_the_expression_agree(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    floor = data.draw(st.integers(0, start))
    cut = (text[floor - 1 : floor] + text[floor : floor + 1], text[max(0, start - 1) : start + 1])
    if any(one.isalpha() and one.isascii() for one in cut):
        return  # a word cut in two: only the automaton sees that
    if "İ" not in text:  # it grows when it is made small: the expression misplaces it
        assert read(text, start, floor) == LABELS.left(text, start, floor)


def test_windows_of_long_texts_are_read_apart() -> None:
    text = "无" * 5000 + "手机：" + "无" * 5000
    reading = Reading(LABELS, text)
    reading.over(4900, 5100)
    assert Kind.PHONE in reading.left(5003).kinds
    assert [place[:2] for place in reading.between(4950, 5050)] == [(5002, 5000)]
    reading.over(0, 100)
    assert reading.places == []


@pytest.mark.parametrize("text", ["准考证打印时间", "卡号段说明：", "学号格式 ", "电表户号"])
def test_words_behind_a_label_that_name_something_else(text: str) -> None:
    reading = Reading(LABELS, text)
    reading.over(0, len(text))
    assert reading.left(len(text)).kinds == frozenset()
    assert LABELS.left(text, len(text)).kinds == frozenset()
