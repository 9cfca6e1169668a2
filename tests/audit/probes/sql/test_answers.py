"""Cells of any driver become plain values."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.probes.sql.answers import (
    Replies,
    Reply,
    integer,
    names,
    number,
    plain,
    reply,
    scalar,
    text,
    yes,
)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [("ON", True), ("off", False), ("15", 15), ("-1", -1), ("1.5", "1.5"), (None, None),
     (True, True), ("x" * 3, "xxx"), ("9" * 30, "9" * 30), ("", "")],
)  # fmt: skip
def test_scalar(value: Any, wanted: Any) -> None:
    assert scalar(value) == wanted


def test_words_of_any_database() -> None:
    assert [yes(one) for one in ("Y", "t", 1, "no", "0", None, "maybe")] == [
        True, True, True, False, False, None, None,
    ]  # fmt: skip
    assert [integer(one) for one in ("7", 7.9, "", None, "1e999")] == [7, 7, None, None, None]
    assert [number(one) for one in ("7.5", "UNLIMITED", "1e300")] == [7.5, None, None]
    assert text({"a": None}, "a") == text({}, "a") == ""
    assert names([{"a": 1, "b": "x"}, {"a": 1, "b": "x"}], "a", "b") == ["1.x"]


def test_rows_are_limited_and_lower_case() -> None:
    found = reply([{"User ": b"a\xff"}, {"User ": 2}, {"User ": 3}], limit=2)
    assert found.cut
    assert found.rows == ({"user": "a\ufffd"}, {"user": 2})
    assert plain(datetime(2026, 1, 1, tzinfo=UTC)).startswith("2026")
    assert plain(float("inf")) is None
    assert len(plain("x" * 10_000)) == 4096


def test_replies_tell_apart_nothing_and_unknown() -> None:
    replies = Replies(found={"a": Reply(), "b": Reply(why="denied")})
    assert replies.rows("a") == ()
    assert replies.rows("b") is None
    assert replies.rows("b", "a") == ()
    replies.lack("x", "why")
    assert replies.gaps == [{"path": "x", "why": "denied", "detail": "why"}]


@settings(max_examples=100, deadline=None)
@given(st.recursive(st.one_of(st.none(), st.floats(), st.binary(), st.text(), st.integers()),
                    lambda inner: st.lists(inner, max_size=3), max_leaves=5))  # fmt: skip
def test_any_value_is_json(value: Any) -> None:
    json.dumps(plain(value), allow_nan=False)
    yes(value), integer(value), number(value), scalar(value)
