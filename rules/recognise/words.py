"""Phrases in a text → which categories, how probably, by which words.

The phrases come from the lexicons, compiled with the RuleBase into `words.json` (and `words.hs`
where hyperscan is installed). A text is judged by its densest stretch, not by its sum: distinct
phrases within about a thousand characters, strengthened by contact hooks, weakened by the
language of news, law, medicine and teaching. So a long harmless page never adds up, and a harmful
block in a long page is not diluted. The arithmetic is in `scoring.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from rules.load import WorldError
from rules.model import Signal
from rules.recognise.engines import AhoCorasick, Engine, from_bytes, have_hyperscan
from rules.recognise.normal import View, view
from rules.recognise.scoring import (
    ALONE,
    AROUND,
    Curve,
    Raw,
    Saying,
    densest,
    fitting,
    in_order,
    outermost,
    points_of,
    probability,
    supported,
)

FORMAT = 1
WORDS = "words.json"
DATABASE = "words.hs"

LEAST = 0.25  # a probability below it is no signal
TOLD = 6  # words named in a signal

_HARM, _HOOK, _CONTEXT = "harm", "hook", "context"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One phrase found in a text: `at` is the place of its first character in the original."""

    phrase: str
    part: str
    category: str
    weight: float
    lexicon: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What the words say of one category."""

    category: str
    points: float
    probability: float
    words: tuple[str, ...]  # the strongest first
    lexicon: str  # of the strongest
    at: int  # the first of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All phrases of a text, and what they say, the surest category first."""

    characters: int
    hits: tuple[Hit, ...]
    scores: tuple[Score, ...]

    def signals(self, place: str = "") -> tuple[Signal, ...]:
        """One per category that is at all probable."""
        return tuple(
            Signal(
                category=one.category,
                recogniser="words",
                matched=" ".join(one.words),
                list=one.lexicon,
                confidence=round(one.probability, 4),
                place=place,
            )
            for one in self.scores
            if one.probability >= LEAST
        )


