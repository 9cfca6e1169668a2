"""`qinglang audit waive|compensate|decide`: what people accept, make good or judge.

Each is an entry that stays: revoking is another entry. A door.
"""

from __future__ import annotations

import argparse
import time
import uuid
from dataclasses import asdict
from datetime import datetime
from typing import Any

from audit.catalog import load_catalog
from audit.model import Compensation, Waiver
from audit.risk import RiskAnswer
from audit.run import Compensated
from audit.scope import SHANGHAI
from audit.store_cli import bad, opened, out, place
from audit.waivers import WORDS, Revoked, faults, standing
from audit.written import written
from audit.yardsticks import load_yardsticks, wrong_answer


def register(commands: Any) -> None:
    """Add the commands of accepting."""
    room = commands.add_parser("waive", help="豁免 / waivers")
    inner = room.add_subparsers(dest="waive_command", required=True, metavar="COMMAND")
    add = inner.add_parser("add", help="登记 / grant")
    add.add_argument("control", metavar="CLAUSE|ID")
    add.add_argument("--level", type=int, choices=range(1, 5))
    add.add_argument("--target", default="", metavar="ID")
    add.add_argument("--reason", required=True)
    add.add_argument("--approver", required=True)
    add.add_argument("--granted", default="", metavar="DATE")
    add.add_argument("--expires", required=True, metavar="DATE")
    add.set_defaults(run=run_add)
    listed = inner.add_parser("list", help="列出 / list")
    listed.set_defaults(run=run_list)
    revoke = inner.add_parser("revoke", help="撤销 / revoke")
    revoke.add_argument("id")
    revoke.add_argument("--by", required=True)
    revoke.add_argument("--reason", required=True)
    revoke.set_defaults(run=run_revoke)
    made = commands.add_parser("compensate", help="整体测评：由他项弥补 / made good by another")
    made.add_argument("control", metavar="CLAUSE|ID")
    made.add_argument("--level", type=int, choices=range(1, 5))
    made.add_argument("--target", default="", metavar="ID")
    made.add_argument("--by", required=True, metavar="CLAUSE|ID")
    made.add_argument("--reason", required=True)
    made.add_argument("--approver", required=True)
    made.set_defaults(run=run_compensate)
    decide = commands.add_parser("decide", help="判定高风险、重大隐患 / judge a risk rule")
    decide.add_argument("rule", metavar="RULE")
    decide.add_argument("--target", default="", metavar="ID")
    decide.add_argument("--triggered", choices=("yes", "no"))
    decide.add_argument("--mitigation", type=int, action="append", default=[], metavar="N")
    for name in ("relevant", "severe", "frequent"):
        decide.add_argument(f"--{name}", choices=("yes", "no"))
    decide.add_argument("--reason", required=True)
    decide.add_argument("--by", required=True)
    decide.set_defaults(run=run_decide)
    for one in (add, listed, revoke, made, decide):
        place(one)


def control_id(given: str, level: int | None = None) -> str:
    """A control by its id or its clause, whose chapter says the level (6 to 9: level 1 to 4).
    Raises DataError."""
    catalog = load_catalog()
    levels = [level] if level else [1, 2, 3, 4]
    for name in (given, *(f"GBT22239-2019:{one}:{given}" for one in levels)):
        if catalog.get(name) is not None:
            return name
    raise bad(given, "不在目录中 / is not in the catalog", "8.1.4.1.a")


def run_add(options: argparse.Namespace) -> int:
    """Grant a waiver."""
    now = time.time()
    waiver = Waiver(
        id=f"W-{uuid.uuid4().hex[:10]}",
        control=control_id(options.control, options.level),
        target=options.target,
        reason=options.reason,
        approver=options.approver,
        granted=options.granted or datetime.fromtimestamp(now, SHANGHAI).date().isoformat(),
        expires=options.expires,
    )
    if wrong := faults(waiver):
        raise bad("waive add", "; ".join(wrong))
    with opened(options, make=True) as store:
        store.write("waiver", waiver.id, waiver, by=waiver.approver, now=now)
    out(options, asdict(waiver), [waiver.id])
    return 0


def run_list(options: argparse.Namespace) -> int:
    """All waivers with how they stand now."""
    now = time.time()
    with opened(options) as store:
        said = written(store.entries())
    rows = [(one, standing(one, now, said.revoked)) for one in said.waivers]
    told = [{**asdict(one), "standing": how.value} for one, how in rows]
    lines = [
        f"{one.id} {WORDS[how]} {one.control} {one.target or '*'} 至 until {one.expires} "
        f"{one.approver}: {one.reason}"
        for one, how in rows
    ]
    out(options, told, lines or ["没有豁免 / no waivers"])
    return 0


def run_revoke(options: argparse.Namespace) -> int:
    """End a waiver from now on."""
    now = time.time()
    with opened(options) as store:
        if options.id not in {one.id for one in written(store.entries("waiver")).waivers}:
            raise bad(options.id, "没有这个豁免 / there is no such waiver")
        gone = Revoked(waiver=options.id, at=round(now, 3), by=options.by, reason=options.reason)
        store.write("waiver-revoked", options.id, gone, by=options.by, now=now)
    out(options, asdict(gone), [f"{options.id}: 已撤销 / revoked"])
    return 0


def run_compensate(options: argparse.Namespace) -> int:
    """Say that another control makes good for one that lacks something."""
    if not (options.reason.strip() and options.approver.strip()):
        raise bad("--reason", "须有理由和批准人 / reason and approver are needed")
    made = Compensated(
        control=control_id(options.control, options.level),
        target=options.target,
        compensation=Compensation(
            by=control_id(options.by, options.level),
            reason=options.reason,
            approver=options.approver,
        ),
    )
    with opened(options, make=True) as store:
        store.write("compensation", made.control, made, by=options.approver, now=time.time())
    out(options, asdict(made), [f"{made.control}: 已登记 / kept"])
    return 0


def run_decide(options: argparse.Namespace) -> int:
    """Judge a high-risk rule or a hazard; the next run takes it in."""
    yardsticks = load_yardsticks()
    words = {None: None, "yes": True, "no": False}
    said = RiskAnswer(
        rule=options.rule,
        target=options.target,
        triggered=words[options.triggered],
        mitigations=tuple(options.mitigation),
        relevant=words[options.relevant],
        severe=words[options.severe],
        frequent=words[options.frequent],
        reason=options.reason,
        by=options.by,
    )
    rules = {one.id: one for one in (*yardsticks.high, *yardsticks.hazards)}
    if wrong := wrong_answer(said, rules.get(said.rule)):
        raise bad(options.rule, "; ".join(wrong))
    with opened(options, make=True) as store:
        store.write("risk-answer", said.rule, said, by=said.by, now=time.time())
    out(options, asdict(said), [f"{said.rule}: 已登记 / kept"])
    return 0
