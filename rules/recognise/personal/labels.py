"""What stands to the left of a value: the nearest label within the clause. Pure.

The window is cut at clause punctuation and at the end of the value before, so that the label
of one value is not taken for that of the next. A label that names something else (order
number, version) takes the weak kinds away.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter

import ahocorasick_rs

from rules.recognise.personal.kinds import Kind

WINDOW = 28  # characters to the left that are looked at
_CUT = "[。；;！!？?\\n\\r，,、|]"
_STRAY = ("时间", "日期", "号段", "段说明", "格式", "位数", "规则", "数量", "类型")
"""准考证打印时间 is no 准考证: behind a label, these name something else."""
_VALUE_GAP = 14  # characters a label may be away from its value


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Words that name one kind."""

    kind: Kind
    words: tuple[str, ...] = ()
    ascii: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Words that name other things, and which kinds they rule out."""

    words: tuple[str, ...] = ()
    ascii: tuple[str, ...] = ()
    veto: tuple[Kind, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSample:
    """A left side and a kind; the file's own example."""

    text: str
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSamples:
    hit: tuple[LabelSample, ...] = ()
    miss: tuple[LabelSample, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFile:
    """The data file `rules/personal/labels.yaml`."""

    labels: tuple[Label, ...]
    others: tuple[Other, ...] = ()
    examples: LabelSamples = LabelSamples()


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a label says: the kinds it names, the kinds it rules out."""

    kinds: frozenset[Kind] = frozenset()
    veto: frozenset[Kind] = frozenset()


NOTHING = Meaning()


class Labels:
    """All labels as one expression; `left` finds the nearest one before a value."""

    __slots__ = ("_find", "_latin", "_machine", "_means", "_order", "titles")

    def __init__(
        self, labels: Iterable[Label], others: Iterable[Other] = (), titles: Iterable[str] = ()
    ) -> None:
        named: dict[str, set[Kind]] = {}
        vetoed: dict[str, set[Kind]] = {}
        plain: set[str] = set()
        latin: set[str] = set()
        for label in labels:
            words, latins = _numbered(label.words), _joined(label.ascii)
            for word in words | latins:
                named.setdefault(word, set()).add(label.kind)
            plain |= words
            latin |= latins
        for other in others:
            words, latins = {word.lower() for word in other.words}, _joined(other.ascii)
            for word in words | latins:
                vetoed.setdefault(word, set()).update(other.veto)
            plain |= words
            latin |= latins
        self._means = {
            word: Meaning(frozenset(named.get(word, ())), frozenset(vetoed.get(word, ())))
            for word in plain | latin
        }
        self._find = re.compile(
            f"(?P<cut>{_CUT}|{'|'.join(word[::-1] for word in _STRAY)})|(?P<word>"
            + "|".join(_backwards(plain))
            + "|(?<![a-z])(?:"
            + "|".join(_backwards(latin))
            + ")(?![a-z]))"
        )

        self.titles = Meaning()
        ordered = sorted({*self._means, *titles})
        self._machine = ahocorasick_rs.AhoCorasick(ordered)
        self._order = [
            (self._means.get(word), self.titles if word in set(titles) else None, word in latin)
            for word in ordered
        ]

    def read(self, text: str, start: int, end: int) -> tuple[list[Place], list[Place]]:
        """Every label and title between two places of a lower-case text, in order of their ends
        (in which an automaton meets them); and of the labels that end together, the longest."""
        found: list[Place] = []
        longest: list[Place] = []
        last = -1
        order = self._order
        part = text[start:end] if start or end < len(text) else text
        for id_, low, high in self._machine.find_matches_as_indexes(part, overlapping=True):
            means, title, latin = order[id_]
            if latin and (
                (low and part[low - 1].islower() and part[low - 1].isascii())
                or (high < len(part) and part[high].islower() and part[high].isascii())
            ):
                continue
            right, left = high + start, low + start
            if means is not None:
                place = right, left, means
                found.append(place)
                if right != last:
                    longest.append(place)
                    last = right
                elif left < longest[-1][1]:
                    longest[-1] = place
            if title is not None:
                found.append((right, left, title))
        return found, longest

    def left(self, text: str, start: int, floor: int = 0) -> Meaning:
        """The label nearest to `start`, not before `floor`; NOTHING where there is none.

        Read backwards, so that the first match is the nearest label, and the longest.
        """
        window = text[max(floor, start - WINDOW) : start].lower()[::-1]
        found = self._find.search(window)
        if found is None or found.lastgroup == "cut" or found.start() > _VALUE_GAP:
            return NOTHING
        return self._means[found.group()[::-1]]

    def words(self) -> tuple[str, ...]:
        """Every label, lower case."""
        return tuple(self._means)

    def word(self, letters: str) -> Meaning:
        """What a word of Latin letters alone says."""
        return self._means.get(letters.lower(), NOTHING)

    def named(self, word: str) -> bool:
        """Whether a word is a label itself, of something personal."""
        return bool(self._means.get(word.lower(), NOTHING).kinds)

    def kinds(self, header: str) -> Meaning:
        """What a whole header or key says: its last label."""
        exact = self._means.get(header.lower())
        if exact is not None:
            return exact
        found = self._find.search(header.lower().replace("_", " ")[::-1])
        return self._means[found.group()[::-1]] if found and found.lastgroup == "word" else NOTHING


def _numbered(words: Iterable[str]) -> set[str]:
    """Words, and papers with 号 and 号码 behind them: 往来台湾通行证号 is not 通行证号."""
    chosen = {word.lower() for word in words}
    papers = {word for word in chosen if word.endswith(("证", "照"))}
    return chosen | {paper + end for paper in papers for end in ("号", "号码", "编号")}


def _joined(words: Iterable[str]) -> set[str]:
    """student no, student_no, student-no, studentno (from studentNo)."""
    return {
        gap.join(re.split("[ _-]", word.lower())) for word in words for gap in (" ", "_", "-", "")
    }


_APART = re.compile("|".join((_CUT, *_STRAY)))
_LEFT = itemgetter(0)
_CUTS = frozenset("。；;！!？?\n\r，,、|")
Place = tuple[int, int, Meaning]
"""End, start, and what it says."""


class Reading:
    """The labels of one text, found once and asked often. It is read window by window."""

    __slots__ = ("_ends", "_labels", "_longest", "_span", "lower", "places", "text")

    def __init__(self, labels: Labels, text: str) -> None:
        self.text = text
        self._labels = labels
        lower = text.lower()
        self.lower = lower if len(lower) == len(text) else text.translate(_SMALL)
        self._span = (-1, -1)
        self.places: list[Place] = []
        self._longest: list[Place] = []
        self._ends: list[int] = []

    def over(self, start: int, end: int) -> None:
        """Read what lies between two places, unless that was done."""
        if self._span != (start, end):
            self._span = start, end
            self.places, self._longest = self._labels.read(self.lower, start, end)
            self._ends = [place[0] for place in self._longest]

    @property
    def titles(self) -> Meaning:
        """What stands for a title among the places."""
        return self._labels.titles

    def between(self, start: int, end: int) -> list[Place]:
        """Labels and titles that end between two places."""
        self.over(start, end)
        return self.places

    def left(self, start: int, floor: int = 0) -> Meaning:
        """The same as Labels.left, without reading again."""
        at = bisect_right(self._ends, start) - 1
        while at >= 0:
            right, left, means = self._longest[at]
            gap = start - right
            if gap > _VALUE_GAP or right <= floor:
                return NOTHING
            if left < floor or left < start - WINDOW:
                shorter = self._within(right, max(start - WINDOW, floor))
                if shorter is None:
                    at -= 1
                    continue
                means = shorter
            if gap == 0:
                return means
            if gap == 1:
                return NOTHING if self.text[right] in _CUTS else means
            return NOTHING if _APART.search(self.text, right, start) is not None else means
        return NOTHING

    def _within(self, right: int, nearest: int) -> Meaning | None:
        """The longest label with this end that does not reach beyond `nearest`."""
        chosen = [
            (left, means)
            for end, left, means in self.places
            if end == right and left >= nearest and means is not self._labels.titles
        ]
        return min(chosen, key=_LEFT)[1] if chosen else None


_SMALL = {code: code + 32 for code in range(65, 91)}


def _backwards(words: Iterable[str]) -> list[str]:
    return [re.escape(word[::-1]) for word in sorted(words, key=len, reverse=True)]
