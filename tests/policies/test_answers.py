"""Answered appeals as cases: written as a line, read back, and tried under other policies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from policies.answers import (
    FILE,
    HEAD,
    Answers,
    AppealAnswer,
    line,
    run_answers,
    try_answers,
    with_orders,
)
from policies.load import load_policies
from policies.model import Action, Subject
from policies.policy import At, Case
from rules.load import DataError, loads
from tests.policies.samples import WORDS, clause, district, order, snapshot

GAMES = district(clause("games", "block", categories=("games",)))
ORDER = order("appeal-a", "allow", hosts=("a.example",), starts=1_788_000_000.0)
CASE = Case(
    title="申诉 A-1",
    expect=Action.ALLOW,
    at=At("2026-09-01T12:00"),
    subject=Subject(school="s1", stage="junior"),
    url="http://a.example/",
    categories=("games",),
    clause="order/appeal-a",
)
GRANT = AppealAnswer(
    code="A-1",
    decided=CASE.at,
    granted=True,
    issuer="王",
    reason='"教学" 用\n',
    case=CASE,
    order=ORDER,
)
DENIAL = replace(
    GRANT,
    code="A-2",
    granted=False,
    case=replace(CASE, expect=Action.BLOCK, clause="district/games"),
    order=None,
)


def file(*answers: AppealAnswer) -> Answers:
    return Answers(id="appeals", title=WORDS, answers=answers)


def test_lines_read_back() -> None:
    text = HEAD + line(GRANT) + line(DENIAL)
    assert loads(Answers, text, FILE).answers == (GRANT, DENIAL)
    assert loads(Answers, HEAD, FILE).answers == ()


@pytest.mark.parametrize("reason", ["\x00", "a: b # c", "'", "{}", "\\", "\u2028\x85", "😀", "- x"])
def test_any_words_read_back(reason: str) -> None:
    answer = replace(GRANT, reason=reason)
    assert loads(Answers, HEAD + line(answer), FILE).answers == (answer,)


def test_both_decisions_hold_side_by_side() -> None:
    outcomes = run_answers([file(GRANT, DENIAL)], snapshot(GAMES))
    assert [outcome.wrong for outcome in outcomes] == [(), ()]
    assert {outcome.policy for outcome in outcomes} == {"cases/appeals"}


def test_a_later_lock_breaks_a_grant() -> None:
    locked = district(locked=[clause("games", "block", categories=("games",))])
    (tried,) = try_answers([GRANT], snapshot(locked))
    assert "expected allow, got block (district/games)" in tried.outcome.wrong[0]


def test_a_later_loosening_breaks_a_denial() -> None:
    (tried,) = try_answers([DENIAL], snapshot(district()))
    assert "expected block, got allow" in tried.outcome.wrong[0]


def test_an_order_of_a_category_that_is_gone_is_left_out() -> None:
    shot = snapshot(GAMES)
    assert with_orders(shot, [replace(ORDER, categories=("gone",))]).orders == ()
    twice = with_orders(with_orders(shot, [ORDER]), [replace(ORDER, note="later")])
    assert [one.note for one in twice.orders] == ["later"]


def test_cases_are_loaded_from_their_folder(tmp_path: Path) -> None:
    folder = tmp_path / "cases"
    folder.mkdir()
    (folder / FILE).write_text(HEAD + line(GRANT), encoding="utf-8")
    assert [one.answers for one in load_policies([tmp_path]).answers] == [(GRANT,)]
    (folder / FILE).write_text(HEAD + "  - {code: x}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"appeals\.yaml:6"):
        load_policies([tmp_path])
