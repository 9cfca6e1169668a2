"""`qinglang data …`: gathers the files of commands of the data lifecycle.

Each `audit/lifecycle/*_cli.py` brings `register(commands)` and names its own sub-commands; a
file that is added is found.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any


def register(commands: Any) -> None:
    """Add `data` and the sub-commands of every file that is there."""
    room = commands.add_parser("data", help="数据全生命周期 / the data lifecycle")
    subs = room.add_subparsers(dest="data_command", required=True, metavar="COMMAND")
    for path in sorted(Path(__file__).parent.glob("*_cli.py")):
        if path.stem != "data_cli":
            importlib.import_module(f"audit.lifecycle.{path.stem}").register(subs)
