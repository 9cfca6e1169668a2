"""The training run: texts of every origin → snippets → weights → pools → a model.

Pure but for scikit-learn's time: texts come in, a model goes out; the same texts, shape and
seed give the same bytes. Which origins may be used for which model is said here and in the
card: the shipped one learns from what we wrote, the encyclopedia and the statutes alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

import numpy as np
from numpy.typing import NDArray

from rules.recognise.card import MOST, Head, Threshold
from rules.recognise.grams import Codes, codes
from rules.recognise.model import Model
from rules.training.calibrate import EVEN, MIXED, WORDS, Seen, curves, pooled, threshold
from rules.training.compose import Recipe, Snippet, snippets
from rules.training.corpora import Row, digest, part
from rules.training.fit import Column, Shape, Weights, fit
from rules.training.pages import pages

ABUSE, BENIGN = "abuse", "benign"
HARMFUL = ("porn", "gambling", "fraud", "ads", "porn-en", "gambling-en")
LABELS = (*HARMFUL, ABUSE, BENIGN)
BOOKS = frozenset({"wiki", "law"})  # origins of long texts: windows are cut, not joined
FREE = BOOKS  # corpora the shipped model may learn from

CATEGORY = {
    "porn": "porn",
    "gambling": "gambling",
    "fraud": "fraud",
    "ads": "fraud-trade",
    "porn-en": "porn",
    "gambling-en": "gambling",
    ABUSE: "vulgar-slang",
}
CEILING = 0.6  # abuse does not carry over between sources: a signal, never a decision


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
    windows: int = 6000  # composed windows per class
    benign: float = 1.5  # how many times as many harmless ones
    strength: float = 1e-6
    pages: int = 300  # composed for calibration, per group
    most: float = 0.001  # share of harmless texts that may reach certainty


STAGES = (("小学 primary", 0.01), ("初中 junior", 0.005), ("高中 senior", 0.002))


def english(source: Source) -> bool:
    """Our own English texts: no corpus measures them, so a part of them is held back."""
    return source.label.endswith("-en") or source.origin.rpartition("/")[2].startswith("english")


def parted(
    sources: Iterable[Source], held: Callable[[int], bool]
) -> tuple[tuple[Source, ...], tuple[Source, ...]]:
    """(kept, held back): English texts whose part of a hundred, by key, is held; rest is kept."""
    kept, back = [], []
    for one in sources:
        if not english(one):
            kept.append(one)
            continue
        parts = [(text, part(digest(text))) for text in one.texts]
        kept.append(replace(one, texts=tuple(text for text, p in parts if not held(p))))
        back.append(replace(one, texts=tuple(text for text, p in parts if held(p))))
    return tuple(kept), tuple(back)


def of_rows(rows: Iterable[Row]) -> tuple[Source, ...]:
    """Corpus rows as sources."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        found.setdefault((row.label, row.corpus), []).append(row.text)
    return tuple(
        Source(label=label, origin=origin, texts=tuple(texts))
        for (label, origin), texts in found.items()
    )


def columns(labels: frozenset[str]) -> tuple[Column, ...]:
    """Each harmful class against harmless text and abuse; its sisters take no part.

    Spam of one class often reads like that of another; which one it is matters less than
    that it is none of the harmless. Abuse is held against harmless text alone.
    """
    found = [
        Column(name=name, one=frozenset({name}), others=frozenset({BENIGN, ABUSE}))
        for name in HARMFUL
    ]
    found.append(Column(name=ABUSE, one=frozenset({ABUSE}), others=frozenset({BENIGN})))
    return tuple(column for column in found if column.name in labels)


def merged(sources: Iterable[Source]) -> tuple[Source, ...]:
    """One source a label, whatever the files."""
    found: dict[str, list[str]] = {}
    for one in sources:
        found.setdefault(one.label, []).extend(one.texts)
    return tuple(
        Source(label=label, origin="own", texts=tuple(texts)) for label, texts in found.items()
    )


def learn(sources: Sequence[Source], plan: Plan, normalise: Callable[[str], str]) -> Weights:
    """Fit the weights on some sources."""
    chance = Random(plan.seed)
    made: list[Snippet] = []
    for label in LABELS:
        mine = {
            one.origin: [codes(normalise(text)) for text in one.texts]
            for one in sources
            if one.label == label
        }
        if mine:
            mine, recipes = _mixed(mine, plan, harmless=label == BENIGN)
            made += snippets(mine, recipes, label, chance)
    wanted = columns(frozenset(one.label for one in made))
    return fit(made, wanted, plan.shape, strength=plan.strength, seed=plan.seed)


