"""`qinglang audit catalog`: what a standard asks at a level, and what looks at it.

A door: reads the catalog, the checks and the high-risk rules that are installed and
prints. `--verify` holds the catalog against its census and ends with 1 where they differ.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from audit.catalog import CONTROLS, Catalog, load_catalog, reach
from audit.model import Check, Control, HighRiskRule, Part, Question
from audit.population import load_population, verify
from rules.load import DataError, Problem, load_folder
from rules.model import Text

RISKS = Path(__file__).parent / "risks" / "high"


def register(commands: Any) -> None:
    """Add `catalog` to the sub-commands of `audit`."""
    made = commands.add_parser("catalog", help="控制项目录 / what the standards ask")
    made.add_argument("--standard", default="", metavar="ID", help="GBT22239-2019 …")
    made.add_argument("--level", type=int, choices=range(5), help="等级 / level")
    made.add_argument("--part", choices=[part.value for part in Part])
    made.add_argument("--clause", default="", help="条款或其开头 / clause or its beginning")
    made.add_argument("--verify", action="store_true", help="核对条数与措辞 / hold against census")
    made.add_argument("--controls", type=Path, default=CONTROLS, metavar="DIR")
    made.add_argument("--json", action="store_true")
    made.set_defaults(run=run_catalog)


def run_catalog(options: argparse.Namespace) -> int:
    """Print the chosen Controls. With `--verify`: 1 where the catalog is not as it must be."""
    catalog = load_catalog(options.controls)
    if options.verify:
        return _verified(catalog, options)
    chosen = _chosen(catalog, options)
    checks = served(catalog, _checks())
    risks = risky(catalog, _rules())
    items = [item(one, checks.get(one.id, ()), risks.get(one.id, ())) for one in chosen]
    _print(json.dumps(items, ensure_ascii=False, indent=1) if options.json else _table(chosen))
    return 0


def _chosen(catalog: Catalog, options: argparse.Namespace) -> tuple[Control, ...]:
    """Raises DataError where the standard is none of the catalog's."""
    named = options.standard.replace("/", "").replace(" ", "")
    known = {one.upper(): one for one in catalog.standards}
    if named and named.upper() not in known:
        raise DataError(
            [
                Problem(
                    file="audit catalog",
                    line=1,
                    column=1,
                    message=f"没有标准 no standard `{options.standard}`",
                    remedy=f"known: {', '.join(catalog.standards)}",
                )
            ]
        )
    return tuple(
        one
        for one in catalog.select(
            standard=known.get(named.upper(), ""),
            level=options.level,
            part=Part(options.part) if options.part else None,
        )
        if f"{one.clause}.".startswith(f"{options.clause.rstrip('.')}." if options.clause else "")
    )


def served(catalog: Catalog, checks: Iterable[Check]) -> Mapping[str, tuple[dict[str, str], ...]]:
    """Which checks look at each Control, at every level that they reach."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for check in checks:
        for name, link in reach(catalog, check.serves).items():
            found[name][check.id] = link.value
    return {
        name: tuple({"id": check, "link": link} for check, link in sorted(links.items()))
        for name, links in found.items()
    }


def risky(catalog: Catalog, rules: Iterable[HighRiskRule]) -> Mapping[str, tuple[str, ...]]:
    """Which high-risk rules stand on each Control, at the levels at which they hold."""
    found: dict[str, list[str]] = defaultdict(list)
    for rule in rules:
        family = {one.id: one for name in rule.controls for one in catalog.same(name)}
        for one in family.values():
            if one.level in rule.levels:
                found[one.id].append(rule.id)
    return {name: tuple(ids) for name, ids in found.items()}


def item(
    control: Control, checks: Iterable[dict[str, str]], risks: Iterable[str]
) -> dict[str, Any]:
    """One Control as it is printed."""
    return {
        "id": control.id,
        "standard": control.standard,
        "level": control.level,
        "part": control.part.value,
        "section": _text(control.section),
        "clause": control.clause,
        "control_point": control.point,
        "control_point_title": control.point_title.zh,
        "control_point_title_en": control.point_title.en,
        "text": control.text.zh,
        "text_en": control.text.en,
        "layers": sorted({tier.value for tier in control.tiers.values()}),
        "objects": {one.value: control.tiers.get(one) for one in control.objects},
        "defences": [one.value for one in control.defences],
        "checks": list(checks),
        "questions": [_question(one) for one in control.questions],
        "remedy": _text(control.remedy),
        "weight": control.weight,
        "high_risk": sorted({*control.high_risk, *risks}),
        "unit": control.unit,
        "status": control.status.value,
        "scored": control.scored,
        "basis": {"source": control.basis.source, "note": control.basis.note},
    }


def _question(question: Question) -> dict[str, Any]:
    return {
        "ask": question.ask.value,
        "text": _text(question.text),
        "evidence": _text(question.evidence),
    }


def _text(text: Text | None) -> dict[str, str] | None:
    return {"zh": text.zh, "en": text.en} if text else None


def _table(controls: Iterable[Control]) -> str:
    lines = []
    chosen = tuple(controls)
    for (standard, level, point), group in groupby(
        chosen, key=lambda one: (one.standard, one.level, one.point)
    ):
        members = tuple(group)
        title = members[0].point_title
        lines.append(f"{standard} L{level} {point} {title.zh} {title.en}")
        lines += [
            f"  {one.clause:<13} {one.text.zh}"
            + ("" if one.scored else f"（{one.status}，不计分）")
            for one in members
        ]
    points = {(one.standard, one.level, one.point) for one in chosen}
    return "\n".join([*lines, f"{len(points)} 个控制点 control points, {len(chosen)} 项 items"])


def _verified(catalog: Catalog, options: argparse.Namespace) -> int:
    wrong = tuple(verify(catalog, load_population(options.controls)))
    if options.json:
        _print(
            json.dumps(
                {"controls": len(catalog.controls), "digest": catalog.digest, "problems": wrong},
                ensure_ascii=False,
            )
        )
    else:
        summary = f"{len(catalog.controls)} 项 items, {len(wrong)} 处不符 problems"
        _print("\n".join([*wrong, summary]))
    return 1 if wrong else 0


def _checks() -> Iterable[Check]:
    """The checks, where that room is installed."""
    try:
        room = importlib.import_module("audit.checks")
    except ModuleNotFoundError as missing:
        if missing.name != "audit.checks":
            raise
        return ()
    loader = getattr(room, "load_checks", None)
    if loader is None:
        return ()
    found = loader()
    return tuple(found.values() if isinstance(found, Mapping) else found)


def _rules() -> Iterable[HighRiskRule]:
    return load_folder(HighRiskRule, RISKS).values() if RISKS.is_dir() else ()


def _print(text: str) -> None:
    print(text, file=sys.stdout)  # noqa: T201 - this is the door
