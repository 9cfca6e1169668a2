"""Write the table in docs/apps.md from rules/apps: every app, what it is for, by what it is known.

`python scripts/apps_page.py` rewrites it between its two marks; a test holds it to the data.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from rules.app_files import App, load_apps  # noqa: E402

PAGE = ROOT / "docs" / "apps.md"
BEGIN, END = "<!-- table: scripts/apps_page.py -->\n", "<!-- end -->\n"


def page(text: str) -> str:
    """The page with a fresh table. Raises ValueError where its marks are gone."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} has lost the marks of its table")
    return before + BEGIN + "\n".join(table()) + "\n" + END + after


def table() -> Iterator[str]:
    """The rows."""
    apps = load_apps()
    client = sum(app.client for app in apps.values())
    names = sum(len(app.hosts) + len(app.urls) for app in apps.values())
    yield f"{len(apps)} apps, {names} names, {client} with a program of their own.\n"
    yield "| id | 应用 app | 类别 categories | 域名 names | 程序 program |"
    yield "|---|---|---|---:|---|"
    for app in apps.values():
        title = app.title.zh if app.title.zh == app.title.en else f"{app.title.zh} {app.title.en}"
        row = (f"`{app.id}`", title, " ".join(app.categories))
        yield f"| {' | '.join(row)} | {len(app.hosts) + len(app.urls)} | {_program(app)} |"


def _program(app: App) -> str:
    kinds = (("UA", app.agents), ("ALPN", app.alpn), ("JA4", app.ja4))
    said = " ".join(name for name, some in kinds if some)
    return f"{said} (browser)" if app.browser else said


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
