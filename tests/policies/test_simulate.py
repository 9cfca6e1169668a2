"""Rehearsals: what a candidate would change, on what was really seen, weighted by counts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.changes import Change, Report, What, compare
from policies.compile import Snapshot
from policies.decide import decide
from policies.model import Action
from policies.moment import at
from policies.simulate import Rehearsal
from rules.model import Facts, Signals
from tests.policies.samples import clause, district, order, policy, snapshot

NOON = int(at("2026-09-01T12:00").timestamp)
NIGHT = int(at("2026-09-01T23:00").timestamp)
HOSTS = {"games.example": "games", "edu.example": "education", "help.example": "help"}


def row(count: int = 1, when: int = NOON, **changes: Any) -> tuple[Any, ...]:
    what = {
        "layer": "request",
        "host": "games.example",
        "names": "[]",
        "path": "",
        "school": "s1",
        "stage": "junior",
        "tier": "",
        "role": "pupil",
        "group": "",
        "segment": "",
        "token": "",
        "gap": "",
        "signals": '[["games", "hosts", "own", ""]]',
        "enforced": "allow",
        "clause": "district/otherwise",
    } | changes
    return (when, count, *What(**what))


def by_name(shot: Snapshot) -> Any:
    def of(host: str, names: tuple[str, ...], path: str) -> int:
        return shot.kinds.mask([HOSTS.get(host, "uncategorised")])

    return of


def rehearsed(shot: Snapshot, *rows: Any, by: tuple[str, ...] = ("school",)) -> Report:
    rehearsal = Rehearsal(shot, by_name(shot), by=by)
    rehearsal.add(rows)
    return rehearsal.report()


BLOCKS_GAMES = snapshot(district(clause("games", "block", categories=("games",))))


def test_a_tightening_weighs_what_the_row_counts() -> None:
    found = rehearsed(BLOCKS_GAMES, row(7), row(3, host="edu.example", signals="[]"))
    assert found.rows == 2
    assert found.exchanges == 10
    assert found.changes[Change.BLOCK] == 7
    assert found.changes[Change.SAME] == 3
    (group,) = found.groups
    assert (group.key, group.blocked_before, group.blocked_after) == (("s1",), 0, 7)
    (shift,) = found.shifts
    assert (shift.before, shift.after) == ("district/otherwise", "district/games")
    (sample,) = found.samples
    assert (sample.host, sample.categories, sample.exchanges) == ("games.example", ("games",), 7)
    assert found.clauses == {"district/games": 7, "district/otherwise": 3}


def test_a_loosening() -> None:
    found = rehearsed(snapshot(), row(2, enforced="block", clause="district/old"))
    assert found.changes[Change.ALLOW] == 2


def test_the_hour_of_the_record_decides() -> None:
    shot = snapshot(
        district(clause("night", "block", categories=("games",), hours=["22:00-06:00"]))
    )
    found = rehearsed(shot, row(1), row(1, NIGHT), row(1, NIGHT + 59))
    assert (found.changes[Change.BLOCK], found.changes[Change.SAME]) == (2, 1)


def test_hosts_are_looked_up_in_the_candidates_rules() -> None:
    """The record says games; the candidate's lists say otherwise."""
    found = rehearsed(BLOCKS_GAMES, row(host="unlisted.example"))
    assert found.changes[Change.BLOCK] == 0


def test_what_was_seen_in_content_is_kept() -> None:
    seen = json.dumps([["games", "labels", "AGE-16", "", ""]])
    found = rehearsed(BLOCKS_GAMES, row(host="edu.example", signals=seen))
    assert found.changes[Change.BLOCK] == 1


def test_a_path_rule_is_kept_where_the_path_was_not_recorded() -> None:
    seen = json.dumps([["games", "urls", "own", ""]])
    without = rehearsed(BLOCKS_GAMES, row(host="edu.example", signals=seen))
    known = rehearsed(BLOCKS_GAMES, row(host="edu.example", signals=seen, path="/x"))
    assert (without.changes[Change.BLOCK], known.changes[Change.BLOCK]) == (1, 0)


def test_content_never_takes_help_away() -> None:
    seen = json.dumps([["games", "labels", "AGE-16", "", ""]])
    assert rehearsed(BLOCKS_GAMES, row(host="help.example", signals=seen)).changes[Change.SAME] == 1


def test_recorded_help_is_not_lent_to_another_host() -> None:
    seen = json.dumps([["help", "labels", "x", ""], ["games", "labels", "x", ""]])
    assert rehearsed(BLOCKS_GAMES, row(host="x.example", signals=seen)).changes[Change.BLOCK] == 1


@pytest.mark.parametrize(("odds", "change"), [("0.95", Change.BLOCK), ("0.85", Change.SAME)])
def test_what_was_only_probable_counts_from_the_candidates_certainty_on(
    odds: str, change: Change
) -> None:
    for shape in (["games", "model", "m1", odds], ["games", "words", "a word", "own", odds]):
        found = rehearsed(BLOCKS_GAMES, row(host="x.example", signals=json.dumps([shape])))
        assert found.changes[change] == 1


