"""Scores → probabilities: fitted on texts that the weights have not seen.

Per head a curve for each size of text, from a word to a page, which reads the mean of its
windows, and one that reads the two strongest windows of a page. Each is a logistic
regression whose bias is then moved: at most a stated share of harmless texts of each group
reaches the probability from which policy counts (0.9), and where harmless texts stay far
below, harmful ones get part of the room. Pure: margins go in, curves and probabilities come out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from rules.recognise.card import Curve, Head

CERTAIN = 0.9
SURE = log(CERTAIN / (1 - CERTAIN))
FULL = 0.99  # extent from which a text is a full page
ROOM = 0.8  # share of the room between harmless pages and certainty that harmful ones get
GUARD = 0.6  # log odds by which harmless pages stay below certainty
LONG = 0.7  # extent from which a text is held to the share of pages: some 200 characters
SHORT = 5  # times as many short texts as pages may be false alarms
FEW = 3  # windows from which a page may hold a block
EVEN = Curve(slope=1.0, bias=0.0)
SIZES = 7  # curves, from a word to a page
NEVER = Curve(slope=0.0, bias=-30.0)

Numbers = NDArray[np.float64]
Score = Callable[[Sequence["Seen"], int], Numbers]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One text that was scored: its label, the set it is from, its margins per head."""

    label: str
    group: str
    best: tuple[float, ...]
    mean: tuple[float, ...]
    size: float
    windows: int


def pooled(margins: NDArray[np.float32], size: float, label: str, group: str) -> Seen:
    """The numbers per head that the curves read; `margins` is window by head."""
    top = margins if len(margins) < 2 else np.partition(margins, -2, axis=0)[-2:]
    best, mean = top.mean(axis=0), margins.mean(axis=0)
    return Seen(
        label=label,
        group=group,
        best=tuple(map(float, best)),
        mean=tuple(map(float, mean)),
        size=size,
        windows=len(margins),
    )


def logits(seen: Sequence[Seen], place: int, head: Head) -> Numbers:
    """The log odds of one head, as Model computes them."""
    mean, best = _means(seen, place), _bests(seen, place)
    at = np.array([one.size for one in seen]) * (len(head.sizes) - 1)
    low = np.minimum(at.astype(int), len(head.sizes) - 2)
    slope = np.array([one.slope for one in head.sizes])
    bias = np.array([one.bias for one in head.sizes])
    first = slope[low] * mean + bias[low]
    last = slope[low + 1] * mean + bias[low + 1]
    block = np.where([one.windows >= FEW for one in seen], _read(head.block, best), -np.inf)
    return np.asarray(np.maximum(first + (last - first) * (at - low), block))


def curves(
    seen: Sequence[Seen], place: int, head: Head, labels: frozenset[str], harmless: frozenset[str],
    most: float,
) -> Head:  # fmt: skip
    """The head with its curves; at most a share `most` of each harmless group is certain."""
    chosen = [one for one in seen if one.label in labels | harmless]
    if {one.label in labels for one in chosen} != {True, False}:
        return head
    whole = [one for one in chosen if not one.group.endswith(MIXED)]
    sizes = tuple(
        _size(whole, place, labels, number / (SIZES - 1), most) for number in range(SIZES)
    )
    long = [one for one in chosen if one.windows >= FEW]
    marked = [one for one in long if one.label in harmless or one.group.endswith(MIXED)]
    block = NEVER
    if any(one.label in labels for one in marked):
        full = [one for one in long if one.label in harmless]
        ones = np.ones(len(marked))
        block = _regression(_bests(marked, place), ones, marked, labels)
        block = _limited(block, full, _bests, place, most, room=0.0, guard=GUARD)
    return replace(head, sizes=sizes, block=block)


def _size(
    seen: Sequence[Seen], place: int, labels: frozenset[str], size: float, most: float
) -> Curve:
    """The curve for texts of about this extent."""
    width = 1 / (SIZES - 1)
    near = [one for one in seen if abs(one.size - size) < width]
    close = np.array([1 - abs(one.size - size) / width for one in near])
    curve = _regression(_means(near, place), close, near, labels)
    harmless = [
        one
        for one in near
        if one.label not in labels
        and abs(one.size - size) < width / 2
        and not one.group.endswith(WORDS)
    ]
    if size < FULL:
        share = most if size > LONG else SHORT * most
        return _limited(curve, harmless, _means, place, share, room=0.0, guard=0.0)
    return _limited(curve, harmless, _means, place, most, room=ROOM, guard=GUARD)


MIXED = "mixed"  # groups of harmless pages that hold a harmful block
WORDS = "words"  # groups of arbitrary pieces of harmless texts: they teach, but set no limit


def _limited(
    curve: Curve,
    harmless: Sequence[Seen],
    score: Score,
    place: int,
    most: float,
    *,
    room: float,
    guard: float,
) -> Curve:
    """The curve moved so that so few harmless pages are certain; up by part of the room."""
    over = max(
        (
            float(np.quantile(_read(curve, score(many, place)), 1 - most)) - SURE + guard
            for many in _groups(harmless).values()
        ),
        default=0.0,
    )
    return replace(curve, bias=curve.bias - (over if over > 0 else over * room))


def threshold(
    seen: Sequence[Seen], place: int, head: Head, harmless: frozenset[str], share: float
) -> float:
    """The probability that at most this share of each harmless group reaches."""
    groups = _groups([one for one in seen if one.label in harmless]).values()
    logit = max(float(np.quantile(logits(many, place, head), 1 - share)) for many in groups)
    return 1 / (1 + exp(-logit))


def _groups(seen: Sequence[Seen]) -> Mapping[str, list[Seen]]:
    found: dict[str, list[Seen]] = {}
    for one in seen:
        found.setdefault(one.group, []).append(one)
    return found


def _means(seen: Sequence[Seen], place: int) -> Numbers:
    return np.array([one.mean[place] for one in seen])


def _bests(seen: Sequence[Seen], place: int) -> Numbers:
    return np.array([one.best[place] for one in seen])


def _read(curve: Curve, score: Numbers) -> Numbers:
    return np.asarray(curve.slope * score + curve.bias)


def _regression(
    score: Numbers, close: Numbers, seen: Sequence[Seen], labels: frozenset[str]
) -> Curve:
    """Logistic regression; every group counts alike, harmful and harmless ones alike."""
    from sklearn.linear_model import LogisticRegression

    positive = np.array([one.label in labels for one in seen])
    groups = {name: len(many) for name, many in _groups(seen).items()}
    weights = close * np.array([1000 / groups[one.group] for one in seen])
    if not weights[positive].sum() or not weights[~positive].sum():
        return NEVER
    weights[positive] *= weights[~positive].sum() / weights[positive].sum()
    model = LogisticRegression(C=0.1, max_iter=500)
    model.fit(score[:, None], positive, sample_weight=weights)
    return Curve(slope=max(0.0, float(model.coef_[0][0])), bias=float(model.intercept_[0]))
