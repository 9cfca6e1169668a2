"""Phrases in a text → which categories, how probably, by which words.

The phrases come from the lexicons, compiled with the RuleBase into `words.json` (and `words.hs`
where hyperscan is installed). A text is judged by its densest stretch, not by its sum: distinct
phrases within about a thousand characters, strengthened by contact hooks, weakened by the
language of news, law, medicine and teaching. So a long harmless page never adds up, and a harmful
block in a long page is not diluted. The curve from score to probability is data (`curves.yaml`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from rules.load import WorldError, load
from rules.model import Signal, Text
from rules.phrases import Condition, Phrases
from rules.recognise.engines import (
    AhoCorasick,
    Engine,
    from_bytes,
    have_hyperscan,
    hyperscan_bytes,
)
from rules.recognise.normal import View, view

FORMAT = 1
WORDS = "words.json"
DATABASE = "words.hs"
CURVES = Path(__file__).parent / "curves.yaml"

STRETCH = 3000  # bytes of UTF-8 in which hits count together: about a thousand characters
AROUND = 900  # bytes around them in which hooks and context count too
STRONG = 4.0  # phrases of this weight are not explained away by their surroundings
MOST_CONTEXT = 12.0  # points of context that count: stuffing a page with more buys nothing
TRIES = 32  # places looked at where a phrase has conditions
LEAST = 0.25  # a probability below it is no signal
SURE = 0.99  # words alone are never surer
TOLD = 6  # words named in a signal

_HARM, _HOOK, _CONTEXT = "harm", "hook", "context"


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """How the scores of a family of categories become a probability: a logistic curve.

    slope · score − offset − length · log10(characters of the stretch / 100).
    """

    categories: tuple[str, ...]
    slope: float
    offset: float
    length: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """The curves in force and how they were made. `other` serves categories without a family."""

    id: str
    title: Text
    made: str
    families: Mapping[str, Curve]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One phrase found in a text: `at` is the place of its first character in the reading."""

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


@dataclass(frozen=True, slots=True)
class _Saying:
    part: str
    category: str
    weight: float
    lexicon: str
    needs: tuple[bytes, ...]
    forbids: tuple[bytes, ...]
    within: int


@dataclass(frozen=True, slots=True)
class _Raw:
    """One saying of one phrase at one place, in bytes."""

    start: int
    end: int
    number: int
    saying: _Saying


def load_curves(path: Path = CURVES) -> Curves:
    """The curves that ship with the product."""
    return load(Curves, path)


def document(found: Phrases, curves: Curves) -> dict[str, Any]:
    """What `words.json` holds: plain values, the same for the same lexicons."""
    conditions: dict[Condition | None, int] = {None: 0}
    sayings: dict[tuple[Any, ...], int] = {}
    rows = []
    for said in found.sayings.values():
        numbers = []
        for one in said:
            place = conditions.setdefault(one.condition, len(conditions))
            key = (one.part.value, one.category, one.weight, one.lexicon, place)
            numbers.append(sayings.setdefault(key, len(sayings)))
        rows.append(numbers)
    return {
        "format": FORMAT,
        "written": found.written,
        "phrases": list(found.sayings),
        "says": rows,
        "sayings": [list(key) for key in sayings],
        "conditions": [asdict(one) if one else None for one in conditions],
        "curves": asdict(curves),
    }


def write(folder: Path, found: Phrases, curves: Curves) -> tuple[str, ...]:
    """Write the files of a RuleBase folder; the names of those whose content is its hash's.

    `words.hs` is a cache for this kind of processor and no part of the RuleBase's identity.
    """
    content = json.dumps(document(found, curves), ensure_ascii=False, separators=(",", ":"))
    (folder / WORDS).write_text(content, encoding="utf-8")
    if have_hyperscan() and found.sayings:
        stored = hyperscan_bytes([text.encode() for text in found.sayings])
        (folder / DATABASE).write_bytes(stored)
    return (WORDS,)


