"""Short texts → Signals: search words and prompts, where a handful of characters say it all. Pure.

A page can be weighed; a query of four characters cannot. So its terms are written out, one
file per kind of harm, with what makes the same words harmless: a schoolbook context (毒品的
危害), a longer innocent phrase (一站到底), or the missing intent (赌博 alone is a subject,
赌博网站 is a wish). One automaton finds them all in one pass over the normalised text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ahocorasick_rs import AhoCorasick

from rules.model import Signal, Status, Text
from rules.recognise.normal import normalise

SENTENCE = 80  # characters of a longer text that are judged together
MOST = 20_000  # characters judged at all
LOOKED_UP = "reference"  # the place of words looked up: a word alone is a subject there

_BREAKS = re.compile(r"[\n\r。！？!?；;]+")
_LATIN = re.compile(r"[a-z0-9]")

_GAPS = re.compile(r"(?<=[\u3400-\u9fff]) +| +(?=[\u3400-\u9fff])|(?<= ) +")

type Fold = Callable[[str], str]


def folded(text: str) -> str:
    """The canonical reading, without spaces beside Chinese characters."""
    return _GAPS.sub("", normalise(text)).strip()


class Finder(Protocol):
    """Anything that finds what a short text is about: terms, a lexicon, a model."""

    def find(self, text: str, place: str) -> tuple[Signal, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """Whole queries that must be recognised, and that must not."""

    hit: tuple[str, ...]
    miss: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TermFile:
    """The terms of one category: rules/search/terms/<id>.yaml.

    `sure`: wherever it stands. `phrases`: wherever it stands, unless a study word stands
    beside it. `exact`: the whole query. `topics` with one of `intents`: unless a study word
    stands beside them. `innocent`: longer harmless phrases; terms inside them do not count.
    `unless`: study words of this file (beside the common ones, where `study` is true).
    Confidence below 1.0 is a doubt: policy says whether it counts.
    """

    id: str
    title: Text
    category: str
    source: str
    examples: Cases
    sure: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    innocent: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    study: bool = True
    confidence: float = 1.0
    status: Status = Status.UNVERIFIED
    limits: Text | None = None

    def __post_init__(self) -> None:
        if bool(self.topics) != bool(self.intents):
            raise ValueError("`topics` and `intents` go together")
        if not 0.0 < self.confidence <= 1.0:
            raise ValueError("`confidence` is above 0 and at most 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Words beside which a subject is a subject: rules/search/study.yaml."""

    id: str
    title: Text
    words: tuple[str, ...]


SURE, PHRASE, EXACT, TOPIC, INTENT, INNOCENT, UNLESS = range(7)
_ROLES = ("sure", "phrases", "exact", "topics", "intents", "innocent", "unless")


@dataclass(frozen=True, slots=True)
class TermRow:
    """One file's terms as they are matched: folded, by role."""

    name: str
    category: str
    confidence: float
    study: bool
    words: tuple[tuple[str, ...], ...]  # by role

    @classmethod
    def of(cls, file: TermFile) -> TermRow:
        words = tuple(tuple(getattr(file, role)) for role in _ROLES)
        return cls(file.id, file.category, file.confidence, file.study, words)


class Terms:
    """All term files in one automaton."""

    def __init__(
        self, rows: tuple[TermRow, ...], study: tuple[str, ...], fold: Fold = folded
    ) -> None:
        self._rows = rows
        self._fold = fold
        uses: dict[str, list[tuple[int, int]]] = {}
        for number, row in enumerate(rows):
            for role, words in enumerate(row.words):
                for word in words:
                    uses.setdefault(fold(word).strip(), []).append((number, role))
        for word in study:
            uses.setdefault(fold(word).strip(), []).append((-1, UNLESS))
        uses.pop("", None)
        self._patterns = tuple(uses)
        self._uses = tuple(tuple(dict.fromkeys(those)) for those in uses.values())
        self._latin = tuple(bool(_LATIN.match(word[:1])) for word in uses)
        self._ends = tuple(bool(_LATIN.match(word[-1:])) for word in uses)
        self._automaton = AhoCorasick(list(self._patterns)) if uses else None

    def __len__(self) -> int:
        return len(self._patterns)

    def find(self, text: str, place: str) -> tuple[Signal, ...]:
        """What a query or prompt is about; a long one is judged sentence by sentence."""
        if self._automaton is None:
            return ()
        found: dict[str, Signal] = {}
        for part in _parts(self._fold(text[:MOST])):
            for signal in self._part(part, place):
                known = found.get(signal.category)
                if known is None or known.confidence < signal.confidence:
                    found[signal.category] = signal
        return tuple(found.values())

    def _part(self, text: str, place: str) -> list[Signal]:
        spans = self._spans(text)
        if not spans:
            return []
        roles: dict[int, dict[int, tuple[int, int, int]]] = {}
        masked = [
            (start, end, number)
            for start, end, number in spans
            if any(role == INNOCENT for _, role in self._uses[number])
        ]
        studied = False
        for start, end, number in spans:
            for row, role in self._uses[number]:
                if row < 0:
                    studied = True
                elif role == INNOCENT or _counts(start, end, masked, self._uses, row, role):
                    if role == EXACT and ((start, end) != (0, len(text)) or place == LOOKED_UP):
                        continue
                    held = roles.setdefault(row, {}).get(role)
                    if held is None or held[1] - held[0] < end - start:
                        roles[row][role] = (start, end, number)
        return [
            signal
            for row, held in roles.items()
            if (signal := self._judged(self._rows[row], held, studied, place)) is not None
        ]

    def _spans(self, text: str) -> list[tuple[int, int, int]]:
        """(start, end, pattern) of every match; Latin words match as whole words."""
        if self._automaton is None:
            return []
        spans = []
        for number, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            if self._latin[number] and start and _LATIN.match(text[start - 1]):
                continue
            if self._ends[number] and _LATIN.match(text[end : end + 1]):
                continue
            spans.append((start, end, number))
        return spans

    def _judged(
        self, row: TermRow, held: dict[int, tuple[int, int, int]], studied: bool, place: str
    ) -> Signal | None:
        harmless = UNLESS in held or (studied and row.study)
        by = None
        for role in (SURE, EXACT):
            by = by or held.get(role)
        if by is None and not harmless:
            by = held.get(PHRASE)
            if by is None and TOPIC in held and INTENT in held:
                by = held[TOPIC]
        if by is None:
            return None
        return Signal(
            category=row.category,
            recogniser="search" if place != "prompt" else "prompt",
            matched=self._patterns[by[2]],
            list=row.name,
            confidence=row.confidence,
            place=place,
        )


def _counts(
    start: int,
    end: int,
    masked: list[tuple[int, int, int]],
    uses: tuple[tuple[tuple[int, int], ...], ...],
    row: int,
    role: int,
) -> bool:
    """Whether a match stands apart from the innocent phrases of its file.

    What is sure counts unless it lies within one, the rest unless it touches one.
    """
    if role == UNLESS:
        return True
    for low, high, number in masked:
        if (row, INNOCENT) not in uses[number]:
            continue
        if (low <= start and end <= high) or (role != SURE and start < high and low < end):
            return False
    return True


def _parts(text: str) -> list[str]:
    """The sentences of a text; very long ones in overlapping pieces."""
    found = []
    for sentence in _BREAKS.split(text):
        one = sentence.strip()
        if len(one) <= SENTENCE * 2:
            if one:
                found.append(one)
            continue
        found += [one[at : at + SENTENCE * 2] for at in range(0, len(one), SENTENCE)]
    return found
