"""The weighted score beside the 符合率: for comparison inside the house and with old reports.

Weights are data of the catalog. The 2021 formula is unverified (no public source was found)
and is said to be so by the template that chooses it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from fractions import Fraction

from audit.model import Control, State
from rules.model import Text

TECHNICAL = ("安全物理环境", "安全通信网络", "安全区域边界", "安全计算环境", "安全管理中心")


class Weighing(StrEnum):
    """How the score beside the 符合率 is reckoned."""

    MEAN = "mean"  # weighted mean of the items
    FORMULA_2021 = "formula-2021"  # M = Vt + Vm, unverified


def weigh(
    controls: Iterable[Control],
    states: Mapping[str, State],
    weighing: Weighing,
    *,
    technical_share: Fraction = Fraction(1, 2),
) -> float | None:
    """The weighted score, 0 to 100, of items that are all known."""
    items = [
        (one, _worth(states[one.id]))
        for one in controls
        if states[one.id] is not State.NOT_APPLICABLE
    ]
    if weighing is Weighing.FORMULA_2021:
        return _formula_2021(items, technical_share)
    weights = sum(Fraction(str(one.weight)) for one, _ in items)
    if not weights:
        return None
    gained = sum(Fraction(str(one.weight)) * worth for one, worth in items)
    return float(100 * gained / weights)


def _formula_2021(items: list[tuple[Control, Fraction]], y: Fraction) -> float | None:
    """M = Vt + Vm: each half loses f(ω)(1−x)·S and stops at 0. Unverified (audit.md 2.2)."""
    if not items:
        return None
    step = Fraction(100, len(items))
    halves = {True: 100 * y, False: 100 * (1 - y)}
    for control, worth in items:
        halves[technical(control)] -= _factor(control.weight) * (1 - worth) * step
    return float(sum(max(half, Fraction(0)) for half in halves.values()))


def technical(control: Control) -> bool:
    """物理 … 管理中心 are technical, the other five management.

    By title, not by number: the extensions number their sections without the missing ones.
    """
    return control.section.zh in TECHNICAL


def _factor(weight: float) -> int:
    """一般 1, 重要 2, 关键 3, from the weights 0.4, 0.7, 1.0."""
    if weight < 0.55:
        return 1
    return 2 if weight < 0.85 else 3


def _worth(state: State) -> Fraction:
    return {State.PASS: Fraction(1), State.PARTIAL: Fraction(1, 2)}.get(state, Fraction(0))


def grade_2021(points: float, *, high: int, medium: int) -> Text:
    """优良中差 of the 2021 template. Unverified: no public source has the formula."""
    if high or points < 70:
        return Text(zh="差", en="poor")
    if points >= 90 and not medium:
        return Text(zh="优", en="excellent")
    return Text(zh="良", en="good") if points >= 80 else Text(zh="中", en="fair")
