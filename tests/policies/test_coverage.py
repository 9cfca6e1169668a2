"""Clauses that are never used: by the record, and by reading alone."""

from __future__ import annotations

from typing import Any

import pytest

from policies.coverage import coverage, shadowed
from policies.model import Role
from policies.policy import Clause, UnknownYear
from rules.model import Gap
from tests.policies.samples import clause, district, end, policy, snapshot


def shadows(*clauses: Clause, **fields: Any) -> dict[str, tuple[str, ...]]:
    found = shadowed(snapshot(district(*clauses, **fields)))
    return {shadow.clause.removeprefix("district/"): shadow.by for shadow in found}


GAMES = clause("games", "block", categories=("games",))


def test_never_matched() -> None:
    found = coverage(snapshot(district(GAMES)), {"district/otherwise": 5, "gone/clause": 1})
    assert found.matched == {"district/otherwise": 5}
    assert found.never == ("district/gaps", "district/help", "district/harmful", "district/games")
    assert found.shadowed == ()


@pytest.mark.parametrize(
    ("first", "second", "dead"),
    [
        (GAMES, clause("x", "warn", categories=("games",)), True),
        (GAMES, clause("x", "warn", categories=("games", "video")), False),
        (GAMES, clause("x", "warn"), False),
        (clause("all", "warn", hours=["00:00-24:00"]), GAMES, False),
        (clause("all", "warn"), GAMES, True),
        (GAMES, clause("x", "warn", categories=("games",), hours=["20:00-21:00"]), True),
        (clause("e", "warn", categories=("games",), hours=["20:00-21:00"]), GAMES, False),
        (clause("e", "warn", categories=("games",), roles=(Role.TEACHER,)), GAMES, False),
        (GAMES, clause("x", "warn", categories=("games",), roles=(Role.TEACHER,)), True),
        (GAMES, clause("x", "warn", categories=("games",), hosts=("a.example",)), True),
        (clause("h", "warn", hosts=("a.example",)), GAMES, False),
        (
            clause("d", "warn", categories=("games",), days=("sat", "sun")),
            clause("x", "block", categories=("games",), days=("sat",)),
            True,
        ),
        (
            clause("d", "warn", categories=("games",), days=("sat",)),
            clause("x", "block", categories=("games",), days=("sat", "sun")),
            False,
        ),
        (
            clause("d", "warn", categories=("games",), days=("sat",)),
            clause("x", "block", categories=("games",), days=("sat",), hours=["22:00-06:00"]),
            False,
        ),
        (
            clause("d", "warn", categories=("games",), days=("holiday",)),
            clause(
                "x",
                "block",
                categories=("games",),
                days=("holiday",),
                unknown_year=UnknownYear.MATCH,
            ),
            False,
        ),
        (clause("g", "block", categories=("games",), gaps=(Gap.NAME_CONFLICT,)), GAMES, False),
    ],
)
def test_one_before_another(first: Clause, second: Clause, dead: bool) -> None:
    found = shadows(first, second)
    found.pop("otherwise", None)  # what matches everything leaves nothing to it
    assert found == ({second.id: (f"district/{first.id}",)} if dead else {})


def test_several_together() -> None:
    video = clause("video", "warn", categories=("video",))
    both = clause("both", "block", categories=("games", "video"))
    assert shadows(GAMES, video, both) == {"both": ("district/games", "district/video")}


def test_harmful_is_decided_before_anything_below() -> None:
    late = clause("late", "block", categories=("porn",))
    assert shadows(late) == {"late": ("district/harmful",)}


def test_a_group_of_hosts_loosened_does_not_cover_one_that_tightens() -> None:
    """`allow` wants all names in the group, `block` any: a forged name falls through."""
    school = policy(
        "s1",
        "school",
        clause("a", "allow", hosts=("club",)),
        clause("b", "block", hosts=("club",)),
        clause("c", "allow", hosts=("club",)),
        clause("d", "block", hosts=("empty",)),
        hosts={"club": ("a.example",), "empty": ()},
    )
    found = {s.clause: s.by for s in shadowed(snapshot(district(), school))}
    assert found == {"s1/c": ("s1/a",), "s1/d": ()}


def test_nobodys() -> None:
    lost = policy("s1", "school", clause("x", "block", categories=("games",), schools=("s2",)))
    (shadow,) = shadowed(snapshot(district(), lost))
    assert (shadow.clause, shadow.by) == ("s1/x", ())


def test_behind_an_allow_list() -> None:
    """What loosens without naming hosts is passed over where names conflict."""
    room = policy(
        "room",
        "group",
        clause("e", "allow", categories=("education",)),
        clause("f", "block", categories=("education",)),
        otherwise=end("block"),
    )
    assert shadowed(snapshot(district(), room)) == ()