def test_without_a_host_or_rules_the_recognitions_are_kept() -> None:
    assert rehearsed(BLOCKS_GAMES, row(host="")).changes[Change.BLOCK] == 1
    rehearsal = Rehearsal(BLOCKS_GAMES, None)
    rehearsal.add([row(host="x.example")])
    assert rehearsal.report().changes[Change.BLOCK] == 1


def test_monitor_mode_changes_nothing_for_people() -> None:
    from policies.policy import Mode

    shot = snapshot(district(clause("games", "block", categories=("games",)), mode=Mode.MONITOR))
    found = rehearsed(shot, row())
    assert found.changes[Change.OTHER] == 1  # allow → observe


def test_by_several_dimensions() -> None:
    rows = (row(1), row(2, stage="senior"), row(4, school="s2"))
    found = rehearsed(BLOCKS_GAMES, *rows, by=("school", "stage", "category"))
    assert [(group.key, group.exchanges) for group in found.groups] == [
        (("s1", "junior", "games"), 1),
        (("s1", "senior", "games"), 2),
        (("s2", "junior", "games"), 4),
    ]
    with pytest.raises(ValueError, match="`host` is not one of"):
        Rehearsal(BLOCKS_GAMES, None, by=("host",))


def test_orders_for_one_pseudonym() -> None:
    shot = snapshot(orders=[order("o", "block", categories=("games",), token="t1")])
    found = rehearsed(shot, row(token="t1"), row(token="t2"))
    assert (found.changes[Change.BLOCK], found.changes[Change.SAME]) == (1, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"layer": "carrier-pigeon"},
        {"role": "king"},
        {"gap": "?"},
        {"signals": "["},
        {"signals": "[[]]"},
        {"names": "7"},
        {"enforced": "explode"},
    ],
    ids=str,
)
def test_rows_that_do_not_read_are_counted(changes: dict[str, str]) -> None:
    found = rehearsed(BLOCKS_GAMES, row(**changes), row())
    assert (found.rows, found.unreadable, found.exchanges) == (2, 1, 1)


def test_categories_the_candidate_does_not_know_are_named() -> None:
    found = rehearsed(BLOCKS_GAMES, row(signals='[["carrier", "labels", "x", ""]]'))
    assert found.unknown_categories == ("carrier",)


def test_sums_survive_folding(monkeypatch: pytest.MonkeyPatch) -> None:
    import policies.simulate as room

    rows = [
        row(1, host=f"h{n}.example", signals='[["games", "labels", "x", ""]]') for n in range(50)
    ]
    whole = rehearsed(BLOCKS_GAMES, *rows)
    monkeypatch.setattr(room, "MAX_CASES", 7)
    monkeypatch.setattr(room, "MAX_SAMPLES", 20)
    monkeypatch.setattr(room, "MAX_MINUTES", 1)
    parts = rehearsed(BLOCKS_GAMES, *rows)
    assert (parts.changes, parts.clauses, parts.groups) == (
        whole.changes,
        whole.clauses,
        whole.groups,
    )
    assert len(parts.samples) == 5


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["games", "education", "gambling", "uncategorised"]),
    st.sampled_from(["junior", "senior", ""]),
    st.integers(0, 48),
)
def test_the_same_answer_as_decide(category: str, stage: str, half_hours: int) -> None:
    night = clause("night", "warn", categories=("games",), hours=["22:00-06:00"])
    shot = snapshot(district(night), policy("s1", "school", clause("e", "block", layers=())))
    when = NOON + half_hours * 1800
    asked = row(when=when, host="", stage=stage, signals=json.dumps([[category, "hosts", "", ""]]))
    verdict = decide(
        shot,
        Facts(stage=rehearsal_stage(), host=""),
        Signals(mask=shot.kinds.mask([category])),
        subject(stage),
        at_second(when),
    )
    found = rehearsed(shot, asked)
    assert found.clauses == {verdict.clause: 1}
    assert found.changes[compare(Action.ALLOW, verdict.enforced)] == 1


def test_hosts_of_one_kind_are_told_apart_where_something_changes() -> None:
    """They share one verdict; samples and host groups still go by the host."""
    shot = snapshot(
        district(
            clause("mine", "block", hosts=["own"]),
            clause("games", "warn", categories=("games",)),
            hosts={"own": ("b.example",)},
        )
    )
    seen = '[["games", "labels", "x", ""]]'
    rows = [row(n + 1, host=f"{name}.example", signals=seen) for n, name in enumerate("abca")]
    found = rehearsed(shot, *rows)
    assert {(one.host, one.after, one.exchanges) for one in found.samples} == {
        ("a.example", "district/games", 5),
        ("b.example", "district/mine", 2),
        ("c.example", "district/games", 3),
    }


def rehearsal_stage() -> Any:
    from rules.model import Stage

    return Stage.REQUEST


def subject(stage: str) -> Any:
    from policies.model import Subject

    return Subject(school="s1", stage=stage)


def at_second(second: int) -> Any:
    from policies.moment import moment

    return moment(second)
