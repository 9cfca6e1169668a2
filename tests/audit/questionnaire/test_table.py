"""The same as CSV."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.questionnaire.table import read, text
from rules.load import DataError
from tests.audit.questionnaire.sheets import TODAY, catalog, form

CSV = text(form())


def test_out_and_in_again_in_either_encoding() -> None:
    filled = CSV
    for data in (filled.encode(), filled.lstrip("\ufeff").encode("gb18030")):
        found = read(data, "f.csv", catalog(), TODAY)
        assert found.header == form().header
        assert len(found.open) == 3
        assert not found.problems


def test_an_answer_and_a_formula() -> None:
    lines = CSV.split("\r\n")
    empty = ",,,,,,q1"
    assert any(empty in line for line in lines)
    answered = CSV.replace(empty, ",符合,,,a.pdf,李,2026-09-01,q1".removeprefix(","), 1)
    found = read(answered.replace("a.pdf", "a.pdf").encode(), "f.csv", catalog(), TODAY)
    assert [one.by for one in found.answers] == ["李"]
    hostile = answered.replace("a.pdf", "=HYPERLINK(1)")
    (problem,) = read(hostile.encode(), "f.csv", catalog(), TODAY).problems
    assert "evidence" in problem.file


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "columns"), (b"a,b\n1,2\n", "columns"), (b"\xff\xfe\x00\x81", "neither"),
        (CSV.replace(",q1,", ",q2,", 1).encode(), "one questionnaire"),
        (CSV.replace(",3\r\n", ",x\r\n").encode(), "no number"),
        (CSV[: CSV.rindex("GBT")].encode(), "rows are gone"),
        ((CSV + "x\r\n").encode(), "more or fewer"), (b"x" * (9 << 20), "too large"),
    ],
)  # fmt: skip
def test_what_is_no_questionnaire(data: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read(data, "f.csv", catalog(), TODAY)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    with pytest.raises(DataError):
        read(data, "f.csv", catalog(), TODAY)
