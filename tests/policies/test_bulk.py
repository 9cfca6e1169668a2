"""Bulk explanations: one line out for each line in, bad ones answered in their place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.bulk import MAX_LINE, Answers
from policies.cases import markers
from policies.moment import at
from tests.policies.samples import clause, district, policy, snapshot

SHOT = snapshot(
    district(clause("night", "block", categories=("games",), hours=["22:00-06:00"])),
    policy("junior", "preset"),
)
GAMES = "http://games.test.qinglang.invalid/"

ODD = st.text(max_size=20) | st.integers() | st.none() | st.lists(st.text(max_size=3), max_size=2)
FIELDS = st.dictionaries(st.sampled_from(["url", "at", "subject", "gap", "address"]), ODD)


def answered(*lines: Any) -> list[dict[str, Any]]:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    answers = Answers(SHOT, markers(SHOT), at("2026-09-01T12:00"))
    return [json.loads(line) for line in answers.of(text + "\n" for text in texts)]


def test_subject_url_at() -> None:
    night = {"subject": "stage=junior", "url": GAMES, "at": "2026-09-01T23:00"}
    noon, dark = answered({"url": GAMES}, night)
    assert (noon["action"], noon["line"], noon["categories"]) == ("allow", 1, ["games"])
    assert (dark["action"], dark["line"], dark["clause"]) == ("block", 2, "district/night")
    assert set(dark) == {
        "line",
        "action",
        "enforced",
        "clause",
        "profile",
        "categories",
        "inspect",
        "trace",
        "snapshot",
    }


def test_a_subject_may_be_an_object_and_blank_lines_are_passed_over() -> None:
    (told,) = answered("", {"subject": {"stage": "junior", "role": "pupil"}, "url": GAMES})
    assert (told["line"], told["profile"]) == (2, "junior")


def test_a_gap() -> None:
    (told,) = answered({"url": GAMES, "gap": "bomb"})
    assert told["clause"] == "district/gaps"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "Expecting"),
        ("[]", "one object"),
        ({"url": GAMES, "uri": 1}, "`uri` is not one of"),
        ({"subject": "stage=junior"}, "`url` is missing"),
        ({"url": 7}, "`url` is not text"),
        ({"url": "http://a b/"}, "no spaces"),
        ({"url": GAMES, "at": "noon"}, "not a time"),
        ({"url": GAMES, "gap": "hole"}, "hole"),
        ({"url": GAMES, "subject": "stage=x"}, "not a valid SchoolStage"),
        ({"url": GAMES, "subject": {"name": "x"}}, "a subject has"),
        ({"url": GAMES, "subject": {"stage": "junior,role=teacher"}}, "no comma"),
        ({"url": GAMES, "subject": "stage=junior", "address": "10.0.0.1"}, "not both"),
        ({"url": GAMES, "address": "nowhere"}, "nowhere"),
        ("x" * (MAX_LINE + 1), "longer than"),
        ("[" * 5000, "e"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_bad_line_is_answered_in_its_place(line: Any, said: str) -> None:
    answers = Answers(SHOT, markers(SHOT), at("2026-09-01T12:00"))
    text = line if isinstance(line, str) else json.dumps(line)
    before, wrong, after = [
        json.loads(told)
        for told in answers.of([f'{{"url":"{GAMES}"}}\n', text, f'{{"url":"{GAMES}"}}'])
    ]
    assert said in wrong["error"]
    assert wrong["line"] == 2
    assert before["action"] == after["action"] == "allow"
    assert answers.wrong == 1


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | FIELDS.map(json.dumps))
def test_no_line_stops_it(line: str) -> None:
    answers = Answers(SHOT, markers(SHOT), at("2026-09-01T12:00"))
    told = list(answers.of([line]))
    assert len(told) == (not line.isspace())
    assert all(json.loads(one)["line"] == 1 for one in told)
