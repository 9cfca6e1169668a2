"""The `qinglang` command: gathers the command-line doors of the rooms that are installed.

Each room brings `cli.register(commands)`; a room whose packages are not installed
(an edge node needs no auditor, an officer no proxy) is left out without a word.
Exit codes: 0 done or holds · 1 ran, and something fails the expectation ·
2 bad input, nothing changed · 3 the world failed.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from rules.load import DataError, WorldError

ROOMS = ("rules", "policies", "gateway", "audit")  # higher floors add to what lower ones can do
DOORS = {"audit": "audit.audit_cli"}  # `audit.cli` is this module


def parser(words: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The command line, built from the rooms that are installed.

    Whole; with the words of one command, as much as they need.
    """
    top = argparse.ArgumentParser(prog="qinglang", description="清朗 Qinglang")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for room in ROOMS:
        try:
            door = importlib.import_module(DOORS.get(room, f"{room}.cli"))
        except ModuleNotFoundError as missing:
            if missing.name is not None and missing.name.split(".")[0] in ROOMS:
                continue
            raise
        if room != "audit":
            door.register(commands)
        elif not words or words[0] not in commands.choices:
            door.register(commands, words)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the value is the process's exit code."""
    words = sys.argv[1:] if argv is None else argv
    arguments = parser(words).parse_args(words)
    try:
        return int(arguments.run(arguments))
    except DataError as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is the door
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (WorldError, OSError) as error:
        print(f"qinglang: {error}", file=sys.stderr)  # noqa: T201
        return 3
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
