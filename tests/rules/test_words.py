"""Names and flags become sets; help stays on its very name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rules.importers.rows import NOTHING, Flag
from rules.model import Layer
from rules.sources import Meaning
from rules.table import TableBuilder, tag
from rules.words import Words

INDEX = {"crisis": 0, "games": 1, "uncategorised": 2}
LAYERS = {"crisis": Layer.HELP, "games": Layer.FUNCTIONAL, "uncategorised": Layer.FUNCTIONAL}


@pytest.fixture
def table(tmp_path: Path) -> Iterator[TableBuilder]:
    with closing(TableBuilder(tmp_path)) as made:
        yield made


@pytest.fixture
def words(table: TableBuilder) -> Words:
    def translate(names: tuple[str, ...]) -> Meaning:
        known = tuple(name for name in names if name in INDEX)
        return Meaning(ids=known, unknown=tuple(name for name in names if name not in INDEX))

    return Words(table, 7, translate, INDEX, LAYERS)


def tags(table: TableBuilder, number: int) -> tuple[int, ...]:
    return list(table.sets)[number]


CASES = {
    "plain": (("games",), Flag.NONE, (tag(1, 7, 0),)),
    "exact": (("games",), Flag.SELF, (tag(1, 7, 1),)),
    "exception": (("games",), Flag.NOT, (tag(1, 7, 4),)),
    "help is exact": (("crisis",), Flag.NONE, (tag(0, 7, 1),)),
    "both": (("crisis", "games"), Flag.NONE, (tag(0, 7, 1), tag(1, 7, 0))),
}


@pytest.mark.parametrize("case", CASES)
def test_words(case: str, words: Words, table: TableBuilder) -> None:
    names, flag, wanted = CASES[case]
    number = words(names, flag)
    assert tags(table, number) == wanted
    assert words(names, flag) == number


def test_nothing_of_ours(words: Words) -> None:
    assert words(("odd",), Flag.NONE) == NOTHING
    assert words((), Flag.NONE) == NOTHING
    assert words(("uncategorised",), Flag.NONE) == NOTHING
    assert words.unknown == {"odd"}


def test_it_knows_which_words_help(words: Words) -> None:
    number = words(("crisis",), Flag.NONE)
    words(("crisis",), Flag.NOT)
    words(("games",), Flag.NONE)
    assert words.helps == {number}
