"""Write docs/evasions.md from rules/evasions/: every trick, how it is recognised, what is done.

`python scripts/evasions.py` rewrites the page; a test holds it to the data.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from rules.evasions import Deed, Family, Row, Wire, load_evasions  # noqa: E402
from rules.model import Status, Text  # noqa: E402

PAGE = ROOT / "docs" / "evasions.md"
HEAD = ROOT / "docs" / "evasions.head.md"

DEEDS = {
    Deed.BLOCK: Text(zh="拦截", en="blocked"),
    Deed.JUDGE: Text(zh="按实质判断", en="judged as what it is"),
    Deed.STRIP: Text(zh="删除", en="taken out"),
}
STATUS = {Status.CONFIRMED: "", Status.SECONDARY: " *", Status.UNVERIFIED: " †"}


def cell(text: Text) -> str:
    return f"{text.zh}<br>{text.en}".replace("|", "\\|")


def line(row: Row) -> str:
    deed = DEEDS[row.deed]
    shots = f"{len(row.catch)} / {len(row.let)}"
    source = row.source.replace("|", "\\|") + STATUS[row.status]
    what = cell(row.title) + (f"<br>*{cell(row.limits)}*" if row.limits else "")
    deeds = f"{deed.zh} {deed.en}"
    cells = (f"`{row.id}`", what, cell(row.how), deeds, source, f"{row.wire} {shots}")
    return f"| {' | '.join(cells)} |"


def table(family: Family) -> str:
    head = "| id | 花招 trick | 怎样认出 how | 处置 deed | 来源 source | 驱动 wire, 须拦/须放 |"
    lines = [f"## {family.title.zh} · {family.title.en}", "", head, "|---|---|---|---|---|---|"]
    return "\n".join([*lines, *map(line, family.rows)])


def page() -> str:
    """The whole page."""
    found = load_evasions()
    rows = [row for family in found.values() for row in family.rows]
    catch = sum(len(row.catch) for row in rows)
    let = sum(len(row.let) for row in rows)
    count = (
        f"{len(rows)} 行，{catch} 发必须拦下，{let} 发必须放行。"
        f" {len(rows)} rows, {catch} shots that must be caught, {let} that must pass."
    )
    head = HEAD.read_text(encoding="utf-8").strip().replace("{count}", count)
    drivers = ", ".join(f"`{one}`" for one in Wire)
    parts = [head, *(table(family) for family in found.values())]
    parts.append(f"驱动 / drivers: {drivers} (`tests/shots.py`). `*` 二手来源 secondary source.")
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
