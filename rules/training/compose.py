"""Texts → snippets: what the classifier is fitted on, from a single line to a window of a page.

A text we wrote is scarce, and a model that has only seen single lines is badly calibrated
on pages. So each text counts once as it stands, and again in windows composed of texts of
its class in random order; some characters are replaced by chance, as typing does. Pure:
the source of chance is an argument.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from rules.recognise.grams import Codes

SHORTEST, LONGEST = 24, 256  # code points of a composed window; the longest is the model's own
_NOISE = (0.0, 0.0, 0.03, 0.08)  # shares of characters replaced, one chosen per window


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """Code points of one class, and how much it counts."""

    codes: Codes
    label: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How many snippets of a class are made of its texts."""

    singles: float = 1.0  # weight of a text by itself
    windows: int = 4000  # composed windows
    cuts: bool = False  # windows are cut out of long texts instead of joining short ones


def snippets(
    texts: Mapping[str, Sequence[Codes]], recipes: Mapping[str, Recipe], label: str, chance: Random
) -> Iterator[Snippet]:
    """All snippets of one class; `texts` by kind, `recipes` by kind."""
    every = [one for many in texts.values() for one in many]
    letters = np.concatenate(every) if every else np.zeros(1, dtype=np.uint32)
    for kind, many in texts.items():
        recipe = recipes[kind]
        if not many:
            continue
        if recipe.singles:
            for codes in many:
                if codes.size:
                    cut = codes[: LONGEST * 2]
                    yield Snippet(codes=cut, label=label, weight=recipe.singles)
        for _ in range(recipe.windows):
            wanted = chance.randint(SHORTEST, LONGEST)
            window = _cut(many, wanted, chance) if recipe.cuts else _joined(many, wanted, chance)
            yield Snippet(codes=noisy(window, letters, chance), label=label)


def _cut(many: Sequence[Codes], wanted: int, chance: Random) -> Codes:
    codes = chance.choice(many)
    start = chance.randint(0, max(0, codes.size - wanted))
    return codes[start : start + wanted]


def _joined(many: Sequence[Codes], wanted: int, chance: Random) -> Codes:
    parts: list[Codes] = []
    length = 0
    while length < wanted and len(parts) < wanted:
        part = chance.choice(many)
        parts.append(part)
        length += part.size
    joined = np.concatenate(parts)
    start = chance.randint(0, max(0, joined.size - wanted))
    return joined[start : start + wanted]


def noisy(codes: Codes, letters: Codes, chance: Random) -> Codes:
    """The same with a few characters replaced by others of the same class."""
    share = chance.choice(_NOISE)
    count = int(share * codes.size)
    if not count:
        return codes
    changed = codes.copy()
    for _ in range(count):
        changed[chance.randrange(codes.size)] = letters[chance.randrange(letters.size)]
    return changed
