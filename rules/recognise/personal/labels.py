"""What stands to the left of a value: the nearest label within the clause. Pure.

The window is cut at clause punctuation and at the end of the value before, so that the label
of one value is not taken for that of the next. A label that names something else (order
number, version) takes the weak kinds away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rules.recognise.personal.kinds import Kind

WINDOW = 28  # characters to the left that are looked at
_CUT = "[。；;！!？?\\n\\r，,、|]"
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

    __slots__ = ("_find", "_means")

    def __init__(self, labels: Iterable[Label], others: Iterable[Other] = ()) -> None:
        named: dict[str, set[Kind]] = {}
        vetoed: dict[str, set[Kind]] = {}
        plain: set[str] = set()
        latin: set[str] = set()
        for label in labels:
            for word in (*label.words, *label.ascii):
                named.setdefault(word.lower(), set()).add(label.kind)
            plain.update(word.lower() for word in label.words)
            latin.update(word.lower() for word in label.ascii)
        for other in others:
            for word in (*other.words, *other.ascii):
                vetoed.setdefault(word.lower(), set()).update(other.veto)
            plain.update(word.lower() for word in other.words)
            latin.update(word.lower() for word in other.ascii)
        self._means = {
            word: Meaning(frozenset(named.get(word, ())), frozenset(vetoed.get(word, ())))
            for word in plain | latin
        }
        self._find = re.compile(
            f"(?P<cut>{_CUT})|(?P<word>"
            + "|".join(_backwards(plain))
            + "|(?<![a-z])(?:"
            + "|".join(_backwards(latin))
            + ")(?![a-z]))"
        )

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

    def kinds(self, header: str) -> Meaning:
        """What a whole header or key says: its last label."""
        found = self._find.search(header.lower().replace("_", " ")[::-1])
        return self._means[found.group()[::-1]] if found and found.lastgroup == "word" else NOTHING


def _backwards(words: Iterable[str]) -> list[str]:
    return [re.escape(word[::-1]) for word in sorted(words, key=len, reverse=True)]
