"""Pieces of files through the recognisers: how many finds of which kind, and where. Pure.

A cell is judged as a whole under its header first, then read as text. What is shown of a place
(file, column, JSON key) is itself searched, so that a key that is somebody's number is not
printed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby, islice

from rules.readers.model import Piece, Unread
from rules.recognise.personal.finder import TOGETHER, Finder, fold
from rules.recognise.personal.kinds import Confidence, Hit, Kind
from rules.recognise.personal.labels import Meaning
from rules.recognise.personal.triggers import SHORT


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One find in a piece; places are of the piece's text."""

    piece: Piece
    hit: Hit


@dataclass(slots=True, kw_only=True)
class Tally:
    """What one file came to; counts only."""

    counts: Counter[tuple[Kind, Confidence]] = field(default_factory=Counter)
    unread: list[Unread] = field(default_factory=list)
    most: int = 1000  # problems that are kept; the others are counted

    dropped: int = 0

    def problem(self, one: Unread) -> None:
        """Keep one, within the limit."""
        if len(self.unread) < self.most:
            self.unread.append(one)
        else:
            self.dropped += 1

    @property
    def failed(self) -> bool:
        """Whether some part was not read at all."""
        return self.dropped > 0 or any(one.fatal for one in self.unread)


def _short(piece: Piece | Unread) -> bool:
    return isinstance(piece, Piece) and not piece.header and len(piece.text) <= SHORT


class Search:
    """A Finder over pieces; remembers what headers say."""

    __slots__ = ("_finder", "_headers", "_kinds")

    def __init__(self, finder: Finder, kinds: frozenset[Kind]) -> None:
        self._finder = finder
        self._kinds = kinds
        self._headers: dict[str, Meaning] = {}

    def piece(self, piece: Piece) -> Iterator[Hit]:
        """Finds of one piece."""
        hits = self._cell(piece) if piece.header else self._finder.find(piece.text)
        return (hit for hit in hits if hit.kind in self._kinds)

    def _cell(self, piece: Piece) -> tuple[Hit, ...]:
        said = self._headers.get(piece.header)
        if said is None:
            said = self._finder.labels.kinds(piece.header)
            if len(self._headers) < 100_000:
                self._headers[piece.header] = said
        text = piece.text
        if len(text) <= 200:
            folded = fold(text)
            bare = folded.strip()
            hit = self._finder.cell(bare, said) if bare else None
            if hit is not None:
                shift = len(folded) - len(folded.lstrip())
                return (hit._replace(start=hit.start + shift, end=hit.end + shift),)
        head = f"{piece.header}：" if said.kinds or said.veto else ""
        hits = self._finder.find(head + text)
        size = len(head)
        return tuple(
            hit._replace(start=hit.start - size, end=hit.end - size)
            for hit in hits
            if hit.start >= size
        )

    def over(self, pieces: Iterable[Piece | Unread], tally: Tally) -> Iterator[Found]:
        """All finds of a file; counted, problems kept."""
        for short, group in groupby(pieces, key=_short):
            while some := list(islice(group, TOGETHER if short else 1)):
                for piece, hits in zip(some, self._all(some, short=short), strict=True):
                    if isinstance(piece, Unread):
                        tally.problem(piece)
                        continue
                    for hit in hits:
                        if hit.kind in self._kinds:
                            tally.counts[hit.kind, hit.confidence] += 1
                            yield Found(piece=piece, hit=hit)

    def _all(self, pieces: list[Piece | Unread], *, short: bool) -> Iterator[Iterable[Hit]]:
        """Short texts are looked at together."""
        if short:
            return self._finder.find_many(one.text for one in pieces if isinstance(one, Piece))
        return (self.piece(one) if isinstance(one, Piece) else () for one in pieces)

    def shown(self, place: str) -> str:
        """A name of a file, a column or a key, without any find in it."""
        for hit in reversed(self._finder.find(place)):
            place = f"{place[: hit.start]}<{hit.kind}>{place[hit.end :]}"
        return "".join(sign if sign.isprintable() else "?" for sign in place)[:300]
