"""Foreign category names and flags → the number of a set in the table, for one list.

Here a help category is pinned to the very name it is listed for: help wins over every
list, so it must never open a whole domain by accident.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rules.importers.rows import NOTHING, Flag
from rules.model import Layer
from rules.sources import NOTHING_KNOWN, Meaning
from rules.table import TableBuilder, tag


class Words:
    """Callable as `Rows` wants it; remembers unknown names and which words mean help."""

    def __init__(
        self,
        table: TableBuilder,
        number: int,
        translate: Callable[[tuple[str, ...]], Meaning],
        index: Mapping[str, int],
        layers: Mapping[str, Layer],
    ) -> None:
        self.helps: set[int] = set()
        self.unknown: set[str] = set()
        self._table = table
        self._number = number
        self._translate = translate
        self._index = index
        self._layers = layers
        self._known: dict[tuple[tuple[str, ...], Flag], int] = {}

    def __call__(self, names: tuple[str, ...], flag: Flag) -> int:
        word = self._known.get((names, flag))
        if word is None:
            word = self._known[names, flag] = self._made(names, flag)
        return word

    def _made(self, names: tuple[str, ...], flag: Flag) -> int:
        meaning = self._translate(names)
        self.unknown.update(meaning.unknown)
        ids = [name for name in meaning.ids if name != NOTHING_KNOWN.id]
        if not ids:
            return NOTHING
        helps = {name for name in ids if self._layers[name] is Layer.HELP}
        word = self._table.word(
            tuple(
                tag(self._index[name], self._number, flag | (Flag.SELF * (name in helps)))
                for name in ids
            )
        )
        if helps and not flag & Flag.NOT:
            self.helps.add(word)
        return word
