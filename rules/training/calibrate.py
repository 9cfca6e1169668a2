"""Scores → probabilities: fitted on texts that the weights have not seen.

Per class three numbers: how much the strongest windows and the mean of all count, and a
bias. The bias is then moved so far that a stated share of harmless texts, at most, reaches
the probability from which policy counts (0.9); thresholds for other shares are read off.
Pure: margins go in, a Pool and probabilities come out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from rules.recognise.card import Pool

CERTAIN = 0.9
SURE = log(CERTAIN / (1 - CERTAIN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One text that was scored: its label, the set it is from, the pooled margins per class."""

    label: str
    group: str
    best: tuple[float, ...]
    mean: tuple[float, ...]
    size: float


def pooled(margins: NDArray[np.float32], size: float, label: str, group: str) -> Seen:
    """The numbers per class that a Pool weighs; `margins` is window by class."""
    top = margins if len(margins) < 2 else np.partition(margins, -2, axis=0)[-2:]
    best, mean = top.mean(axis=0), margins.mean(axis=0)
    return Seen(
        label=label,
        group=group,
        best=tuple(map(float, best)),
        mean=tuple(map(float, mean)),
        size=size,
    )


def logits(seen: Sequence[Seen], column: int, pool: Pool) -> NDArray[np.float64]:
    """The page logits of one class."""
    best = np.array([one.best[column] for one in seen])
    mean = np.array([one.mean[column] for one in seen])
    size = np.array([one.size for one in seen])
    found: NDArray[np.float64] = pool.best * best + pool.mean * mean + pool.size * size + pool.bias
    return found


def pool(
    seen: Sequence[Seen], column: int, label: str, *, harmless: frozenset[str], most: float
) -> Pool:
    """The Pool of one class; at most a share `most` of each harmless group reaches CERTAIN."""
    chosen = [one for one in seen if one.label == label or one.label in harmless]
    fitted = _fitted(chosen, column, label)
    worst = max(
        (
            float(np.quantile(logits(many, column, fitted), 1 - most))
            for many in _groups([one for one in chosen if one.label != label]).values()
        ),
        default=SURE,
    )
    return replace(fitted, bias=fitted.bias - (worst - SURE)) if worst > SURE else fitted


def threshold(
    seen: Sequence[Seen], column: int, pool: Pool, harmless: frozenset[str], share: float
) -> float:
    """The probability that at most this share of each harmless group reaches."""
    groups = _groups([one for one in seen if one.label in harmless]).values()
    logit = max(float(np.quantile(logits(many, column, pool), 1 - share)) for many in groups)
    return 1 / (1 + exp(-logit))


def _groups(seen: Sequence[Seen]) -> Mapping[str, list[Seen]]:
    found: dict[str, list[Seen]] = {}
    for one in seen:
        found.setdefault(one.group, []).append(one)
    return found


def _fitted(seen: Sequence[Seen], column: int, label: str) -> Pool:
    """Logistic regression on the three numbers; none may count the wrong way."""
    from sklearn.linear_model import LogisticRegression

    positive = np.array([one.label == label for one in seen])
    if positive.all() or not positive.any():
        return Pool(best=0.5, mean=0.5, bias=0.0)
    full = np.array([[one.best[column], one.mean[column], one.size] for one in seen])
    even = np.stack([full[:, :2].mean(axis=1), full[:, 2]], axis=1)
    model = LogisticRegression(class_weight="balanced", C=1.0).fit(full, positive)
    best, mean, size = map(float, model.coef_[0])
    if min(best, mean) < 0:
        model = LogisticRegression(class_weight="balanced", C=1.0).fit(even, positive)
        both, size = map(float, model.coef_[0])
        best = mean = both / 2
    return Pool(best=best, mean=mean, size=size, bias=float(model.intercept_[0]))
