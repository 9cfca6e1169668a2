"""Check digits and dates against the standards' own examples and against one another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.recognise.personal.validators import (
    credit_code,
    credit_code_shape,
    date,
    id_card15,
    id_card_check,
    id_card_digit,
    id_card_shape,
    luhn,
    region,
)


@pytest.mark.parametrize(
    ("first", "digit"),
    [("11010519491231002", "X"), ("44052418800101001", "4")],  # GB 11643-1999, its examples
)
def test_the_standards_own_identity_numbers(first: str, digit: str) -> None:
    assert id_card_digit(first) == digit
    assert id_card_check(first + digit)
    assert id_card_check((first + digit).lower())


@given(st.from_regex(r"[0-9]{17}", fullmatch=True), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_seen(first: str, place: int, shift: int) -> None:
    whole = first + id_card_digit(first)
    wrong = (int(whole[place]) + shift) % 10
    assert id_card_check(whole)
    assert not id_card_check(f"{whole[:place]}{wrong}{whole[place + 1 :]}")


@pytest.mark.parametrize(
    ("number", "holds"),
    [
        ("119900201002290011", False),  # no such day
        ("119900201202290011", True),
        ("109900201001010011", False),  # no such province
        ("110000201001010011", True),  # a province's own code
        ("110001201001010011", False),
        ("11990020100101001", False),
        ("11990020100101001A", False),
        ("11990020100101001x", True),
    ],
)
def test_the_shape_of_an_identity_number(number: str, holds: bool) -> None:
    assert id_card_shape(number) is holds


def test_numbers_of_fifteen_digits() -> None:
    assert id_card15("119900850230001") is False
    assert id_card15("119900850228001") is True


@pytest.mark.parametrize(
    ("number", "holds"),
    [
        ("79927398713", True),  # ISO/IEC 7812-1's usual example
        ("79927398710", False),
        ("4111111111111111", True),
        ("0", True),
    ],
)
def test_luhn(number: str, holds: bool) -> None:
    assert luhn(number) is holds


@pytest.mark.parametrize(
    ("code", "holds"),
    [
        ("91350100M000100Y43", True),  # GB 32100-2015, its example
        ("91350100M000100Y44", False),
        ("91350100M000100I43", False),  # I is no letter of it
        ("91350100M000100Y4", False),
        ("", False),
    ],
)
def test_credit_codes(code: str, holds: bool) -> None:
    assert credit_code(code) is holds
    assert not holds or credit_code_shape(code)


def test_dates_and_regions() -> None:
    assert date(2000, 2, 29)
    assert not date(1900, 2, 29)
    assert not date(2010, 13, 1)
    assert region("830000")
    assert not region("990000")
