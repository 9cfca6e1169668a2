"""Snippets → weights: logistic separations over hashed n-grams, fitted with scikit-learn.

Everything random has a seed, so the same texts give the same weights. The features are
those of serving (rules.recognise.grams): counts of n-grams divided by the root of their
number. scikit-learn and SciPy are needed here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.recognise.grams import Codes, grams
from rules.training.compose import Snippet


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What of a model is decided before it is fitted."""

    orders: int = 3
    bits: int = 18
    window: int = 256
    step: int = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A fitted linear model: in the order of `columns`."""

    columns: tuple[str, ...]
    table: NDArray[np.float32]
    bias: NDArray[np.float32]


def matrix(texts: Sequence[Codes], shape: Shape) -> Any:
    """The sparse features of some texts."""
    from scipy.sparse import csr_matrix

    columns, values, ends = [], [], [0]
    for codes in texts:
        rows, counts = np.unique(
            np.concatenate(grams(codes, shape.orders, shape.bits)), return_counts=True
        )
        columns.append(rows.astype(np.int32))
        values.append((counts / np.sqrt(max(1, int(counts.sum())))).astype(np.float32))
        ends.append(ends[-1] + rows.size)
    return csr_matrix(
        (np.concatenate(values), np.concatenate(columns), np.array(ends, dtype=np.int32)),
        shape=(len(texts), 1 << shape.bits),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One linear separation: the labels on its side, those against it; others take no part."""

    name: str
    one: frozenset[str]
    others: frozenset[str]


def fit(
    snippets: Sequence[Snippet],
    columns: Sequence[Column],
    shape: Shape,
    *,
    strength: float,
    seed: int,
) -> Weights:
    """Fit every column on its own. Raises ValueError where one has no texts on a side."""
    from sklearn.linear_model import SGDClassifier

    features = matrix([one.codes for one in snippets], shape)
    labels = [one.label for one in snippets]
    weights = np.array([one.weight for one in snippets])
    table = np.zeros((1 << shape.bits, len(columns)), dtype=np.float32)
    bias = np.zeros(len(columns), dtype=np.float32)
    for place, column in enumerate(columns):
        part = np.array([label in column.one or label in column.others for label in labels])
        side = np.array([label in column.one for label in labels])[part]
        if side.all() or not side.any():
            raise ValueError(f"`{column.name}` has no texts on one side")
        model = SGDClassifier(
            loss="log_loss", alpha=strength, max_iter=12, tol=None, average=True, random_state=seed
        )
        model.fit(features[part], side, sample_weight=weights[part])
        table[:, place] = model.coef_[0]
        bias[place] = model.intercept_[0]
    return Weights(columns=tuple(one.name for one in columns), table=table, bias=bias)
