"""The tricks of the bench change a text, and only by the generator they are given."""

from __future__ import annotations

from random import Random

import pytest

from bench.tricks import TRICKS, any_trick
from rules.recognise.normal import normalise

TEXT = "注册送彩金 加微信 casino bonus 88 赌博平台"
UNDONE = ("full_width", "traditional", "zero_width", "fancy", "splits", "decomposed")


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_changes_the_text(name: str) -> None:
    bent = [TRICKS[name](TEXT, Random(seed)) for seed in range(5)]
    assert any(text != TEXT for text in bent)
    assert bent == [TRICKS[name](TEXT, Random(seed)) for seed in range(5)]
    assert TRICKS[name]("", Random(1)) == ""


@pytest.mark.parametrize("name", UNDONE)
def test_the_reading_undoes_it(name: str) -> None:
    assert normalise(TRICKS[name](TEXT, Random(3))) == normalise(TEXT)


def test_one_at_random() -> None:
    assert any_trick(TEXT, Random(1)) == any_trick(TEXT, Random(1))
