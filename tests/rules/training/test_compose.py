"""Snippets: how many, how long, of whose characters, and the same for the same seed."""

from random import Random

import numpy as np
import pytest

from rules.recognise.grams import codes, spelt
from rules.training.compose import LONGEST, SHORTEST, Recipe, noisy, snippets

LINES = [codes(text) for text in ("今天天气很好", "下午去打球", "晚上写作业", "明天考试")]
BOOK = [codes("".join(map(chr, range(0x4E00, 0x4E00 + 2000))))]


def made(recipe: Recipe, seed: int = 1) -> list[str]:
    texts = {"kind": BOOK if recipe.cuts else LINES}
    found = snippets(texts, {"kind": recipe}, "benign", Random(seed))
    return [spelt(one.codes) for one in found]


def test_singles_stand_as_they_are() -> None:
    assert made(Recipe(windows=0)) == [spelt(one) for one in LINES]
    assert made(Recipe(windows=0, singles=0)) == []


def test_windows_are_joined_within_their_lengths() -> None:
    found = made(Recipe(windows=50, singles=0))
    assert len(found) == 50
    assert all(SHORTEST <= len(one) <= LONGEST for one in found)
    assert set("".join(found)) <= set("".join(map(spelt, LINES)))


def test_windows_are_cut_out_of_books() -> None:
    for one in made(Recipe(windows=30, singles=0, cuts=True)):
        assert SHORTEST <= len(one) <= LONGEST


def test_the_seed_decides() -> None:
    recipe = Recipe(windows=20)
    assert made(recipe) == made(recipe)
    assert made(recipe) != made(recipe, seed=2)


def test_no_texts_no_snippets() -> None:
    assert list(snippets({"kind": []}, {"kind": Recipe()}, "benign", Random(1))) == []


def test_noise_leaves_the_length_and_most_characters() -> None:
    plain = codes("好" * 3 + "".join(map(chr, range(0x4E00, 0x4E00 + 197))))
    letters = np.array([0x9F99], dtype=np.uint32)
    changed = [noisy(plain, letters, Random(seed)) for seed in range(20)]
    assert {one.size for one in changed} == {200}
    assert any((one != plain).any() for one in changed)
    assert all((one != plain).mean() <= 0.08 for one in changed)


@pytest.mark.parametrize("length", [1, 5])
def test_short_texts_are_left_alone(length: int) -> None:
    plain = codes("天地人和春"[:length])
    assert all((noisy(plain, plain, Random(seed)) == plain).all() for seed in range(9))
