"""Text → character n-grams as table rows: what the classifier sees of a page.

Only letters, Han characters and numbers count (all numbers are one): punctuation, spaces and
emoji say who writes and where, not what it is about, and a classifier that looks at them
learns that chatting is bad. Spaces stay between words of Latin script. Everything is done
on whole arrays of code points; nothing here loops over characters.
The hash is part of a model's format: changing anything here makes a new VERSION.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

VERSION = 1
SPACE = 32
ZERO = 48
_DROP, _HAN, _LATIN = 0, 1, 2
_RUN = 3  # a character stands at most so often in a row

_HAN_FROM = 0x3400
_LATIN_TO = 0x250
ENGLISH = frozenset(
    [
        "the",
        "a",
        "an",
        "and",
        "or",
        "of",
        "to",
        "in",
        "on",
        "for",
        "with",
        "you",
        "your",
        "we",
        "our",
        "us",
        "is",
        "are",
        "be",
        "it",
        "this",
        "that",
        "at",
        "by",
        "from",
        "as",
        "no",
        "not",
        "all",
        "any",
        "now",
        "get",
        "more",
        "new",
        "best",
        "free",
        "only",
        "here",
        "how",
        "can",
        "will",
        "have",
        "has",
        "up",
        "out",
        "if",
        "i",
        "my",
        "me",
        "they",
        "their",
        "her",
        "his",
        "she",
        "he",
        "was",
        "do",
        "so",
        "but",
        "what",
        "when",
        "who",
        "which",
        "just",
        "one",
    ]
)
"""Words without which hardly three English sentences are written."""

Codes = NDArray[np.uint32]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """How much of a text is Chinese, how much is English: characters and words."""

    han: int
    words: int
    english: int

    @property
    def is_english(self) -> bool:
        """Enough function words among the words to be sentences."""
        return self.english >= 3 and self.english * 12 >= self.words


_WORDS = (  # (first, last, kind): what is kept of the Basic Multilingual Plane
    (0x30, 0x39, _LATIN),
    (0x41, 0x5A, _LATIN),
    (0x61, 0x7A, _LATIN),
    (0xC0, 0x24F, _LATIN),
    (0x370, 0x58F, _LATIN),  # Greek, Cyrillic, Armenian
    (0x5D0, 0x6FF, _LATIN),  # Hebrew, Arabic
    (0x900, 0xDFF, _LATIN),  # Indic
    (0xE00, 0xFFF, _HAN),  # Thai, Lao, Tibetan: written without spaces
    (0x1100, 0x11FF, _HAN),
    (0x1E00, 0x1FFF, _LATIN),
    (0x3005, 0x3007, _HAN),
    (0x3041, 0x3096, _HAN),
    (0x30A1, 0x30FA, _HAN),
    (0x3105, 0x312F, _HAN),
    (0x3400, 0x4DBF, _HAN),
    (0x4E00, 0x9FFF, _HAN),
    (0xA000, 0xA4CF, _HAN),
    (0xAC00, 0xD7A3, _HAN),
    (0xF900, 0xFAFF, _HAN),
)
_HIGHER = (0x20000, 0x3FFFF)  # Han characters beyond the Basic Multilingual Plane


@cache
def _kinds() -> NDArray[np.uint8]:
    table = np.zeros(0x10000, dtype=np.uint8)
    for first, last, kind in _WORDS:
        table[first : last + 1] = kind
    table.flags.writeable = False
    return table


def codes(text: str) -> Codes:
    """The code points that count, numbers as `0`, Latin words parted by one space."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    kinds = _kinds()[np.minimum(points, 0xFFFF)]
    if points.size and int(points.max()) > 0xFFFF:
        kinds = kinds.copy()
        kinds[(points >= _HIGHER[0]) & (points <= _HIGHER[1])] = _HAN
    places = np.flatnonzero(kinds)
    if not places.size:
        return np.zeros(0, dtype=np.uint32)
    kept = points[places].astype(np.uint32)
    kinds = kinds[places]
    kept[(kept >= ZERO) & (kept <= 57)] = ZERO
    upper = (kept >= 65) & (kept <= 90)
    kept[upper] += 32
    apart = (np.diff(places) > 1) & (kinds[:-1] == _LATIN) & (kinds[1:] == _LATIN)
    if apart.any():
        kept = np.insert(kept, np.flatnonzero(apart) + 1, np.uint32(SPACE))
    return _without_runs(kept)


def _without_runs(points: Codes) -> Codes:
    """`哈哈哈哈哈哈` says no more than `哈哈哈`, and how long a number is says nothing."""
    same = points[1:] == points[:-1]
    numbers = same & (points[1:] == ZERO)
    if numbers.any():
        points = points[np.concatenate(([True], ~numbers))]
        same = points[1:] == points[:-1]
    if points.size <= _RUN:
        return points
    again = same[_RUN - 1 :].copy()
    for shift in range(_RUN - 1):
        again &= same[shift : shift + again.size]
    if not again.any():
        return points
    keep = np.ones(points.size, dtype=np.bool_)
    keep[_RUN:] = ~again
    return points[keep]


def language(points: Codes) -> Language:
    """What there is to judge by: Han characters, and English words among those of Latin script.

    Keys, tokens, hexadecimal and code are written with letters too, and a model that has
    learnt sentences has no opinion on them.
    """
    han = int(np.count_nonzero((points >= _HAN_FROM) & (points != SPACE)))
    letters = points[points < _LATIN_TO]
    text = letters.astype("<u4").tobytes().decode("utf-32-le", "replace")
    words = [word for word in text.split() if "0" not in word]
    return Language(han=han, words=len(words), english=sum(word in ENGLISH for word in words))


def grams(points: Codes, orders: int, bits: int) -> tuple[Rows, ...]:
    """For each order 1 … `orders`: the table row of the n-gram that starts at each place.

    A rolling polynomial over the code points, salted by its order and mixed once.
    """
    found = []
    rolling = points
    for order in range(1, orders + 1):
        if order > 1:
            if rolling.size < 2:
                found.append(np.zeros(0, dtype=np.intp))
                rolling = rolling[:0]
                continue
            rolling = rolling[:-1] * np.uint32(0x01000193) + points[order - 1 :]
        mixed = (rolling + np.uint32(order * 0x9E3779B9 & 0xFFFFFFFF)) * np.uint32(0x85EBCA6B)
        mixed ^= mixed >> np.uint32(15)
        mixed *= np.uint32(0xC2B2AE35)
        found.append((mixed >> np.uint32(32 - bits)).astype(np.intp))
    return tuple(found)


def spelt(points: Codes) -> str:
    """The characters of some code points, for explanations."""
    return points.astype("<u4").tobytes().decode("utf-32-le", "replace")
