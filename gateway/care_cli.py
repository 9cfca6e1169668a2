"""`qinglang care list|secret`: arguments in, text out."""
# ruff: noqa: T201 - this is a command-line door

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from gateway.commands import Commands, command, node_of

SHANGHAI = timezone(timedelta(hours=8))


def register_care(commands: Commands) -> None:
    """Add the `care` commands."""
    care = commands.add_parser("care", help="关心信号 / care signals")
    inner = care.add_subparsers(dest="care_command", required=True, metavar="COMMAND")
    listed = command(inner, "list", _list, "列出 / list them")
    listed.add_argument("--school", default="", help="只看一所学校 / of one school")
    command(inner, "secret", _secret, "验签密钥 / what a receiver verifies with")


def _list(options: argparse.Namespace) -> int:
    folder = node_of(options.data).data / "care"
    name = f"{options.school}.jsonl" if options.school else "*.jsonl"
    found = sorted(
        (alert for path in folder.glob(name) for alert in _read(path)),
        key=lambda alert: alert.get("at", 0),
    )
    if options.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return 0
    for alert in found:
        when = datetime.fromtimestamp(alert["at"], SHANGHAI)
        to = "、".join(alert["to"])
        row = (alert["code"], alert["school"] or "—", alert["stage"], alert["category"])
        print(f"{when:%Y-%m-%d %H:%M}  {'  '.join(row)}  → {to}")
    return 0


def _read(path: Path) -> list[dict[str, Any]]:
    """The alerts of a file; a line that does not read is told and passed over."""
    found = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            alert = json.loads(line)
            texts = [alert[key] + "" for key in ("code", "school", "stage", "category")]
            known = len(texts) == 4 and isinstance(alert["at"], int)
            if not known or not all(isinstance(name, str) for name in alert["to"]):
                raise TypeError("not an alert")
            datetime.fromtimestamp(alert["at"], SHANGHAI)
        except (ValueError, KeyError, TypeError, OverflowError, OSError, RecursionError) as error:
            print(f"{path}:{number}:1: {error!r}", file=sys.stderr)
            continue
        found.append(alert)
    return found


def _secret(options: argparse.Namespace) -> int:
    from gateway.carer import secret

    found = secret(node_of(options.data)).hex()
    print(json.dumps({"secret": found}) if options.json else found)
    return 0
