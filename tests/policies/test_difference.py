"""What changes between two sets of policies: outcomes for whom and when, and words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policies.compile import Snapshot, compile_policies
from policies.difference import Turn, difference
from policies.model import Depth
from policies.policy import Inspection, Mode, PolicySet
from tests.policies.samples import CATEGORIES, YEAR, clause, district, order, policy, snapshot


def turned(old: Snapshot, new: Snapshot) -> dict[str, Turn]:
    return {turn.what: turn for turn in difference(old, new).turns}


def games(**when: Any) -> Snapshot:
    return snapshot(district(clause("games", "block", categories=("games",), **when)))


def test_nothing_changes() -> None:
    found = difference(snapshot(), snapshot())
    assert (found.turns, found.edits) == ((), ())


def test_words_alone_change_no_outcome() -> None:
    renamed = snapshot(district(clause("play", "block", categories=("games",))))
    found = difference(games(), renamed)
    assert found.turns == ()
    assert {(edit.kind, edit.part) for edit in found.edits} == {
        ("removed", "games"),
        ("added", "play"),
    }


def test_a_new_block_for_everybody_always() -> None:
    (turn,) = turned(snapshot(), games()).values()
    assert (turn.what, turn.before, turn.after) == ("games", "allow", "block")
    assert (turn.days, turn.hours) == ((), ())
    assert (turn.clause_before, turn.clause_after) == ("district/otherwise", "district/games")


def test_hours_that_change_are_joined() -> None:
    (turn,) = turned(games(hours=["22:00-06:00"]), games(hours=["21:00-06:00"])).values()
    assert (turn.hours, turn.days) == (("21:00-22:00",), ())


def test_days_that_change() -> None:
    (turn,) = turned(games(days=("holiday",)), games(days=("holiday", "sat"))).values()
    assert turn.hours == ()
    assert any(day.startswith("sat") for day in turn.days)
    assert not any(day.startswith("mon") for day in turn.days)


def test_one_school_alone() -> None:
    old = snapshot(district(), policy("s1", "school"), policy("s2", "school"))
    tight = policy("s1", "school", clause("v", "block", categories=("video",)))
    (turn,) = turned(old, snapshot(district(), tight, policy("s2", "school"))).values()
    assert all("school=s1" in who for who in turn.who)


def test_gaps_and_hosts_are_asked_too() -> None:
    old = snapshot(district(), policy("s1", "school", hosts={"club": ("a.example",)}))
    opened = policy(
        "s1",
        "school",
        clause("club", "block", hosts=("club",)),
        clause("hidden", "block", gaps=("name-conflict",)),
        hosts={"club": ("a.example",)},
    )
    found = turned(old, snapshot(district(), opened))
    assert {"host:a.example", "gap:name-conflict"} <= set(found)


def test_looking_deeper_is_an_outcome() -> None:
    more = snapshot(district(inspection=Inspection(never_open=("banking", "video"))))
    (turn,) = turned(snapshot(), more).values()
    assert (turn.what, turn.inspect_before, turn.inspect_after) == ("video", True, False)


def test_a_clause_that_moves() -> None:
    a, b = clause("a", "block", categories=("games",)), clause("b", "warn", categories=("games",))
    found = difference(snapshot(district(a, b)), snapshot(district(b, a)))
    assert [(edit.kind, edit.part) for edit in found.edits] == [("moved", "clauses")]
    assert [(turn.before, turn.after) for turn in found.turns] == [("block", "warn")]


def test_policies_and_calendars_that_come_and_go() -> None:
    other = replace(YEAR, id="cn-2027", year=2027, holidays=(), makeup=())
    base = PolicySet(policies=(district(), policy("s1", "school")), years=(YEAR,))
    next_one = PolicySet(policies=(district(), policy("s2", "school")), years=(other,))
    old, new = (
        compile_policies(given, categories=CATEGORIES, rulebase="") for given in (base, next_one)
    )
    found = difference(old, new)
    assert [(edit.policy, edit.part, edit.kind) for edit in found.edits] == [
        ("s1", "", "removed"),
        ("s2", "", "added"),
        ("cn-2027", "calendar", "changed"),
        ("cn-2026", "calendar", "removed"),
    ]


def test_monitor_mode_is_said() -> None:
    from policies.policy import Mode

    old = snapshot(district(clause("games", "block", categories=("games",))))
    new = snapshot(district(clause("games", "block", categories=("games",)), mode=Mode.MONITOR))
    turn = turned(old, new)["games"]
    assert (turn.before, turn.after) == ("block", "block (monitor)")


def test_many_hosts_are_left_out_and_counted() -> None:
    hosts = tuple(f"h{n}.example" for n in range(350))
    old = snapshot(district(), policy("s1", "school"))
    new = snapshot(district(), policy("s1", "school", hosts={"club": hosts}))
    assert difference(old, new).hosts_left_out == 50


PAIRS = {
    "hours": (games(hours=["22:00-06:00"]), games(hours=["21:00-06:00"])),
    "a day": (games(days=("holiday",)), games(days=("holiday", "sat"))),
    "monitor": (games(), snapshot(district(clause("games", "block", categories=("games",)),
                                           mode=Mode.MONITOR))),
    "depth": (games(), snapshot(district(clause("games", "block", categories=("games",)),
                                         inspection=Inspection(depth=Depth.NAME)))),
    "a group's host": (snapshot(district(clause("m", "block", hosts=["own"]),
                                         hosts={"own": ("a.example",)})),
                       snapshot(district(clause("m", "block", hosts=["own"]),
                                         hosts={"own": ("b.example",)}))),
    "a pin": (snapshot(), snapshot(orders=[order("o", "allow", hosts=("a.example",),
                                                 pass_through=True)])),
}  # fmt: skip


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_equal_rules_are_passed_over_and_nothing_is_missed(
    pair: tuple[Snapshot, Snapshot], monkeypatch: pytest.MonkeyPatch
) -> None:
    import policies.difference as room

    quick = difference(*pair)
    monkeypatch.setattr(room, "_speak_alike", lambda old, new: False)
    assert difference(*pair) == quick
