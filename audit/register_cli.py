"""`qinglang audit register`: the register of systems with reminders, and as a calendar file.

A door: the inventory, the date. Exit codes: 0 nothing is past or missing · 1 something is ·
2 bad input · 3 the world failed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from audit.answers import ZONE
from audit.register import (
    WORDS,
    Due,
    Entry,
    Urgency,
    icalendar,
    load_rules,
    reminders,
)
from audit.register import register as entries_of
from audit.targets import load_inventory
from rules.load import DataError, Problem

URGENCIES = {
    Urgency.OVERDUE: "已逾期", Urgency.SOON: "将到期",
    Urgency.LATER: "未到期", Urgency.MISSING: "未登记",
}  # fmt: skip


def register(commands: Any) -> None:
    """Add `register` below `audit`."""
    one = commands.add_parser("register", help="台账与提醒 / the register, with reminders")
    one.add_argument("--inventory", type=Path, required=True, metavar="FILE")
    one.add_argument("--on", default="", metavar="DATE", help="按这一天看 / as of this day")
    one.add_argument("--ics", type=Path, metavar="FILE", help="日历文件 / a calendar file")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_register)


def _register(options: argparse.Namespace) -> int:
    inventory, rules = load_inventory(options.inventory), load_rules()
    try:
        today = date.fromisoformat(options.on) if options.on else datetime.now(ZONE).date()
        listed = entries_of(inventory.systems, inventory.organisations, rules, today)
    except ValueError as error:
        problem = Problem(file=str(options.inventory), line=1, column=1, message=str(error))
        raise DataError([problem]) from error
    if options.ics:
        text = icalendar(listed, rules, time.time())
        options.ics.write_text(text, encoding="utf-8", newline="")
    near = reminders(listed)
    if options.json:
        sys.stdout.write(json.dumps(described(listed, near), ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write("\n".join(_lines(listed, near)) + "\n")
    return 1 if any(one.urgency in (Urgency.OVERDUE, Urgency.MISSING) for one in near) else 0


def described(listed: tuple[Entry, ...], near: tuple[Due, ...]) -> dict[str, Any]:
    """The register as JSON."""
    return {
        "systems": [
            {
                **asdict(one.system),
                "level": one.system.level,
                "unit": one.unit,
                "dues": [asdict(due) for due in one.dues],
            }
            for one in listed
        ],
        "reminders": [asdict(one) for one in near],
    }


def _lines(listed: tuple[Entry, ...], near: tuple[Due, ...]) -> list[str]:
    lines = []
    for one in listed:
        system = one.system
        lines.append(
            f"{system.id}  {one.unit} {system.name}  S{system.s}A{system.a}G{system.g} "
            f"第{system.level}级  备案 {system.filing or '—'}  "
            f"责任人 {system.owner or '—'}  厂商 {system.vendor or '—'}"
        )
        for due in one.dues:
            binding = "" if due.binding else "（建议 recommended）"
            lines.append(
                f"    {WORDS[due.duty]} {due.on or '—'} {URGENCIES[due.urgency]}{binding}  "
                f"{due.how}；{due.basis.source} {due.basis.clause} [{due.basis.status}]"
            )
    lines.append(f"提醒 reminders: {len(near)}")
    for due in near:
        days = "" if due.days is None else f"{due.days} 天 days"
        lines.append(
            f"  {URGENCIES[due.urgency]} {due.on or '—'} {due.system} {WORDS[due.duty]} {days}"
        )
    return lines
