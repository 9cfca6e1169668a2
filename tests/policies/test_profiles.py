"""Kinds of people: everyone whom policies tell apart, each once."""

from __future__ import annotations

import pytest

from policies import profiles
from policies.model import Role, Subject
from policies.profiles import describe, subjects
from tests.policies.samples import clause, district, order, policy, snapshot


def told(*made: object) -> set[str]:
    return {describe(subject) for subject in subjects(*made)}  # type: ignore[arg-type]


def test_one_kind_where_nobody_is_told_apart() -> None:
    assert len(subjects(snapshot())) == 1


def test_schools_groups_and_roles() -> None:
    shot = snapshot(
        district(clause("t", "allow", categories=("video",), roles=(Role.TEACHER,))),
        policy("s1", "school", clause("c", "block", categories=("games",))),
        policy("lab", "group", clause("c", "block", categories=("games",))),
    )
    found = told(shot)
    assert {"school=s1,group=lab", "role=teacher", "role=teacher,school=s1"} <= found
    assert len(subjects(shot)) == len(found) == 8


def test_orders_tell_apart_too() -> None:
    shot = snapshot(orders=[order("o", "block", categories=("games",), school="s9")])
    assert any("school=s9" in one for one in told(shot))


def test_two_snapshots_together() -> None:
    one = snapshot(district(), policy("s1", "school", clause("c", "block", categories=("games",))))
    assert len(subjects(snapshot(), one)) == 2


def test_too_many_combinations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "MAX_SUBJECTS", 5)
    shot = snapshot(
        district(),
        policy("s1", "school", clause("c", "block", categories=("games",))),
        policy("lab", "group", clause("c", "block", categories=("games",))),
    )
    assert not any("school" in one and "group" in one for one in told(shot))
    assert any("school" in one for one in told(shot))


def test_describe() -> None:
    assert describe(Subject()) == "role=pupil"
    assert describe(Subject(role=Role.TEACHER, school="s1")) == "role=teacher,school=s1"
