"""The training run: texts of every origin → snippets → weights → pools → a model.

Pure but for scikit-learn's time: texts come in, a model goes out; the same texts, shape and
seed give the same bytes. Which origins may be used for which model is said here and in the
card: the shipped one learns from what we wrote, the encyclopedia and the statutes alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np
from numpy.typing import NDArray

from rules.recognise.card import BENIGN, Judged, Pool, Threshold
from rules.recognise.grams import Codes, codes
from rules.recognise.model import ABUSE, PAD, Model
from rules.training.calibrate import SURE, Seen, logits, pool, pooled, threshold
from rules.training.compose import Recipe, Snippet, snippets
from rules.training.corpora import Row
from rules.training.fit import Shape, Weights, fit
from rules.training.pages import pages

HARMFUL = ("porn", "gambling", "fraud", "ads", ABUSE)
BOOKS = frozenset({"wiki", "law"})  # origins of long texts: windows are cut, not joined
FREE = BOOKS  # corpora the shipped model may learn from

CATEGORY = {
    "porn": "porn",
    "gambling": "gambling",
    "fraud": "fraud",
    "ads": "fraud-trade",
    ABUSE: "vulgar-slang",
}
CEILING = {ABUSE: 0.6}  # abuse does not carry over between sources: a signal, never a decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Texts of one class and one origin."""

    label: str
    origin: str  # a file of ours, or the name of a corpus
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What may be turned about a training run."""

    shape: Shape = field(default_factory=Shape)
    seed: int = 20261123
    windows: int = 3000  # composed windows per class
    benign: float = 2.0  # how many times as many harmless ones
    strength: float = 3e-6
    rarest: int = 1
    pages: int = 300  # composed for calibration, per group
    most: float = 0.002  # share of harmless texts that may reach certainty


STAGES = (("小学 primary", 0.01), ("初中 junior", 0.005), ("高中 senior", 0.002))


def of_rows(rows: Iterable[Row]) -> tuple[Source, ...]:
    """Corpus rows as sources."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        found.setdefault((row.label, row.corpus), []).append(row.text)
    return tuple(
        Source(label=label, origin=origin, texts=tuple(texts))
        for (label, origin), texts in found.items()
    )


def learn(sources: Sequence[Source], plan: Plan, normalise: Callable[[str], str]) -> Weights:
    """Fit the weights on some sources."""
    chance = Random(plan.seed)
    made: list[Snippet] = []
    for label in (*HARMFUL, BENIGN):
        mine = {
            one.origin: [codes(normalise(text)) for text in one.texts]
            for one in sources
            if one.label == label
        }
        if mine:
            mine, recipes = _mixed(mine, plan, harmless=label == BENIGN)
            made += snippets(mine, recipes, label, chance)
    return fit(made, plan.shape, strength=plan.strength, seed=plan.seed, rarest=plan.rarest)


