"""Where a value stands in a YAML text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.places import place

TEXT = """id: p
default-subject: {stage: junior}
clauses:
  - id: a
    when: {hours: [22:00-06:00, 12:00-13:00], days: sat}
  - id: b
"""


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ([], (1, 1)),
        (["id"], (1, 5)),
        (["default_subject", "stage"], (2, 26)),
        (["clauses", 1, "id"], (6, 9)),
        (["clauses", 0, "when", "hours", 1], (5, 33)),
        (["clauses", 0, "when", "days", 0], (5, 53)),  # a scalar stands for a list of one
        (["clauses", 9, "when"], (4, 3)),  # as deep as it goes
        (["nothing"], (1, 1)),
    ],
)
def test_places(path: list[str | int], where: tuple[int, int]) -> None:
    assert place(TEXT, path) == where


@pytest.mark.parametrize("text", ["", "a: [", "\x00", "- - - x", "&a [*a]"])
def test_any_text_has_a_place(text: str) -> None:
    line, column = place(text, ["a", 0, "b"])
    assert line >= 1
    assert column >= 1


@settings(max_examples=100)
@given(st.text(max_size=60))
def test_total(text: str) -> None:
    assert min(place(text, ["a", 0])) >= 1
