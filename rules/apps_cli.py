"""`qinglang rules apps`: the apps that are known, and by what. A command-line door."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rules.app_files import App


def register(subs: Any) -> None:
    """Add `rules apps`."""
    made = subs.add_parser("apps", help="认得的应用 / the apps that are known")
    made.add_argument("ids", nargs="*", metavar="ID", help="只看这些 / only these")
    made.add_argument("--category", default="", metavar="ID", help="属于该类 / of this category")
    made.add_argument("--rules", action="append", type=Path, default=[], metavar="DIR")
    made.add_argument("--json", action="store_true")
    made.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """List apps. Exit code 2 for an id that is not known, with the nearest name."""
    from difflib import get_close_matches

    from rules.app_files import load_apps
    from rules.load import DataError, Problem
    from rules.sources import load_categories

    known = load_apps(options.rules)
    categories = load_categories(options.rules)
    problems = []
    for name in (*options.ids, *([options.category] if options.category else [])):
        where = categories if name == options.category else known
        if name not in where:
            near = get_close_matches(name, list(where), 1)
            remedy = f"did you mean `{near[0]}`?" if near else ""
            message = f"没有 there is no `{name}`"
            problems.append(
                Problem(file="rules apps", line=1, column=1, message=message, remedy=remedy)
            )
    if problems:
        raise DataError(problems)
    found = [
        app
        for app in known.values()
        if (not options.ids or app.id in options.ids)
        and (not options.category or options.category in app.categories)
    ]
    if options.json:
        _say(json.dumps(list(map(plain, found)), ensure_ascii=False, indent=1))
        return 0
    for line in told(found):
        _say(line)
    return 0


def plain(app: App) -> dict[str, Any]:
    """An app as plain data; the keys do not change."""
    return {
        "id": app.id,
        "title": {"zh": app.title.zh, "en": app.title.en},
        "categories": list(app.categories),
        "hosts": list(app.hosts),
        "urls": list(app.urls),
        "agents": list(app.agents),
        "browser": app.browser,
        "alpn": list(app.alpn),
        "ja4": [one.ja4 for one in app.ja4],
        "packages": list(app.packages),
        "status": sorted({str(one.status) for one in app.basis}),
    }


def told(apps: Iterable[App]) -> Iterable[str]:
    """One line per app for people."""
    for app in apps:
        names = (*app.hosts, *app.urls)
        some = " ".join(names[:3]) + (f" +{len(names) - 3}" if len(names) > 3 else "")
        title = f"{app.title.zh} {app.title.en}" if app.title.zh != app.title.en else app.title.zh
        yield f"{app.id:22} {','.join(app.categories):28} {title}  {some}".rstrip()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
