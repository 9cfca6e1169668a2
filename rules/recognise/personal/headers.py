"""What the header of a column says, and the sets its values may come from. Pure.

A header is cut into words (camelCase, underscores, brackets); the longest known label wins, then
the one that stands last, as the head of a Chinese or an English compound does. Kinds that no
single value can show (sex, health, score …) are held to a set of values or to expressions.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from rules.recognise.personal.kinds import Kind
from rules.recognise.personal.labels import Label, LabelSamples

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BRACKETS = re.compile(r"[(（\[【][^)）\]】]{0,40}[)）\]】]")
_WORD = re.compile(r"[a-z]+|[0-9]+")
_HAN = re.compile("[\u4e00-\u9fff]")
LONGEST = 200  # characters of a header that are read


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Headers of one sort, in Chinese and in letters."""

    words: tuple[str, ...] = ()
    ascii: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueSet:
    """Values or shapes that fit a kind; `alone`: they say it without a header."""

    kind: Kind
    alone: bool = False
    values: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderFile:
    """The data file `rules/personal/headers.yaml`."""

    status: str
    headers: tuple[Label, ...]
    plain: Words
    free: Words
    refines: Mapping[Kind, tuple[Kind, ...]]
    sets: tuple[ValueSet, ...]
    examples: LabelSamples = field(default_factory=LabelSamples)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a header says: a kind, that it is something else, that free text stands below it."""

    kind: Kind | None = None
    plain: bool = False
    free: bool = False


class Headers:
    """The lexicon, made once."""

    __slots__ = ("_alone", "_ascii", "_fits", "_sets", "_words", "meaning", "refines")

    def __init__(self, file: HeaderFile) -> None:
        self._words: dict[str, Said] = {}
        self._ascii: dict[tuple[str, ...], Said] = {}
        for plain in (Said(plain=True),):
            self._add(file.plain.words, file.plain.ascii, plain)
        for label in file.headers:
            self._add(label.words, label.ascii, Said(kind=label.kind))
        for word in file.free.words:
            old = self._words.get(word, Said())
            self._words[word] = Said(kind=old.kind, plain=old.plain, free=True)
        for word in file.free.ascii:
            key = tuple(word.split())
            old = self._ascii.get(key, Said())
            self._ascii[key] = Said(kind=old.kind, plain=old.plain, free=True)
        self.refines = {kind: frozenset(wide) for kind, wide in file.refines.items()}
        self._alone = _Sets(one for one in file.sets if one.alone)
        self._fits = _Sets(file.sets)
        self._sets = frozenset(one.kind for one in file.sets)
        self.meaning = lru_cache(4096)(self._meaning)

    def _add(self, words: Iterable[str], latin: Iterable[str], said: Said) -> None:
        for word in words:
            self._words[word.lower()] = said
        for word in latin:
            self._ascii[tuple(word.split())] = said

    def _meaning(self, header: str) -> Said:
        """What a header says; `Said()` where nothing of it is known."""
        text = unicodedata.normalize("NFKC", header[:LONGEST])
        text = _BRACKETS.sub(" ", text).strip() or text
        best: tuple[int, int, Said] | None = None
        lower = text.lower()
        if _HAN.search(lower) is not None:
            for start in range(len(lower)):
                for end in range(min(len(lower), start + 12), start, -1):
                    said = self._words.get(lower[start:end])
                    if said is not None and (best is None or (end - start, end) > best[:2]):
                        best = (end - start, end, said)
            if best is not None:
                return best[2]
        words = tuple(_WORD.findall(_CAMEL.sub(" ", text).lower()))
        for start in range(len(words)):
            for end in range(min(len(words), start + 4), start, -1):
                said = self._ascii.get(words[start:end])
                if said is not None and (best is None or (end - start, end) > best[:2]):
                    best = (end - start, end, said)
        return best[2] if best is not None else Said()

    def has_set(self, kind: Kind) -> bool:
        """Whether values of a kind are held to a set."""
        return kind in self._sets

    def alone(self, value: str) -> frozenset[Kind]:
        """The kinds that a value says by itself."""
        return self._alone.kinds(value)

    def fits(self, value: str, kind: Kind) -> bool:
        """Whether a value can stand under a header of that kind."""
        return self._fits.fits(value, kind)


class _Sets:
    __slots__ = ("_shapes", "_values")

    def __init__(self, sets: Iterable[ValueSet]) -> None:
        values: dict[str, set[Kind]] = {}
        shapes: dict[Kind, list[str]] = {}
        for one in sets:
            for value in one.values:
                values.setdefault(value.lower(), set()).add(one.kind)
            shapes.setdefault(one.kind, []).extend(one.shapes)
        self._values = {value: frozenset(kinds) for value, kinds in values.items()}
        self._shapes = {kind: re.compile("|".join(all_)) for kind, all_ in shapes.items() if all_}

    def kinds(self, value: str) -> frozenset[Kind]:
        found = self._values.get(value.lower(), frozenset())
        if found:
            return found
        return frozenset(kind for kind, shape in self._shapes.items() if shape.fullmatch(value))

    def fits(self, value: str, kind: Kind) -> bool:
        if kind in self._values.get(value.lower(), ()):
            return True
        shape = self._shapes.get(kind)
        return shape is not None and shape.fullmatch(value) is not None