def _mixed(
    kinds: Mapping[str, list[Codes]], plan: Plan, *, harmless: bool
) -> tuple[dict[str, list[Codes]], dict[str, Recipe]]:
    """Each kind by itself (a page is mostly of one kind) and all of them mixed."""
    lines = {kind: many for kind, many in kinds.items() if kind not in BOOKS}
    wanted = int(plan.windows * (plan.benign if harmless else 1))
    found = dict(kinds)
    each = Recipe(windows=wanted // (2 * len(lines)) if lines else 0)
    recipes = {
        kind: Recipe(windows=plan.windows, cuts=True, singles=0) if kind in BOOKS else each
        for kind in kinds
    }
    if lines:
        found["*"] = [one for many in lines.values() for one in many]
        recipes["*"] = Recipe(windows=wanted // 2, singles=0)
    return found, recipes


def quantised(weights: Weights) -> tuple[NDArray[np.int16], tuple[float, ...]]:
    """The table as 16-bit numbers, padded to whole rows, and the scale of each column."""
    most = np.maximum(np.abs(weights.table).max(axis=0), 1e-9)
    scale = most / 32767
    table = np.zeros((weights.table.shape[0], PAD), dtype=np.int16)
    table[:, : len(weights.classes)] = np.rint(weights.table / scale).astype(np.int16)
    return table, tuple(float(f"{one:.8g}") for one in scale)


def look(
    model: Model, sources: Sequence[Source], plan: Plan, normalise: Callable[[str], str]
) -> list[Seen]:
    """Score texts the weights have not seen: lines, short and full pages, mixed pages."""
    found: list[Seen] = []

    def see(text: str, label: str, group: str) -> None:
        margins, size = model.margins(normalise(text))
        found.append(pooled(margins, size, label, group))

    harmless = [text for one in sources if one.label == BENIGN for text in one.texts]
    for one in sources:
        chance = Random(f"{plan.seed}:{one.label}:{one.origin}")
        group = one.origin if one.label == BENIGN else one.label
        for text in one.texts:
            see(text, one.label, f"{group} lines")
        if one.origin in BOOKS:
            continue
        count = min(plan.pages, 3 * len(one.texts))
        for name, low, high in SIZES:
            for paper in pages(one.texts, count, chance, low=low, high=high):
                see(paper.text, one.label, f"{group} {name}")
        if one.label not in (BENIGN, ABUSE):
            around = pages(harmless, count, chance, low=500, high=3000)
            for paper, block in zip(around, pages(one.texts, count, chance), strict=False):
                see(_amid(paper.lines, block.lines, chance), one.label, f"{group} mixed")
    return found


SIZES = (("notes", 60, 300), ("pages", 750, 1500))


def _amid(around: Sequence[str], block: Sequence[str], chance: Random) -> str:
    """A harmful block somewhere in a harmless page."""
    place = chance.randint(0, len(around))
    return "\n".join((*around[:place], *block, *around[place:]))


def calibrated(classes: Sequence[str], seen: Sequence[Seen], plan: Plan) -> tuple[Judged, ...]:
    """Each class with its Pool."""
    found = []
    for column, name in enumerate(classes):
        found.append(
            Judged(
                id=name,
                category=CATEGORY[name],
                pool=pool(seen, column, name, harmless=frozenset({BENIGN}), most=plan.most),
                ceiling=CEILING.get(name, 0.999),
            )
        )
    return tuple(found)


def thresholds(classes: Sequence[Judged], seen: Sequence[Seen]) -> tuple[Threshold, ...]:
    """The probabilities that keep false alarms below each stage's share."""
    harmless = frozenset({BENIGN})
    return tuple(
        Threshold(
            stage=stage,
            false_positives=share,
            probability={
                one.id: round(threshold(seen, column, one.pool, harmless, share), 4)
                for column, one in enumerate(classes)
            },
        )
        for stage, share in STAGES
    )


def confusion(model: Model, seen: Sequence[Seen]) -> Mapping[str, Mapping[str, int]]:
    """By group: how many texts went to which class at 0.9, the surest class alone."""
    classes = model.card.classes
    scores = np.stack([logits(seen, i, one.pool) for i, one in enumerate(classes)], axis=1)
    found: dict[str, dict[str, int]] = {}
    for row, one in zip(scores, seen, strict=True):
        best = int(row.argmax())
        name = classes[best].id if row[best] >= SURE else BENIGN
        counts = found.setdefault(one.group, {})
        counts[name] = counts.get(name, 0) + 1
    return {group: dict(sorted(counts.items())) for group, counts in sorted(found.items())}


def unpooled(classes: Sequence[str]) -> tuple[Judged, ...]:
    """Classes before calibration: their margins can be read, their probabilities not."""
    even = Pool(best=0.5, mean=0.5, bias=0.0)
    return tuple(Judged(id=name, category=CATEGORY[name], pool=even) for name in classes)

