"""Parts of a body through the recognisers: what is carried, and which of it can be written anew.

Leaves are read many at a time, each on its own line behind the name of its field, for that is
what labels a value. Pure but for the time it takes, which `late` tells. No value is kept beyond
the finds themselves, which live as long as the request.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.outflow.files import file_leaves
from gateway.outflow.model import Attached, Find, Leaf, Part, Write
from gateway.outflow.views import coded, plain_views, split_numbers, tight_numbers
from policies.masks_fake import is_fake
from rules.recognise.personal.carried import PERSONAL, Carried, Opaque, Weighing
from rules.recognise.personal.finder import Finder, fold
from rules.recognise.personal.kinds import Confidence, Hit, Kind
from rules.recognise.prompts import USUAL

AT_ONCE: Final = 128 * 1024  # characters read in one go
MOST_LEAVES: Final = 400_000
MOST_FINDS: Final = 50_000
MOST_CODED: Final = 16 * 1024 * 1024  # bytes unpacked from base64 in one body
DEEPEST: Final = 3
_PROVEN = frozenset({Kind.ID_CARD, Kind.BANK_CARD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one body came to. `fixed` finds cannot be written anew in place."""

    carried: Carried
    finds: tuple[Find, ...] = ()
    fixed: int = 0


class _Look:
    def __init__(self, finder: Finder, late: Callable[[], bool]) -> None:
        self.weighing = Weighing()
        self.finds: list[Find] = []
        self.fixed = 0
        self._finder = finder
        self._late = late
        self._coded = MOST_CODED
        self._leaves = MOST_LEAVES

    def part(self, number: int, part: Part) -> None:
        for why in part.unread:
            self.weighing.unread(why)
        self.leaves(number, part.leaves, 0)
        for value in split_numbers(part.leaves):
            self._fixed(Kind.ID_CARD, value, Confidence.VERIFIED)
        for file in part.files:
            self.file(number, file, 0)

    def file(self, number: int, file: Attached, depth: int) -> None:
        if depth >= DEEPEST:
            self.weighing.unread(Opaque.BUDGET)
            return
        held: list[Leaf] = []
        size = 0
        for one in file_leaves(file, self._late):
            if isinstance(one, Opaque):
                self.weighing.unread(one)
                continue
            held.append(one)
            size += len(one.text)
            if size >= AT_ONCE:
                self.leaves(number, held, depth)
                held, size = [], 0
        self.leaves(number, held, depth)

    def leaves(self, number: int, leaves: Sequence[Leaf], depth: int) -> None:
        """Read leaves in goes of bounded size."""
        held: list[Leaf] = []
        size = 0
        for leaf in leaves:
            self._leaves -= 1
            if self._leaves < 0 or (not self._leaves & 1023 and self._late()):
                self.weighing.unread(Opaque.BUDGET)
                return
            held.append(leaf)
            size += len(leaf.text) + len(leaf.header)
            if size >= AT_ONCE:
                self._go(number, held, depth)
                held, size = [], 0
        if held:
            self._go(number, held, depth)

    def _go(self, number: int, leaves: Sequence[Leaf], depth: int) -> None:
        text, starts = _joined(leaves)
        for hit in self._finder.find(text):
            if _counts(hit, text):
                self._hit(number, leaves, text, starts, hit)
        for view in plain_views(text):
            for hit in self._finder.find(view):
                if _counts(hit, view):
                    self._fixed(hit.kind, view[hit.start : hit.end], hit.confidence)
        tight = tight_numbers(text)
        for hit in self._finder.find(tight) if tight else ():
            if hit.kind in _PROVEN and hit.confidence is Confidence.VERIFIED:
                self._fixed(hit.kind, tight[hit.start : hit.end], hit.confidence)
        self._coded_ones(number, leaves, text, depth)

    def _coded_ones(self, number: int, leaves: Sequence[Leaf], text: str, depth: int) -> None:
        wrapped = (leaf.text for leaf in leaves if "\n" in leaf.text[:200] and len(leaves) > 1)
        for one in (inner for given in (text, *wrapped) for inner in coded(given)):
            size = len(one) if isinstance(one, str) else len(one.data)
            self._coded -= size
            if depth + 1 >= DEEPEST or self._coded < 0:
                self.weighing.unread(Opaque.BUDGET)
                return
            if isinstance(one, str):
                self.leaves(number, (Leaf("", one, 0, 0, Write.FIXED),), depth + 1)
            else:
                self.file(number, one, depth + 1)

    def _hit(
        self, number: int, leaves: Sequence[Leaf], text: str, starts: list[int], hit: Hit
    ) -> None:
        at = bisect_right(starts, hit.start) - 1
        leaf = leaves[at] if at >= 0 else None
        start = hit.start - starts[at]
        whole = leaf is not None and hit.end - starts[at] <= len(leaf.text)
        if leaf is None or not whole or leaf.write is Write.FIXED or len(self.finds) >= MOST_FINDS:
            self._fixed(hit.kind, text[hit.start : hit.end], hit.confidence)
            return
        end = hit.end - starts[at]
        self.weighing.add(hit.kind, fold(leaf.text[start:end]), hit.confidence)
        self.finds.append(Find(number, leaf, start, end, hit.kind, hit.confidence))

    def _fixed(self, kind: Kind, value: str, confidence: Confidence) -> None:
        if self.weighing.add(kind, fold(value), confidence):
            self.fixed += 1


def _counts(hit: Hit, text: str) -> bool:
    """Whether a find is of people, and not one of our own fakes."""
    return hit.kind in PERSONAL and not is_fake(hit.kind, text[hit.start : hit.end])


def look(
    parts: Iterable[Part], finder: Finder, today: date, late: Callable[[], bool] = lambda: False
) -> Seen:
    """Read all parts. `late` tells that the time for one body is over: the rest is unread."""
    looking = _Look(finder, late)
    for number, part in enumerate(parts):
        if late():
            looking.weighing.unread(Opaque.BUDGET)
            break
        looking.part(number, part)
    return Seen(
        carried=looking.weighing.carried(today),
        finds=tuple(looking.finds),
        fixed=looking.fixed,
    )


def _joined(leaves: Sequence[Leaf]) -> tuple[str, list[int]]:
    """A line for each leaf behind its field's name, and where each text begins."""
    pieces: list[str] = []
    starts: list[int] = []
    at = 0
    for leaf in leaves:
        if leaf.header and leaf.header.lower() not in USUAL:
            pieces += (leaf.header, "：")
            at += len(leaf.header) + 1
        starts.append(at)
        pieces += (leaf.text, "\n")
        at += len(leaf.text) + 1
    return "".join(pieces), starts
