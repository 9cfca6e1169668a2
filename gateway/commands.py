"""What the gateway's command-line doors share: one way to add a command and to find its node."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.node import Node

if TYPE_CHECKING:
    from gateway.settings import Machine

type Commands = argparse._SubParsersAction[argparse.ArgumentParser]
type Handler = Callable[[argparse.Namespace], int]


def command(commands: Commands, name: str, run: Handler, text: str) -> argparse.ArgumentParser:
    made = commands.add_parser(name, help=text)
    made.add_argument("--data", type=Path, default=Path("var"), metavar="DIR")
    made.add_argument("--json", action="store_true")
    made.set_defaults(run=run)
    return made


def machine() -> Machine:
    """What the defaults of this machine are."""
    from gateway.settings import Machine, nameservers

    try:
        text = Path("/etc/resolv.conf").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    return Machine(
        name=os.uname().nodename,
        cores=len(os.sched_getaffinity(0)),
        resolvers=nameservers(text),
    )


def node_of(data: Path) -> Node:
    """The node as last started on this data folder, else as it would start by default."""
    from gateway.settings import Settings, plan

    file = data / "run" / "node.json"
    if file.exists():
        return Node.read(file)
    return plan(Settings(data=data), machine()).node
