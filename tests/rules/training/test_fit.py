"""Fitting: columns separate what they should, and the same seed gives the same weights."""

import numpy as np
import pytest

from rules.recognise.grams import codes
from rules.training.compose import Snippet
from rules.training.fit import Column, Shape, Weights, fit, matrix

SHAPE = Shape(orders=2, bits=12, window=64, step=32)
GOOD, BAD = "我们去图书馆看书学习", "注册就送彩金百家乐"


def snippets() -> list[Snippet]:
    parts = [(GOOD, "benign"), (BAD, "gambling"), ("天气晴朗万里无云", "benign")]
    return [
        Snippet(codes=codes(text[at : at + 5]), label=label)
        for text, label in parts * 4
        for at in range(4)
    ]


COLUMN = Column(name="gambling", one=frozenset({"gambling"}), others=frozenset({"benign"}))


def fitted(seed: int = 1) -> Weights:
    return fit(snippets(), [COLUMN], SHAPE, strength=1e-4, seed=seed)


def score(weights: Weights, text: str) -> float:
    return float((matrix([codes(text)], SHAPE) @ weights.table + weights.bias)[0, 0])


def test_what_was_learnt_separates() -> None:
    weights = fitted()
    assert weights.columns == ("gambling",)
    assert score(weights, "送彩金百家") > 0 > score(weights, "图书馆看书")


def test_same_seed_same_weights() -> None:
    assert (fitted().table == fitted().table).all()


def test_features_are_those_of_serving() -> None:
    found = matrix([codes("看看书"), codes("")], SHAPE)
    assert found.shape == (2, 1 << 12)
    assert found.sum() == pytest.approx(5 / np.sqrt(5))
    assert found[1].nnz == 0


def test_a_column_needs_both_sides() -> None:
    lonely = Column(name="porn", one=frozenset({"porn"}), others=frozenset({"benign"}))
    with pytest.raises(ValueError, match="`porn` has no texts on one side"):
        fit(snippets(), [lonely], SHAPE, strength=1e-4, seed=1)
