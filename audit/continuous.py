"""After a run: store it, hold it against the one before, show gauges, say what alarms.

Exit code 1 is what `--fail-on` asks for; without it, any known failure. Drift (what passed
before and fails now) is always 1. Nothing is executed on an alarm: a line in the log and,
where wanted, a line in a file. A door.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from loguru import logger

from audit import gauges
from audit.difference import compare
from audit.items import Answer
from audit.model import Assessment, Check, Finding, ItemResult, Severity, State, System, Waiver
from audit.record import Beside
from audit.repairs import overdue
from audit.run import Compensated, Rules, Run
from audit.scope import SHANGHAI
from audit.store import Store
from audit.targets import Inventory
from audit.waivers import covering, unwaived
from audit.written import Written, written
from audit.yardsticks import Yardsticks, load_answers
from rules.load import DataError, Problem


def options(made: argparse.ArgumentParser) -> None:
    """The arguments of keeping, repeating and alarming."""
    made.add_argument("--store", metavar="FILE|URL", help="审计库 / the audit store")
    made.add_argument("--store-key", type=Path, metavar="FILE")
    made.add_argument("--assessment", default="", metavar="ID", help="评估编号 / which assessment")
    made.add_argument("--risk-answers", type=Path, metavar="FILE", help="对风险的判定 / decisions")
    made.add_argument("--schedule", default="", metavar='"daily 02:30"')
    made.add_argument("--times", type=int, default=0, metavar="N", help=argparse.SUPPRESS)
    made.add_argument("--metrics-file", type=Path, metavar="FILE.prom")
    made.add_argument("--metrics-port", type=int, metavar="PORT")
    made.add_argument("--notify-file", type=Path, metavar="FILE", help="告警写入 / alarms go here")
    made.add_argument("--fail-on", choices=("high", "any", "unknown"), help="退出码 1 的条件")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What people wrote, as a run takes it."""

    answers: tuple[Answer, ...]
    compensations: tuple[Compensated, ...]
    waivers: tuple[Waiver, ...]
    rules: Rules
    system: System


def prepared(
    given: argparse.Namespace, yardsticks: Yardsticks, inventory: Inventory | None, now: float
) -> Prepared:
    """The system, the rules and what the store holds of answers. Raises DataError, WorldError."""
    system = system_of(given, inventory)
    said = Written()
    if given.store:
        with Store.open(given.store, given.store_key) as store:
            said = written(store.entries())
    decisions = load_answers(given.risk_answers, yardsticks) if given.risk_answers else ()
    rules = Rules(
        high=yardsticks.high,
        hazards=yardsticks.hazards,
        system=system,
        answers=(*said.risk_answers, *decisions),
        digest=yardsticks.digest,
    )
    return Prepared(
        answers=said.answers,
        compensations=said.compensations,
        waivers=said.waivers_at(now),
        rules=rules,
        system=system,
    )


def system_of(given: argparse.Namespace, inventory: Inventory | None) -> System:
    """The one system that is meant; without an inventory one of the wanted level."""
    systems = inventory.systems if inventory else ()
    used = {one.system for one in inventory.targets} if inventory else set()
    fitting = [one for one in systems if one.id == given.system] if given.system else [
        one for one in systems if one.id in used
    ]  # fmt: skip
    if len(fitting) == 1:
        return fitting[0]
    if len(fitting) > 1 and given.store:
        message = "清单有多个定级对象 / the inventory has several systems"
        remedy = "--system " + " | ".join(one.id for one in fitting)
        raise DataError(
            [Problem(file="--system", line=1, column=1, message=message, remedy=remedy)]
        )
    name = given.system or next(iter(sorted(used)), "") or "local"
    level = given.level or 3
    return System(id=name, name=name, organisation="", s=level, a=level, g=level)


