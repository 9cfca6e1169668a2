"""The text classifier as it is served: hashed character n-grams, one linear table, numpy alone.

A page is judged in overlapping windows, because a harmful block in a long page must not
drown in the rest and a long harmless page must not add up. The table is memory-mapped, so
workers share it. A model that is cut off, changed or of another version is refused with
the reason. What it gives are probabilities below 1: policy says which of them count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log2
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rules.load import DataError, Problem, load
from rules.model import Signal
from rules.recognise.card import Card, Head
from rules.recognise.grams import VERSION, Codes, codes, grams, spelt

CARD = "card.yaml"
WEIGHTS = "weights.npy"
RECOGNISER = "model"
PAD = 8  # columns of the table: a row is one aligned load
TELL = 0.5  # from this probability on there is a Signal, with its reasons
_REASONS = 5
_LEAD = 0.5  # share of the budget that goes to the start of a text
_PIECE = 256  # characters of one sample of the rest

_OWN = 0.3  # how much a class's own column counts among the reasons

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A text as the model sees it: its n-grams, and window by column the linear scores."""

    points: Codes
    rows: tuple[NDArray[np.intp], ...]
    windows: Scores
    size: float


class Model:
    """A text model in memory. Never changes; safe to share between threads."""

    def __init__(self, card: Card, table: NDArray[np.int16]) -> None:
        self.card = card
        self._table = table
        self._count = len(card.columns)
        self._scale = np.array(card.scale, dtype=np.float32)
        self._bias = np.array(card.bias, dtype=np.float32)
        self._at = {name: place for place, name in enumerate(card.columns)}

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Map a model folder. Raises DataError with the reason where it cannot be used."""
        card = load(Card, folder / CARD)
        path = folder / WEIGHTS
        if card.grams != VERSION:
            raise _wrong(folder / CARD, f"made for n-grams of version {card.grams}, not {VERSION}")
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            if digest != card.sha256:
                raise _wrong(path, f"not the weights the card names (sha256 {digest[:12]}…)")
            table = np.load(path, mmap_mode="r", allow_pickle=False)
        except OSError as error:
            raise _wrong(path, f"cannot be read: {error.strerror or error}") from error
        except (ValueError, EOFError) as error:
            raise _wrong(path, f"is no weight table: {error}") from error
        wanted = (1 << card.bits, PAD)
        if table.dtype != np.int16 or table.shape != wanted:
            raise _wrong(path, f"{table.dtype}{table.shape} stands here, not int16{wanted}")
        return cls(card, table)

    def judge(
        self, text: str, *, title: str = "", budget: int | None = None, place: str = "text"
    ) -> tuple[Signal, ...]:
        """What a text is, the surest first. `text` is as `normal.normalise` leaves it.

        `budget` is how many characters are looked at (the card's where None, all for 0).
        """
        read = self._read(title, text, budget)
        found = []
        for head in self.card.heads:
            probability = self._probability(read, head)
            if probability >= TELL:
                shares = self._shares(read, head)
                for one in head.classes:
                    sure = min(probability * shares[one.id], head.ceiling)
                    if sure >= TELL or sure == head.ceiling:
                        found.append((sure, one, self._reasons(read, head, one.id)))
        found.sort(key=lambda item: -item[0])
        return tuple(
            Signal(
                category=one.category,
                recogniser=RECOGNISER,
                matched=reasons,
                list=f"{self.card.id}:{one.id}",
                confidence=round(sure, 4),
                place=place,
            )
            for sure, one, reasons in found
        )

    def probabilities(
        self, text: str, *, title: str = "", budget: int | None = None
    ) -> dict[str, float]:
        """The probability of each class, before any ceiling."""
        read = self._read(title, text, budget)
        return {
            name: self._probability(read, head) * share
            for head in self.card.heads
            for name, share in self._shares(read, head).items()
        }

    def margins(
        self, text: str, *, title: str = "", budget: int | None = None
    ) -> tuple[Scores, float]:
        """Window by head: the log odds before calibration; and the extent of the text."""
        read = self._read(title, text, budget)
        return read.windows[:, [self._at[head.id] for head in self.card.heads]], read.size

    def _read(self, title: str, text: str, budget: int | None) -> _Read:
        points = codes(sampled(title, text, self.card.budget if budget is None else budget))
        rows = grams(points, self.card.orders, self.card.bits)
        size = extent(points.size, self.card.window)
        return _Read(points=points, rows=rows, windows=self._windows(points, rows), size=size)

    def _probability(self, read: _Read, head: Head) -> float:
        margins = read.windows[:, self._at[head.id]]
        mean = float(margins.mean())
        line = head.line.slope * mean + head.line.bias
        page = head.page.slope * mean + head.page.bias
        logit = line + (page - line) * read.size
        if len(margins) > 2:
            best = float(margins[_strongest(margins)].mean())
            logit = max(logit, head.block.slope * best + head.block.bias)
        return 1 / (1 + exp(-max(-30.0, min(30.0, logit))))

    def _shares(self, read: _Read, head: Head) -> dict[str, float]:
        """How near each class of a head comes to its strongest one, which has 1."""
        places = _strongest(read.windows[:, self._at[head.id]])
        scores = {
            one.id: float(read.windows[places, self._at[one.id]].mean()) for one in head.classes
        }
        most = max(scores.values())
        return {name: exp(score - most) for name, score in scores.items()}

    def _windows(self, points: Codes, rows: tuple[NDArray[np.intp], ...]) -> Scores:
        """Window by column: the linear scores."""
        if not points.size:
            return np.repeat(self._bias[None, :], 1, axis=0)
        sums = np.zeros((points.size, PAD), dtype=np.int32)
        for places in rows:
            sums[: places.size] += np.take(self._table, places, axis=0)
        edges = np.arange(0, points.size, self.card.step)
        parts = np.add.reduceat(sums, edges, axis=0)
        sizes = np.minimum(self.card.step, points.size - edges) * self.card.orders
        sizes[-1] -= self.card.orders * (self.card.orders - 1) // 2
        span = min(self.card.window // self.card.step, len(parts))
        parts, sizes = _rolled(parts, span), _rolled(sizes[:, None], span)
        scores = parts[:, : self._count] * self._scale / np.sqrt(np.maximum(sizes, 1))
        return np.asarray(scores + self._bias, dtype=np.float32)

    def _reasons(self, read: _Read, head: Head, name: str) -> str:
        """The n-grams of the strongest window that speak most for a class."""
        column = self._at[head.id]
        start = int(read.windows[:, column].argmax()) * self.card.step
        weighed: list[tuple[float, int, int]] = []
        for order, rows in enumerate(read.rows, 1):
            here = rows[start : start + self.card.window]
            if order == 1 or not here.size:
                continue
            taken = np.take(self._table, here, axis=0)
            gain = taken[:, column] * self._scale[column]
            if name != head.id:
                own = self._at[name]
                gain = gain + _OWN * np.maximum(taken[:, own] * self._scale[own], 0)
            for place in np.argsort(-gain)[: 2 * _REASONS]:
                weighed.append((float(gain[place]), start + int(place), order))
        return " · ".join(_distinct(read.points, sorted(weighed, reverse=True)))


def sampled(title: str, text: str, budget: int) -> str:
    """Title, the start of a text, and even pieces of the rest: `budget` characters in all."""
    if budget <= 0 or len(title) + len(text) <= budget:
        return f"{title}\n{text}" if title else text
    title = title[: budget // 4]
    left = budget - len(title)
    lead = int(left * _LEAD)
    count = max(1, (left - lead) // _PIECE)
    piece = (left - lead) // count
    stretch = (len(text) - lead) / count
    starts = [lead + int((place + 1) * stretch) - piece for place in range(count)]
    return "\n".join((title, text[:lead], *(text[at : at + piece] for at in starts)))


def extent(points: int, window: int) -> float:
    """How much there is to judge by: 0 for up to 8 code points, 1 for a window or more."""
    return min(1.0, max(0.0, log2(max(points, 1) / 8) / log2(window / 8)))


def _rolled(parts: NDArray[np.int64], span: int) -> NDArray[np.int64]:
    """Sums of `span` neighbours."""
    found = parts[: len(parts) - span + 1].copy()
    for shift in range(1, span):
        found += parts[shift : len(parts) - span + 1 + shift]
    return found


def _strongest(margins: Scores) -> NDArray[np.intp]:
    """The places of the two strongest windows (of the one there is)."""
    return np.argsort(margins)[-2:]


def _distinct(points: Codes, weighed: Iterable[tuple[float, int, int]]) -> list[str]:
    """The strongest n-grams that neither repeat nor contain one another."""
    found: list[str] = []
    for gain, place, order in weighed:
        if gain <= 0 or len(found) >= _REASONS:
            break
        words = spelt(points[place : place + order]).strip()
        if words and not any(words in one or one in words for one in found):
            found.append(words)
    return found


def _wrong(path: Path, message: str) -> DataError:
    remedy = "put the model's folder back as it was shipped or trained"
    return DataError([Problem(file=str(path), line=1, column=1, message=message, remedy=remedy)])
