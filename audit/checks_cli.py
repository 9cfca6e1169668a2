"""`qinglang audit coverage` and `audit checks`: what the automated checks look at, and are.

A door: reads the checks and the catalog and prints. Both counts are always shown: items that
checks decide, and items to which they only contribute and a person decides.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from audit.catalog import load_catalog
from audit.checks import CHECKS, Coverage, coverage, load_checks, verify
from audit.model import Check, Part
from rules.load import DataError, Problem


def register(commands: Any) -> None:
    """Add `coverage` and `checks` below `audit`."""
    made = commands.add_parser("coverage", help="自动检查覆盖的条款 / items that checks look at")
    made.add_argument("--standard", default="GBT22239-2019")
    made.add_argument("--level", type=int, default=3)
    made.add_argument("--part", choices=[one.value for one in Part], default="general")
    made.add_argument("--checks", type=Path, default=CHECKS, metavar="DIR")
    made.add_argument("--json", action="store_true")
    made.set_defaults(run=run_coverage)
    listed = commands.add_parser("checks", help="自动检查清单 / the automated checks")
    listed.add_argument("--verify", action="store_true", help="核对样例与条款 / examples and links")
    listed.add_argument("--checks", type=Path, default=CHECKS, metavar="DIR")
    listed.add_argument("--json", action="store_true")
    listed.set_defaults(run=run_checks)


def run_coverage(options: argparse.Namespace) -> int:
    """Print which items of a standard and level checks look at."""
    catalog = load_catalog()
    if options.standard not in catalog.standards:
        known = ", ".join(catalog.standards)
        raise DataError([_problem(f"没有标准 no standard `{options.standard}`", f"known: {known}")])
    found = coverage(
        load_checks(options.checks).values(),
        catalog,
        standard=options.standard,
        level=options.level,
        part=Part(options.part),
    )
    _print(json.dumps(told(found), ensure_ascii=False, indent=1) if options.json else line(found))
    return 0


def told(found: Coverage) -> dict[str, Any]:
    """Coverage as JSON."""
    return {
        "standard": found.standard,
        "level": found.level,
        "checks": found.checks,
        "items": found.items,
        "decided": len(found.decided),
        "contributed": len(found.contributed),
        "either": found.either,
        "decided_items": [name.rsplit(":", 1)[-1] for name in found.decided],
        "contributed_items": [name.rsplit(":", 1)[-1] for name in found.contributed],
    }


def line(found: Coverage) -> str:
    """Coverage for people."""
    return (
        f"{found.standard} L{found.level}: {found.items} 项 items, {found.checks} 条检查 checks\n"
        f"  判定 decided: {len(found.decided)}\n"
        f"  仅提供证据，由人判定 contributed to, a person decides: {len(found.contributed)}\n"
        f"  合计 either: {found.either}"
    )


def run_checks(options: argparse.Namespace) -> int:
    """List the checks. With `--verify`: 1 where a link names no control."""
    checks = load_checks(options.checks)
    wrong = list(verify(checks, load_catalog())) if options.verify else []
    if options.json:
        listed = {"checks": [shown(one) for one in checks.values()], "problems": wrong}
        _print(json.dumps(listed, ensure_ascii=False, indent=1))
    else:
        rows = [f"{one.id:<40} {one.severity:<6} {one.title.zh}" for one in checks.values()]
        _print(
            "\n".join([*wrong, *rows, f"{len(rows)} 条检查 checks, {len(wrong)} 处问题 problems"])
        )
    return 1 if wrong else 0


def shown(check: Check) -> dict[str, Any]:
    """One check as JSON."""
    return {
        "id": check.id,
        "title": {"zh": check.title.zh, "en": check.title.en},
        "probe": check.probe,
        "severity": check.severity.value,
        "platforms": list(check.platforms),
        "serves": [{"control": one.control, "link": one.link.value} for one in check.serves],
        "examples": len(check.examples),
    }


def _problem(message: str, remedy: str) -> Problem:
    return Problem(file="audit coverage", line=1, column=1, message=message, remedy=remedy)


def _print(text: str) -> None:
    print(text, file=sys.stdout)  # noqa: T201 - this is the door
