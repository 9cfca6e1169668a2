"""Drawings as SVG of our own: the radar of six layers, the heat map of six defences, the trend.

No script, no style sheet, no outside font: the same bytes stand in HTML, PDF and (as a picture)
DOCX. Colours never speak alone: every mark has its number or word. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from audit.matrix import CellState
from audit.model import State
from audit.reports.clean import clean
from audit.reports.model import TIERS, Earlier, Share
from audit.reports.words import DEFENCES, STATES, moment, percent

FONT = "Noto Sans CJK SC, Source Han Sans SC, Microsoft YaHei, PingFang SC, sans-serif"
FILL = {
    State.PASS: "#cfe8d5",
    State.PARTIAL: "#fbe7b5",
    State.FAIL: "#f6c6c0",
    State.UNKNOWN: "#e3e6ea",
    State.NOT_APPLICABLE: "#ffffff",
}
INK, GREY, LINE, BLUE, GREEN = "#1d2733", "#5b6775", "#c4ccd5", "#1f5fa8", "#2e7d4f"


def _text(x: float, y: float, said: str, *, size: int = 13, anchor: str = "middle",
          fill: str = INK, weight: str = "normal") -> str:  # fmt: skip
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{fill}" '
        f'font-weight="{weight}">{escape(clean(said, 60))}</text>'
    )


def _svg(wide: int, high: int, title: str, parts: Iterable[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" '
        f'height="{high}" role="img" font-family="{escape(FONT)}"><title>{escape(title)}</title>'
        f"{''.join(parts)}</svg>"
    )


def radar(shares: Sequence[Share]) -> str:
    """Passed items over all that apply, by layer; the dashed line is what is known at all."""
    middle, reach, count = (300.0, 205.0), 140.0, len(shares)

    def point(number: int, share: float) -> tuple[float, float]:
        angle = 2 * math.pi * number / count - math.pi / 2
        return (
            middle[0] + reach * share * math.cos(angle),
            middle[1] + reach * share * math.sin(angle),
        )

    def ring(values: Sequence[float]) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in map(point, range(count), values))

    parts = [
        f'<polygon points="{ring([step] * count)}" fill="none" stroke="{LINE}"/>'
        for step in (0.25, 0.5, 0.75, 1.0)
    ]
    for number in range(count):
        x, y = point(number, 1)
        parts.append(
            f'<line x1="{middle[0]}" y1="{middle[1]}" x2="{x:.1f}" y2="{y:.1f}" stroke="{LINE}"/>'
        )
    known, passed = [one.known or 0 for one in shares], [one.share or 0 for one in shares]
    parts.append(
        f'<polygon points="{ring(known)}" fill="none" stroke="{GREY}" stroke-dasharray="5 4"/>'
    )
    parts.append(
        f'<polygon points="{ring(passed)}" fill="{BLUE}" fill-opacity="0.25" stroke="{BLUE}" '
        'stroke-width="2"/>'
    )
    for number, one in enumerate(shares):
        x, y = point(number, 1.13)
        side = "middle" if abs(x - middle[0]) < 5 else "start" if x > middle[0] else "end"
        parts.append(_text(x, y, one.title.zh, anchor=side, size=15, weight="bold"))
        told = f"符合 {percent(one.share)} · 已知 {percent(one.known)}"
        parts.append(_text(x, y + 17, told, anchor=side, size=12, fill=GREY))
    parts += [
        f'<line x1="200" y1="412" x2="226" y2="412" stroke="{BLUE}" stroke-width="3"/>',
        _text(232, 416, "符合", anchor="start", size=12),
        f'<line x1="300" y1="412" x2="326" y2="412" stroke="{GREY}" stroke-dasharray="5 4"/>',
        _text(332, 416, "已查明", anchor="start", size=12),
    ]
    return _svg(600, 430, "六层雷达图", parts)


def heat(cells: Sequence[CellState]) -> str:
    """Six layers × six defences: passed of all that apply, unknown said beside it."""
    left, top, wide, high = 70, 40, 100, 62
    parts = [
        _text(left + wide * (n + 0.5), 26, word, size=14, weight="bold")
        for n, word in enumerate(DEFENCES.values())
    ]
    columns, lines = list(DEFENCES), list(TIERS)
    parts += [
        _text(left - 12, top + high * (n + 0.5) + 5, TIERS[one].zh, anchor="end", size=14,
              weight="bold")
        for n, one in enumerate(lines)
    ]  # fmt: skip
    for one in cells:
        x = left + wide * columns.index(one.cell.defence)
        y = top + high * lines.index(one.cell.tier)
        total = one.passed + one.partial + one.failed + one.unknown
        parts.append(
            f'<rect x="{x + 2}" y="{y + 2}" width="{wide - 4}" height="{high - 4}" rx="4" '
            f'fill="{FILL[one.state]}" stroke="{LINE}"/>'
        )
        parts.append(_text(x + wide / 2, y + 26, STATES[one.state], size=13, weight="bold"))
        told = f"{one.passed}/{total}" + (f" · 未知 {one.unknown}" if one.unknown else "")
        parts.append(_text(x + wide / 2, y + 45, told if total else "—", size=12, fill=GREY))
    return _svg(left + wide * 6 + 10, top + high * 6 + 10, "六层×六防热力图", parts)


def trend(runs: Sequence[Earlier]) -> str:
    """The range of the rate (lowest to highest possible) over the runs, the oldest first."""
    shown = sorted(runs, key=lambda one: one.taken)[-12:]
    left, base, high, wide = 60.0, 230.0, 190.0, 560.0
    step = wide / max(1, len(shown))
    parts = []
    for share in (0, 0.25, 0.5, 0.75, 1.0):
        y = base - high * share
        parts.append(
            f'<line x1="{left}" y1="{y:.1f}" x2="{left + wide}" y2="{y:.1f}" stroke="{LINE}"/>'
        )
        parts.append(_text(left - 8, y + 4, f"{share:.0%}", anchor="end", size=12, fill=GREY))
    for number, one in enumerate(shown):
        x = left + step * (number + 0.5)
        bottom, top = base - high * one.floor, base - high * one.ceiling
        parts.append(
            f'<rect x="{x - 14:.1f}" y="{top:.1f}" width="28" height="{max(2.0, bottom - top):.1f}"'
            f' fill="{FILL[State.UNKNOWN]}" stroke="{LINE}"/>'
        )
        parts.append(
            f'<rect x="{x - 14:.1f}" y="{bottom:.1f}" width="28" '
            f'height="{max(0.0, base - bottom):.1f}" fill="{GREEN}"/>'
        )
        parts.append(_text(x, base + 18, moment(one.taken)[:10], size=11, fill=GREY))
        parts.append(_text(x, bottom - 5, percent(one.floor), size=11))
    return _svg(640, 260, "历次符合率", parts)
