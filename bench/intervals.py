"""How sure a share is that was counted: the exact (Clopper-Pearson) 95 % interval."""

from __future__ import annotations

from math import exp, lgamma, log

_STEPS = 60


def upper(hits: int, count: int, error: float = 0.025) -> float:
    """The largest share that would still give so few hits with probability `error`."""
    if count == 0 or hits >= count:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if at_most(hits, count, middle) > error:
            low = middle
        else:
            high = middle
    return high


def lower(hits: int, count: int, error: float = 0.025) -> float:
    """The smallest share that would still give so many hits with probability `error`."""
    return 1.0 - upper(count - hits, count, error)


def at_most(hits: int, count: int, share: float) -> float:
    """P(X <= hits) for a binomial X."""
    if share <= 0:
        return 1.0
    if share >= 1:
        return float(hits >= count)
    whole = lgamma(count + 1)
    return sum(
        exp(
            whole
            - lgamma(k + 1)
            - lgamma(count - k + 1)
            + k * log(share)
            + (count - k) * log(1 - share)
        )
        for k in range(hits + 1)
    )
