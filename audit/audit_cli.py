"""`qinglang audit …` and `qinglang data …`: gathers the files of commands of this room.

Each brings `register(commands)` and names its own sub-commands; a file that is added is
found. One command's words load that command's file alone. Nothing else happens here.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from audit.lifecycle import data_cli

ELSEWHERE = {
    name: stem
    for stem, names in {
        "checks_cli": ("coverage",),
        "collect_cli": ("collect-script", "import-collected", "sample", "scope"),
        "network_cli": ("import-config",),
        "own_cli": ("probe-own", "registers"),
        "questionnaire_cli": ("answers",),
        "reports_cli": ("report",),
        "sql_cli": ("sql-script", "import-sql", "collect-sql"),
        "store_cli": ("runs", "show", "score", "diff", "trend", "verify", "forget"),
        "waive_cli": ("compensate", "decide"),
        "web_cli": ("import-web",),
        "windows_cli": ("windows-script", "import-windows"),
        "yardsticks_cli": ("risks", "matrix", "crosswalk", "scoring", "trusted"),
    }.items()
    for name in names
}
"""Commands whose file is not named after them."""


def register(commands: Any, words: Sequence[str] = ()) -> None:
    """Add `audit` and `data`: of the room that `words` begin with, what they need; else all."""
    room = words[0] if words else ""
    if room != "data":
        top = commands.add_parser("audit", help="安全合规审计 / security audit")
        subs = top.add_subparsers(dest="audit_command", required=True, metavar="COMMAND")
        for stem in data_cli.files(Path(__file__), ELSEWHERE, words[1:]):
            importlib.import_module(f"audit.{stem}").register(subs)
    if room != "audit":
        data_cli.register(commands, words[1:])
