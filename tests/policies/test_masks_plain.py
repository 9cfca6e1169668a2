"""Masks without a key, and one way of writing a value."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.masks_model import Generalise, Keep, Step, Trouble
from policies.masks_plain import canonical, day, generalise, keep, number, written
from rules.recognise.personal.kinds import Kind

TODAY = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("16900001234", Kind.PHONE, "16900001234"),
        ("+86 169-0000-1234", Kind.PHONE, "16900001234"),
        ("008616900001234", Kind.GUARDIAN_PHONE, "16900001234"),
        ("１６９００００１２３４", Kind.PHONE, "16900001234"),
        (16900001234, Kind.PHONE, "16900001234"),
        (16900001234.0, Kind.PHONE, "16900001234"),
        (Decimal(16900001234), Kind.PHONE, "16900001234"),
        ("99000020100101123x", Kind.ID_CARD, "99000020100101123X"),
        (" 某 测试 ", Kind.NAME, "某测试"),
        ("U@Example.Invalid", Kind.EMAIL, "u@example.invalid"),
        (date(2020, 1, 2), None, "2020-01-02"),
        ("169****1234", Kind.PHONE, Trouble.HALF_MASKED),
        ("169xxxx1234", Kind.PHONE, Trouble.HALF_MASKED),
        (9.9e17, Kind.ID_CARD, Trouble.WRONG_TYPE),
        (float("nan"), None, Trouble.WRONG_TYPE),
        (True, None, Trouble.WRONG_TYPE),
        (b"bytes", None, Trouble.WRONG_TYPE),
        (["list"], None, Trouble.WRONG_TYPE),
        (10**50, None, Trouble.TOO_LONG),
        ("长" * 5000, None, Trouble.TOO_LONG),
        ("a\x00b", None, Trouble.WRONG_SHAPE),
    ],
)
def test_one_way_of_writing(value: Any, kind: Kind | None, expected: Any) -> None:
    assert canonical(value, kind) == expected


@pytest.mark.parametrize(
    ("value", "first", "last", "expected"),
    [
        ("16900001234", 3, 4, "169****1234"),
        ("某测试", 1, 0, "某**"),
        ("某测", 1, 0, "某*"),
        ("某", 1, 0, "*"),
        ("某测", 1, 1, "某*"),
        ("1234", 3, 4, "*234"),
        ("12", 0, 0, "**"),
        ("169****1234", 3, 4, Trouble.HALF_MASKED),
        (b"x", 1, 1, Trouble.WRONG_TYPE),
    ],
)
def test_keep(value: Any, first: int, last: int, expected: Any) -> None:
    found = keep(value, Keep(first=first, last=last))
    if value != "1234":
        assert found == expected
    assert found != value


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1, max_size=30), st.integers(0, 32), st.integers(0, 32))
def test_keep_never_lets_all_through(value: str, first: int, last: int) -> None:
    found = keep(value, Keep(first=first, last=last))
    assert isinstance(found, Trouble) or "*" in found


@pytest.mark.parametrize(
    ("value", "told", "expected"),
    [
        ("2014年5月6日", Generalise(to=Step.MONTH), "2014-05"),
        ("20140506", Generalise(to=Step.YEAR), "2014"),
        ("2014.5", Generalise(to=Step.YEAR), "2014"),
        (date(2014, 5, 6), Generalise(to=Step.MONTH), date(2014, 5, 1)),
        (datetime(2014, 5, 6, 7, tzinfo=UTC), Generalise(to=Step.YEAR),
         datetime(2014, 1, 1, tzinfo=UTC)),
        ("2014-02-31", Generalise(to=Step.YEAR), Trouble.WRONG_SHAPE),
        ("201*", Generalise(to=Step.YEAR), Trouble.HALF_MASKED),
        ("12", Generalise(to=Step.AGE, width=5), "10~14"),
        ("2014-11-02", Generalise(to=Step.AGE, width=5), "10~14"),
        ("999", Generalise(to=Step.AGE, width=5), Trouble.WRONG_SHAPE),
        ("990000201001011231", Generalise(to=Step.REGION, width=2), "990000"),
        ("990012", Generalise(to=Step.REGION, width=4), "990000"),
        ("99", Generalise(to=Step.REGION, width=4), Trouble.WRONG_SHAPE),
        ("87.5", Generalise(to=Step.BAND, width=10), "80~89"),
        ("高", Generalise(to=Step.BAND, width=10), Trouble.WRONG_SHAPE),
    ],
)  # fmt: skip
def test_generalise(value: Any, told: Generalise, expected: Any) -> None:
    assert generalise(value, told, TODAY) == expected


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(), st.integers(), st.floats(), st.binary(), st.dates(), st.none()))
def test_readers_never_raise(value: Any) -> None:
    for kind in (Kind.ID_CARD, Kind.NAME, None):
        assert isinstance(canonical(value, kind), str | Trouble)
    assert isinstance(written(value), str | Trouble)
    assert isinstance(day(value), date | Trouble)
    assert isinstance(number(value), float | Trouble)
