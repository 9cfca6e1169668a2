"""Attributes and claims → what a person is here; rows as data, with their cases."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.identity.traits import Case, Row, Traits, failures, traits

ROWS = (
    Row(when="memberOf", value="cn=Teachers,*", role="teacher"),
    Row(when="grade", value="7", stage="junior", tier="12-16"),
    Row(when="grade", value="*", stage="senior"),
    Row(when="o", school="="),
    Row(when="displayName", name="="),
)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, Traits()),
        ({"memberof": ["cn=x", "CN=teachers,ou=groups"]}, Traits(role="teacher")),
        ({"GRADE": ["7"]}, Traits(stage="junior", tier="12-16")),
        ({"grade": ["11"]}, Traits(stage="senior")),
        ({"o": ["No School!", "no-1"]}, Traits(school="no-1")),
        ({"o": ["../etc"]}, Traits()),
        ({"displayName": [" 张三 "]}, Traits(name="张三")),
        ({"displayName": ["x" * 200]}, Traits()),
        ({"displayName": ["a\nb"]}, Traits()),
        ({"grade": []}, Traits()),
    ],
)
def test_rows(said: dict[str, list[str]], expected: Traits) -> None:
    assert traits(ROWS, said) == expected


@pytest.mark.parametrize(
    "row",
    [
        {"when": "a"},
        {"when": "", "role": "pupil"},
        {"when": "a", "role": "king"},
        {"when": "a", "stage": "university"},
        {"when": "a", "tier": "99"},
        {"when": "a", "school": "No 1"},
    ],
)
def test_bad_rows(row: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Row(**row)


def test_cases_say_what_they_expected() -> None:
    good = Case(said={"o": ("no-1",)}, expect={"school": "no-1"})
    bad = Case(said={"o": ("no-1",)}, expect={"school": "no-2"})
    assert failures(ROWS, [good]) == []
    (said,) = failures(ROWS, [good, bad])
    assert "cases 2" in said


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["o", "grade", "memberOf", "displayName"]),
                       st.lists(st.text(max_size=20), max_size=3)))  # fmt: skip
def test_total(said: dict[str, list[str]]) -> None:
    found = traits(ROWS, said)
    assert found.role in ("", "teacher")
