"""Lexicons spelled out."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.lexicon import Choices, Lexicon, Part, Placed
from rules.load import DataError, loads
from rules.phrases import EVASIVE, expanded, phrases

HEAD = 'id: x\ntitle: {zh: "甲", en: "A"}\ncategory: gambling\n'


def placed(body: str, head: str = HEAD, plain: tuple[tuple[str, float], ...] = ()) -> Placed:
    return Placed(lexicon=loads(Lexicon, head + body, "x.yaml"), path=Path("x.yaml"), plain=plain)


def group(rows: str, more: str = "") -> str:
    return f"groups:\n  - weight: 3\n{more}    phrases:\n      - {rows}\n"


def said(*lexicons: Placed) -> dict[str, float]:
    return {text: one[0].weight for text, one in phrases(lexicons).sayings.items()}


def test_templates() -> None:
    sets = {"a": Choices(("x", "")), "b": Choices(("1", "2"))}
    assert expanded("<a>送(甲|乙)", sets) == ("x送甲", "x送乙", "送甲", "送乙")
    assert expanded("free_spins", sets) == ("free spins",)
    with pytest.raises(ValueError, match="no set `c`"):
        expanded("<c>", sets)
    with pytest.raises(ValueError, match="more than"):
        expanded("<b>" * 13, sets)


def test_phrases_are_folded_like_texts() -> None:
    assert said(placed(group("賭*場 ＣＡＳＩＮＯ=5"))) == {"赌场": 3.0, "casino": 5.0}


def test_spellings_weigh_more() -> None:
    found = said(placed(group("博彩", "    spell: [mixed]\n")))
    assert found == {"博彩": 3.0, "bo彩": 3.0 + EVASIVE, "博cai": 3.0 + EVASIVE}


def test_the_stronger_of_two_counts() -> None:
    assert said(placed(group("赌球 赌球=5 赌球=2"))) == {"赌球": 5.0}


def test_what_a_shorter_phrase_says_already_is_left_out() -> None:
    assert said(placed(group("赌球 赌球平台 赌球网站=4"))) == {"赌球": 3.0, "赌球网站": 4.0}
    found = said(placed(group("bet betting")))
    assert found == {"bet": 3.0, "betting": 3.0}, "whole words do not stand in others"
    needing = group("赌球", "    needs: [网站]\n") + "  - weight: 3\n    phrases: [赌球网]\n"
    assert said(placed(needing)) == {"赌球": 3.0, "赌球网": 3.0}


def test_soft_phrases_and_conditions() -> None:
    body = (
        'soft: "赌球"\n' + group("赌球 押注", "    needs: [平臺 <s>]\n    within: 9\n") + "s: 1\n"
    )
    body = body.replace("s: 1\n", "sets: {s: 网 站}\n").replace("{s: 网 站}", '{s: "网站 官网"}')
    found = phrases([placed(body)]).sayings
    assert found["赌球"][0].weight == 1.0
    condition = found["押注"][0].condition
    assert condition is not None
    assert (condition.needs, condition.forbids, condition.within) == (
        ("平台", "网站", "官网"),
        (),
        9,
    )


def test_plain_words_and_two_categories() -> None:
    other = placed(group("赌球=4"), HEAD.replace("gambling", "porn"))
    found = phrases([placed(group("赌球"), plain=(("暗語", 8.0),)), other])
    assert found.written == 3
    assert found.sayings["暗语"][0].weight == 8.0
    assert {one.category for one in found.sayings["赌球"]} == {"gambling", "porn"}
    assert found.sayings["赌球"][0].part is Part.HARM


def test_every_problem_with_its_place() -> None:
    body = group("赌 <none>球 好词") + "  - weight: 2\n    needs: [<gone>]\n    phrases: [词语]\n"
    with pytest.raises(DataError) as caught:
        phrases([placed(body)])
    assert len(caught.value.problems) == 3
