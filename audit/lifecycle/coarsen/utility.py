"""What is left of a table's use after it was coarsened: four figures from the literature. Pure.

Loss (Iyengar), discernibility (Bayardo and Agrawal), average class size (LeFevre et al.) and
non-uniform entropy (Gionis and Tassa). A suppressed row costs as much as can be lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audit.lifecycle.coarsen.coded import Codes, Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Utility:
    """Shares from 0 (nothing lost) to 1 (nothing left) but for the two of sizes."""

    rows: int
    suppressed: int
    groups: int
    loss: float
    columns: tuple[tuple[str, str, float], ...]  # name, how it is told, its loss
    discernibility: int  # sum of squared sizes; a suppressed row counts as all rows
    class_size: float  # average rows of a group, over k
    entropy: float  # of what was known of a row's values, the share that is gone


def discernibility(sizes: Whole, suppressed: int, rows: int) -> int:
    """Python's integers: a square of a million rows has no end in 32 bits."""
    return sum(int(size) ** 2 for size in sizes.tolist()) + suppressed * rows


def class_size(sizes: Whole, k: int) -> float:
    """1: every group is as small as it may be."""
    return round(float(sizes.sum()) / max(1, len(sizes)) / k, 4)


def entropy(values: Sequence[Codes], labels: Sequence[Codes], kept: Codes) -> float:
    """Bits lost: of each row and column -log2(rows with the value / rows with the label).

    `labels` are codes of the labels of all rows, as if none were suppressed.
    """
    lost = most = 0.0
    there = kept.astype(bool)
    for own, label in zip(values, labels, strict=True):
        if not len(own):
            continue
        pair = own.astype(np.int64) * (int(label.max()) + 1) + label
        _, back, both = np.unique(pair, return_inverse=True, return_counts=True)
        labelled = np.bincount(label)
        counted = np.bincount(own)
        whole = -np.log2(counted[own] / len(own))
        row = -np.log2(both[back] / labelled[label])
        most += float(whole.sum())
        lost += float(np.where(there, np.minimum(row, whole), whole).sum())
    return round(lost / most, 6) if most else 0.0