def _mixed(
    kinds: Mapping[str, list[Codes]], plan: Plan, *, harmless: bool
) -> tuple[dict[str, list[Codes]], dict[str, Recipe]]:
    """Each kind by itself (a page is mostly of one kind) and all of them mixed."""
    lines = {kind: many for kind, many in kinds.items() if kind not in BOOKS}
    wanted = int(plan.windows * (plan.benign if harmless else 1))
    found = dict(kinds)
    each = Recipe(windows=wanted // (2 * len(lines)) if lines else 0)
    recipes = {
        kind: Recipe(windows=2 * plan.windows, cuts=True, singles=0) if kind in BOOKS else each
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
    table = np.zeros((weights.table.shape[0], MOST), dtype=np.int16)
    table[:, : len(weights.columns)] = np.rint(weights.table / scale).astype(np.int16)
    return table, tuple(float(f"{one:.8g}") for one in scale)


def look(
    model: Model, sources: Sequence[Source], plan: Plan, normalise: Callable[[str], str]
) -> list[Seen]:
    """Score texts the weights have not seen: lines, short and full pages, mixed pages."""
    found: list[Seen] = []

    def see(text: str, label: str, group: str) -> None:
        margins, size = model.margins(normalise(text), budget=0)
        found.append(pooled(margins, size, label, group))

    harmless = [text for one in sources if one.label == BENIGN for text in one.texts]
    for one in sources:
        chance = Random(f"{plan.seed}:{one.label}:{one.origin}")
        group = one.origin if one.label == BENIGN else one.label
        for text in one.texts:
            see(text, one.label, f"{group} lines")
            if one.label == BENIGN:
                see(_piece(text, chance, 4, 12), one.label, f"{group} {WORDS}")
        if one.origin in BOOKS:
            for text in one.texts:
                see(_piece(text, chance, 8, 200), one.label, f"{group} pieces")
            continue
        count = min(plan.pages, 3 * len(one.texts))
        for name, low, high in SIZES:
            for paper in pages(one.texts, count, chance, low=low, high=high):
                see(paper.text, one.label, f"{group} {name}")
        if one.label == BENIGN:
            for paper in pages(one.texts, count // 3, chance, low=3000, high=15000):
                see(paper.text, one.label, f"{group} long")
        if one.label not in (BENIGN, ABUSE):
            around = pages(harmless, count, chance, low=500, high=9000)
            for paper, block in zip(around, pages(one.texts, count, chance), strict=False):
                see(_amid(paper.lines, block.lines, chance), one.label, f"{group} {MIXED}")
    return found


SIZES = (("notes", 40, 300), ("pages", 750, 1500))


def _piece(text: str, chance: Random, low: int, high: int) -> str:
    """So many characters out of a text."""
    start = chance.randrange(max(1, len(text) - low))
    return text[start : start + chance.randint(low, high)]


def _amid(around: Sequence[str], block: Sequence[str], chance: Random) -> str:
    """A harmful block somewhere in a harmless page."""
    place = chance.randint(0, len(around))
    return "\n".join((*around[:place], *block, *around[place:]))


def heads(weights: Weights, scales: Sequence[float]) -> tuple[Head, ...]:
    """The heads before calibration: their scores can be read, their probabilities not."""
    return tuple(
        Head(
            id=name,
            category=CATEGORY[name],
            scale=scale,
            bias=float(f"{bias:.8g}"),
            sizes=(EVEN, EVEN),
            block=EVEN,
            ceiling=CEILING if name == ABUSE else 0.999,
        )
        for name, scale, bias in zip(weights.columns, scales, weights.bias, strict=True)
    )


def calibrated(bare: Sequence[Head], seen: Sequence[Seen], plan: Plan) -> tuple[Head, ...]:
    """Each head with its three curves. What must not be alarmed about is benign text alone."""
    found = []
    for place, head in enumerate(bare):
        labels, harmless = frozenset({head.id}), frozenset({BENIGN})
        found.append(curves(seen, place, head, labels, harmless, plan.most))
    return tuple(found)


def thresholds(found: Sequence[Head], seen: Sequence[Seen]) -> tuple[Threshold, ...]:
    """The probabilities that keep false alarms below each stage's share."""
    harmless = frozenset({BENIGN})
    return tuple(
        Threshold(
            stage=stage,
            false_positives=share,
            probability={
                head.id: round(threshold(seen, place, head, harmless, share), 4)
                for place, head in enumerate(found)
            },
        )
        for stage, share in STAGES
    )


def confusion(
    model: Model, sources: Sequence[Source], normalise: Callable[[str], str], certain: float
) -> Mapping[str, Mapping[str, int]]:
    """Single lines by label and origin: how many were given to which class, if to any."""
    found: dict[str, dict[str, int]] = {}
    for one in sources:
        group = one.origin if one.label == BENIGN else one.label
        counts = found.setdefault(group, {})
        for text in one.texts:
            said = model.probabilities(normalise(text))
            best = max(HARMFUL, key=lambda name: said.get(name, 0.0))
            name = best if said.get(best, 0.0) >= certain else BENIGN
            counts[name] = counts.get(name, 0) + 1
    return {group: dict(sorted(counts.items())) for group, counts in sorted(found.items())}