class Words:
    """Finds phrases and says what they mean. Belongs to one thread."""

    def __init__(self, content: Mapping[str, Any], engine: Engine) -> None:
        self.engine = engine
        self._phrases: Sequence[str] = content["phrases"]
        sayings = _sayings(content)
        shared: dict[tuple[int, ...], tuple[_Saying, ...]] = {}
        self._says: list[tuple[_Saying, ...]] = []
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

    @classmethod
    def made(cls, found: Phrases, curves: Curves) -> Self:
        """Straight from phrases, without a folder and without hyperscan."""
        content = document(found, curves)
        return cls(content, AhoCorasick([text.encode() for text in content["phrases"]]))

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

    def _raw(self, data: bytes) -> list[_Raw]:
        found = []
        for number, end in self.engine.ends(data):
            begins, ends, length = self._edges[number]
            for saying in self._says[number]:
                start = end - length
                if begins or ends or saying.needs or saying.forbids:
                    start = _fitting(data, start, length, begins, ends, saying)
                    if start < 0:
                        continue
                found.append(_Raw(start, start + length, number, saying))
        found.sort(key=_place)
        return _outermost(found)

    def _hit(self, raw: _Raw, at: int) -> Hit:
        return Hit(
            phrase=self._phrases[raw.number],
            part=raw.saying.part,
            category=raw.saying.category,
            weight=raw.saying.weight,
            lexicon=raw.saying.lexicon,
            at=at,
        )

    def _scores(
        self, raw: list[_Raw], characters: int, at: Mapping[int, int]
    ) -> tuple[Score, ...]:
        by_family: dict[int, list[_Raw]] = {}
        for one in raw:
            if one.saying.part == _HARM:
                by_family.setdefault(self._family[one.saying.category], []).append(one)
        found: list[Score] = []
        for family, hits in by_family.items():
            low, high = _densest(hits)
            inside = hits[low:high]
            begin, end = inside[0].start - AROUND, inside[-1].end + AROUND
            near = [one for one in raw if begin <= one.start < end]
            hooks = sum(one.saying.weight for one in near if one.saying.part == _HOOK)
            context = sum(one.saying.weight for one in near if one.saying.part == _CONTEXT)
            total = sum(one.saying.weight for one in inside)
            for category in dict.fromkeys(one.saying.category for one in inside):
                own = [one for one in inside if one.saying.category == category]
                points = _points(own, total, hooks, context)
                chance = probability(self._curves[family], points, characters)
                found.append(self._score(category, own, points, chance, at[own[0].start]))
        return tuple(sorted(found, key=lambda one: (-one.probability, one.category)))

    def _score(
        self, category: str, own: list[_Raw], points: float, chance: float, at: int
    ) -> Score:
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


def probability(curve: Curve, points: float, characters: int) -> float:
    """The curve's answer, never quite sure."""
    size = min(max(characters, 20), STRETCH // 3)
    power = curve.slope * points - curve.offset - curve.length * math.log10(size / 100)
    return min(SURE, 1 / (1 + math.exp(-max(-30.0, min(30.0, power)))))


def _points(own: list[_Raw], total: float, hooks: float, context: float) -> float:
    """Strong phrases stand; soft ones yield to context; kin and hooks add, never more than own."""
    strong = sum(one.saying.weight for one in own if one.saying.weight >= STRONG)
    soft = sum(one.saying.weight for one in own) - strong
    kin = (total - strong - soft) / 2
    weak = min(context, MOST_CONTEXT)
    points = strong / (1 + 0.06 * weak) + soft / (1 + 0.25 * weak)
    return points + min(kin, points) / (1 + 0.25 * weak) + min(hooks, points) / (1 + 0.1 * weak)


def _densest(hits: list[_Raw]) -> tuple[int, int]:
    """The run of hits within one stretch that weighs most; the first of equals."""
    best, where, low, weight = -1.0, (0, 0), 0, 0.0
    for high, one in enumerate(hits):
        weight += one.saying.weight
        while one.end - hits[low].start > STRETCH and low < high:
            weight -= hits[low].saying.weight
            low += 1
        if weight > best + 1e-9:
            best, where = weight, (low, high + 1)
    return where


def _outermost(found: list[_Raw]) -> list[_Raw]:
    """Of phrases of one category that lie in each other, the longest."""
    reach: dict[tuple[str, str], int] = {}
    kept = []
    for one in found:
        key = (one.saying.part, one.saying.category)
        if one.end > reach.get(key, -1):
            reach[key] = one.end
            kept.append(one)
    return kept


def _place(one: _Raw) -> tuple[int, int, int]:
    return (one.start, -one.end, one.number)


def _fitting(
    data: bytes, start: int, length: int, begins: bool, ends: bool, saying: _Saying
) -> int:
    """The first place, from this one on, whose surroundings fit; -1 where none of some does."""
    word = data[start : start + length]
    for _ in range(TRIES):
        if start < 0:
            break
        end = start + length
        whole = not (begins and _letter(data, start - 1)) and not (ends and _letter(data, end))
        if whole and _surrounded(data, start, end, saying):
            return start
        start = data.find(word, start + 1)
    return -1


def _letter(data: bytes, at: int) -> bool:
    return 0 <= at < len(data) and data[at : at + 1].isalnum()


def _surrounded(data: bytes, start: int, end: int, saying: _Saying) -> bool:
    if not saying.needs and not saying.forbids:
        return True
    around = data[max(0, start - saying.within) : end + saying.within]
    if any(word in around for word in saying.forbids):
        return False
    return not saying.needs or any(word in around for word in saying.needs)


def _edges(phrase: str) -> tuple[bool, bool, int]:
    """Must a word begin here, must it end here, how many bytes is it."""
    first, last = phrase[0], phrase[-1]
    begins = first.isascii() and first.isalnum()
    return begins, last.isascii() and last.isalnum(), len(phrase.encode())


def _characters(data: bytes, raw: list[_Raw], seen: View) -> dict[int, int]:
    """Byte → character of the original, for the start of every hit; they come in order."""
    found: dict[int, int] = {}
    byte = character = 0
    for one in raw:
        if one.start not in found:
            character += len(data[byte : one.start].decode("utf-8", "ignore"))
            byte = one.start
            found[byte] = seen.origin(character)
    return found


def _sayings(content: Mapping[str, Any]) -> list[_Saying]:
    found = []
    for part, category, weight, lexicon, place in content["sayings"]:
        condition = content["conditions"][place] or {"needs": (), "forbids": (), "within": 0}
        found.append(
            _Saying(
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
