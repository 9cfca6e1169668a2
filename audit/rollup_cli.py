"""`qinglang audit rollup`: the district's table over the runs of its schools.

A door: a folder of run JSON (`<system>.json`), the inventory, a questionnaire campaign, a list
of repairs. Exit codes: 0 all there, nothing fails · 1 something fails or is missing · 2 · 3.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from audit.answers import ZONE
from audit.questionnaire.campaign import Back, chased
from audit.questionnaire_cli import gathered
from audit.rollup import Line, Rollup, rolled
from audit.targets import Inventory, load_inventory
from rules.load import DataError, Problem

MAX_RUN = 64 * 1024 * 1024


def register(commands: Any) -> None:
    """Add `rollup` below `audit`."""
    one = commands.add_parser("rollup", help="全区汇总 / the district's table")
    one.add_argument("--runs", type=Path, required=True, metavar="DIR")
    one.add_argument("--inventory", type=Path, metavar="FILE")
    one.add_argument("--campaign", type=Path, metavar="DIR", help="自查表目录 / questionnaires")
    one.add_argument("--repairs", type=Path, metavar="FILE", help="整改清单 JSON / repairs")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_rollup)


def _rollup(options: argparse.Namespace) -> int:
    inventory = load_inventory(options.inventory) if options.inventory else Inventory()
    today = datetime.now(ZONE).date()
    unreturned = []
    if options.campaign:
        campaign, came, unreadable, _ = gathered(options.campaign)
        unreturned = [
            f"{one.sent.name} {one.sent.system}".strip()
            for one in chased(campaign, came, unreadable, today)
            if one.back is not Back.COMPLETE
        ]
    found = rolled(
        runs_of(options.runs),
        inventory.systems,
        inventory.organisations,
        unreturned=unreturned,
        repairs=_repairs(options.repairs) if options.repairs else (),
        today=today.isoformat(),
    )
    if options.json:
        sys.stdout.write(json.dumps(asdict(found), ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write("\n".join(_lines(found)) + "\n")
    bad = found.states["fail"] or found.states["partial"] or found.without_run
    return 1 if bad or found.unreturned or found.overdue_repairs else 0


def runs_of(folder: Path) -> dict[str, Mapping[str, Any]]:
    """The latest run of each system. Raises DataError with every file that is none."""
    found: dict[str, Mapping[str, Any]] = {}
    problems = []
    for path in sorted(folder.glob("*.json")):
        run = _json(path)
        if not (isinstance(run, dict) and isinstance(run.get("items"), list)):
            message = "不是检查结果 / no result of `audit run --json`"
            problems.append(Problem(file=str(path), line=1, column=1, message=message))
            continue
        name = str(run.get("system") or path.stem)
        if name not in found or _at(run) >= _at(found[name]):
            found[name] = run
    if not found and not problems:
        message = "目录中没有检查结果 / no runs in this folder"
        problems.append(Problem(file=str(folder), line=1, column=1, message=message))
    if problems:
        raise DataError(problems)
    return found


def _at(run: Mapping[str, Any]) -> float:
    now = run.get("now")
    return float(now) if isinstance(now, int | float) else 0.0


def _json(path: Path) -> Any:
    if path.stat().st_size > MAX_RUN:
        return None
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None


def _repairs(path: Path) -> list[Mapping[str, Any]]:
    found = _json(path)
    listed = found.get("repairs") if isinstance(found, dict) else found
    if not isinstance(listed, list):
        message = "不是整改清单 / no list of repairs"
        raise DataError([Problem(file=str(path), line=1, column=1, message=message)])
    return [one for one in listed if isinstance(one, dict)]


def _rate(line: Line | Rollup) -> str:
    if line.floor is None or line.ceiling is None:
        return "—"
    if line.floor == line.ceiling:
        return f"{line.floor:.1%}"
    return f"{line.floor:.1%}–{line.ceiling:.1%}"


def _lines(found: Rollup) -> list[str]:
    lines = [
        "单位 unit | 定级对象 system | 级 | 符合 | 部分 | 不符合 | 不适用 | 未知 | 符合率 | 高风险"
    ]
    for one in found.lines:
        states = " | ".join(str(one.states[name]) for name in one.states)
        shown = states if one.at else "没有检查结果 no run"
        lines.append(
            f"{one.unit_name or '—'} | {one.system_name} | {one.level or '—'} | {shown} | "
            f"{_rate(one)} | {', '.join(one.high) or '—'}"
        )
    total = ", ".join(f"{name} {n}" for name, n in found.states.items())
    lines.append(
        f"全区 district: {len(found.lines)} 个系统 systems; {total}; 符合率 {_rate(found)}"
    )
    for title, rows in (
        ("最常不符合的条款 items", found.worst_items),
        ("最常见的问题 failures", found.worst_checks),
    ):
        lines.append(f"{title}:")
        lines += [f"  {one.systems} × {one.id} {one.title}" for one in rows[:10]]
    for title, names in (
        ("没有检查结果 without a run", found.without_run),
        ("自查表未交齐 questionnaires", found.unreturned),
        ("逾期整改 overdue repairs", found.overdue_repairs),
    ):
        lines.append(f"{title}: {len(names)}")
        lines += [f"  {name}" for name in names]
    return lines