class Words:
    """Finds phrases and says what they mean. Belongs to one thread."""

    def __init__(self, content: Mapping[str, Any], engine: Engine) -> None:
        self.engine = engine
        self._phrases: Sequence[str] = content["phrases"]
        sayings = _sayings(content)
        shared: dict[tuple[int, ...], tuple[Saying, ...]] = {}
        self._says: list[tuple[Saying, ...]] = []
        for numbers in content["says"]:
            key = tuple(numbers)
            if key not in shared:
                shared[key] = tuple(sayings[number] for number in key)
            self._says.append(shared[key])
        self._edges = [_edges(phrase) for phrase in self._phrases]
        families = content["curves"]["families"]
        self._curves = [Curve(**curve) for curve in families.values()]
        self._family = {
            name: number for number, curve in enumerate(self._curves) for name in curve.categories
        }
        other = list(families).index("other")
        for one in sayings:
            if one.category and one.category not in self._family:
                self._family[one.category] = other

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The words of a RuleBase folder. Raises WorldError where they cannot be read."""
        try:
            content = json.loads((folder / WORDS).read_bytes())
            if content["format"] != FORMAT:
                raise WorldError(f"词库格式不符 the words of {folder} have another format")
            return cls(content, _engine(folder, content["phrases"]))
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise WorldError(f"无法打开词库 cannot open the words of {folder}: {error}") from error

    def __len__(self) -> int:
        return len(self._phrases)

    def find(self, text: str | View) -> Found:
        """What the phrases say of a text. A text is read first, a View was."""
        seen = view(text) if isinstance(text, str) else text
        data = f"{seen.text}\n{seen.extra}".encode("utf-8", "replace")
        raw = self._raw(data)
        if not raw:
            return Found(characters=len(seen.text), hits=(), scores=())
        at = _characters(data, raw, seen)
        return Found(
            characters=len(seen.text),
            hits=tuple(self._hit(one, at[one.start]) for one in raw),
            scores=self._scores(raw, len(seen.text), at),
        )

    def _raw(self, data: bytes) -> list[Raw]:
        found = []
        for number, end in self.engine.ends(data):
            begins, ends, length = self._edges[number]
            for saying in self._says[number]:
                start = end - length
                if begins or ends or saying.needs or saying.forbids:
                    start = fitting(data, start, length, begins, ends, saying)
                    if start < 0:
                        continue
                found.append(Raw(start, start + length, number, saying))
        found.sort(key=in_order)
        return outermost(found)

    def _hit(self, raw: Raw, at: int) -> Hit:
        return Hit(
            phrase=self._phrases[raw.number],
            part=raw.saying.part,
            category=raw.saying.category,
            weight=raw.saying.weight,
            lexicon=raw.saying.lexicon,
            at=at,
        )

    def _scores(self, raw: list[Raw], characters: int, at: Mapping[int, int]) -> tuple[Score, ...]:
        by_family: dict[int, list[Raw]] = {}
        for one in raw:
            if one.saying.part == _HARM:
                by_family.setdefault(self._family[one.saying.category], []).append(one)
        found: list[Score] = []
        for family, hits in by_family.items():
            low, high = densest(hits)
            inside = hits[low:high]
            begin, end = inside[0].start - AROUND, inside[-1].end + AROUND
            near = [one for one in raw if begin <= one.start < end]
            hooks = sum(one.saying.weight for one in near if one.saying.part == _HOOK)
            context = sum(one.saying.weight for one in near if one.saying.part == _CONTEXT)
            total = sum(one.saying.weight for one in inside)
            for category in dict.fromkeys(one.saying.category for one in inside):
                own = [one for one in inside if one.saying.category == category]
                points = points_of(own, total, hooks, context)
                chance = probability(self._curves[family], points, characters)
                if not supported(own, hooks):
                    chance = min(ALONE, chance)
                found.append(self._score(category, own, points, chance, at[own[0].start]))
        return tuple(sorted(found, key=lambda one: (-one.probability, one.category)))

    def _score(self, category: str, own: list[Raw], points: float, chance: float, at: int) -> Score:
        strongest = sorted(own, key=lambda one: -one.saying.weight)
        words = dict.fromkeys(self._phrases[one.number] for one in strongest)
        return Score(
            category=category,
            points=round(points, 3),
            probability=chance,
            words=tuple(words)[:TOLD],
            lexicon=strongest[0].saying.lexicon,
            at=at,
        )


def _edges(phrase: str) -> tuple[bool, bool, int]:
    """Must a word begin here, must it end here, how many bytes is it."""
    first, last = phrase[0], phrase[-1]
    begins = first.isascii() and first.isalnum()
    return begins, last.isascii() and last.isalnum(), len(phrase.encode())


def _characters(data: bytes, raw: list[Raw], seen: View) -> dict[int, int]:
    """Byte → character of the original, for the start of every hit; they come in order."""
    found: dict[int, int] = {}
    byte = character = 0
    for one in raw:
        if one.start not in found:
            character += len(data[byte : one.start].decode("utf-8", "ignore"))
            byte = one.start
            found[byte] = seen.origin(character)
    return found


def _sayings(content: Mapping[str, Any]) -> list[Saying]:
    found = []
    for part, category, weight, lexicon, place in content["sayings"]:
        condition = content["conditions"][place] or {"needs": (), "forbids": (), "within": 0}
        found.append(
            Saying(
                part=part,
                category=category,
                weight=weight,
                lexicon=lexicon,
                needs=tuple(word.encode() for word in condition["needs"]),
                forbids=tuple(word.encode() for word in condition["forbids"]),
                within=condition["within"] * 3,
            )
        )
    return found


def _engine(folder: Path, phrases: Sequence[str]) -> Engine:
    path = folder / DATABASE
    if have_hyperscan() and path.exists():
        stored = from_bytes(path.read_bytes())
        if stored is not None:
            return stored
    return AhoCorasick([phrase.encode() for phrase in phrases])