def concluded(
    given: argparse.Namespace,
    run: Run,
    checks: Mapping[str, Check],
    system: System,
    inventory: Inventory | None,
    now: float,
) -> tuple[int, dict[str, Any]]:
    """Store, compare, show, alarm. The exit code, and what is told about it."""
    told: dict[str, Any] = {}
    late = drift = 0
    if given.store:
        with Store.open(given.store, given.store_key) as store:
            if inventory is not None:
                store.keep_inventory(inventory)
            before = [one for one in store.runs(system=system.id) if one.whole
                      and one.summary["level"] == run.level]  # fmt: skip
            assessment = _assessment(given, run, system, now, store)
            previous = before[-1].id if before else ""
            name = store.keep_run(
                run, _beside(run, checks, system, inventory, assessment, previous), now=now
            )
            told = {"run": name, "previous": previous, "assessment": assessment.id}
            if previous:
                found = compare(store.run(previous)[0], run)
                drift = len(found.drift)
                told["difference"] = found.counts()
                told["drift"] = [f"{one.target}:{one.name}" for one in found.drift]
            cases = written(store.entries("repair")).cases.values()
            mine = {one.id for one in run.targets} | {""}
            late = sum(overdue(one, now) for one in cases if one.repair.target in mine)
    if drift:
        _alarm(given, now, f"{system.id}: {drift} 项由符合变为不符合 / passed before, fail now")
    if given.metrics_file or given.metrics_port:
        measured = gauges.Measured(system=system.id, level=run.level, score=run.score, at=run.now,
                                   overdue=late, drift=drift)  # fmt: skip
        if given.metrics_file:
            gauges.write(given.metrics_file, [measured])
        shown = getattr(given, "shown", None)  # the port of a schedule
        if shown is not None:
            shown.measured[system.id] = measured
        told["repairs_overdue"] = late
    bad = alarming(run, given.fail_on or "any")
    return (1 if bad or drift else 0), told


def alarming(run: Run, on: str) -> bool:
    """Whether the run comes to exit code 1: what fails, be it an item or only a finding of one
    that a person has yet to decide. Waived failures do not alarm, and still fail."""
    lacking: list[ItemResult | Finding] = [*unwaived(run.single, run.waivers), *_faults(run)]
    if on == "high":
        severe = any(one.state is State.FAIL and one.severity is Severity.HIGH for one in lacking)
        return severe or run.score.high_risks > 0 or run.score.hazards > 0
    failing = bool(lacking) or any(
        one.state in (State.FAIL, State.PARTIAL) and not _all_waived(run, one.control)
        for one in run.items
    )
    return failing or (on == "unknown" and run.score.unknown > 0)


def _faults(run: Run) -> list[Finding]:
    """Failing findings that speak of an item which is not waived on their target."""
    return [
        found
        for one in run.single
        if covering(run.waivers, one.control, one.target) is None
        for found in one.findings
        if found.state in (State.FAIL, State.PARTIAL)
    ]


def _all_waived(run: Run, control: str) -> bool:
    lacking = [one for one in run.single
               if one.control == control and one.state in (State.FAIL, State.PARTIAL)]  # fmt: skip
    return bool(lacking) and all(
        covering(run.waivers, control, one.target) is not None for one in lacking
    )


def _assessment(
    given: argparse.Namespace, run: Run, system: System, now: float, store: Store
) -> Assessment:
    year = datetime.fromtimestamp(now, SHANGHAI).year
    name = given.assessment or f"{system.id}-{year}"
    known = {one.id: one for one in store.assessments()}
    if name in known:
        return known[name]
    return Assessment(
        id=name,
        system=system.id,
        level=run.level,
        begins=f"{year}-01-01",
        ends=f"{year}-12-31",
        catalog=run.catalog,
        targets=tuple(one.id for one in run.targets),
    )


def _beside(
    run: Run,
    checks: Mapping[str, Check],
    system: System,
    inventory: Inventory | None,
    assessment: Assessment,
    previous: str,
) -> Beside:
    used = {one.check for one in run.findings}
    units = {one.id: one for one in inventory.organisations} if inventory else {}
    return Beside(
        checks={name: one for name, one in checks.items() if name in used},
        organisation=units.get(system.organisation),
        system=system,
        assessment=assessment,
        template=str(run.score.settings.get("template", "")),
        previous=previous,
    )


def _alarm(given: argparse.Namespace, now: float, text: str) -> None:
    logger.warning("audit: {}", text)
    if given.notify_file:
        line = json.dumps({"at": round(now, 3), "alarm": text}, ensure_ascii=False)
        handle = os.open(given.notify_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(line + "\n")
