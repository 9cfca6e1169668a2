"""`qinglang data grade INVENTORY`: class and level of each table and column, and why. A door."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from pathlib import Path
from typing import Any

from audit.lifecycle import inventory
from audit.lifecycle.grading import GradingFile, OverrideFile, TableGrade, grade
from rules.load import load, read_text
from rules.personal_files import PERSONAL


def register(commands: Any) -> None:
    """Add `grade` below `data`."""
    one = commands.add_parser("grade", help="分类分级 / class and level, with reasons")
    one.add_argument("inventory", type=Path, metavar="INVENTORY")
    one.add_argument("--overrides", type=Path, metavar="F", help="人工定级 / an officer's word")
    one.add_argument("--rules", type=Path, metavar="F", help="分级规则 / other rules")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=run_grade)


def run_grade(options: argparse.Namespace) -> int:
    """0: all graded; 1: something must be decided by a person."""
    rules = load(GradingFile, options.rules or PERSONAL / "grading.yaml")
    made = inventory.read(read_text(options.inventory), str(options.inventory))
    said = load(OverrideFile, options.overrides).overrides if options.overrides else ()
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    grades = grade(made, rules, said, today)
    if options.json:
        document = {
            "qinglang": "grades",
            "version": 1,
            "at": made.at,
            "limits": inventory.plain(rules.limits),
            "tables": inventory.plain(grades),
        }
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    else:
        _print(grades, rules)
    return 1 if any(one.review or not one.known for one in grades) else 0


def _print(grades: tuple[TableGrade, ...], rules: GradingFile) -> None:
    for one in grades:
        table = one.table
        mark = " 敏感 sensitive" if table.sensitive else ""
        hand = f" [人工 {table.overridden}]" if table.overridden else ""
        print(f"{table.level} {table.at} · {table.group.zh}{mark}{hand}")  # noqa: T201
        for column in one.columns:
            if column.level > 1 or column.overridden:
                hand = f" [人工 {column.overridden}]" if column.overridden else ""
                why = "；".join(reason.zh for reason in column.reasons)
                print(f"    {column.level} {column.at.column} · {why}{hand}")  # noqa: T201
        for word in one.review:
            print(f"    须研判 to decide: {word.zh} {word.en}")  # noqa: T201
    print(rules.limits.zh)  # noqa: T201
