"""`qinglang usage status|reset`: what has been used of quotas, and giving it back."""
# ruff: noqa: T201 - this is a command-line door

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import time
from typing import Any

from gateway.commands import Commands, command, node_of
from rules.load import WorldError


def register_usage(commands: Commands) -> None:
    """Add the `usage` commands."""
    usage = commands.add_parser("usage", help="限额的使用 / what has been used of quotas")
    deeper = usage.add_subparsers(dest="usage_command", required=True, metavar="COMMAND")
    status = command(deeper, "status", _status, "各计数器的合计 / sums by counter")
    status.add_argument("--day", default="", metavar="2026-09-01", help="默认今天 / default: today")
    status.add_argument("--token", default="", help="只看一个化名 / one pseudonym only")
    reset = command(deeper, "reset", _reset, "清零 / give the time back")
    which = reset.add_mutually_exclusive_group(required=True)
    which.add_argument("--token", default="", help="一个化名 / one pseudonym")
    which.add_argument("--all", action="store_true", help="全部 / everybody")
    reset.add_argument("--counter", default="", metavar="POLICY/COUNTER")


def _status(options: argparse.Namespace) -> int:
    from gateway.usage import usage_file
    from policies.calendar import Day
    from policies.moment import moment

    try:
        day = str(Day.parse(options.day)) if options.day else moment(time.time()).day
    except ValueError as error:
        print(f"qinglang: {error}", file=sys.stderr)
        return 2
    path = usage_file(node_of(options.data))
    found = _sums(str(path), day, options.token) if path.exists() else []
    if options.json:
        print(json.dumps({"day": day, "counters": found}, ensure_ascii=False, indent=1))
        return 0
    print(f"{day}: {len(found)} 个计数器 / counters")
    for one in found:
        print(
            f"  {one['counter']:<32} {one['tokens']:>6} 人或设备 / people or devices  "
            f"{one['minutes']:>8} min  {one['bytes'] / 1e6:>10.1f} MB"
        )
    return 0


def _sums(path: str, day: str, token: str) -> list[dict[str, Any]]:
    """One line a counter. Raises WorldError."""
    sums: dict[str, dict[str, Any]] = {}
    try:
        base = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            rows = base.execute(
                "SELECT counter, minutes, bytes FROM usage WHERE day = ? AND ? IN ('', token)"
                " ORDER BY counter",
                (day, token),
            ).fetchall()
        finally:
            base.close()
    except sqlite3.Error as error:
        raise WorldError(f"{path}: cannot be read: {error}") from error
    for counter, minutes, size in rows:
        one = sums.setdefault(counter, {"counter": counter, "tokens": 0, "minutes": 0, "bytes": 0})
        one["tokens"] += 1
        one["minutes"] += int.from_bytes(minutes, "big").bit_count()
        one["bytes"] += size
    return list(sums.values())


def _reset(options: argparse.Namespace) -> int:
    from gateway.usage import usage_file, usage_socket
    from gateway.usage_line import ask
    from gateway.usage_store import UsageStore
    from gateway.writer import alone

    node = node_of(options.data)
    if usage_socket(node).exists():
        wanted = {"say": "reset", "token": options.token, "counter": options.counter}
        count = ask(usage_socket(node), wanted)
    elif usage_file(node).exists():
        with alone(node.run / "usage.lock"):
            store = UsageStore(usage_file(node))
            try:
                count = store.reset(options.token, options.counter)
            finally:
                store.close()
    else:
        count = 0
    if options.json:
        print(json.dumps({"reset": count}))
    else:
        print(f"已清零 {count} 条 / {count} rows reset")
    return 0
