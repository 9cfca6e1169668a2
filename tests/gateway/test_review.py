"""Deciding appeals: what a grant and a denial become, and what is refused as an empty promise."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from gateway.node import Node
from gateway.page.appeal import Appeal
from gateway.review import Decision, append_case, case_file, decide_appeal
from policies.answers import HEAD
from policies.load import load_policies
from policies.model import Action, Office
from rules.load import DataError, WorldError

NOW = 1_790_000_000.5
APPEAL = Appeal(
    code="A-1",
    at=1_789_990_000.0,
    host="club.example",
    text="社团要用",
    school="example",
    stage="senior",
    role="pupil",
    action="block",
    clause="senior/games",
    categories=("games",),
)
GRANT = Decision(granted=True, issuer="王主任", reason="社团活动")
DENY = replace(GRANT, granted=False, reason="与学习无关")


@pytest.fixture
def node(tmp_path: Path) -> Node:
    (tmp_path / "own").mkdir()
    return Node(name="n", data=tmp_path / "var")


def test_a_grant_is_an_order_and_a_case(node: Node) -> None:
    answer = decide_appeal(node, APPEAL, GRANT, now=NOW)
    order = answer.order
    assert order is not None
    assert (order.action, order.hosts, order.school) == (Action.ALLOW, ("club.example",), "example")
    assert (order.starts, order.expires - order.starts) == (1_790_000_000.0, 180 * 86_400)
    assert (order.office, order.basis.clause, order.note) == (Office.SCHOOL, "A-1", "社团活动")
    assert (answer.case.expect, answer.case.clause) == (Action.ALLOW, f"order/{order.id}")
    assert answer.case.subject.stage == "senior"


def test_a_grant_for_the_district(node: Node) -> None:
    made = replace(GRANT, scope="district", office=Office.DISTRICT, host="Example.NET", days=1)
    found = decide_appeal(node, replace(APPEAL, host="www.example.net"), made, now=NOW).order
    assert found is not None
    assert (found.school, found.hosts) == ("", ("example.net",))


def test_a_denial_is_a_case_of_its_own_time(node: Node) -> None:
    answer = decide_appeal(node, APPEAL, DENY, now=NOW)
    assert answer.order is None
    assert (answer.case.expect, answer.case.clause) == (Action.BLOCK, "senior/games")
    assert answer.case.at == "2026-09-21T19:26:40"


def test_a_denial_holds_by_another_clause_too(node: Node) -> None:
    moved = replace(APPEAL, clause="district/gone")
    assert decide_appeal(node, moved, DENY, now=NOW).case.clause == ""


@pytest.mark.parametrize(
    ("appeal", "made", "said"),
    [
        (replace(APPEAL, categories=("gambling",)), GRANT, "district/gambling decides"),
        (replace(APPEAL, categories=("news",)), DENY, "district/otherwise decides"),
        (APPEAL, replace(GRANT, host="other.example"), "senior/night decides"),
        (replace(APPEAL, school=""), GRANT, "names its school"),
        (APPEAL, replace(GRANT, reason=" "), "--reason"),
        (APPEAL, replace(GRANT, issuer=""), "--issuer"),
        (APPEAL, replace(GRANT, days=0), "--days"),
        (APPEAL, replace(GRANT, host="a b"), "space"),
    ],
)
def test_what_is_refused(node: Node, appeal: Appeal, made: Decision, said: str) -> None:
    with pytest.raises((DataError, ValueError), match=said):
        decide_appeal(node, appeal, made, now=NOW)


def test_cases_are_appended(node: Node, tmp_path: Path) -> None:
    path = case_file([tmp_path / "own"])
    for made in (GRANT, DENY):
        append_case(path, decide_appeal(node, APPEAL, made, now=NOW))
    text = path.read_text(encoding="utf-8")
    assert text.startswith(HEAD)
    (found,) = load_policies([tmp_path / "own"]).answers
    assert [answer.granted for answer in found.answers] == [True, False]
    with pytest.raises(ValueError, match="--policy"):
        case_file([])


def test_a_broken_case_file_is_left_alone(node: Node, tmp_path: Path) -> None:
    path = tmp_path / "appeals.yaml"
    path.write_text("id: appeals\noops: 1\n", encoding="utf-8")
    answer = decide_appeal(node, APPEAL, GRANT, now=NOW)
    with pytest.raises(DataError):
        append_case(path, answer)
    assert path.read_text(encoding="utf-8") == "id: appeals\noops: 1\n"
    (tmp_path / "file").write_text("")
    with pytest.raises((WorldError, DataError, OSError)):
        append_case(tmp_path / "file" / "appeals.yaml", answer)


def test_two_people_at_once_lose_no_line(node: Node, tmp_path: Path) -> None:
    path = case_file([tmp_path / "own"])
    answer = decide_appeal(node, APPEAL, DENY, now=NOW)
    several = [replace(answer, code=f"A-{n}") for n in range(12)]
    with ThreadPoolExecutor(4) as people:
        list(people.map(partial(append_case, path), several))
    (found,) = load_policies([tmp_path / "own"]).answers
    assert {one.code for one in found.answers} == {one.code for one in several}
