"""Keys of every type: one to one, of their own type, equal within a purpose only."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import masks_keys
from policies.masks_model import Context, Keys, Trouble


def alone(make: Callable[..., masks_keys.Many]) -> Callable[..., Callable[[Any], Any]]:
    """The same of one value."""

    def made(*told: Any) -> Callable[[Any], Any]:
        many = make(*told)
        return lambda value: many([value])[0]

    return made


permute, uuids, moved = map(alone, (masks_keys.permute, masks_keys.uuids, masks_keys.moved))
HERE = Context(purpose="test", keys=Keys(id="k", master=b"\x05" * 32), link="a.b")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9 - 1), st.integers(0, 10**9 - 1))
def test_large_numbers_are_one_to_one(one: int, other: int) -> None:
    change = permute(HERE, 9)
    assert (change(one) == change(other)) is (one == other)
    assert 0 <= change(one) < 10**9


@pytest.mark.parametrize(("digits", "most"), [(4, 32_768), (3, 0), (1, 0), (5, 0)])
def test_small_ranges_are_put_in_another_order(digits: int, most: int) -> None:
    size = most or 10**digits
    change = permute(HERE, digits, most)
    assert sorted(map(change, range(size))) == list(range(size))
    assert size < 100 or sum(change(one) == one for one in range(size)) < 20
    assert change(size) is Trouble.WRONG_SHAPE
    assert change(-1) is Trouble.WRONG_SHAPE


def test_numbers_keep_their_type() -> None:
    assert isinstance(permute(HERE, 9)(Decimal(12)), Decimal)
    assert isinstance(permute(HERE, 3)(Decimal(12)), Decimal)
    assert permute(HERE, 9)(Decimal("1.5")) is Trouble.WRONG_SHAPE
    assert permute(HERE, 3)(b"x") is Trouble.WRONG_TYPE
    assert permute(HERE, 9)(True) is Trouble.WRONG_TYPE


@settings(max_examples=60, deadline=None)
@given(st.uuids(), st.uuids())
def test_uuids(one: uuid.UUID, other: uuid.UUID) -> None:
    change = uuids(HERE)
    found = change(one)
    assert (found == change(other)) is (one == other)
    assert found != one
    assert found.version == 4
    assert change(str(one).upper()) == str(found)
    assert uuids(replace(HERE, purpose="sharing"))(one) != found
    assert change("x") is Trouble.WRONG_SHAPE


def test_dates_move_together() -> None:
    change = moved(HERE)
    first, second = date(2026, 1, 1), date(2026, 3, 1)
    assert change(first) != first
    assert change(second) - change(first) == second - first
    assert change(datetime(2026, 1, 1, 8, tzinfo=UTC)).hour == 8
    assert moved(replace(HERE, purpose="sharing"))(first) != change(first)
    assert change("2026-01-01") is Trouble.WRONG_TYPE
    assert change(date.max if change(first) > first else date.min) is Trouble.WRONG_SHAPE


def test_many_numbers_of_any_type() -> None:
    change = masks_keys.permute(HERE, 9)
    made = change([None, 7, "7", Decimal(7), 7.0, "", True, -1, 10**9, b"1", "\u0663", "x"])
    assert made[:1] + made[5:6] == [None, ""]
    assert len({made[1], made[2], int(made[3]), made[4]}) == 1
    assert made[6:] == [
        Trouble.WRONG_TYPE,
        Trouble.WRONG_SHAPE,
        Trouble.WRONG_SHAPE,
        Trouble.WRONG_TYPE,
        Trouble.WRONG_SHAPE,
        Trouble.WRONG_SHAPE,
    ]
    assert masks_keys.uuids(HERE)([None, ""]) == [None, ""]
    assert masks_keys.moved(HERE)([None, ""]) == [None, ""]
