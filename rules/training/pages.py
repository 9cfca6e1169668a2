"""Lines → pages: how single lines become pages to calibrate and to measure on.

Pages of one label only: a title and so many characters of lines in random order, each line
used once before any is used again. The source of chance is an argument.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

SHORT, LONG = 750, 1500
TITLE = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One composed page: its title and its lines."""

    title: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def pages(
    texts: Sequence[str], count: int, chance: Random, *, low: int = SHORT, high: int = LONG
) -> Iterator[Paper]:
    """`count` pages of `low` to `high` characters (the last line is never cut)."""
    deck: list[str] = []

    def draw() -> str:
        if not deck:
            deck.extend(texts)
            chance.shuffle(deck)
        return deck.pop()

    for _ in range(count if texts else 0):
        wanted = chance.randint(low, high)
        lines = [draw()]
        while sum(map(len, lines)) < wanted:
            lines.append(draw())
        yield Paper(title=lines[0][:TITLE], lines=tuple(lines))
