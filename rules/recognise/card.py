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
BENIGN = "benign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """How a page's windows become one logit.

    `best` x the mean of the two strongest windows + `mean` x the mean of all + `size` x how
    much there is to judge by (0 for a word, 1 for a window or more) + `bias`.
    """

    best: float
    mean: float
    bias: float
    size: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One class: the category it speaks for, and how its scores become a probability.

    `ceiling` is the highest probability ever given: a class that may not decide stays a signal.
    """

    id: str
    category: str
    pool: Pool
    ceiling: float = 0.999

    def __post_init__(self) -> None:
        if not 0 < self.ceiling < 1:
            raise ValueError("`ceiling` is a probability below 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """From this probability on, about this share of benign texts is a false alarm."""

    stage: str  # 学段 it is advised for
    false_positives: float
    probability: Mapping[str, float]  # by class
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
    """card.yaml. `columns` are the table's columns in order; every other one is padding."""

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
    columns: tuple[str, ...]
    scale: tuple[float, ...]
    bias: tuple[float, ...]
    classes: tuple[Judged, ...]
    trained_on: tuple[Material, ...]
    limits: Text
    budget: int = 2000
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
    if len({len(card.columns), len(card.scale), len(card.bias)}) != 1:
        faults.append("`columns`, `scale` and `bias` differ in length")
    if BENIGN not in card.columns:
        faults.append(f"no column `{BENIGN}`")
    missing = [one.id for one in card.classes if one.id not in card.columns]
    if missing:
        faults.append(f"classes without a column: {', '.join(missing)}")
    return faults
