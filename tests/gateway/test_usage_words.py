"""Frames between workers and the usage service: what is said reads back, nonsense is refused."""

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.usage import Mark, Row
from gateway.usage_words import (
    LENGTH,
    ROWS_PER_FRAME,
    WordError,
    marks_message,
    marks_of,
    names_of,
    pack,
    pairs_of,
    rows_messages,
    rows_of,
    unpack,
)

PLACE = ("t", "p/c", "2026-09-01")


def again(message: object) -> dict[str, object]:
    frame = pack(message)  # type: ignore[arg-type]
    assert LENGTH.unpack(frame[: LENGTH.size]) == (len(frame) - LENGTH.size,)
    return unpack(frame[LENGTH.size :])


def test_marks_read_back() -> None:
    marks = {PLACE: Mark({0, 1439}, 7, True), ("u", "p/d", "2026-09-02"): Mark(set(), 1 << 40)}
    assert marks_of(again(marks_message("boot", 3, marks))) == ("boot", 3, marks)


def test_rows_read_back_in_parts() -> None:
    rows = [((f"t{n}", "c", "2026-09-01"), Row(n % 1440, 3, n, False)) for n in range(12_000)]
    told = [again(message) for message in rows_messages(rows, whole=True)]
    assert len(told) == -(-12_000 // ROWS_PER_FRAME)
    assert [rows_of(one)[0] for one in told] == [True, False, False]
    assert [row for one in told for row in rows_of(one)[1]] == rows
    assert [rows_of(one) for one in rows_messages([], whole=True)] == [(True, [])]
    assert rows_messages([]) == []


@pytest.mark.parametrize(
    "part",
    [
        ["t", "c", "2026-09-01", [1440], 0, False],
        ["t", "c", "2026-09-01", [-1], 0, False],
        ["t", "c", "2026-09-01", [True], 0, False],
        ["t", "c", "2026-13-01", [], 0, False],
        ["", "c", "2026-09-01", [], 0, False],
        ["t" * 300, "c", "2026-09-01", [], 0, False],
        ["t", "c", "2026-09-01", [], -1, False],
        ["t", "c", "2026-09-01", [], 1 << 60, False],
        ["t", "c", "2026-09-01", [], 0, 1],
        ["t", "c", "2026-09-01", [], 0],
        "t",
        None,
    ],
)
def test_bad_marks(part: object) -> None:
    with pytest.raises(WordError):
        marks_of({"boot": "b", "seq": 1, "marks": [part]})


def test_bad_names_and_pairs() -> None:
    assert names_of({"token": "", "counter": "x"}) == ("", "x")
    assert pairs_of({"pairs": [["a", "b"]]}) == [("a", "b")]
    for pairs in ([["a"]], [["a", ""]], "ab", [[1, 2]]):
        with pytest.raises(WordError):
            pairs_of({"pairs": pairs})
    with pytest.raises(WordError):
        names_of({"token": None, "counter": ""})


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_foreign_bytes_raise_only_word_errors(data: bytes) -> None:
    try:
        message = unpack(data)
        marks_of(message)
        rows_of(message)
    except WordError:
        pass


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 63) - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["boot", "seq", "marks", "rows", "whole", "say"]), PLAIN))
@settings(max_examples=150, deadline=None)
def test_any_message_raises_only_word_errors(message: dict[str, object]) -> None:
    found = unpack(msgpack.packb(message))
    for read in (marks_of, rows_of, names_of, pairs_of):
        try:
            read(found)
        except WordError:
            continue
