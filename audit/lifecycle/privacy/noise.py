"""Noise of whole numbers, drawn exactly: no floating number comes near it. Pure.

The discrete Laplace (two-sided geometric) distribution after Canonne, Kamath and Steinke 2020,
algorithms 1 and 2: coins of probability e^-x are tossed with whole numbers only, so that the
low bits of the answer say nothing (Mironov 2012). `below(n)` draws from 0 to n-1 evenly; in the
product it is the operating system's cryptographic source.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

type Below = Callable[[int], int]


def coin(above: int, under: int, below: Below) -> bool:
    """True with probability above/under."""
    return below(under) < above


def exponential_coin(above: int, under: int, below: Below) -> bool:
    """True with probability e^-(above/under), for any fraction from 0 on."""
    while above > under:
        if not _small(1, 1, below):
            return False
        above -= under
    return _small(above, under, below)


def _small(above: int, under: int, below: Below) -> bool:
    """The same for fractions from 0 to 1: how many coins x/1, x/2, x/3 … come up in a row."""
    tosses = 1
    while coin(above, under * tosses, below):
        tosses += 1
    return tosses % 2 == 1


def laplace(scale: Fraction, below: Below) -> int:
    """A whole number x with probability proportional to e^-(|x|/scale)."""
    if scale <= 0:
        raise ValueError("the scale is more than 0")
    above, under = scale.numerator, scale.denominator
    while True:
        rest = below(above)
        if not exponential_coin(rest, above, below):
            continue
        rounds = 0
        while _small(1, 1, below):
            rounds += 1
        size = (rest + above * rounds) // under
        if coin(1, 2, below):
            if size:
                return -size
            continue
        return size


def share_beyond(bound: int, scale: Fraction) -> float:
    """The probability that the noise is further from 0 than `bound`."""
    decay = math.exp(-1 / float(scale))
    return min(1.0, 2 * math.exp(-(bound + 1) / float(scale)) / (1 + decay))


def error_bar(scale: Fraction, sure: float, cells: int = 1) -> int:
    """What the noise of each of so many cells stays within, together with probability `sure`."""
    allowed = (1 - sure) / cells
    decay = math.exp(-1 / float(scale))
    bound = -float(scale) * math.log(allowed * (1 + decay) / 2) - 1
    return max(0, math.ceil(bound - 1e-9))
