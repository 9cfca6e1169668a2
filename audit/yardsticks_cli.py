"""`qinglang audit risks|matrix|crosswalk|scoring|trusted`: what results are measured by.

A door: reads the yardsticks and prints them, in words or as one JSON document, with the
source and the status of each. Only `trusted` can end with 1: a product that is not listed.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from audit.catalog import load_catalog
from audit.crosswalk import counterparts, points_of
from audit.model import HighRiskRule, Part
from audit.risk import at_all_levels
from audit.score import described
from audit.trusted import Product, Standing, compare, parse
from audit.yardsticks import DEFAULT_TEMPLATE, load_yardsticks
from rules.load import DataError, Problem

CHINA = timezone(timedelta(hours=8))


def register(commands: Any) -> None:
    """Add the sub-commands that show the yardsticks."""
    risks = commands.add_parser("risks", help="高风险判例与重大风险隐患 / high-risk rules")
    risks.add_argument("--level", type=int, choices=range(1, 5))
    risks.add_argument("--part", choices=[part.value for part in Part])
    risks.add_argument("--hazards", action="store_true", help="只列触发项 / hazards only")
    matrix = commands.add_parser("matrix", help="六层×六防矩阵 / six layers × six defences")
    crosswalk = commands.add_parser("crosswalk", help="标准对应 / crosswalk of standards")
    crosswalk.add_argument("--clause", default="", help="8.1.4.1.a …")
    crosswalk.add_argument("--standard", default="", help="the clause's standard: GBT39204-2022 …")
    scoring = commands.add_parser("scoring", help="结论规则及出处 / scoring rules and sources")
    scoring.add_argument("--template", default=DEFAULT_TEMPLATE)
    trusted = commands.add_parser(
        "trusted", help="与导入的安可清单比对 / compare with a dated list"
    )
    trusted.add_argument("list", type=Path, help="CSV of announcements")
    trusted.add_argument("--product", action="append", default=[], metavar="NAME=VENDOR")
    trusted.add_argument("--today", type=date.fromisoformat)
    for made, run in (
        (risks, run_risks),
        (matrix, run_matrix),
        (crosswalk, run_crosswalk),
        (scoring, run_scoring),
        (trusted, run_trusted),
    ):
        made.add_argument("--json", action="store_true")
        made.set_defaults(run=run)


def run_risks(options: argparse.Namespace) -> int:
    """Print the rules, with their controls at every level."""
    yardsticks, catalog = load_yardsticks(), load_catalog()
    groups = [(True, yardsticks.hazards)]
    if not options.hazards:
        groups.insert(0, (False, yardsticks.high))
    shown = []
    for hazard, rules in groups:
        for rule in at_all_levels(rules, lambda name: [one.id for one in catalog.same(name)]):
            if options.level and options.level not in rule.levels:
                continue
            if not options.part or rule.part.value == options.part:
                shown.append(_rule(rule, hazard=hazard))
    lines = [
        f"{x['id']:<16} {x['status']:<11} {x['title']['zh']} / {x['title']['en']}" for x in shown
    ]
    for kind, words in (("high", "高风险判例 cases"), ("hazard", "重大隐患 hazards")):
        of = [one["decided_by"] for one in shown if one["kind"] == kind]
        if of:
            lines.append(
                f"{words} {len(of)}: 检查可判定 triggered by a check {of.count('check')}, "
                f"检查可提示 only indicated {of.count('indication')}, "
                f"只由人判定 only by people {of.count('people')}"
            )
    return _out(options, shown, lines)


def _by(rule: HighRiskRule) -> str:
    """What can raise a rule: a check that proves it, one that indicates it, or only people."""
    return "check" if rule.checks else "indication" if rule.indicates else "people"


def _rule(rule: HighRiskRule, *, hazard: bool) -> dict[str, Any]:
    return {
        "id": rule.id,
        "kind": "hazard" if hazard else "high",
        "part": rule.part.value,
        "levels": list(rule.levels),
        "title": {"zh": rule.title.zh, "en": rule.title.en},
        "trigger": {"zh": rule.trigger.zh, "en": rule.trigger.en},
        "mitigations": [{"zh": one.zh, "en": one.en} for one in rule.mitigations],
        "never": list(rule.never),
        "never_lowered": rule.never_lowered.zh if rule.never_lowered else "",
        "controls": list(rule.controls),
        "checks": list(rule.checks),
        "indicates": list(rule.indicates),
        "decided_by": _by(rule),
        "source": f"{rule.basis.source} {rule.basis.clause}".strip(),
        "status": rule.basis.status.value,
        "note": rule.basis.note,
    }


def run_matrix(options: argparse.Namespace) -> int:
    """Print the 36 cells and that they are our own construction."""
    matrix = load_yardsticks().matrix
    cells = [
        {
            "id": one.id,
            "layer": one.tier.value,
            "defence": one.defence.value,
            "aim": {"zh": one.aim.zh, "en": one.aim.en},
            "clauses": list(one.clauses),
            "activities": list(one.activities),
            "evidence": {"zh": one.evidence.zh, "en": one.evidence.en},
        }
        for one in matrix.cells
    ]
    shown = {
        "own": {"zh": matrix.own.zh, "en": matrix.own.en},
        "source": matrix.basis.source,
        "status": matrix.basis.status.value,
        "drill_days": matrix.drill_days,
        "recheck_days": matrix.recheck_days,
        "cells": cells,
    }
    lines = [matrix.own.zh, matrix.own.en]
    lines += [f"{one.id:<22} {one.aim.zh}：{' '.join(one.clauses)}" for one in matrix.cells]
    return _out(options, shown, lines)


def run_crosswalk(options: argparse.Namespace) -> int:
    """Print rows, or the counterparts of one clause in either direction."""
    crosswalk = load_yardsticks().crosswalk
    rows = crosswalk.rows
    if options.clause and options.standard not in ("", crosswalk.standard):
        rows = points_of(crosswalk, options.standard, options.clause)
    elif options.clause:
        found = counterparts(crosswalk, options.clause)
        rows = tuple(row for row in rows if row.pairs and set(row.pairs) <= set(found))
    shown = [
        {
            "point": row.point,
            "title": {"zh": row.title.zh, "en": row.title.en},
            "defences": [one.value for one in row.defences],
            "pairs": [
                {
                    "standard": pair.standard,
                    "clauses": list(pair.clauses),
                    "fit": pair.fit.value,
                    "status": pair.status.value,
                }
                for pair in row.pairs
            ],
        }
        for row in rows
    ]
    lines = [
        f"{row.point:<10} {row.title.zh}  "
        + "; ".join(f"{pair.standard} {' '.join(pair.clauses)}" for pair in row.pairs)
        for row in rows
    ]
    return _out(options, shown, lines)


def run_scoring(options: argparse.Namespace) -> int:
    """Print the settings of a template with the source of each."""
    scoring = load_yardsticks(template=options.template).scoring
    shown = described(scoring)
    lines = [f"{scoring.title.zh} / {scoring.title.en}"]
    lines += [
        f"{name:<15} {getattr(scoring, name)!s:<10} [{why.basis.status.value}] {why.reason.zh}"
        for name, why in scoring.why.items()
    ]
    return _out(options, shown, lines)


def run_trusted(options: argparse.Namespace) -> int:
    """Compare products with a dated list: 1 where one of them is not (or no longer) on it."""
    wanted = []
    for given in options.product:
        name, mark, vendor = given.partition("=")
        if not mark or not name or not vendor:
            told = f"`{given}` is not NAME=VENDOR"
            raise DataError([Problem(file="--product", line=1, column=1, message=told)])
        wanted.append(Product(name=name, vendor=vendor))
    lists = parse(options.list.read_bytes(), str(options.list))
    today = options.today or datetime.now(UTC).astimezone(CHINA).date()
    found = compare(wanted, lists, today=today)
    shown = [
        {
            "product": one.product.name,
            "vendor": one.product.vendor,
            "standing": one.standing.value,
            "announced": one.entry.announced.isoformat() if one.entry else "",
            "number": one.entry.number if one.entry else "",
            "grade": one.entry.grade if one.entry else "",
        }
        for one in found
    ]
    lines = [f"{len(lists)} entries", *(f"{x['standing']:<13} {x['product']}" for x in shown)]
    _out(options, shown, lines)
    return 0 if all(one.standing is Standing.LISTED for one in found) else 1


def _out(options: argparse.Namespace, shown: Any, lines: list[str]) -> int:
    if options.json:
        print(json.dumps(shown, ensure_ascii=False, indent=1))  # noqa: T201 - this is the door
    else:
        print("\n".join(lines))  # noqa: T201
    return 0
