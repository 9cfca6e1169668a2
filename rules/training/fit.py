"""Snippets → weights: one regularised softmax over hashed n-grams, fitted with scikit-learn.

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
    """A fitted linear model: one column per class, in the order of `classes`."""

    classes: tuple[str, ...]
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
        values.append((counts / np.sqrt(max(1, counts.sum()))).astype(np.float32))
        ends.append(ends[-1] + rows.size)
    return csr_matrix(
        (np.concatenate(values), np.concatenate(columns), np.array(ends, dtype=np.int32)),
        shape=(len(texts), 1 << shape.bits),
    )


def fit(
    snippets: Sequence[Snippet], shape: Shape, *, strength: float, seed: int, rarest: int = 1
) -> Weights:
    """Fit all classes against each other. n-grams in fewer than `rarest` snippets are left out."""
    from sklearn.linear_model import SGDClassifier

    features = matrix([one.codes for one in snippets], shape)
    if rarest > 1:
        seen = np.asarray((features > 0).sum(axis=0)).ravel()
        features = features.multiply((seen >= rarest).astype(np.float32)).tocsr()
        features.eliminate_zeros()
    labels = np.array([one.label for one in snippets])
    weights = np.array([one.weight for one in snippets])
    model = SGDClassifier(
        loss="log_loss", alpha=strength, max_iter=12, tol=None, average=True, random_state=seed
    )
    model.fit(features, labels, sample_weight=weights)
    table, bias = model.coef_.T, model.intercept_
    if len(model.classes_) == 2:  # scikit-learn gives one column then, that of the second class
        table, bias = np.hstack([-table, table]) / 2, np.array([-bias[0], bias[0]]) / 2
    return Weights(
        classes=tuple(map(str, model.classes_)),
        table=np.ascontiguousarray(table, dtype=np.float32),
        bias=np.asarray(bias, dtype=np.float32),
    )
