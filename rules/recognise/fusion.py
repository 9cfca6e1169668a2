"""Several recognisers' probabilities of one text → one probability per category.

Phrases are sure of words they know and blind to context; the model knows style and context
and no single word for sure. Their log odds are added, weighted, against a common start; a
recogniser that looked and found nothing counts against the others. The numbers are data
(`fusion.yaml`). What is sure (confidence 1.0: lists, labels) passes through untouched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import exp, log
from pathlib import Path

from rules.load import load
from rules.model import Signal, Text

SHIPPED = Path(__file__).with_name("fusion.yaml")
RECOGNISER = "content"


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """How much one recogniser counts, and what its silence is taken for."""

    weight: float
    silent: float

    def __post_init__(self) -> None:
        if not (self.weight >= 0 and 0 < self.silent < 1):
            raise ValueError("`weight` is not negative, `silent` is a probability")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fusion:
    """fusion.yaml."""

    id: str
    title: Text
    start: float
    recognisers: Mapping[str, Say]
    families: tuple[tuple[str, ...], ...] = ()
    most: float = 0.999

    def __post_init__(self) -> None:
        if not (0 < self.start < 1 and 0 < self.most < 1):
            raise ValueError("`start` and `most` are probabilities")
        names = [name for family in self.families for name in family]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"in two families: {', '.join(sorted(twice))}")


def shipped() -> Fusion:
    """The numbers that come with the product. Raises DataError."""
    return load(Fusion, SHIPPED)


def fuse(signals: Iterable[Signal], looked: Iterable[str], fusion: Fusion) -> tuple[Signal, ...]:
    """One Signal per category and place, the surest first; `looked` are recognisers that ran.

    A recogniser's word on a category of the same family counts for it as well.
    """
    kept: list[Signal] = []
    open_: dict[tuple[str, str], list[Signal]] = {}
    for one in signals:
        if one.confidence >= 1 or one.recogniser not in fusion.recognisers:
            kept.append(one)
        else:
            open_.setdefault((one.place, one.category), []).append(one)
    ran = frozenset(looked) & fusion.recognisers.keys()
    for (place, category), many in open_.items():
        said = _said(place, category, open_, fusion)
        kept.append(_one(many, said, ran, fusion))
    return tuple(sorted(kept, key=lambda one: -one.confidence))


def _said(
    place: str,
    category: str,
    signals: Mapping[tuple[str, str], list[Signal]],
    fusion: Fusion,
) -> dict[str, float]:
    """Recogniser → its highest probability for the category or its family."""
    family = next((one for one in fusion.families if category in one), (category,))
    found: dict[str, float] = {}
    for name in family:
        for one in signals.get((place, name), ()):
            found[one.recogniser] = max(one.confidence, found.get(one.recogniser, 0.0))
    return found


def _one(
    many: list[Signal],
    said: Mapping[str, float],
    ran: frozenset[str],
    fusion: Fusion,
) -> Signal:
    start = _logit(fusion.start)
    odds = start
    for name in sorted(ran | said.keys()):
        say = fusion.recognisers[name]
        odds += say.weight * (_logit(said.get(name, say.silent)) - start)
    best = max(many, key=lambda one: one.confidence)
    confidence = min(fusion.most, 1 / (1 + exp(-odds)))
    if len(many) == 1:
        return replace(best, confidence=round(confidence, 4))
    return replace(
        best,
        recogniser=RECOGNISER,
        matched=" · ".join(dict.fromkeys(one.matched for one in many if one.matched)),
        list=" + ".join(dict.fromkeys(one.list for one in many if one.list)),
        confidence=round(confidence, 4),
    )


def _logit(probability: float) -> float:
    bounded = min(max(probability, 1e-6), 1 - 1e-6)
    return log(bounded / (1 - bounded))
