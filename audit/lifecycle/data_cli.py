"""`qinglang data …`: gathers the files of commands of the data lifecycle.

Each `audit/lifecycle/*_cli.py` brings `register(commands)` and names its own sub-commands; a
file that is added is found. One command's words load that command's file alone.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ELSEWHERE = {
    "budget": "count_cli",
    "certificate": "mask_cli",
    "mask-key": "mask_cli",
    "views": "mask_views_cli",
}
"""Commands whose file is not named after them; whatever stands nowhere loads every file."""


def register(commands: Any, words: Sequence[str] = ()) -> None:
    """Add `data` and its sub-commands: those that `words` (after `data`) need, else all."""
    room = commands.add_parser("data", help="数据全生命周期 / the data lifecycle")
    subs = room.add_subparsers(dest="data_command", required=True, metavar="COMMAND")
    for stem in files(Path(__file__), ELSEWHERE, words):
        importlib.import_module(f"audit.lifecycle.{stem}").register(subs)


def files(gatherer: Path, elsewhere: dict[str, str], words: Sequence[str]) -> list[str]:
    """The files of commands beside a gatherer: the one of the first word, or all of them."""
    stems = sorted(path.stem for path in gatherer.parent.glob("*_cli.py"))
    stems.remove(gatherer.stem)
    name = words[0] if words else ""
    one = elsewhere.get(name, name.replace("-", "_") + "_cli")
    return [one] if one in stems else stems
