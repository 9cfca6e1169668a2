"""Category ids and layers ↔ bits, as a Snapshot sees them. Values only.

Bit i is the i-th category of the RuleBase; deciding needs no more of a category than
its id, its layer and its bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rules.model import CLIENT, Layer

UNCATEGORISED = "uncategorised"
"""The RuleBase's bit for what nothing recognised (`rules.base.UNCATEGORISED`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A category as policies see it; its bit is its place in the list.

    `of` are the categories an app belongs to, or what a program that looks like an app's
    is taken for.
    """

    id: str
    layer: Layer
    of: tuple[str, ...] = ()


class Kinds:
    """The categories in bit order."""

    __slots__ = ("_clients", "_index", "all", "kinds", "unknown")

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self.kinds = tuple(kinds)
        self.all = (1 << len(self.kinds)) - 1
        self._index = {kind.id: place for place, kind in enumerate(self.kinds)}
        self.unknown = self.mask([UNCATEGORISED])
        self._clients = tuple(
            (1 << place, self.mask(kind.of))
            for place, kind in enumerate(self.kinds)
            if kind.id.startswith(CLIENT)
        )

    def __len__(self) -> int:
        return len(self.kinds)

    def mask(self, ids: Iterable[str]) -> int:
        """The bits of these category ids; unknown ids have none."""
        mask = 0
        for name in ids:
            place = self._index.get(name)
            if place is not None:
                mask |= 1 << place
        return mask

    def claimed(self, mask: int) -> int:
        """The mask with the programs that look like one of these: what tightens asks for both.

        Who a program says it is, is a claim anybody can make: it never loosens anything.
        """
        return mask | sum(bit for bit, of in self._clients if of & mask)

    def ids(self, mask: int) -> tuple[str, ...]:
        """The category ids of a mask, in bit order."""
        mask &= self.all
        found = []
        while mask:
            low = mask & -mask
            found.append(self.kinds[low.bit_length() - 1].id)
            mask ^= low
        return tuple(found)

    def layers(self, layers: Iterable[Layer]) -> int:
        """The bits of all categories of these layers."""
        wanted = frozenset(layers)
        mask = 0
        for place, kind in enumerate(self.kinds):
            if kind.layer in wanted:
                mask |= 1 << place
        return mask
