"""A text model's card: what it is made of and for, in words and in numbers.

The card stands beside the weights and is read before them: format, shape and digest of the
weights, how scores become probabilities, which thresholds give which rate of false alarms,
what it was trained on, by which command, under which licence, and what it cannot do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.model import Text

FORMAT = 1
MOST = 8  # heads: a row of the table is one aligned load


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Log odds = `slope` x score + `bias`."""

    slope: float
    bias: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One class of texts against all that is harmless, and the category it speaks for.

    A window's score is `scale` x the sum of its rows in the table / root of their number +
    `bias`.
    `sizes` read the mean score of all windows: the first a word or two, the last three
    windows or more, those between them evenly what lies between. `block` reads the two
    strongest windows of a page, which may hold a harmful block in harmless surroundings; the
    surer one counts. `ceiling` is the highest probability ever given: a head that may not
    decide stays a signal.
    """

    id: str
    category: str
    scale: float
    bias: float
    sizes: tuple[Curve, ...]
    block: Curve
    ceiling: float = 0.999

    def __post_init__(self) -> None:
        if not 0 < self.ceiling < 1:
            raise ValueError("`ceiling` is a probability below 1")
        if len(self.sizes) < 2:
            raise ValueError("`sizes` holds two curves or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """From this probability on, about this share of benign texts is a false alarm."""

    stage: str  # 学段 it is advised for
    false_positives: float
    probability: Mapping[str, float]  # by head
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """One kind of text the model learnt from."""

    what: str
    texts: int
    licence: str
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Texts that must be found (by class) and texts that must pass; run by one generic test."""

    hit: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    miss: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """card.yaml. The table's columns are those of `heads` in order; the others are padding."""

    id: str
    title: Text
    format: int
    grams: int
    made: str
    command: str
    licence: str
    sha256: str
    bits: int
    orders: int
    window: int
    step: int
    heads: tuple[Head, ...]
    trained_on: tuple[Material, ...]
    limits: Text
    budget: int = 6000
    tuned_on: str = ""
    thresholds: tuple[Threshold, ...] = ()
    confusion: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    examples: Samples = field(default_factory=Samples)

    def __post_init__(self) -> None:
        faults = list(_faults(self))
        if faults:
            raise ValueError("; ".join(faults))


def _faults(card: Card) -> list[str]:
    faults = []
    if card.format != FORMAT:
        faults.append(f"the model has format {card.format}, this version reads {FORMAT}")
    if not (8 <= card.bits <= 24 and 1 <= card.orders <= 6):
        faults.append("`bits` lies between 8 and 24, `orders` between 1 and 6")
    if not 0 < card.step <= card.window <= 4096 or card.window % max(1, card.step):
        faults.append("`window` is a multiple of `step`, at most 4096")
    if not 0 < len(card.heads) <= MOST:
        faults.append(f"a model has 1 to {MOST} heads")
    return faults
