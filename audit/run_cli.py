"""`qinglang audit run`: collect (here) or take evidence from a folder, judge, print the items.

A door: it reads the clock, runs the local collector, reads evidence, prints. Exit code 1: some
item is known to fail. High-risk rules and hazards are judged apart (audit/risk.py).
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from audit import continuous, gather
from audit.answers import load_answers, spoken
from audit.catalog import load_catalog
from audit.checks import CHECKS, load_checks
from audit.concern import KINDS
from audit.imported import kind_of, load_rule_maps
from audit.judge import platforms_of
from audit.model import Evidence, ObjectClass, Part, State, Target
from audit.probes import local, shelf
from audit.probes.web.configs import derived_targets
from audit.run import Run, assess, described
from audit.targets import Inventory
from audit.yardsticks import DEFAULT_TEMPLATE, load_yardsticks
from rules.load import DataError, Problem


def register(commands: Any) -> None:
    """Add `run` below `audit`."""
    made = commands.add_parser("run", help="检查并判定 / look and judge")
    made.add_argument("--target", default="", metavar="local", help="本机 / this machine")
    made.add_argument(
        "--evidence", type=Path, metavar="DIR", help="已采集的证据目录 / a folder of evidence"
    )
    made.add_argument("--inventory", type=Path, metavar="FILE", help="资产清单 / the inventory")
    made.add_argument(
        "--answers", type=Path, action="append", default=[], metavar="FILE",
        help="答复文件或目录 / answers of people",
    )  # fmt: skip
    made.add_argument(
        "--level", type=int, choices=range(1, 5),
        help="缺省为定级对象的等级，否则 3 / default: the system's, else 3",
    )  # fmt: skip
    made.add_argument("--part", choices=[one.value for one in Part], default="general")
    made.add_argument("--checks", type=Path, default=CHECKS, metavar="DIR")
    made.add_argument("--keep", type=Path, metavar="DIR", help="留存证据 / keep the evidence here")
    made.add_argument("--template", default=DEFAULT_TEMPLATE, metavar="2021|2025")
    made.add_argument("--json", action="store_true")
    gather.options(made)
    continuous.options(made)
    made.set_defaults(run=run_run)


def run_run(options: argparse.Namespace) -> int:
    """Judge a level, once or by a schedule. 0: nothing known fails; 1: something does."""
    if not options.schedule:
        return _once(options)
    from audit.repeating import repeated

    return repeated(options, _once)


def _once(options: argparse.Namespace) -> int:
    """One run."""
    asked = options.target or options.evidence or (options.inventory and gather.wanted(options))
    if options.target not in ("", "local") or not asked:
        raise DataError(
            [
                Problem(
                    file="audit run",
                    line=1,
                    column=1,
                    message="要检查什么 what is to be looked at",
                    remedy="--target local, or `audit collect` first and then --evidence DIR",
                )
            ]
        )
    checks, catalog = load_checks(options.checks), load_catalog()
    template = options.template.removeprefix("template-")
    yardsticks = load_yardsticks(template=f"template-{template}")
    now, inventory = time.time(), gather.inventory(options)
    said = continuous.prepared(options, yardsticks, inventory, now)
    evidence = list(gathered(options.evidence)) if options.evidence else []
    if options.target == "local":
        evidence += local.all_evidence()
    if inventory is not None and gather.wanted(options):
        evidence += gather.collected(inventory, options)
        now = time.time()
    elif options.keep:
        for one in evidence:
            shelf.keep(options.keep, one)
    evidence = gather.of_system(options, evidence)
    chosen = targets(evidence, inventory)
    files = [file for path in options.answers for file in load_answers(path, catalog)]
    run = assess(
        catalog=catalog,
        checks=checks,
        targets=chosen,
        answers=(*said.answers, *spoken(files, chosen)),
        compensations=said.compensations,
        waivers=said.waivers,
        rules=said.rules,
        rule_maps=load_rule_maps(),
        evidence=evidence,
        scoring=yardsticks.scoring,
        aggregation=yardsticks.aggregation,
        now=now,
        level=options.level or said.system.level,
        part=Part(options.part),
    )
    code, told = continuous.concluded(options, run, checks, said.system, inventory, now)
    spent = {
        **told,
        "cpu_seconds": round(local.cpu_seconds(), 2),
        "memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
    if options.json:
        _print(json.dumps({**described(run, checks), **spent}, ensure_ascii=False, indent=1))
    else:
        _print(table(run, spent["cpu_seconds"]))
    return code


def gathered(folder: Path) -> Iterable[Evidence]:
    """All evidence of a folder. Raises DataError where there is none, or one is unreadable."""
    paths = sorted(folder.glob("*.json"))
    if not paths:
        message = "目录中没有证据 there is no evidence in this folder"
        raise DataError([Problem(file=str(folder), line=1, column=1, message=message)])
    problems: list[Problem] = []
    for path in paths:
        try:
            yield shelf.read(path)
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)


def targets(evidence: Sequence[Evidence], inventory: Inventory | None = None) -> tuple[Target, ...]:
    """The inventory's targets; without one, a target for each that evidence is of."""
    listed = inventory.targets if inventory else ()
    known = {one.id: one for one in (*listed, *derived_targets(evidence, listed))}
    for one in evidence:
        platform = next(iter(platforms_of(one.document)), "")
        known.setdefault(
            one.target,
            Target(
                id=one.target,
                name=one.target,
                system="",
                kind=kind_of(one) or KINDS.get(one.probe, ObjectClass.SERVER),
                platform=platform,
            ),
        )
    return tuple(known.values())


_WORDS = {
    State.PASS: "符合",
    State.PARTIAL: "部分符合",
    State.FAIL: "不符合",
    State.NOT_APPLICABLE: "不适用",
    State.UNKNOWN: "未知",
}


def table(run: Run, seconds: float) -> str:
    """The items for people, with what found fault below each."""
    lines = []
    controls = {one.id: one for one in run.controls}
    for item in run.items:
        control = controls[item.control]
        why = f" ({item.why})" if item.why else ""
        lines.append(f"{control.clause:<13} {_WORDS[item.state]}{why} {control.point_title.zh}")
        lines += [
            f"    ✗ {one.target} {one.check} [{one.severity}] {one.reason.zh} ({one.seen[:80]})"
            for one in item.findings
            if one.state in (State.FAIL, State.PARTIAL)
        ]
    score = run.score
    lines.append(
        f"{len(run.items)} 项 items: 符合 {score.passed}, 部分符合 {score.partial}, "
        f"不符合 {score.failed}, 不适用 {score.not_applicable}, 未知 {score.unknown}; "
        f"符合率在 {score.floor:.1%} 与 {score.ceiling:.1%} 之间; {score.conclusion.zh}; "
        f"{run.facts_decided} 条事实已判定 facts decided, {seconds} s CPU"
    )
    return "\n".join(lines)


def _print(text: str) -> None:
    print(text, file=sys.stdout)  # noqa: T201 - this is the door
