"""The report as PDF, set by typst from our own template; what is in it is data, never markup.

Needs a font with Chinese glyphs on this machine: without one a page would be empty boxes, so
it is refused with the name of the package to install. Also draws charts as pictures for DOCX.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import typst

from audit.reports.blocks import Chart, Document
from audit.reports.chapters import document
from audit.reports.model import Report
from rules.load import WorldError

HERE = Path(__file__).parent
FONTS = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Noto Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "SimHei",
    "SimSun",
)
_MISSING = (
    "没有找到中文字体，PDF 会是空方框 no font with Chinese glyphs: "
    "apt-get install fonts-noto-cjk (openEuler/Kylin: dnf install google-noto-sans-cjk-ttc-fonts)"
)


def render(report: Report) -> bytes:
    """Raises WorldError where there is no Chinese font."""
    return draw(document(report), at=report.made)


@cache
def font(folder: str = "", system: bool = True) -> tuple[str, Any]:
    """A Chinese font of this machine (or of a folder), with all fonts. Raises WorldError."""
    found = typst.Fonts(
        include_system_fonts=system,
        include_embedded_fonts=True,
        font_paths=[folder] if folder else [],
    )
    names = set(found.families())
    for name in FONTS:
        if name in names:
            return name, found
    raise WorldError(_MISSING)


def draw(made: Document, *, at: float = 0.0, fonts: tuple[str, Any] | None = None) -> bytes:
    """A Document as PDF, dated `at`."""
    name, known = fonts or font()
    charts: dict[str, bytes] = {}
    blocks = []
    for one in made.blocks:
        told = asdict(one) | {"kind": type(one).__name__.lower()}
        if isinstance(one, Chart):
            told["svg"] = f"chart-{len(charts)}.svg"
            charts[told["svg"]] = one.svg.encode()
        blocks.append(told)
    data = {
        "title": made.title,
        "subtitle": made.subtitle,
        "mark": made.mark,
        "label": made.label,
        "facts": [list(one) for one in made.facts],
        "blocks": blocks,
        "font": name,
    }
    files = {
        "main": (HERE / "report.typ").read_bytes(),
        "data.json": json.dumps(data, ensure_ascii=False).encode(),
        **charts,
    }
    return _bytes(typst.compile(files, format="pdf", font_paths=known, timestamp=int(at)))


def picture(svg: str, *, ppi: float = 130.0) -> bytes:
    """A chart as PNG. Raises WorldError where there is no Chinese font."""
    _, known = font()
    page = '#set page(width: auto, height: auto, margin: 2pt)\n#image("chart.svg")\n'
    files = {"main": page.encode(), "chart.svg": svg.encode()}
    return _bytes(typst.compile(files, format="png", ppi=ppi, font_paths=known))


def _bytes(made: Any) -> bytes:
    return bytes(made[0] if isinstance(made, list) else made)
