"""Seals: what is hashed, and how differing rows are told apart."""

from __future__ import annotations

import random

import pytest

from gateway.ledger import Digest, leaves, root
from gateway.seal import (
    KINDS,
    Part,
    Sealed,
    columns_of,
    differences,
    hashed,
    head,
    part_of,
    statement,
)
from gateway.tables import Base


def test_every_table_of_evidence_is_covered() -> None:
    """`batches` tells the writer what it has; seals and segments are the cover itself."""
    assert set(Base.metadata.tables) - set(KINDS) == {"batches", "seals", "segments"}
    assert columns_of("events")[0] == "id"


def test_which_columns_were_hashed_is_hashed() -> None:
    rows = [(1, "a"), (2, "b")]
    assert root(hashed("events", ("id", "x"), rows)) != root(hashed("events", ("id", "y"), rows))
    assert head("events", ("a",)) != head("traces", ("a",))


def test_events_keep_their_order_and_others_need_none() -> None:
    rows = [(1, "a"), (2, "b"), (3, "c")]
    backward = rows[::-1]
    assert hashed("events", ("id",), rows) != hashed("events", ("id",), backward)
    assert hashed("traces", ("id",), rows) == hashed("traces", ("id",), backward)
    assert hashed("traces", ("id",), rows, Digest.SM3) != hashed("traces", ("id",), rows)


def test_statements_name_exactly_the_rows() -> None:
    one = Sealed(first=4, last=9, count=6, root="")
    assert "BETWEEN 4 AND 9 ORDER BY id" in statement("events", ("id", "group"), one, 0)
    assert '"group"' in statement("events", ("id", "group"), one, 0)
    assert statement("traces", ("id",), None, 3).endswith('FROM "traces" WHERE seal = 3')
    assert '"; DROP' not in statement("traces", ('id"; DROP',), None, 3)


def test_parts_read_back() -> None:
    one = Sealed(first=1, last=2, count=2, root="ab")
    part = Part(segment="s", node="n1", day="2026-03-01", seal=3, kinds={"events": one})
    assert part_of(part.plain()) == part


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        [],
        {"segment": "s", "node": "n", "day": "d", "seal": "x", "kinds": {}},
        {"segment": "s", "node": "n", "day": "d", "seal": 1, "kinds": []},
        {"segment": "s", "node": "n", "day": "d", "seal": 1, "kinds": {"events": [1]}},
        {"segment": "s", "node": "n", "day": "d", "seal": 1, "kinds": {"events": [1, 2, 3, 4]}},
    ],
)
def test_what_is_no_part(data: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        part_of(data)


def told(before: str, after: str) -> list[tuple[str, int]]:
    """Letters for rows."""
    kept = b"".join(leaves([b"head", *(letter.encode() for letter in before)]))
    return list(differences(kept, leaves([b"head", *(letter.encode() for letter in after)])))


@pytest.mark.parametrize(
    ("after", "found"),
    [
        ("abcdef", []),
        ("abXdef", [("altered", 2)]),
        ("abdef", [("removed", 2)]),
        ("bcdef", [("removed", 0)]),
        ("abcde", [("removed", 5)]),
        ("", [("removed", 0)] * 6),
        ("abcXdef", [("inserted", 3)]),
        ("abcdefX", [("inserted", 6)]),
        ("abdcef", [("reordered", 2), ("reordered", 3)]),
        ("XbcdeY", [("altered", 0), ("altered", 5)]),
        ("acXdef", [("removed", 1), ("inserted", 2)]),
    ],
)
def test_differences(after: str, found: list[tuple[str, int]]) -> None:
    assert told("abcdef", after) == found


def test_differences_always_end() -> None:
    chance = random.Random(3)
    for _ in range(500):
        before = "".join(chance.choices("abcdefgh", k=chance.randint(0, 9)))
        after = "".join(chance.choices("abcdefgh", k=chance.randint(0, 9)))
        assert bool(told(before, after)) == (before != after)
