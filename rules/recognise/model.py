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
from rules.recognise.card import MOST, Card, Head
from rules.recognise.grams import VERSION, Codes, Language, codes, grams, language, spelt

CARD = "card.yaml"
WEIGHTS = "weights.npy"
RECOGNISER = "model"
LEAST = 4  # code points; a word by itself is for the phrases to know
LEAST_HAN = 4  # Han characters, and a tenth of all: below it a head for Chinese has no opinion
TELL = 0.5  # from this probability on there is a Signal, with its reasons
_REASONS = 5
_LEAD = 0.5  # share of the budget that goes to the start of a text
_PIECE = 256  # characters of one sample of the rest


Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A text as the model sees it: its n-grams, and window by head the linear scores."""

    points: Codes
    rows: tuple[NDArray[np.intp], ...]
    windows: Scores
    mean: list[float]  # by head: of all windows
    best: list[float]  # by head: of the two strongest windows; none where a page is too short
    size: float


class Model:
    """A text model in memory. Never changes; safe to share between threads."""

    def __init__(self, card: Card, table: NDArray[np.int16]) -> None:
        self.card = card
        self._table = table
        self._scale = np.array([head.scale for head in card.heads], dtype=np.float32)
        self._bias = np.array([head.bias for head in card.heads], dtype=np.float32)

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
        wanted = (1 << card.bits, MOST)
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
        spoken: Language | None = None
        for column, head in enumerate(self.card.heads):
            probability = _probability(read, column, head)
            if probability >= TELL:
                spoken = spoken or language(read.points)
                if not _understands(head, spoken, read.points.size):
                    continue
                found.append((probability, head, self._reasons(read, column)))
        found.sort(key=lambda item: -item[0])
        return tuple(
            Signal(
                category=head.category,
                recogniser=RECOGNISER,
                matched=reasons,
                list=f"{self.card.id}:{head.id}",
                confidence=round(min(probability, head.ceiling), 4),
                place=place,
            )
            for probability, head, reasons in found
        )

    def probabilities(
        self, text: str, *, title: str = "", budget: int | None = None
    ) -> dict[str, float]:
        """The probability of each class, before any ceiling."""
        read = self._read(title, text, budget)
        return {
            head.id: _probability(read, column, head) for column, head in enumerate(self.card.heads)
        }

    def margins(
        self, text: str, *, title: str = "", budget: int | None = None
    ) -> tuple[Scores, float]:
        """Window by head: the scores before calibration; and the extent of the text."""
        read = self._read(title, text, budget)
        return read.windows, read.size

    def _read(self, title: str, text: str, budget: int | None) -> _Read:
        points = codes(sampled(title, text, self.card.budget if budget is None else budget))
        rows = grams(points, self.card.orders, self.card.bits)
        size = extent(points.size, self.card.window)
        windows = self._windows(points, rows)
        mean: list[float] = windows.mean(axis=0).tolist()
        best: list[float] = []
        if len(windows) > 2:
            best = np.partition(windows, -2, axis=0)[-2:].mean(axis=0).tolist()
        return _Read(points=points, rows=rows, windows=windows, mean=mean, best=best, size=size)

    def _windows(self, points: Codes, rows: tuple[NDArray[np.intp], ...]) -> Scores:
        """Window by head: the linear scores."""
        if not points.size:
            return np.repeat(self._bias[None, :], 1, axis=0)
        sums = np.zeros((points.size, MOST), dtype=np.int32)
        for places in rows:
            sums[: places.size] += np.take(self._table, places, axis=0)
        edges = np.arange(0, points.size, self.card.step)
        parts = np.add.reduceat(sums, edges, axis=0)
        sizes = np.minimum(self.card.step, points.size - edges) * self.card.orders
        sizes[-1] -= self.card.orders * (self.card.orders - 1) // 2
        span = min(self.card.window // self.card.step, len(parts))
        parts, sizes = _rolled(parts, span), _rolled(sizes[:, None], span)
        scores = parts[:, : len(self._scale)] * self._scale / np.sqrt(np.maximum(sizes, 1))
        return np.asarray(scores + self._bias, dtype=np.float32)

    def _reasons(self, read: _Read, column: int) -> str:
        """The n-grams of the strongest window that speak most for a class."""
        start = int(read.windows[:, column].argmax()) * self.card.step
        weighed: list[tuple[float, int, int]] = []
        for order, rows in enumerate(read.rows, 1):
            here = rows[start : start + self.card.window]
            if order == 1 or not here.size:
                continue
            gain = np.take(self._table[:, column], here)
            for place in np.argsort(gain)[: -2 * _REASONS : -1]:
                weighed.append((float(gain[place]), start + int(place), order))
        return " · ".join(_distinct(read.points, sorted(weighed, reverse=True)))


def _understands(head: Head, spoken: Language, size: int) -> bool:
    """Whether the text is in a language this head has learnt, rather than keys and code."""
    if head.id.endswith("-en"):
        return spoken.is_english
    return spoken.han >= LEAST_HAN and spoken.han * 10 >= size


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
    """How much there is to judge by: 0 for up to 8 code points, 1 for three windows or more."""
    return min(1.0, max(0.0, log2(max(points, 1) / 8) / log2(3 * window / 8)))


def _rolled(parts: NDArray[np.int64], span: int) -> NDArray[np.int64]:
    """Sums of `span` neighbours."""
    found = parts[: len(parts) - span + 1].copy()
    for shift in range(1, span):
        found += parts[shift : len(parts) - span + 1 + shift]
    return found


def _probability(read: _Read, column: int, head: Head) -> float:
    if read.points.size < LEAST:
        return 0.0
    mean = read.mean[column]
    place = read.size * (len(head.sizes) - 1)
    low = min(int(place), len(head.sizes) - 2)
    first, last = (one.slope * mean + one.bias for one in head.sizes[low : low + 2])
    logit = first + (last - first) * (place - low)
    if read.best:
        logit = max(logit, head.block.slope * read.best[column] + head.block.bias)
    return 1 / (1 + exp(-max(-30.0, min(30.0, logit))))


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
