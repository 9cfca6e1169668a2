"""`qinglang audit …` and `qinglang data …`: gathers the files of commands of this room.

Each brings `register(commands)` and names its own sub-commands; a file that is added is
found. Nothing but the gathering happens here.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from audit.lifecycle import data_cli


def register(commands: Any) -> None:
    """Add `audit` and the sub-commands of every file that is there."""
    room = commands.add_parser("audit", help="安全合规审计 / security audit")
    subs = room.add_subparsers(dest="audit_command", required=True, metavar="COMMAND")
    for path in sorted(Path(__file__).parent.glob("*_cli.py")):
        if path.stem != "audit_cli":
            importlib.import_module(f"audit.{path.stem}").register(subs)
    data_cli.register(commands)
