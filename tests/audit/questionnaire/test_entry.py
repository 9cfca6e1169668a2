"""One row: every way it is filled in, and what is never guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.model import State
from audit.questionnaire.entry import FILLED, Entry, Formula, day, plain, read, returned
from audit.questionnaire.model import Header, mark
from tests.audit.questionnaire.sheets import KEYS, TODAY, catalog

GOOD = {"result": "符合", "by": "李", "date": "2026-09-01", "evidence": "a.pdf\nb.pdf"}


def entry(**cells: Any) -> Entry:
    return Entry(cells=cells, place=lambda name: f"f!{name}")


def whole(key: str = KEYS[0], **cells: Any) -> Entry:
    control = catalog().get(key)
    assert control
    return entry(key=key, mark=mark(control), clause=control.clause, **cells)


def test_an_answer() -> None:
    answer, faults = read("k", entry(**GOOD), TODAY)
    assert not faults
    assert answer
    assert (answer.state, answer.dated) == (State.PASS, "2026-09-01")
    assert answer.evidence == ("a.pdf", "b.pdf")


@pytest.mark.parametrize("word", [None, "", "  ", "\u3000"])
def test_an_empty_result_is_unknown(word: str | None) -> None:
    assert read("k", entry(result=word, by="李"), TODAY) == (None, ())


@pytest.mark.parametrize(
    ("cells", "where"),
    [
        ({"result": "合格"}, ["result"]),
        ({"result": "pass"}, ["result"]),
        ({"result": "未知"}, ["result"]),
        ({"result": "不适用"}, ["reason", "approver"]),
        ({"result": "不适用", "reason": "无"}, ["approver"]),
        ({"by": None, "date": 46266}, ["by", "date"]),
        ({"date": None}, ["date"]),
        ({"date": "去年"}, ["date"]),
        ({"date": "2027-01-01"}, ["date"]),
        ({"result": Formula(text="=1")}, ["result"]),
        ({"reason": "长" * 5000}, ["reason"]),
        ({"result": ""}, ["result"]),
    ],
)
def test_faults_are_named_by_cell(cells: dict[str, Any], where: list[str]) -> None:
    answer, faults = read("k", entry(**{**GOOD, **cells}), TODAY)
    assert answer is None
    assert [name for name, _, _ in faults] == where


@pytest.mark.parametrize(
    "value",
    [
        "2026-09-01", "2026/9/1", "2026年9月1日", "２０２６．９．１", "2026-09-01 00:00:00",
        date(2026, 9, 1), datetime(2026, 9, 1, tzinfo=UTC),
    ],
)  # fmt: skip
def test_dates_as_people_write_them(value: Any) -> None:
    assert day(value, TODAY) == date(2026, 9, 1)


def test_rows_that_were_moved_doubled_or_taken_away() -> None:
    rows = [
        whole(**GOOD),
        whole(**GOOD),
        whole(KEYS[1], **{**GOOD, "result": "不适用", "reason": "无", "approver": "王"}),
        Entry(cells={**whole(KEYS[2]).cells, "mark": "old"}, place=str),
        Entry(cells={**whole(KEYS[2]).cells, "clause": "8.1.1.1.a"}, place=str),
        entry(key="GBT22239-2019:3:9.9", **GOOD),
    ]
    found = returned(Header(id="q"), rows, catalog(), TODAY, [*KEYS, "gone"])
    said = "\n".join(str(one) for one in found.problems)
    for words in ("stands twice", "wording was changed", "clause and key", "hidden key", "is gone"):
        assert words in said
    assert [one.state for one in found.answers] == [State.PASS, State.NOT_APPLICABLE]
    assert not found.complete


def test_a_pass_without_evidence_is_taken_and_noticed() -> None:
    found = returned(Header(id="q"), [whole(**{**GOOD, "evidence": ""})], catalog(), TODAY)
    assert len(found.answers) == len(found.notices) == 1


CELL = st.one_of(st.none(), st.text(max_size=30), st.integers(), st.floats(), st.booleans())


@settings(max_examples=40, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(FILLED, CELL)))
def test_whatever_stands_in_the_cells(cells: dict[str, Any]) -> None:
    answer, faults = read("k", entry(**cells), TODAY)
    assert answer is None or not faults
    assert answer is None or plain(cells["by"])
