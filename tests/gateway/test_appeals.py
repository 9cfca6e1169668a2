"""The appeals file and the desk: bounded, append-only, never fatal."""

from __future__ import annotations

import stat
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.appeals import (
    MAX_LINE,
    PER_HOUR,
    WAITING,
    Answer,
    AppealDesk,
    Appeals,
    Receipt,
    parse_appeal,
)
from gateway.page.appeal import Appeal
from rules.load import WorldError

APPEAL = Appeal(
    code="A-1",
    at=1_790_000_000.0,
    host="a.example",
    text="写作业\n要用 😀",
    token="t1",
    school="s1",
    categories=("games", "video"),
)
ANSWER = Answer(code="A-1", granted=True, issuer="王主任", reason="教学用", at=2.0, order="o-1")


@pytest.fixture
def appeals(tmp_path: Path) -> Appeals:
    return Appeals(tmp_path / "appeals.jsonl")


def test_appeals_and_answers_read_back(appeals: Appeals) -> None:
    assert appeals.book().reviews == {}
    appeals.add(APPEAL)
    appeals.answer(ANSWER)
    appeals.answer(replace(ANSWER, granted=False, order=""))
    (review,) = appeals.book().reviews.values()
    assert review.appeal == APPEAL
    assert [answer.granted for answer in review.answers] == [True, False]
    assert appeals.book().problems == ()
    assert stat.S_IMODE(appeals.path.stat().st_mode) == 0o600
    with pytest.raises(KeyError):
        appeals.answer(replace(ANSWER, code="nobody"))


def test_the_first_appeal_of_a_code_stands(appeals: Appeals) -> None:
    appeals.add(APPEAL)
    appeals.add(replace(APPEAL, text="something else"))
    assert appeals.book().reviews["A-1"].appeal == APPEAL


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b"1",
        b"{}",
        b'{"appeal": []}',
        b'{"appeal": {"at": 1}}',
        b'{"appeal": {"code": "", "at": 1}}',
        b'{"appeal": {"code": "a", "at": "noon"}}',
        b'{"appeal": {"code": "a", "at": true}}',
        b'{"appeal": {"code": "a", "at": 1e999}}',
        b'{"appeal": {"code": "a", "at": NaN}}',
        b'{"appeal": {"code": "a", "at": 1, "name": "x"}}',
        b'{"appeal": {"code": "a", "at": 1, "categories": [1]}}',
        b'{"appeal": {"code": "a", "at": 1, "text": "' + b"x" * 501 + b'"}}',
        b'{"answer": {"code": "a", "at": 1}}',
        b'{"answer": {"code": "a", "at": 1, "granted": "yes", "issuer": "x", "reason": "y"}}',
        b'{"answer": {"code": "a", "at": 1, "granted": true, "issuer": "x", "reason": "y"}}',
        b'{"other": {}}',
        b"\xff\xfe",
        b"[" * 9_000,
        b'{"appeal": "' + b"x" * MAX_LINE + b'"}',
    ],
)
def test_a_bad_line_is_told_and_the_others_stand(appeals: Appeals, line: bytes) -> None:
    appeals.path.write_bytes(line + b"\n")
    appeals.add(APPEAL)
    book = appeals.book()
    assert list(book.reviews) == ["A-1"]
    assert [problem.line for problem in book.problems] == [1]


def test_a_torn_line_is_closed_first(appeals: Appeals) -> None:
    appeals.path.write_bytes(b'{"appeal": {"code"')
    appeals.add(APPEAL)
    assert list(appeals.book().reviews) == ["A-1"]


def test_a_folder_that_is_away_is_the_worlds_fault(tmp_path: Path) -> None:
    with pytest.raises(WorldError):
        Appeals(tmp_path / "no" / "appeals.jsonl").add(APPEAL)
    with pytest.raises(WorldError):
        Appeals(tmp_path).book()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*asdict(APPEAL), "x"]), inner, max_size=6)
        ),
        max_leaves=12,
    )
)
def test_any_json_is_an_appeal_or_a_value_error(found: Any) -> None:
    try:
        parse_appeal(found)
    except ValueError:
        return


# -- the desk ------------------------------------------------------------------------


def test_the_desk_writes_what_it_accepted(appeals: Appeals) -> None:
    desk = AppealDesk(appeals)
    assert desk.submit(APPEAL) is Receipt.RECEIVED
    assert desk.submit(APPEAL) is Receipt.RECEIVED  # a second click
    desk.close()
    assert appeals.path.read_bytes().count(b"\n") == 1


def test_a_few_an_hour_from_one_subject(appeals: Appeals) -> None:
    desk = AppealDesk(appeals, start=False)
    made = [replace(APPEAL, code=f"c{n}") for n in range(PER_HOUR + 1)]
    receipts = [desk.submit(one) for one in made]
    assert receipts == [*[Receipt.RECEIVED] * PER_HOUR, Receipt.TOO_MANY]
    assert desk.submit(replace(made[-1], token="t2")) is Receipt.RECEIVED
    later = replace(made[-1], at=APPEAL.at + 720)
    assert desk.submit(replace(later, code="d")) is Receipt.RECEIVED
    desk.close()


def test_a_full_queue_is_said(appeals: Appeals) -> None:
    desk = AppealDesk(appeals, start=False)
    made = [replace(APPEAL, code=f"c{n}", token=f"t{n}", at=float(n)) for n in range(WAITING + 1)]
    assert [desk.submit(one) for one in made[-2:]] == [Receipt.RECEIVED] * 2
    receipts = [desk.submit(one) for one in made]
    assert receipts.count(Receipt.FULL) + receipts.count(Receipt.TOO_MANY) >= 1


def test_a_broken_disk_does_not_end_the_desk(tmp_path: Path) -> None:
    desk = AppealDesk(Appeals(tmp_path / "no" / "appeals.jsonl"))
    assert desk.submit(APPEAL) is Receipt.RECEIVED
    (tmp_path / "no").mkdir(exist_ok=True)
    desk.close()
