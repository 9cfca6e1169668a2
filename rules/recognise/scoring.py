"""From phrases found to points, from points to a probability: the arithmetic of `words.py`.

A text is judged by its densest stretch; context weakens, hooks and kin strengthen. The logistic
curves are data (`curves.yaml`). Works on places in UTF-8 bytes; knows no lexicon and no engine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rules.load import load
from rules.model import Text

CURVES = Path(__file__).parent / "curves.yaml"

STRETCH = 3000  # bytes of UTF-8 in which hits count together: about a thousand characters
AROUND = 900  # bytes around them in which hooks and context count too
STRONG = 4.0  # phrases of this weight yield less to their surroundings
MOST_CONTEXT = 12.0  # points of context that count: stuffing a page with more buys nothing
TRIES = 32  # places looked at where a phrase has conditions
SURE = 0.99  # words alone are never surer
ALONE = 0.85  # one phrase that nothing supports is no surer than this
ENOUGH = 8.0  # except a phrase of this weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """How the scores of a family of categories become a probability: a logistic curve.

    slope · score − offset − length · log10(characters of the stretch / 100).
    """

    categories: tuple[str, ...]
    slope: float
    offset: float
    length: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """The curves in force and how they were made. `other` serves categories without a family."""

    id: str
    title: Text
    made: str
    families: Mapping[str, Curve]


@dataclass(frozen=True, slots=True)
class Saying:
    part: str
    category: str
    weight: float
    lexicon: str
    needs: tuple[bytes, ...]
    forbids: tuple[bytes, ...]
    within: int


@dataclass(frozen=True, slots=True)
class Raw:
    """One saying of one phrase at one place, in bytes."""

    start: int
    end: int
    number: int
    saying: Saying


def load_curves(path: Path = CURVES) -> Curves:
    """The curves that ship with the product."""
    return load(Curves, path)


def probability(curve: Curve, points: float, characters: int) -> float:
    """The curve's answer, never quite sure."""
    size = min(max(characters, 20), STRETCH // 3)
    power = curve.slope * points - curve.offset - curve.length * math.log10(size / 100)
    return min(SURE, 1 / (1 + math.exp(-max(-30.0, min(30.0, power)))))


def supported(own: Sequence[Raw], hooks: float) -> bool:
    """Do two phrases agree, or a phrase and an invitation? One may always be a quotation."""
    if hooks > 0 or any(one.saying.weight >= ENOUGH for one in own):
        return True
    return len({one.number for one in own}) > 1


def points_of(own: list[Raw], total: float, hooks: float, context: float) -> float:
    """Context weakens, soft phrases most; kin and hooks add, never more than the own points.

    Hooks take context away: who warns of fraud does not ask to be contacted.
    """
    strong = sum(one.saying.weight for one in own if one.saying.weight >= STRONG)
    soft = sum(one.saying.weight for one in own) - strong
    kin = (total - strong - soft) / 2
    weak = min(max(context - hooks, 0.0), MOST_CONTEXT)
    points = strong / (1 + 0.3 * weak) + soft / (1 + 0.4 * weak)
    return points + (min(kin, points) + min(hooks, points)) / (1 + 0.25 * weak)


def densest(hits: list[Raw]) -> tuple[int, int]:
    """The run of hits within one stretch that weighs most; the first of equals."""
    best, where, low, weight = -1.0, (0, 0), 0, 0.0
    for high, one in enumerate(hits):
        weight += one.saying.weight
        while one.end - hits[low].start > STRETCH and low < high:
            weight -= hits[low].saying.weight
            low += 1
        if weight > best + 1e-9:
            best, where = weight, (low, high + 1)
    return where


def outermost(found: list[Raw]) -> list[Raw]:
    """Of phrases of one category that lie in each other, the longest."""
    reach: dict[tuple[str, str], int] = {}
    kept = []
    for one in found:
        key = (one.saying.part, one.saying.category)
        if one.end > reach.get(key, -1):
            reach[key] = one.end
            kept.append(one)
    return kept


def in_order(one: Raw) -> tuple[int, int, int]:
    return (one.start, -one.end, one.number)


def fitting(data: bytes, start: int, length: int, begins: bool, ends: bool, saying: Saying) -> int:
    """The first place, from this one on, whose surroundings fit; -1 where none of some does."""
    word = data[start : start + length]
    for _ in range(TRIES):
        if start < 0:
            break
        end = start + length
        whole = not (begins and _runs_on(data, start)) and not (ends and _runs_on(data, end))
        if whole and _surrounded(data, start, end, saying):
            return start
        start = data.find(word, start + 1)
    return -1


def _runs_on(data: bytes, at: int) -> bool:
    """Does a Latin word, or a figure, go on over this place? A figure may follow a letter."""
    if not 0 < at < len(data):
        return False
    before, after = data[at - 1 : at], data[at : at + 1]
    return (before.isalpha() and after.isalpha()) or (before.isdigit() and after.isdigit())


def _surrounded(data: bytes, start: int, end: int, saying: Saying) -> bool:
    if not saying.needs and not saying.forbids:
        return True
    before, after = data[max(0, start - saying.within) : start], data[end : end + saying.within]
    around = before + b"\n" + after
    if any(word in around for word in saying.forbids):
        return False
    return not saying.needs or any(word in around for word in saying.needs)
